"""What a rule compares with, as the attribute's type holds it."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from tenure.rules.catalogue import Attribute
from tenure.rules.operators import Type
from tenure.rules.tree import Literal, Today


class WrongType(ValueError):
    """The value is not of the attribute's type; the text says how it should look."""


def typed(attribute: Attribute, value: Literal, today: date) -> Any:
    """The value as text, Decimal, date or bool. Raises WrongType."""
    return _READERS[attribute.type](value, today)


def _text(value: Literal, _today: date) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case Today():
            raise WrongType('a text such as "vip"')
        case date():
            return value.isoformat()
    return value


def _number(value: Literal, _today: date) -> Decimal:
    if isinstance(value, Decimal):
        return value
    try:
        number = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or len(f"{number:f}") > 40:
        raise WrongType("a number such as 500 or 0.95")
    return number


def _date(value: Literal, today: date) -> date:
    match value:
        case Today():
            return today
        case date():
            return value
        case str():
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass
    raise WrongType("a day such as 2026-03-31 or today")


def _boolean(value: Literal, _today: date) -> bool:
    match value:
        case bool():
            return value
        case str() if value.lower() in ("true", "yes", "false", "no"):
            return value.lower() in ("true", "yes")
    raise WrongType("true or false")


_READERS: Mapping[Type, Callable[[Literal, date], Any]] = {
    Type.TEXT: _text,
    Type.ENUM: _text,
    Type.LIST: _text,
    Type.NUMBER: _number,
    Type.MONEY: _number,
    Type.DATE: _date,
    Type.BOOLEAN: _boolean,
}
