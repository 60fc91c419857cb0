"""What values look like: ids, addresses, names. Pure; a guess over a sample, said with its share."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MOSTLY = 0.8
LOOKED_AT = 1_000  # different values that a shape is told from

# The first that fits names the shape of a value.
_SHAPES: Mapping[str, "re.Pattern[str]"] = {
    "uuid": re.compile(r"\{?[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}\}?"),
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+"),
    "date": re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?"),
    "integer": re.compile(r"[0-9]{1,19}"),
    "url": re.compile(r"[a-z][a-z0-9+.-]*://\S+"),
    "code": re.compile(r"(?=[^\s]*[0-9])[A-Za-z0-9][A-Za-z0-9_.:#-]*"),
    "word": re.compile(r"[^\W\d_]+([_-][^\W\d_]+)*"),
}
WORDS: Mapping[str, str] = {
    "uuid": "UUID",
    "email": "e-mail address",
    "date": "date",
    "integer": "whole number",
    "url": "web address",
    "code": "code",
    "word": "word",
    "name": "name or text",
    "mixed": "mixed",
    "": "empty",
}
# Shapes that machines give to what they number; the rest is written by people.
IDS = frozenset({"uuid", "integer", "code"})


@dataclass(frozen=True, slots=True)
class Look:
    """The commonest shape, its share of the sample, and the share of all shapes that are ids."""

    shape: str
    share: float
    ids: float

    @property
    def words(self) -> str:
        """The shape for people: ``UUID``, ``code (86 %)``, ``mixed``."""
        name = WORDS[self.shape]
        shown = round(self.share * 100)
        return name if shown in (0, 100) or self.shape == "mixed" else f"{name} ({shown} %)"

    @property
    def is_id(self) -> bool:
        """Whether nearly all values look like something a machine numbered."""
        return self.ids >= MOSTLY


def shape_of(value: str) -> str:
    """The shape of one value; a name when nothing narrower fits."""
    return next((name for name, fits in _SHAPES.items() if fits.fullmatch(value)), "name")


def look_of(sample: Sequence[str]) -> Look:
    """What the values of a sample mostly look like."""
    counts = Counter(map(shape_of, sample))
    if not counts:
        return Look("", 0, 0)
    shape, most = counts.most_common(1)[0]
    ids = sum(counts[name] for name in IDS) / len(sample)
    share = most / len(sample)
    return Look(shape if share >= MOSTLY or ids >= MOSTLY else "mixed", share, ids)
