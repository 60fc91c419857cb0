"""From an answer's bytes to JSON that may be trusted as far as its form goes (RELIABILITY rule 2.7)."""

import msgspec

from tenure.core.http import Answer
from tenure.sources.recurly import texts
from tenure.sources.recurly.depth import is_deeper_than
from tenure.sources.recurly.retrying import Again
from tenure.sources.recurly.scrub import scrub

DEEPEST = 64


def json_of(answer: Answer, *, whole: bool = True) -> bytes:
    """The body with secrets blanked. Its text may still not be UTF-8: see ``texts``.

    Raises Again when it is not JSON by name, is empty, nested too deep or hides what it holds. Unless
    it is looked through as a ``whole``, how deep it is nested is left to whoever takes it apart.
    """
    kind = answer.headers.get("Content-Type", "none")[:80]
    if kind.partition(";")[0].strip().lower() != "application/json":
        raise Again(f"upstream did not answer as an API: the content type is {kind}")
    body = answer.body.removeprefix(texts.BOM)
    if not body:
        raise Again("upstream did not answer as an API: the body is empty")
    if whole:
        refuse_deep(body)
    try:
        return scrub(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Again(f"the answer is not JSON: {error}") from None


def refuse_deep(text: bytes) -> None:
    """Raises Again for what is nested too deep, or not closed where it was opened."""
    if is_deeper_than(text, DEEPEST):
        raise Again(f"the answer is broken, or nested deeper than {DEEPEST} levels")


def is_shallow(record: bytes, around: int) -> bool:
    """Whether a record that stands so deep in an answer has fewer brackets than levels it may have, as
    nearly all have: told in a fraction of the time that looking through it takes."""
    return record.count(b"{") + record.count(b"[") <= DEEPEST - around
