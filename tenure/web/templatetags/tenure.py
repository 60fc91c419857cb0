"""What templates say with one word: money, times, badges, icons, addresses."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from urllib.parse import urlsplit

from django import template
from django.template.context import RequestContext
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from tenure.access.models import Member
from tenure.core.money import Money
from tenure.metrics.amounts import rounded
from tenure.web import badges, drawn, moments, permissions, values
from tenure.web.account import events
from tenure.web.account.intervals import interval as interval_of
from tenure.web.drawn import (
    NOTHING,
    address,
    amount_text,
    badge,
    beside,
    briefly,
    icon,
    mark,
    money,
    moneys,
    number,
    opens,
    some,
    source_badge,
)
from tenure.web.editing import toasts

register = template.Library()

SAFE_SCHEMES = ("http", "https", "mailto")


for _tag in (icon, address, opens, badge, source_badge, mark, beside):
    register.simple_tag(_tag)
for _filter in (money, moneys, some, number, briefly):
    register.filter(_filter)


@register.simple_tag
def amount(value: Decimal | None, currency: str) -> SafeString:
    """A stored amount and its currency, drawn as money."""
    return NOTHING if value is None else money(Money(value, currency))


@register.simple_tag(takes_context=True)
def moment(context: RequestContext, instant: datetime | None, kind: str = "") -> SafeString:
    """A relative time; hover or focus shows the absolute one with its zone. ``plain`` takes no focus."""
    return drawn.time(instant, context["now"], context["zone"], kind)


@register.simple_tag(takes_context=True)
def ago(context: RequestContext, instant: datetime | None, kind: str = "") -> SafeString:
    """As ``moment``, for what real clocks recorded (runs): a demonstration's business clock is faster."""
    ages = mark_safe(" data-ages")  # a constant
    return drawn.time(instant, context["real_now"], context["zone"], kind, ages)


@register.simple_tag(takes_context=True)
def day(context: RequestContext, instant: datetime | date | None) -> SafeString:
    """A calendar day in the member's zone; the title says the exact instant and how far off it is."""
    return drawn.day(instant, context["zone"], context["now"])


@register.simple_tag(takes_context=True)
def away(context: RequestContext, when: date) -> str:
    """How far a calendar day is from today, in whole days: ``in 12 d``, ``3 y ago``."""
    return moments.away(when, context["now"], context["zone"])


@register.simple_tag(takes_context=True)
def hour(context: RequestContext, instant: datetime) -> SafeString:
    """The time of day, where the day stands above it; the title has the rest."""
    local = instant.astimezone(context["zone"])
    exact = moments.absolute(instant, context["zone"])
    shape = '<time datetime="{}" title="{}">{}</time>'
    return format_html(shape, instant.isoformat(), exact, f"{local:%H:%M}")


@register.simple_tag(takes_context=True)
def exactly(context: RequestContext, instant: datetime | None) -> str:
    """The absolute time in words, for text that has no hover."""
    return moments.absolute(instant, context["zone"]) if instant else ""


@register.filter
def initials(name: str) -> str:
    """At most two letters that stand for a name."""
    words = [word for word in name.replace("@", " ").split() if word[0].isalnum()]
    letters = [word[0] for word in words[:2]] or ["?"]
    return "".join(letters).upper()


@register.filter
def may_decide(member: Any) -> bool:
    """Whether the member may resolve conflicts and merge accounts."""
    return isinstance(member, Member) and permissions.may_decide_identity(member)


@register.filter
def field_label(place: str) -> str:
    """A field of history in words."""
    return badges.spoken(place.removeprefix("attributes."))


@register.filter
def spoken(word: str | None) -> str:
    """A machine's word for a person."""
    return badges.spoken(word) if word else ""


@register.filter
def attribute_name(place: str) -> str:
    """Where a change took place, for a person: ``attributes.csm_email`` is ``Csm email``."""
    return badges.spoken(place.removeprefix("attributes."))


@register.filter
def safe_link(address: str | None) -> str:
    """The address when its scheme is one people may follow, else nothing."""
    if not address:
        return ""
    try:
        scheme = urlsplit(address).scheme.lower()
    except ValueError:
        return ""
    return address if scheme in SAFE_SCHEMES else ""


@register.simple_tag(takes_context=True)
def same_page(context: RequestContext, **changes: Any) -> str:
    """This page's query with some parameters changed; None or an empty value removes one."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value not in (None, ""):
            query[name] = str(value)
    return f"?{query.urlencode()}" if query else "?"


@register.simple_tag(takes_context=True)
def without(context: RequestContext, name: str) -> str:
    """This page's query without one parameter, from its first page on."""
    return same_page(context, **{name: None, "after": None})


@register.simple_tag
def amount_only(value: Decimal | None, currency: str) -> SafeString | str:
    """An amount without its code, where the head of the table or the page names the currency."""
    return NOTHING if value is None else amount_text(Money(value, currency))


@register.filter
def per_cent(share: Any) -> str:
    """A share for people: one decimal, a dash when there is none."""
    return "–" if share is None else f"{rounded(Fraction(share) * 100, 1)} %".replace("-", "−")


@register.simple_tag(takes_context=True)
def said_value(context: RequestContext, value: Any) -> SafeString | str:
    """A figure that is no money: a day, a number, or some words."""
    if value is None:
        return NOTHING
    if isinstance(value, date):
        return day(context, value)
    if isinstance(value, list):
        return ", ".join(value) or "–"
    if isinstance(value, dict):
        return ", ".join(f"{name or 'no code'}: {n:,}" for name, n in value.items()) or "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal | Fraction):
        return f"{rounded(value, 2).normalize():,f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


@register.filter
def rate(value: Fraction) -> str:
    """An exchange rate: its digits, at most eight after the point."""
    return f"{rounded(value, 8).normalize():f}"


@register.filter
def tenth(value: Any) -> str:
    """A number for people: one decimal."""
    return str(rounded(Fraction(value), 1))


@register.filter
def ratio(value: Any) -> str:
    """A ratio for people: two decimals, a dash when there is none."""
    return "–" if value is None else str(rounded(Fraction(value), 2))


@register.filter
def labelled(values: Sequence[Any], labels: Sequence[str]) -> list[tuple[Any, str]]:
    """Values with their labels, side by side."""
    return list(zip(values, labels, strict=False))


@register.simple_tag
def interval(plan: Any) -> SafeString | str:
    """How often a plan bills, in a word; a dash when that is not known."""
    unit, length = (plan.interval_unit, plan.interval_length) if plan else (None, None)
    return interval_of(unit, length) or NOTHING


@register.filter
def said(value: Any) -> str:
    """A stored value of any kind as words."""
    return events.said(value)


@register.simple_tag
def value(value: Any, kind: str, unit: str = "") -> SafeString:
    """A value drawn by its kind."""
    return values.drawn(value, kind, unit)


@register.filter
def undoes(message: Any) -> int | None:
    """The change set that this message's toast can undo."""
    return toasts.change_set_of(message.extra_tags)


@register.filter
def may_edit_customers(user: Any) -> bool:
    """Whether whoever looks at the page may set customers' values."""
    return isinstance(user, Member) and permissions.may_edit_customers(user)


@register.filter
def plain(value: Decimal | None) -> str:
    """A bare number without the zeros of its column."""
    return "–" if value is None else f"{value.normalize():,f}"


@register.filter
def span(length: timedelta | None) -> str:
    """A duration to the second."""
    return "–" if length is None else moments.clock_span(length)


@register.filter
def whole(value: float | None) -> str:
    """A measured rate, rounded: more digits would pretend."""
    return "–" if value is None else f"{round(value):,}"


@register.filter
def first_money(values: Sequence[Money]) -> SafeString | str:
    """The first of several amounts, for a place with room for one."""
    return money(values[0]) if values else ""


@register.filter
def words(text: str) -> list[str]:
    """The words of a text, so that a template can walk a short list in plain sight."""
    return text.split()


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """The value under a key that is itself a variable; None when it, or the mapping, is missing."""
    return mapping.get(key) if isinstance(mapping, Mapping) else None


@register.simple_tag
def tenths(value: int | None) -> str:
    """A score in tenths as it is written; a dash for none."""
    return "–" if value is None else f"{value // 10}.{value % 10}"
