"""A rule as a tree: what its text, its chips and its JSON all say. Plain values, nothing looked up.

Two trees are equal when they say the same in the same order; where a part stands in a text
(``span``) does not count.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

MOST_CONDITIONS = 50
DEEPEST = 5


@dataclass(frozen=True, slots=True)
class Span:
    """From which character of the text up to which; ``end`` is exclusive."""

    start: int
    end: int


NOWHERE = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Today:
    """The day on which the rule is asked."""


@dataclass(frozen=True, slots=True)
class Step:
    """By how much a figure moved within so many days; ``percent`` of what it was."""

    amount: Decimal
    percent: bool
    days: int


Literal = str | Decimal | bool | date | Today
Value = Literal | tuple[Literal, ...] | int | Step | None


@dataclass(frozen=True, slots=True)
class Name:
    """An attribute as it was written; ``currency`` asks for its amount in one currency alone."""

    text: str
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Predicate:
    """What is asked of a value: an operator of ``operators.py`` and what it compares with."""

    operator: str
    value: Value = None


@dataclass(frozen=True, slots=True)
class Condition:
    """One attribute under one predicate: now, ``ago`` days back, or throughout the last ``lasting`` days."""

    name: Name
    predicate: Predicate
    ago: int | None = None
    lasting: int | None = None
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Quantified:
    """``any``, ``no`` or ``every`` related row for which ``where`` holds; all rows without it."""

    quantifier: str
    relation: str
    where: "Node | None" = None
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """``count``, ``sum``, ``min`` or ``max`` over the related rows for which ``where`` holds."""

    function: str
    relation: str
    name: Name | None
    where: "Node | None"
    predicate: Predicate
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """What does not hold. The unknown stays unknown."""

    part: "Node"
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Group:
    """All parts hold (``and``) or one of them does (``or``). An ``and`` of nothing holds always."""

    joint: str
    parts: tuple["Node", ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Settled:
    """A part whose answer is supposed, not asked: how near misses are found. No text says this."""

    truth: bool
    span: Span = field(default=NOWHERE, compare=False)


Leaf = Condition | Quantified | Aggregate
Node = Condition | Quantified | Aggregate | Not | Group | Settled

EVERYTHING = Group("and", ())


def inner(node: Node) -> tuple[Node, ...]:
    """The parts a node is made of, in order."""
    match node:
        case Group(parts=parts):
            return parts
        case Not(part=part):
            return (part,)
        case Quantified(where=where) | Aggregate(where=where) if where is not None:
            return (where,)
    return ()


def conditions(node: Node) -> Iterator[Leaf]:
    """Every condition, those inside quantifiers too."""
    if isinstance(node, Condition | Quantified | Aggregate):
        yield node
    for part in inner(node):
        yield from conditions(part)


def depth(node: Node) -> int:
    """How deep groups, negations and quantifiers are nested; one condition alone is 1."""
    return 1 + max(map(depth, inner(node)), default=0)
