"""What pages draw again and again: icons, badges, money, days, addresses. Templates have each as a tag
or a filter of its name; tables with hundreds of cells call them from here.
"""

from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from django.templatetags.static import static
from django.urls import get_script_prefix, reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator

from tenure.core.money import Money
from tenure.web import badges, moments, values
from tenure.web.badges import Badge

NOTHING = mark_safe('<span class="none" aria-label="none">–</span>')  # a constant
BRIEF = 80
REMEMBERED = 500  # drawings and addresses, of which a page has the same few again and again


def html(shape: str, *parts: Any) -> SafeString:
    """As ``format_html``, for cells, which a page has by the hundred: what is not HTML already is
    escaped; nothing is translated or put off."""
    return SafeString(shape.format(*map(_escaped, parts)))


def together(parts: Iterable[Any], between: SafeString | str = "") -> SafeString:
    """The parts one after the other, what is not HTML already escaped."""
    return SafeString(between.join(map(_escaped, parts)))


def _escaped(part: Any) -> str:
    return part if isinstance(part, SafeString) else escape(str(part))


def icon(name: str, extra: str = "") -> SafeString:
    """A drawing beside words; it says nothing of its own."""
    return _icon(get_script_prefix(), name, extra)


@lru_cache(maxsize=REMEMBERED, typed=True)
def _icon(_prefix: str, name: str, extra: str) -> SafeString:
    return html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        extra, static("tenure/icons.svg"), name,
    )  # fmt: skip


def address(name: str, pk: int, *rest: str) -> str:
    """The address of an account's page, as ``{% url %}`` has it; for tables, which have hundreds."""
    return _pattern(get_script_prefix(), name, rest).replace("/0/", f"/{int(pk)}/", 1)


@lru_cache(maxsize=REMEMBERED)
def _pattern(_prefix: str, name: str, rest: tuple[str, ...]) -> str:
    return reverse(name, args=[0, *rest])


def opens(pk: int, figure: str) -> SafeString:
    """Where a link leads that opens what an account's figure is made of."""
    return html('href="{0}" hx-get="{0}"', address("calculation", pk, figure))


def badge(state: str | None, words: str = "") -> SafeString:
    """The badge of a state: word, shape and colour."""
    return _badge(get_script_prefix(), *_parts(badges.badge(state, words)))


def source_badge(source: str, words: str = "") -> SafeString:
    """The badge that says where a value came from."""
    return _badge(get_script_prefix(), *_parts(badges.source_badge(source, words)))


def _parts(look: Badge) -> tuple[str, str, str]:
    return look.tone, look.shape, look.words


# Typed: a text that is HTML already is equal to the same text that is not.
@lru_cache(maxsize=REMEMBERED, typed=True)
def _badge(_prefix: str, tone: str, shape: str, words: str) -> SafeString:
    return html(
        '<span class="badge is-{}"><svg class="shape" aria-hidden="true"><use href="{}#shape-{}"></use></svg>{}</span>',
        tone, static("tenure/icons.svg"), shape, words,
    )  # fmt: skip


def mark(look: Badge, pinned: bool = False) -> SafeString:  # a template's
    """The small mark of a value's source in a cell; its words are read and shown on hover."""
    return _mark(get_script_prefix(), *_parts(look), pinned)


@lru_cache(maxsize=REMEMBERED, typed=True)
def _mark(_prefix: str, tone: str, shape: str, words: str, pinned: bool) -> SafeString:
    words = f"{words}, pinned" if pinned else words
    shape = "pin" if pinned else f"shape-{shape}"
    return html(
        '<span class="mark is-{}{}" title="{}"><svg class="shape" aria-hidden="true"><use href="{}#{}"></use></svg><span class="hush">{}: </span></span>',
        tone, " is-pinned" if pinned else "", words, static("tenure/icons.svg"), shape, words,
    )  # fmt: skip


def money(value: Money | None) -> SafeString:
    """An amount in the currency's own digits, its code behind it; a dash when there is none."""
    if value is None:
        return NOTHING
    return html(
        '<span class="money"><span class="amount">{}</span><span class="code">{}</span></span>',
        amount_text(value),
        value.currency,
    )


def moneys(amounts: Iterable[Money] | None) -> SafeString:
    """One amount a currency, side by side; a dash when there is nothing."""
    drawn = [money(value) for value in amounts or ()]
    return together(drawn, "<br>") if drawn else NOTHING


def some(amounts: Iterable[Money]) -> list[Money]:
    """Those amounts that are not zero."""
    return [money for money in amounts if money]


def beside(
    amounts: Iterable[Money] | None, total: Money | None, missing: Iterable[str], links: bool = True
) -> SafeString:
    """The converted total beside amounts of other currencies, or which rate is missing for it;
    nothing where the amounts say it all. ``links`` is off inside of another link."""
    codes = {money.currency for money in amounts or () if money}
    if not codes or (total and codes == {total.currency}):
        return mark_safe("")
    if total:
        title = f"Converted to {total.currency} at the rates of the day it was measured"
        return html('<span class="under converted" title="{}">≈ {}</span>', title, money(total))
    lacking = ", ".join(code for code in missing if code in codes)
    if not lacking:
        return mark_safe("")
    words = f"no rate for {lacking}"
    if not links:
        return html('<span class="under converted">{}</span>', words)
    address = f"{reverse('numbers')}#rate-from"
    return html('<a class="under converted" href="{}">{}</a>', address, words)


def amount_text(value: Money) -> str:
    """The digits alone, with a true minus sign: ``−1,234.50``."""
    return f"{value.rounded().amount:,}".replace("-", "−")


def number(value: Any) -> str:
    """A whole number with thousands separated."""
    return "–" if value is None else f"{value:,}"


def time(
    instant: datetime | None, now: datetime, zone: ZoneInfo, kind: str = "", ages: str = ""
) -> SafeString:
    """A relative time; hover or focus shows the absolute one with its zone. ``plain`` takes no focus."""
    if instant is None:
        return NOTHING
    if kind == "plain":
        shape = '<time datetime="{}" title="{}"{}>{}</time>'
    else:
        shape = '<time class="moment" datetime="{}" data-tip="{}" tabindex="0"{}>{}</time>'
    exact, text = moments.absolute(instant, zone), moments.relative(instant, now)
    return html(shape, instant.isoformat(), exact, ages, text)


def day(instant: datetime | date | None, zone: ZoneInfo, now: datetime) -> SafeString:
    """A calendar day in a zone; the title says the exact instant and how far off it is."""
    if instant is None:
        return NOTHING
    text = moments.day_of(instant, zone)
    if not isinstance(instant, datetime):
        shape = '<time class="nowrap" datetime="{}">{}</time>'
        return html(shape, instant.isoformat(), text)
    exact, away = moments.absolute(instant, zone), moments.relative(instant, now)
    return html(
        '<time class="nowrap" datetime="{}" title="{} ({})">{}</time>',
        instant.isoformat(), exact, away, text,
    )  # fmt: skip


def briefly(value: Any) -> str:
    """A value in a sentence, cut where it would take the sentence over."""
    text = values.in_words(value)
    return text if len(text) <= BRIEF else f"{text[:BRIEF]}…"


def shortened(text: str, most: int) -> str:
    """The text cut to so many characters, as ``truncatechars`` has it."""
    return text if len(text) <= most else Truncator(text).chars(most)
