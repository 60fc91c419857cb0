"""What the cells of both lists across accounts have in common; a page has hundreds of cells, so they are
written in Python and not in templates, which take five times as long for the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from tenure.core.money import Money
from tenure.customers.models import Invoice, Subscription
from tenure.web import drawn
from tenure.web.drawn import NOTHING, address, html, money, shortened

LONGEST_NAME = 80
NONE = mark_safe('<span class="none">–</span>')  # a constant
INTO_DRAWER = mark_safe('hx-target="#drawer-content" hx-swap="innerHTML"')  # a constant


@dataclass(frozen=True, slots=True)
class Shown:
    """When and where the rows are read."""

    now: datetime
    zone: ZoneInfo


Draw = Callable[[Any, Shown], SafeString]


def whose(row: Invoice | Subscription, parts: Sequence[Any] = ()) -> SafeString:
    """The account of a row, how many share it, or that it is nobody's."""
    if row.account_id and row.account:
        held = html(
            '<a class="isolate clip" dir="auto" href="{}" title="{}">{}</a>',
            address("account", row.account_id),
            row.account.name,
            shortened(row.account.name, LONGEST_NAME),
        )
    elif parts:
        held = html("<span>{} accounts</span>", len(parts))
    else:
        held = html('<a class="quiet" href="{}">Nobody known</a>', reverse("unidentified"))
    return html('<td class="who-cell" data-label="Account">{}</td>', held)


def day(when: datetime | date | None, shown: Shown) -> SafeString:
    """A day, or a dash read aloud."""
    return drawn.day(when, shown.zone, shown.now)


def amount(value: Decimal | None, currency: str) -> SafeString:
    """A stored amount as money; a dash for none."""
    return NOTHING if value is None else money(Money(value, currency))


def drawer(pk: int, name: str) -> SafeString:
    """Where a link leads that opens a record in the drawer."""
    return html('href="{0}" hx-get="{0}" {1}', address(name, pk), INTO_DRAWER)


def site(one: Any, _: Shown) -> SafeString:
    """The site a row is of."""
    return html(
        '<td class="off" data-label="Site"><span class="tag">{}</span></td>', one.row.site.subdomain
    )


def currency(one: Any, _: Shown) -> SafeString:
    """The currency of a row."""
    return html('<td data-label="Currency">{}</td>', one.row.currency)


def order_number(one: Any, _: Shown) -> SafeString:
    """The number of the customer's own order."""
    shape = '<td data-label="PO number"><span class="isolate" dir="auto">{}</span></td>'
    return html(shape, one.row.po_number or "–")


def own_id(one: Any, _: Shown) -> SafeString:
    """Its id at the source."""
    return html('<td class="mono small" data-label="Id">{}</td>', one.row.upstream_id)
