"""The tests a rule can make, and which types of attribute take them."""

from dataclasses import dataclass
from enum import StrEnum


class Type(StrEnum):
    """What an attribute holds. Money is an amount with a currency; an enum has a fixed set of words."""

    TEXT = "text"
    ENUM = "enum"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    BOOLEAN = "boolean"
    LIST = "list"


class Takes(StrEnum):
    """What stands to the right of an operator."""

    NOTHING = "nothing"
    VALUE = "value"
    VALUES = "values"
    DAYS = "days"
    STEP = "step"


@dataclass(frozen=True, slots=True)
class Operator:
    """One predicate: how it is written, what it takes, for which types, and how it reads to people."""

    text: str
    takes: Takes
    types: frozenset[Type]
    words: str


_ALL = frozenset(Type)
_TEXTS = frozenset({Type.TEXT, Type.ENUM})
_ORDERED = frozenset({Type.NUMBER, Type.MONEY, Type.DATE})
_AMOUNTS = frozenset({Type.NUMBER, Type.MONEY})
_DATES = frozenset({Type.DATE})
_LISTS = frozenset({Type.LIST})

_LISTED = (
    Operator("=", Takes.VALUE, _ALL, "is {}"),
    Operator("!=", Takes.VALUE, _ALL, "is not {}"),
    Operator("<", Takes.VALUE, _ORDERED, "is below {}"),
    Operator("<=", Takes.VALUE, _ORDERED, "is at most {}"),
    Operator(">", Takes.VALUE, _ORDERED, "is above {}"),
    Operator(">=", Takes.VALUE, _ORDERED, "is at least {}"),
    Operator("in", Takes.VALUES, _ALL - {Type.BOOLEAN}, "is one of {}"),
    Operator("not in", Takes.VALUES, _ALL - {Type.BOOLEAN}, "is none of {}"),
    Operator("has all", Takes.VALUES, _LISTS, "has all of {}"),
    Operator("contains", Takes.VALUE, _TEXTS | _LISTS, "contains {}"),
    Operator("not contains", Takes.VALUE, _TEXTS | _LISTS, "does not contain {}"),
    Operator("starts with", Takes.VALUE, _TEXTS, "starts with {}"),
    Operator("is unknown", Takes.NOTHING, _ALL, "is unknown"),
    Operator("is known", Takes.NOTHING, _ALL, "is known"),
    Operator("is empty", Takes.NOTHING, _LISTS, "is empty"),
    Operator("is not empty", Takes.NOTHING, _LISTS, "is not empty"),
    Operator("in next", Takes.DAYS, _DATES, "is within the next {} days"),
    Operator("in last", Takes.DAYS, _DATES, "was within the last {} days"),
    Operator("more than ago", Takes.DAYS, _DATES, "was more than {} days ago"),
    Operator("less than ago", Takes.DAYS, _DATES, "was less than {} days ago"),
    Operator("more than ahead", Takes.DAYS, _DATES, "is more than {} days from now"),
    Operator("fell by", Takes.STEP, _AMOUNTS, "fell by {}"),
    Operator("rose by", Takes.STEP, _AMOUNTS, "rose by {}"),
    Operator("changed in", Takes.DAYS, _ALL - _LISTS, "changed in the last {} days"),
)
OPERATORS = {operator.text: operator for operator in _LISTED}
CHANGES = frozenset({"fell by", "rose by", "changed in"})
LONGEST_DAYS = 3650


def taken_by(kind: Type) -> tuple[Operator, ...]:
    """The operators an attribute of this type takes, in the order forms offer them."""
    return tuple(operator for operator in _LISTED if kind in operator.types)
