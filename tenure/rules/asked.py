"""One predicate of one value as SQL. Null goes in for the unknown and comes out for it."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from tenure.rules.catalogue import Attribute
from tenure.rules.context import Context
from tenure.rules.operators import Type
from tenure.rules.sql import Sql, bound
from tenure.rules.tree import Predicate
from tenure.rules.values import typed

_TYPES = {
    Type.TEXT: "text",
    Type.ENUM: "text",
    Type.LIST: "text",
    Type.NUMBER: "numeric",
    Type.MONEY: "numeric",
    Type.DATE: "date",
    Type.BOOLEAN: "boolean",
}


def tested(value: Sql, attribute: Attribute, predicate: Predicate, context: Context) -> Sql:
    """One predicate of one value."""
    return "(" + _PREDICATES[predicate.operator](value, attribute, predicate, context) + ")"


_Asked = Callable[[Sql, Attribute, Predicate, Context], Sql]


def _argument(attribute: Attribute, value: Any, context: Context) -> Sql:
    return bound(typed(attribute, value, context.today), _TYPES[attribute.type])


def _arguments(attribute: Attribute, predicate: Predicate, context: Context) -> Sql:
    values = predicate.value if isinstance(predicate.value, tuple) else (predicate.value,)
    held = [typed(attribute, value, context.today) for value in values if value is not None]  # type: ignore[arg-type]
    return bound(held, f"{_TYPES[attribute.type]}[]")


def _compared(value: Sql, attribute: Attribute, predicate: Predicate, context: Context) -> Sql:
    other = _argument(attribute, predicate.value, context)
    if attribute.type is Type.LIST:
        within = value + " @> ARRAY[" + other + "]"
        return within if predicate.operator == "=" else "NOT (" + within + ")"
    operator = "<>" if predicate.operator == "!=" else predicate.operator
    return value + f" {operator} " + other


def _among(value: Sql, attribute: Attribute, predicate: Predicate, context: Context) -> Sql:
    others = _arguments(attribute, predicate, context)
    if attribute.type is Type.LIST:
        within = value + " && " + others
    else:
        within = value + " = ANY(" + others + ")"
    return within if predicate.operator == "in" else "NOT (" + within + ")"


def _has_all(value: Sql, attribute: Attribute, predicate: Predicate, context: Context) -> Sql:
    return value + " @> " + _arguments(attribute, predicate, context)


def _contains(value: Sql, attribute: Attribute, predicate: Predicate, context: Context) -> Sql:
    part = "lower(" + _argument(attribute, predicate.value, context) + ")"
    if attribute.type is Type.LIST:
        found = (
            "(SELECT count(one) > 0 FROM unnest("
            + value
            + ") one WHERE position("
            + part
            + " IN lower(one)) > 0)"
        )
        found = "CASE WHEN " + value + " IS NOT NULL THEN " + found + " END"
    else:
        found = "position(" + part + " IN lower(" + value + ")) > 0"
    return found if predicate.operator == "contains" else "NOT (" + found + ")"


def _starts(value: Sql, attribute: Attribute, predicate: Predicate, context: Context) -> Sql:
    part = _argument(attribute, predicate.value, context)
    return "starts_with(lower(" + value + "), lower(" + part + "))"


def _window(value: Sql, _attribute: Attribute, predicate: Predicate, context: Context) -> Sql:
    days = timedelta(days=int(predicate.value))  # type: ignore[arg-type]
    today, one = context.today, timedelta(days=1)
    match predicate.operator:
        case "in next":
            first, last = today, today + days
        case "in last":
            first, last = today - days, today
        case "less than ago":
            first, last = today - days + one, today
        case "more than ago":
            return value + " < " + bound(today - days, "date")
        case _:
            return value + " > " + bound(today + days, "date")
    return value + " BETWEEN " + bound(first, "date") + " AND " + bound(last, "date")


def _said(text: str) -> _Asked:
    def said(value: Sql, _attribute: Attribute, _test: Predicate, _context: Context) -> Sql:
        head, tail = text.split("{}")
        return head + value + tail

    return said


_PREDICATES: Mapping[str, _Asked] = {
    **dict.fromkeys(("=", "!=", "<", "<=", ">", ">="), _compared),
    **dict.fromkeys(("in", "not in"), _among),
    "has all": _has_all,
    **dict.fromkeys(("contains", "not contains"), _contains),
    "starts with": _starts,
    "is unknown": _said("{} IS NULL"),
    "is known": _said("{} IS NOT NULL"),
    "is empty": _said("cardinality({}) = 0"),
    "is not empty": _said("cardinality({}) > 0"),
    **dict.fromkeys(
        ("in next", "in last", "less than ago", "more than ago", "more than ahead"), _window
    ),
}
