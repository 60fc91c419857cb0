"""From what the source says to a typed value: what JSON holds of an attribute. Pure.

Numbers and money are exact decimals as text, dates ISO 8601, lists of texts; a text that cannot be
read as the attribute's type raises Unreadable and never becomes a wrong value.
"""

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from tenure.customers.models import AttributeKind

YES = {"true", "yes", "y", "on", "1"}
NO = {"false", "no", "n", "off", "0"}
# Digits with or without commas between thousands, and at most one decimal point.
_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d+)?")
LONGEST_NUMBER = 40


class Unreadable(ValueError):
    """The value is not of the attribute's type; the text says how it should look."""


def typed(value: Any, kind: str) -> Any:
    """The value as an attribute of this kind holds it; None for nothing. Raises Unreadable."""
    if value is None or (isinstance(value, str) and (not value or value.isspace())):
        return None
    if kind == _AS_IT_IS and type(value) is str:
        return value  # by far the most frequent case of a first import
    return _READERS[kind](value)


_AS_IT_IS = AttributeKind.TEXT.value


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _number(value: Any) -> str:
    text = str(value).strip().replace("\u00a0", "").replace(" ", "")
    if len(text) > LONGEST_NUMBER or not _NUMBER.fullmatch(text) or not any(map(str.isdigit, text)):
        raise Unreadable(f"{str(value)[:80]!r} is not a number such as 1250 or 12.50")
    try:
        return plain(Decimal(text.replace(",", "")))
    except InvalidOperation:
        raise Unreadable(f"{str(value)[:80]!r} is not a number such as 1250 or 12.50") from None


def plain(number: Decimal) -> str:
    """The number without exponent or trailing zeros."""
    return format(number.normalize() + 0, "f")


def _date(value: Any) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    text = str(value).strip()
    try:
        return date.fromisoformat(text[:10]).isoformat() if len(text) == 10 else _day_of(text)
    except ValueError:
        raise Unreadable(f"{text[:80]!r} is not a date such as 2026-03-31") from None


def _day_of(text: str) -> str:
    return datetime.fromisoformat(text).date().isoformat()


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in YES or text in NO:
        return text in YES
    raise Unreadable(f"{str(value)[:80]!r} is neither yes nor no")


def _list(value: Any) -> list[str]:
    parts = value if isinstance(value, list) else re.split(r"[,;\n]", str(value))
    return list(dict.fromkeys(text for part in parts if (text := str(part).strip())))


_READERS = {
    AttributeKind.TEXT.value: _text,
    AttributeKind.NUMBER.value: _number,
    AttributeKind.MONEY.value: _number,
    AttributeKind.DATE.value: _date,
    AttributeKind.BOOLEAN.value: _boolean,
    AttributeKind.LIST.value: _list,
}
