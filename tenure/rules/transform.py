"""From what the grammar read to the parts of the tree."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import lark
from lark import v_args

from tenure.rules.errors import refuse
from tenure.rules.tree import (
    NOWHERE,
    Aggregate,
    Condition,
    Group,
    Name,
    Node,
    Not,
    Predicate,
    Quantified,
    Span,
    Step,
    Today,
)

MOST_DIGITS = 30


@dataclass(frozen=True, slots=True)
class _Money:
    """An amount written with its currency: the currency moves to the attribute's name."""

    amount: Decimal
    currency: str


@v_args(meta=True)
class Reader(lark.Transformer[Any, Any]):
    """One method a rule of the grammar; each answers with a part of the tree."""

    def either(self, meta: Any, parts: list[Node]) -> Node:
        return parts[0] if len(parts) == 1 else Group("or", tuple(parts), _span(meta))

    def both(self, meta: Any, parts: list[Node]) -> Node:
        return parts[0] if len(parts) == 1 else Group("and", tuple(parts), _span(meta))

    def negated(self, meta: Any, parts: list[Node]) -> Node:
        return Not(parts[0], _span(meta))

    def enclosed(self, _meta: Any, parts: list[Node]) -> Node:
        return parts[0]

    def now(self, meta: Any, parts: list[Any]) -> Node:
        return _condition(meta, parts[0], parts[1])

    def lasting(self, meta: Any, parts: list[Any]) -> Node:
        return replace(_condition(meta, parts[0], parts[1]), lasting=parts[2])

    def ago(self, meta: Any, parts: list[Any]) -> Node:
        return replace(_condition(meta, parts[0], parts[1]), ago=parts[2])

    def quantified(self, meta: Any, parts: list[Any]) -> Node:
        where = parts[2] if len(parts) > 2 else None
        return Quantified(parts[0].lower(), str(parts[1]), where, _span(meta))

    def counted(self, meta: Any, parts: list[Any]) -> Node:
        where = parts[2] if len(parts) > 3 else None
        return Aggregate("count", str(parts[1]), None, where, _plain(meta, parts[-1]), _span(meta))

    def summed(self, meta: Any, parts: list[Any]) -> Node:
        function, name, *where, predicate = parts
        relation, dot, attribute = name.text.partition(".")
        if not dot:
            raise refuse(
                _span(meta),
                f"{function.lower()} needs an attribute of the related rows.",
                f"Write {function.lower()} invoice.balance > 1000, for example.",
            )
        currency, predicate = _with_currency(meta, name.currency, predicate)
        return Aggregate(
            function.lower(),
            relation,
            Name(attribute, currency),
            where[0] if where else None,
            predicate,
            _span(meta),
        )

    def where(self, _meta: Any, parts: list[Node]) -> Node:
        return parts[0]

    def name(self, _meta: Any, parts: list[Any]) -> Name:
        return Name(str(parts[0]), str(parts[1]) if len(parts) > 1 else None)

    def compare(self, _meta: Any, parts: list[Any]) -> Predicate:
        return Predicate(str(parts[0]), parts[1])

    def equals(self, _meta: Any, parts: list[Any]) -> Predicate:
        return Predicate("=", parts[0])

    def values(self, _meta: Any, parts: list[Any]) -> Predicate:
        words = [part for part in parts if isinstance(part, lark.Token)]
        return Predicate(_words(words), tuple(parts[len(words) :]))

    def values_not(self, _meta: Any, parts: list[Any]) -> Predicate:
        return Predicate("not in", tuple(parts[1:]))

    def text_test(self, _meta: Any, parts: list[Any]) -> Predicate:
        kind = "contains" if len(parts) == 2 else "starts with"
        return Predicate(kind, parts[-1])

    def text_not(self, _meta: Any, parts: list[Any]) -> Predicate:
        return Predicate("not contains", parts[-1])

    def word_test(self, _meta: Any, parts: list[Any]) -> Predicate:
        return Predicate(f"is {_words(parts)}")

    def unknown_then(self, _meta: Any, _parts: list[Any]) -> Predicate:
        return Predicate("is unknown")

    def days_test(self, _meta: Any, parts: list[Any]) -> Predicate:
        operator = _words(part for part in parts if isinstance(part, lark.Token))
        days = next(part for part in parts if isinstance(part, int))
        return Predicate(operator, days)

    def ahead_test(self, _meta: Any, parts: list[Any]) -> Predicate:
        return Predicate("more than ahead", parts[-1])

    def step_test(self, _meta: Any, parts: list[Any]) -> Predicate:
        return Predicate(f"{parts[0].lower()} by", parts[1])

    def step(self, _meta: Any, parts: list[Any]) -> Step:
        percent = any(isinstance(part, lark.Token) and part.type == "PERCENT" for part in parts)
        return Step(parts[0], percent, parts[-1])

    def whole(self, meta: Any, parts: list[Any]) -> int:
        if not parts[0].isdigit():
            raise refuse(
                _span(meta), f"{parts[0]} is not a whole number of days.", "Write 30 days."
            )
        return int(_digits(meta, parts[0]))

    def amount(self, meta: Any, parts: list[Any]) -> Decimal:
        return Decimal(_digits(meta, parts[0]))

    number = amount

    def share(self, meta: Any, parts: list[Any]) -> Decimal:
        return Decimal(_digits(meta, parts[0])) / 100

    def money(self, meta: Any, parts: list[Any]) -> _Money:
        return _Money(Decimal(_digits(meta, parts[0])), str(parts[1]))

    def text(self, _meta: Any, parts: list[Any]) -> str:
        return re.sub(r"\\(.)", r"\1", str(parts[0])[1:-1], flags=re.DOTALL)

    def word(self, _meta: Any, parts: list[Any]) -> str:
        return str(parts[0])

    def day(self, meta: Any, parts: list[Any]) -> date:
        try:
            return date.fromisoformat(str(parts[0]))
        except ValueError:
            raise refuse(
                _span(meta), f"{parts[0]} is not a day of the calendar.", "Write 2026-03-31."
            ) from None

    def today(self, _meta: Any, _parts: list[Any]) -> Today:
        return Today()

    def yes(self, _meta: Any, _parts: list[Any]) -> bool:
        return True

    def no(self, _meta: Any, _parts: list[Any]) -> bool:
        return False


def _span(meta: Any) -> Span:
    return NOWHERE if meta.empty else Span(meta.start_pos, meta.end_pos)


def _words(tokens: Iterable[Any]) -> str:
    return " ".join(str(token).lower() for token in tokens)


def _digits(meta: Any, text: str) -> str:
    if len(text) > MOST_DIGITS:
        raise refuse(_span(meta), f"A number has at most {MOST_DIGITS} digits.")
    return str(text)


def _condition(meta: Any, name: Name, predicate: Predicate) -> Condition:
    currency, plain = _with_currency(meta, name.currency, predicate)
    return Condition(Name(name.text, currency), plain, span=_span(meta))


def _with_currency(
    meta: Any, currency: str | None, predicate: Predicate
) -> tuple[str | None, Predicate]:
    """The one currency the predicate is in, and the predicate with bare amounts."""
    values: tuple[Any, ...] = (
        predicate.value if isinstance(predicate.value, tuple) else (predicate.value,)
    )
    amounts = [value for value in values if isinstance(value, _Money)]
    if not amounts:
        return currency, predicate
    named = {amount.currency for amount in amounts} | ({currency} if currency else set())
    if len(named) > 1 or len(amounts) < len(values):
        raise refuse(
            _span(meta),
            f"Amounts of {' and '.join(sorted(named)) or 'several currencies'} meet in one condition.",
            "Ask for each currency in a condition of its own.",
        )
    bare = tuple(value.amount if isinstance(value, _Money) else value for value in values)
    return named.pop(), Predicate(
        predicate.operator, bare if isinstance(predicate.value, tuple) else bare[0]
    )


def _plain(meta: Any, predicate: Predicate) -> Predicate:
    _, plain = _with_currency(meta, None, predicate)
    if plain is not predicate:
        raise refuse(_span(meta), "A count has no currency.", "Write the number alone.")
    return predicate
