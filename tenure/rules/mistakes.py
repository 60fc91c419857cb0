"""What a text that is no rule got wrong, in words: the place, and what may stand there."""

import re
from collections.abc import Collection, Sequence
from typing import Any

from lark.exceptions import UnexpectedCharacters

from tenure.core.currencies import CODES
from tenure.rules.errors import RuleRefused, refuse
from tenure.rules.tree import Span

_EXPECTED: Sequence[tuple[Collection[str], str]] = (
    ({"_AND"}, "and, or, or the end"),
    ({"CURRENCY"}, "a currency such as EUR"),
    ({"STRING", "DATE"}, "a value"),
    ({"COMPARE"}, "an operator such as =, >=, in or is unknown"),
    ({"QUANTIFIER"}, "a condition"),
    ({"_DAYS"}, "days"),
    ({"_RPAR"}, "a closing parenthesis"),
    ({"_LPAR"}, "an opening parenthesis"),
    ({"NUMBER"}, "a number"),
    ({"NAME"}, "a name"),
    ({"PERCENT"}, "% or in 30 days"),
)


def expectation(terminals: Collection[str]) -> str:
    """In words, what may stand where these terminals may."""
    for names, words in _EXPECTED:
        if set(names) & set(terminals):
            return words
    return ", ".join(sorted(name.strip("_").lower() for name in terminals)) or "nothing more"


def explained(text: str, error: Any) -> RuleRefused:
    if isinstance(error, UnexpectedCharacters):
        return _unreadable(text, error)
    token = getattr(error, "token", None)
    wanted = expectation(getattr(error, "accepts", None) or error.expected)
    if token is None or token.type == "$END":
        if text.count("(") > text.count(")") and "closing" not in wanted and "end" in wanted:
            wanted = "a closing parenthesis"
        end = len(text.rstrip())
        return refuse(
            Span(end, end),
            "The rule ends too early.",
            f"After “{_tail(text, end)}” comes {wanted}.",
        )
    span = Span(token.start_pos, token.end_pos)
    if token.type == "_COMMA" and re.search(r"\d$", text[: span.start].rstrip()):
        return refuse(span, "A number has no separators between thousands.", "Write 50000.")
    if found := _currency(text[: span.start].rstrip(), str(token), span):
        return found
    before = _tail(text, span.start)
    place = f"After “{before}” comes {wanted}." if before else f"A rule begins with {wanted}."
    return refuse(span, f"“{token}” cannot stand here.", place)


def _currency(before: str, token: str, span: Span) -> RuleRefused | None:
    """A currency after a number: behind what a figure rose or fell by, or in small letters."""
    code = token.upper()
    if code not in CODES or not re.search(r"\d$", before):
        return None
    if moved := _MOVED.search(before):
        right = f"{moved['name']}[{code}] {moved['way'].lower()} by {moved['amount']} in …"
        return refuse(
            span, "How much a figure moved has its currency beside the figure.", f"Write {right}"
        )
    return refuse(span, f"“{token}” is no currency.", f"Write {code}.") if token != code else None


_MOVED = re.compile(
    r"(?P<name>[a-z_][\w.]*)\s+(?P<way>fell|rose)\s+by\s+(?P<amount>[\d.]+)$", re.IGNORECASE
)


def _unreadable(text: str, error: UnexpectedCharacters) -> RuleRefused:
    place: int = error.pos_in_stream  # type: ignore[assignment]
    shown = (text[place : place + 12].split(maxsplit=1) or [text[place]])[0]
    if text[place] in "“”'‘’":
        return refuse(
            Span(place, place + 1), "Texts stand in straight double quotes.", 'Write tag = "vip".'
        )
    if text[place] == '"':
        return refuse(
            Span(place, len(text)), "The text that begins here never ends.", 'Close it with ".'
        )
    wanted = expectation(error.allowed or ())
    before = _tail(text, place)
    hint = f"After “{before}” comes {wanted}." if before else f"A rule begins with {wanted}."
    return refuse(Span(place, place + len(shown)), f"“{shown}” cannot be read here.", hint)


def _tail(text: str, end: int) -> str:
    words = text[:end].split()
    return " ".join(words[-3:])
