"""One predicate of one value, plainly: True, False, or None for the unknown. ``asked.py`` is the same
inside the database."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from tenure.rules.catalogue import Attribute
from tenure.rules.context import Context
from tenure.rules.operators import Type
from tenure.rules.tree import Predicate
from tenure.rules.values import typed

Truth = bool | None
_Ask = Callable[[Any, Attribute, Predicate, Context], Truth]


def _known(ask: Callable[[Any, Attribute, Predicate, Context], bool]) -> _Ask:
    """The predicate of a known value; an unknown one has no answer."""

    def asked(value: Any, attribute: Attribute, predicate: Predicate, context: Context) -> Truth:
        return None if value is None else ask(value, attribute, predicate, context)

    return asked


def _others(attribute: Attribute, predicate: Predicate, context: Context) -> list[Any]:
    values = predicate.value if isinstance(predicate.value, tuple) else (predicate.value,)
    return [typed(attribute, value, context.today) for value in values]  # type: ignore[arg-type]


def _compared(value: Any, attribute: Attribute, predicate: Predicate, context: Context) -> bool:
    other = _others(attribute, predicate, context)[0]
    if attribute.type is Type.LIST:
        return (other in value) == (predicate.operator == "=")
    return _COMPARE[predicate.operator](value, other)


_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda value, other: value == other,
    "!=": lambda value, other: value != other,
    "<": lambda value, other: value < other,
    "<=": lambda value, other: value <= other,
    ">": lambda value, other: value > other,
    ">=": lambda value, other: value >= other,
}


def _among(value: Any, attribute: Attribute, predicate: Predicate, context: Context) -> bool:
    others = _others(attribute, predicate, context)
    values = value if attribute.type is Type.LIST else [value]
    return any(one in others for one in values) == (predicate.operator == "in")


def _has_all(value: Any, attribute: Attribute, predicate: Predicate, context: Context) -> bool:
    return all(other in value for other in _others(attribute, predicate, context))


def _contains(value: Any, attribute: Attribute, predicate: Predicate, context: Context) -> bool:
    part = _others(attribute, predicate, context)[0].lower()
    texts = value if attribute.type is Type.LIST else [value]
    return any(part in text.lower() for text in texts) == (predicate.operator == "contains")


def _starts(value: Any, attribute: Attribute, predicate: Predicate, context: Context) -> bool:
    return bool(value.lower().startswith(_others(attribute, predicate, context)[0].lower()))


def _window(value: Any, _attribute: Attribute, predicate: Predicate, context: Context) -> bool:
    days, today = timedelta(days=int(predicate.value)), context.today  # type: ignore[arg-type]
    match predicate.operator:
        case "in next":
            return bool(today <= value <= today + days)
        case "in last":
            return bool(today - days <= value <= today)
        case "less than ago":
            return bool(today - days < value <= today)
        case "more than ago":
            return bool(value < today - days)
        case _:
            return bool(value > today + days)


PREDICATES: Mapping[str, _Ask] = {
    **dict.fromkeys(("=", "!=", "<", "<=", ">", ">="), _known(_compared)),
    **dict.fromkeys(("in", "not in"), _known(_among)),
    "has all": _known(_has_all),
    **dict.fromkeys(("contains", "not contains"), _known(_contains)),
    "starts with": _known(_starts),
    "is unknown": lambda value, *_: value is None,
    "is known": lambda value, *_: value is not None,
    "is empty": _known(lambda value, *_: not value),
    "is not empty": _known(lambda value, *_: bool(value)),
    **dict.fromkeys(
        ("in next", "in last", "less than ago", "more than ago", "more than ahead"),
        _known(_window),
    ),
}
