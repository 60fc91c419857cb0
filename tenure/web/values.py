"""How a value is drawn by its kind: numbers with their thousands, days as days, lists as tags."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from tenure.customers.models import AttributeKind

EMPTY: tuple[Any, ...] = (None, "", [])
NO_VALUE = mark_safe('<span class="none">no value</span>')  # a constant
MOST_TAGS = 8


def drawn(value: Any, kind: str, unit: str = "") -> SafeString:
    """The value as a page shows it; what is not of its kind is shown as the text it is."""
    if value in EMPTY:
        return NO_VALUE
    match kind:
        case AttributeKind.BOOLEAN if isinstance(value, bool):
            return format_html("{}", "Yes" if value else "No")
        case AttributeKind.LIST if isinstance(value, list):
            return _tags(value)
        case AttributeKind.NUMBER | AttributeKind.MONEY:
            return _number(str(value), unit)
        case AttributeKind.DATE:
            return _day(str(value))
    return _text(in_words(value))


def in_words(value: Any) -> str:
    """The value as plain text, for a sentence."""
    if value in EMPTY:
        return "no value"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _text(text: str) -> SafeString:
    return format_html('<span class="isolate" dir="auto">{}</span>', text)


def _number(text: str, unit: str) -> SafeString:
    try:
        amount = f"{Decimal(text):,f}".replace("-", "−")
    except (InvalidOperation, ValueError):
        return _text(text)
    if not unit:
        return format_html('<span class="amount">{}</span>', amount)
    shape = '<span class="money"><span class="amount">{}</span><span class="code">{}</span></span>'
    return format_html(shape, amount, unit)


def _day(text: str) -> SafeString:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return _text(text)
    shape = '<time class="nowrap" datetime="{}">{} {}</time>'
    return format_html(shape, text, day.day, f"{day:%b %Y}")


def _tags(values: list[Any]) -> SafeString:
    shown = [(str(one),) for one in values[:MOST_TAGS]]
    tags = format_html_join(" ", '<span class="tag isolate" dir="auto">{}</span>', shown)
    more = len(values) - MOST_TAGS
    return format_html('{} <span class="tag more">+{}</span>', tags, more) if more > 0 else tags
