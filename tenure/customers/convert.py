"""From what the source says to a typed value: what JSON holds of an attribute. Pure.

Numbers and money are exact decimals as text, dates ISO 8601, lists of texts; a text that cannot be
read as the attribute's type raises Unreadable and never becomes a wrong value. A typed value is read
as itself, so reading twice is reading once.
"""

import re
from datetime import date, datetime
from decimal import Context, Decimal
from typing import Any

from tenure.customers.models import AttributeKind

YES = {"true", "yes", "y", "on", "1"}
NO = {"false", "no", "n", "off", "0"}
# Digits with or without commas between thousands, and at most one decimal point.
_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d+)?", re.ASCII)
LONGEST_NUMBER = 40


class Unreadable(ValueError):
    """The value is not of the attribute's type; the text says how it should look."""


def typed(value: Any, kind: str) -> Any:
    """The value as an attribute of this kind holds it; None for nothing. Raises Unreadable."""
    if value is None or (isinstance(value, str) and (not value or value.isspace())):
        return None
    if kind == _AS_IT_IS and type(value) is str:
        return _storable(value)  # by far the most frequent case of a first import
    held = _READERS[kind](value)
    return None if held == [] or (isinstance(held, str) and not held.strip()) else held


_AS_IT_IS = AttributeKind.TEXT.value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _storable(", ".join(map(_text, value)) if isinstance(value, list) else str(value))


def _storable(text: str) -> str:
    """Raises Unreadable for what the database has no place for: NUL, and halves of characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Unreadable(f"{text[:80]!r} has half a character, which cannot be kept") from None
    if "\x00" in text:
        raise Unreadable(f"{text[:80]!r} has a character that cannot be kept")
    return text


def _number(value: Any) -> str:
    text = str(value).strip().replace("\u00a0", "").replace("\u202f", "").replace(" ", "")
    if len(text) > LONGEST_NUMBER or not _NUMBER.fullmatch(text) or text[-1:] not in _DIGITS:
        raise Unreadable(f"{str(value)[:80]!r} is not a number such as 1250 or 12.50")
    return plain(Decimal(text.replace(",", "")))


_DIGITS = frozenset("0123456789")
_EXACT = Context(prec=LONGEST_NUMBER + 2)  # never rounds what fits


def plain(number: Decimal) -> str:
    """The number without exponent or trailing zeros."""
    return format(number.normalize(_EXACT) if number else Decimal(0), "f")


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
    return list(dict.fromkeys(text for part in parts if (text := _text(part).strip())))


_READERS = {
    AttributeKind.TEXT.value: _text,
    AttributeKind.NUMBER.value: _number,
    AttributeKind.MONEY.value: _number,
    AttributeKind.DATE.value: _date,
    AttributeKind.BOOLEAN.value: _boolean,
    AttributeKind.LIST.value: _list,
}
