"""Beside a rule: a condition that every account it holds for meets, written for the database's indexes.

``compile.py`` says exactly what a rule means, row by row. Where few accounts fit, looking at every row
is what takes long. What is made here is true for all that fit and for some others too, so that both
together say what the rule says, and an index finds the few. It knows no ``null`` and stands under no
``not``: where nothing can be said, nothing is.
"""

import json
import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tenure.rules.asked import tested
from tenure.rules.catalogue import Attribute, Catalogue
from tenure.rules.compile import COUNT, aggregated
from tenure.rules.context import Context
from tenure.rules.indexes import Column, Instant, Kept, Positive, Spelt
from tenure.rules.operators import Type
from tenure.rules.sql import Sql, bound, joined
from tenure.rules.tree import (
    Aggregate,
    Condition,
    Group,
    Literal,
    Node,
    Predicate,
)
from tenure.rules.values import typed

_BARE = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?|true|false", re.ASCII)
_COMPARED = frozenset({"<", "<=", ">", ">="})
_EQUAL = frozenset({"=", "in"})
_DAYS = frozenset({"in next", "in last", "less than ago", "more than ago", "more than ahead"})


def narrowed(
    node: Node,
    catalogue: Catalogue,
    context: Context,
    *,
    light: bool = False,
    either: bool = False,
) -> Sql | None:
    """The condition over ``a`` and ``f``; None where no index helps. The rule must have been checked.

    With ``light`` only what costs nothing to test on a row, and what the database can tell the
    frequency of. Indexes are of what is stored now: a rule of a past instant has none. ``either``
    stands within an ``or``.
    """
    if context.past:
        return None
    match node:
        case Group():
            either = either or node.joint == "or"
            parts = [
                narrowed(part, catalogue, context, light=light, either=either)
                for part in node.parts
            ]
            found = [part for part in parts if part]
            if not found or (node.joint == "or" and len(found) < len(parts)):
                return None
            return "(" + joined(found, f" {node.joint.upper()} ") + ")"
        case Condition(ago=None):  # what held all the time holds now
            attribute = catalogue.scope.attributes[node.name.text]
            if light and not _is_light(attribute):
                return None
            found_by = _condition(node, attribute, context)
            return _listed(found_by) if found_by and either else found_by
        case Aggregate() if not light and _needs_rows(node, catalogue, context):
            found_by = aggregated(node, catalogue, context)
            return _listed(found_by) if either else found_by
    return None


def is_exact(node: Node, catalogue: Catalogue, context: Context) -> bool:
    """Whether what narrows a rule holds for no others than the rule does, so that it need not be asked
    besides: it is asked of all rows at once then, where the rule asks each account for its own."""
    match node:
        case Condition(ago=None, lasting=None):
            index = catalogue.scope.attributes[node.name.text].index
            alone = node.predicate.operator != "has all"  # of a list, one that it has would do
            found = narrowed(node, catalogue, context)
            return isinstance(index, Column) and index.exact and alone and found is not None
        case Aggregate():
            return not context.past and _needs_rows(node, catalogue, context)
    return False


def _listed(condition: Sql) -> Sql:
    """Ids out of a selection as a list of them: of alternatives only such go by their indexes."""
    asked = "a.id IN (SELECT "
    if not condition.text.startswith(asked):
        return condition
    inner = condition.text.removeprefix(asked).removesuffix(")")
    return Sql(f"a.id = ANY(ARRAY(SELECT {inner}))", condition.values)


def _needs_rows(node: Aggregate, catalogue: Catalogue, context: Context) -> bool:
    """Whether it can hold only where there is a row: what is counted or summed up over none is 0, the
    least and the latest of none are not known."""
    if node.predicate.operator not in _COMPARED | _EQUAL | _DAYS:
        return False
    if node.function in ("min", "max"):
        return True
    scope = catalogue.relations[node.relation].scope
    attribute = scope.attributes[node.name.text] if node.name else COUNT
    return not _met_by_nothing(attribute, node.predicate, context)


def _is_light(attribute: Attribute) -> bool:
    match attribute.index:
        case Column(within="{}") | Positive():
            return True
    return False


def _condition(node: Condition, attribute: Attribute, context: Context) -> Sql | None:
    if node.name.currency is not None:
        return None
    predicate = node.predicate
    match attribute.index:
        case Column() as index:
            return _column(index, attribute, predicate, context)
        case Instant() as index:
            return _instant(index, attribute, predicate, context)
        case Kept() as index:
            return _kept(index, attribute, predicate, context)
        case Spelt() as index:
            return _spelt(index, predicate)
        case Positive() as index if not _met_by_nothing(attribute, predicate, context):
            return Sql(index.condition)
    return None


def _column(
    index: Column, attribute: Attribute, predicate: Predicate, context: Context
) -> Sql | None:
    asked = _of_elements(predicate) if index.elements else predicate
    if asked.operator not in _COMPARED | _EQUAL | _DAYS:
        return None
    if index.words:
        return _placed(index, asked)
    kind = Type.TEXT if index.elements else attribute.type
    column = Attribute(attribute.key, attribute.label, kind, index.column)
    test = tested(Sql(index.column), column, asked, context)
    if index.or_null and _met_by_nothing(attribute, predicate, context):
        test = "(" + test + f" OR {index.column} IS NULL)"
    before, after = index.within.split("{}")
    return before + test + after


def _instant(
    index: Instant, attribute: Attribute, predicate: Predicate, context: Context
) -> Sql | None:
    """From the day before to the day after: wherever a day begins, its instants lie between."""
    first, last = _days_of(attribute, predicate, context)
    bounds = []
    try:
        if first:
            bounds.append(f"{index.column} >= " + bound(first - timedelta(days=1), "date"))
        if last:
            bounds.append(f"{index.column} < " + bound(last + timedelta(days=2), "date"))
    except OverflowError:
        return None
    return "(" + joined(bounds, " AND ") + ")" if bounds else None


def _days_of(
    attribute: Attribute, predicate: Predicate, context: Context
) -> tuple[date | None, date | None]:
    """The first and the last day that meet a test; None for no end."""
    today = context.today
    if predicate.operator in _DAYS:
        days = timedelta(days=int(predicate.value))  # type: ignore[arg-type]
        match predicate.operator:
            case "in next":
                return today, today + days
            case "more than ago":
                return None, today - days
            case "more than ahead":
                return today + days, None
        return today - days, today
    if predicate.operator not in _COMPARED | _EQUAL:
        return None, None
    values = [typed(attribute, value, today) for value in _values(predicate)]
    return (
        None if predicate.operator.startswith("<") else min(values),
        None if predicate.operator.startswith(">") else max(values),
    )


def _of_elements(predicate: Predicate) -> Predicate:
    """What one element has to be for the list to fit."""
    if predicate.operator == "has all":
        return Predicate("in", predicate.value)
    return predicate


def _placed(index: Column, predicate: Predicate) -> Sql | None:
    values = _values(predicate)
    if predicate.operator not in _EQUAL or not set(values) <= set(index.words):
        return None
    places = [index.words.index(str(value)) for value in values]
    return f"{index.column} = ANY(" + bound(places, "smallint[]") + ")"


def _kept(index: Kept, attribute: Attribute, predicate: Predicate, context: Context) -> Sql | None:
    of_list, operator = attribute.type is Type.LIST, predicate.operator
    if operator not in _EQUAL | ({"has all"} if of_list else set()):
        return None
    if attribute.type is Type.NUMBER:
        return None  # 5 and 5.0 are one number and two texts
    found = [
        _holding(index, typed(attribute, one, context.today), of_list) for one in _values(predicate)
    ]
    return "(" + joined(found, " AND " if operator == "has all" else " OR ") + ")"


def _holding(index: Kept, value: Any, of_list: bool) -> Sql:
    """That the JSON holds this value, in whichever form reads the same: text may be kept as the
    number or word it spells."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    forms = [json.dumps(text), *([text] if _BARE.fullmatch(text) else ())]
    held = [f"[{form}]" if of_list else form for form in forms]
    return joined(
        (
            f"{index.column} @> " + bound(f"{{{json.dumps(index.key)}: {form}}}", "jsonb")
            for form in held
        ),
        " OR ",
    )


def _spelt(index: Spelt, predicate: Predicate) -> Sql | None:
    if predicate.operator not in ("contains", "starts with"):
        return None
    part = str(predicate.value)
    for special in ("\\", "%", "_"):
        part = part.replace(special, "\\" + special)
    pattern = f"%{part}%" if predicate.operator == "contains" else f"{part}%"
    return f"lower({index.column}) LIKE lower(" + bound(pattern, "text") + ")"


def _met_by_nothing(attribute: Attribute, predicate: Predicate, context: Context) -> bool:
    """Whether 0, or a value that is not known, may meet the test."""
    if predicate.operator not in _COMPARED | _EQUAL:
        return predicate.operator not in _DAYS
    if attribute.type not in (Type.NUMBER, Type.MONEY):
        return attribute.type is not Type.DATE
    values = [typed(attribute, value, context.today) for value in _values(predicate)]
    return any(_holds(Decimal(0), predicate.operator, value) for value in values)


def _holds(value: Decimal, operator: str, other: Decimal) -> bool:
    match operator:
        case "<":
            return value < other
        case "<=":
            return value <= other
        case ">":
            return value > other
        case ">=":
            return value >= other
    return value == other


def _values(predicate: Predicate) -> tuple[Literal, ...]:
    value = predicate.value
    return value if isinstance(value, tuple) else (value,)  # type: ignore[return-value]
