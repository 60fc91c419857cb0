"""The forms of one value: what it is compared as, and what it would equal if small things did not count.

Pure, and the reference for the SQL of ``counting.py``: there, values of plain ASCII are folded by the
database and all others by these functions, so that both always agree, whatever Unicode the server knows.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping

from tenure.identity.resolve import LONGEST, normalise

_FIRST_ZEROS = re.compile(r"^([^0-9]*)0+([0-9])")


def identifier(raw: str) -> str | None:
    """The identifier a value gives; None when it is blank or too long to be one."""
    text = normalise(raw)
    return text if text and len(text) <= LONGEST else None


def is_too_long(raw: str) -> bool:
    """Whether the value says something, but more than an identifier holds."""
    return len(normalise(raw)) > LONGEST


def without_case(text: str) -> str:
    """As the rule's own option to ignore case reads it."""
    return normalise(text, fold_case=True)


def without_blanks(text: str) -> str:
    """No blanks inside either."""
    return "".join(text.split())


def without_zeros(text: str) -> str:
    """The first number in it without its leading zeros: ``T-00042`` becomes ``T-42``."""
    return _FIRST_ZEROS.sub(r"\1\2", text)


def without_looks(text: str) -> str:
    """One form for characters that only look different: full width, ligatures, invisible marks."""
    shown = unicodedata.normalize("NFKC", text)
    return "".join(c for c in shown if unicodedata.category(c) != "Cf").strip()


def untrimmed(raw: str) -> str:
    """As written, blanks around it kept."""
    return unicodedata.normalize("NFC", raw)


def uncomposed(raw: str) -> str:
    """As written, letters and their marks kept apart where they were."""
    return raw.strip()


# Different identifiers that would be one if this did not count, by the name of the kind.
NEAR: Mapping[str, Callable[[str], str]] = {
    "case": without_case,
    "spaces": without_blanks,
    "zeros": without_zeros,
    "unicode": without_looks,
}
# Different ways to write what is already one identifier.
SAME: Mapping[str, Callable[[str], str]] = {"around": untrimmed, "composed": uncomposed}
