"""The tree as plain JSON and back: what the API takes, what is stored beside the text.

    {"and": [{"attribute": "mrr", "op": ">=", "value": 500},
             {"any": "invoice", "where": {"attribute": "state", "op": "=", "value": "past_due"}}]}

Whole numbers are JSON numbers, others ``{"number": "0.95"}``, days ``{"date": "2026-03-31"}``,
today ``{"today": true}``; so nothing passes through binary fractions.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from tenure.rules.errors import RuleRefused, refuse
from tenure.rules.operators import OPERATORS, Takes
from tenure.rules.parse import limited
from tenure.rules.tree import (
    EVERYTHING,
    NOWHERE,
    Aggregate,
    Condition,
    Group,
    Literal,
    Name,
    Node,
    Not,
    Predicate,
    Quantified,
    Settled,
    Step,
    Today,
    Value,
)

QUANTIFIERS = ("any", "no", "every")
FUNCTIONS = ("count", "sum", "min", "max")


def as_json(node: Node) -> dict[str, Any]:
    """The rule as JSON-ready values; ``{}`` for ``EVERYTHING``."""
    match node:
        case Group(parts=()):
            return {}
        case Group():
            return {node.joint: [as_json(part) for part in node.parts]}
        case Not():
            return {"not": as_json(node.part)}
        case Quantified():
            return {node.quantifier: node.relation} | _where_json(node.where)
        case Aggregate():
            of = {"attribute": node.name.text} | _currency(node.name) if node.name else {}
            return (
                {node.function: node.relation}
                | of
                | _where_json(node.where)
                | _test(node.predicate)
            )
        case Condition():
            when = {"ago": node.ago, "lasting": node.lasting}
            known = {word: days for word, days in when.items() if days is not None}
            named = {"attribute": node.name.text} | _currency(node.name)
            return named | _test(node.predicate) | known
        case Settled():
            raise ValueError("a supposed answer has no document")


def from_json(document: Any) -> Node:
    """The tree of a document. Raises RuleRefused for anything that is none."""
    if document == {}:
        return EVERYTHING
    try:
        return limited(_node(document))
    except RecursionError:
        raise _refused("The rule is nested too deep.") from None


def _node(document: Any) -> Node:
    if not isinstance(document, Mapping):
        raise _refused(f"A part of a rule is an object, not {_short(document)}.")
    for joint in ("and", "or"):
        if joint in document:
            return _group(joint, document)
    if "not" in document:
        _only(document, {"not"})
        return Not(_node(document["not"]))
    for word in QUANTIFIERS:
        if word in document:
            _only(document, {word, "where"})
            return Quantified(word, _text(document, word), _where(document))
    for word in FUNCTIONS:
        if word in document:
            return _aggregate(word, document)
    return _condition(document)


def _group(joint: str, document: Mapping[str, Any]) -> Node:
    _only(document, {joint})
    parts = document[joint]
    if not isinstance(parts, list) or not parts:
        raise _refused(f"“{joint}” takes a list of at least one part.")
    nodes = tuple(map(_node, parts))
    return nodes[0] if len(nodes) == 1 else Group(joint, nodes)


def _aggregate(word: str, document: Mapping[str, Any]) -> Node:
    _only(document, {word, "attribute", "currency", "where", "op", "value"})
    named = "attribute" in document
    if named == (word == "count"):
        raise _refused(
            f"“{word}” {'takes no attribute' if named else 'needs the attribute it is made of'}."
        )
    name = _name(document) if named else None
    return Aggregate(word, _text(document, word), name, _where(document), _read_test(document))


def _condition(document: Mapping[str, Any]) -> Node:
    _only(document, {"attribute", "currency", "op", "value", "ago", "lasting"})
    if "attribute" not in document:
        raise _refused(
            "A condition names an attribute.",
            'Write {"attribute": "mrr", "op": ">=", "value": 500}.',
        )
    ago, lasting = _when(document, "ago"), _when(document, "lasting")
    if ago is not None and lasting is not None:
        raise _refused("A condition is asked of one day ago or of a time, not of both.")
    return Condition(_name(document), _read_test(document), ago, lasting)


def _where(document: Mapping[str, Any]) -> Node | None:
    return _node(document["where"]) if document.get("where") is not None else None


def _name(document: Mapping[str, Any]) -> Name:
    currency = document.get("currency")
    return Name(_text(document, "attribute"), _text(document, "currency") if currency else None)


def _read_test(document: Mapping[str, Any]) -> Predicate:
    operator = _text(document, "op")
    if operator not in OPERATORS:
        raise _refused(
            f"There is no operator “{operator[:40]}”.", f"There are {', '.join(OPERATORS)}."
        )
    return Predicate(operator, _value(OPERATORS[operator].takes, document.get("value"), operator))


def _value(takes: Takes, value: Any, operator: str) -> Value:
    match takes:
        case Takes.NOTHING if value is None:
            return None
        case Takes.VALUE:
            return _literal(value)
        case Takes.VALUES if isinstance(value, list) and value:
            return tuple(map(_literal, value))
        case Takes.DAYS if _is_whole(value):
            return int(value)
        case Takes.STEP if isinstance(value, Mapping) and _is_whole(value.get("days")):
            return Step(_decimal(value.get("by")), bool(value.get("percent")), int(value["days"]))
    raise _refused(f"“{operator}” takes {_TAKES[takes]}, not {_short(value)}.")


_TAKES = {
    Takes.NOTHING: "no value",
    Takes.VALUE: "one value",
    Takes.VALUES: "a list of values",
    Takes.DAYS: "a number of days",
    Takes.STEP: '{"by", "percent", "days"}',
}


def _literal(value: Any) -> Literal:
    match value:
        case bool():
            return value
        case str():
            if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
                raise _refused("A text has a character that cannot be kept.")
            return value
        case int() | Decimal():
            return _decimal(value)
        case {"number": text}:
            return _decimal(text)
        case {"date": text}:
            return _day(text)
        case {"today": True}:
            return Today()
    raise _refused(
        f"{_short(value)} is not a value.",
        'Write a text, a whole number, true or false, {"number": "0.95"} or {"date": "2026-03-31"}.',
    )


def _decimal(value: Any) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise _refused(f"{_short(value)} is not a number.") from None
    if isinstance(value, bool | float) or not number.is_finite() or len(f"{number:f}") > 31:
        raise _refused(f"{_short(value)} is not an exact number.", 'Write {"number": "0.95"}.')
    return number


def _day(text: Any) -> date:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise _refused(f"{_short(text)} is not a day.", "Write 2026-03-31.") from None


def _when(document: Mapping[str, Any], word: str) -> int | None:
    days = document.get(word)
    if days is not None and not _is_whole(days):
        raise _refused(f"“{word}” is a number of days, not {_short(days)}.")
    return None if days is None else int(days)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _text(document: Mapping[str, Any], word: str) -> str:
    value = document.get(word)
    if not isinstance(value, str) or not value:
        raise _refused(f"“{word}” is a text, not {_short(value)}.")
    return value


def _only(document: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(map(str, set(document) - known))
    if unknown:
        raise _refused(
            f"“{unknown[0][:40]}” means nothing here.", f"There are {', '.join(sorted(known))}."
        )


def _where_json(where: Node | None) -> dict[str, Any]:
    return {} if where is None else {"where": as_json(where)}


def _currency(name: Name) -> dict[str, Any]:
    return {"currency": name.currency} if name.currency else {}


def _test(predicate: Predicate) -> dict[str, Any]:
    value = predicate.value
    match value:
        case None:
            return {"op": predicate.operator}
        case tuple():
            return {"op": predicate.operator, "value": [_literal_json(one) for one in value]}
        case Step():
            by = _literal_json(value.amount)
            by = by["number"] if isinstance(by, dict) else by
            step = {"by": by, "percent": value.percent, "days": value.days}
            return {"op": predicate.operator, "value": step}
        case int() if not isinstance(value, bool):
            return {"op": predicate.operator, "value": value}
        case _:
            return {"op": predicate.operator, "value": _literal_json(value)}


def _literal_json(value: Literal) -> Any:
    match value:
        case bool() | str():
            return value
        case Decimal():
            # 5.0 stays 5.0: the text of a rule is kept as it was written.
            whole = value.as_tuple().exponent == 0 and abs(value) < 2**53
            return int(value) if whole else {"number": f"{value:f}"}
        case Today():
            return {"today": True}
        case _:
            return {"date": value.isoformat()}


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


def _refused(message: str, hint: str = "") -> RuleRefused:
    return refuse(NOWHERE, message, hint)
