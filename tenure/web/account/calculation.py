"""How a figure of the money strip was made: its definition, and the parts that add up to it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenure.customers import read as customers
from tenure.customers.models import Subscription
from tenure.metrics import explain
from tenure.metrics import read as metrics
from tenure.metrics.explain import LeftOut, Part, Parts
from tenure.web.account.head import Head, head_of, shown
from tenure.web.account.meanings import MEANINGS
from tenure.web.account.subscriptions import state_of


@dataclass(frozen=True, slots=True)
class Entry:
    """A part with the number of the invoice or subscription it speaks of, when it is one of ours."""

    part: Part
    invoice: int | None = None
    subscription: int | None = None


@dataclass(frozen=True, slots=True)
class Excluded:
    """What does not count for one reason, the first of it with their addresses."""

    left: LeftOut
    entries: Sequence[Entry]

    @property
    def more(self) -> int:
        """How many there are beyond those shown."""
        return self.left.count - len(self.entries)


@dataclass(frozen=True, slots=True)
class Group:
    """One currency: its total, what adds up to it, and what does not count."""

    total: Parts
    entries: Sequence[Entry]
    excluded: Sequence[Excluded]


@require_safe
def show(request: HttpRequest, pk: int, figure: str) -> HttpResponse:
    """The calculation: in the drawer when a page asks for it there, else a page of its own."""
    if figure not in MEANINGS:
        raise Http404("There is no such figure.")
    head, now = head_of(pk), settings.TENURE_CLOCK.now()
    groups = _groups(head, figure, now) if figure not in DATES else []
    more = {
        "converted": _converted(groups, now),
        "label": MEANINGS[figure].label,
        "meaning": MEANINGS[figure].words,
        "groups": groups,
        "dates": _dates(head, figure, now) if figure in DATES else (),
        "is_date": figure in DATES,
    }
    drawer = request.headers.get("HX-Target") == "drawer-content"
    template = "web/account/calculation_detail.html" if drawer else "web/account/calculation.html"
    return render(request, template, shown(request, head, "account", **more))


def _converted(groups: Sequence[Group], now: datetime) -> metrics.ConvertedTotals | None:
    """The total of all currencies with its rates; None where one currency says it all."""
    amounts = [group.total.total for group in groups if group.total.total]
    if not amounts:
        return None
    found = metrics.converted({"total": amounts}, now)
    return None if {one.currency for one in amounts} == {found.currency} else found


def _groups(head: Head, figure: str, now: datetime) -> list[Group]:
    found = explain.parts(head.account.pk, figure, now)
    addressed = _addresses(head.account.pk, found)
    return [
        Group(
            group,
            [addressed(part) for part in group.parts],
            [Excluded(left, [addressed(part) for part in left.parts]) for left in group.excluded],
        )
        for group in found
    ]


def _addresses(account_id: int, groups: Sequence[Parts]) -> Callable[[Part], Entry]:
    """What finds the address of a part; one query for the invoices, one for the subscriptions."""
    every = [part for group in groups for part in group.parts]
    every += [part for group in groups for left in group.excluded for part in left.parts]
    bills = [p.upstream_id for p in every if p.kind in ("invoice", "credit")]
    agreed = [p.upstream_id for p in every if p.kind == "subscription"]
    invoices = customers.invoice_keys(account_id, bills) if bills else {}
    subscriptions = customers.subscription_keys(account_id, agreed) if agreed else {}

    def addressed(part: Part) -> Entry:
        key = (part.site_id or 0, part.upstream_id)
        if part.kind == "subscription":
            return Entry(part, subscription=subscriptions.get(key))
        return Entry(part, invoice=invoices.get(key))

    return addressed


def _renewal(row: Subscription, now: datetime) -> datetime | None:
    renews = state_of(row, now) == "active" and row.auto_renew is not False
    ends = row.current_term_ends_at
    return ends if renews and ends and ends > now else None


def _start(row: Subscription, now: datetime) -> datetime | None:
    return row.activated_at if row.activated_at and row.activated_at <= now else None


DATES: Mapping[str, Callable[[Subscription, datetime], datetime | None]] = {
    "next_renewal_date": _renewal,
    "customer_since": _start,
}


def _dates(head: Head, figure: str, now: datetime) -> list[tuple[Subscription, datetime]]:
    """The subscriptions a date comes from, the deciding one first."""
    found = [(row, DATES[figure](row, now)) for row in customers.subscriptions(head.account.pk)]
    known = [(row, at) for row, at in found if at]
    return sorted(known, key=lambda pair: pair[1])
