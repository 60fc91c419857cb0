"""What happened to an account as plain events, newest first: bills, payments, agreements, changes.

Each kind is read one page deep beyond the same place, so a page of all of them together is exact,
also where many things happened at one instant.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from tenure.core.clock import stamp
from tenure.core.money import Money
from tenure.customers import bills, read
from tenure.customers.models import (
    Allocation,
    Change,
    Invoice,
    InvoiceOverTime,
    Subscription,
    Transaction,
)
from tenure.customers.versions import in_force

KINDS = ("invoice", "payment", "subscription", "change")
STEPS = 8  # more than the events one subscription can have


@dataclass(frozen=True, slots=True)
class Event:
    """One entry. ``object`` names what it is about; ``order`` makes its place unique in its kind."""

    kind: str
    at: datetime
    what: str
    order: int
    amount: Money | None = None
    object: Mapping[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> "Place":
        """Where it stands in the timeline."""
        return Place(self.at, KINDS.index(self.kind), self.order)

    def as_json(self) -> dict[str, Any]:
        """The event as scripts see it."""
        return {
            "kind": self.kind,
            "at": stamp(self.at),
            "what": self.what,
            "amount": self.amount.as_json() if self.amount else None,
            "object": dict(self.object),
        }


@dataclass(frozen=True, slots=True)
class Place:
    """A position in the timeline; later ones are older, or of a later kind at the same instant."""

    at: datetime
    rank: int
    order: int

    @property
    def key(self) -> tuple[float, int, int]:
        """Sorts places newest first."""
        return (-self.at.timestamp(), self.rank, -self.order)


@dataclass(frozen=True, slots=True)
class Then:
    """What was known right before an instant. Of a time of which nothing was kept the records are
    given: made out by whoever asks."""

    instant: datetime
    subscriptions: Sequence[Subscription] | None = None
    invoices: Sequence[Invoice] | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A page of one kind: so many events of an account beyond a place."""

    account_id: int
    after: Place | None
    limit: int
    now: datetime
    then: Then | None

    def until(self, rows: "QuerySet[Any, Any]", column: str) -> "QuerySet[Any, Any]":
        """Those rows that were there by then."""
        return rows.filter(**{f"{column}__lt": self.then.instant}) if self.then else rows


def newest(
    account_id: int,
    *,
    kind: str | None,
    after: Place | None,
    limit: int,
    now: datetime,
    then: Then | None = None,
) -> tuple[Sequence[Event], Place | None]:
    """A page of events beyond a place, and the place to go on from; None at the end. With ``then``
    as they were known at a past instant, of which ``now`` is the last moment."""
    asked = _Asked(account_id, after, limit + 1, now, then)
    found = [
        event
        for name in KINDS
        if kind in (None, name)
        for event in _READERS[name](asked)
        if after is None or event.place.key > after.key
    ]
    found.sort(key=lambda event: event.place.key)
    more, found = len(found) > limit, found[:limit]
    return found, found[-1].place if more else None


def _beyond(rows: "QuerySet[Any, Any]", column: str, rank: int, after: Place | None) -> Any:
    """The rows that stand beyond the place, newest first."""
    if after is not None:
        same = Q(**{column: after.at})
        if rank < after.rank:
            here = Q(pk__in=())
        elif rank > after.rank:
            here = same
        else:
            here = same & Q(pk__lt=after.order)
        rows = rows.filter(Q(**{f"{column}__lt": after.at}) | here)
        rows = rows.filter(**{f"{column}__lte": after.at})  # lets the index seek to the place
    return rows.order_by(f"-{column}", "-pk")


def issued(row: Invoice) -> str:
    """What is said of a bill when it was made."""
    noun = "Credit invoice" if row.type == "credit" else "Invoice"
    return f"{noun} {row.number or row.upstream_id} was issued"


def worked(row: Transaction) -> bool:
    """Whether a try to move money did."""
    return row.success if row.success is not None else row.status == "success"


def tried(row: Transaction) -> str:
    """What is said of a try to move money."""
    noun = (row.type or "payment").replace("_", " ").capitalize()
    return f"{noun} {'succeeded' if worked(row) else row.status or 'failed'}"


def changed(row: Change) -> str:
    """What is said of changed values."""
    noun, count = row.object_kind.replace("_", " "), len(row.changes)
    return f"{count} value{'' if count == 1 else 's'} of the {noun} changed"


def steps(row: Subscription) -> Iterable[tuple[str, datetime | None, str]]:
    """What can have become of an agreement: the name of each step, when, and what is said of it."""
    plan = row.plan_name or row.plan_code or row.upstream_id
    return (
        ("trial", row.trial_started_at, f"The trial of {plan} began"),
        ("start", row.activated_at, f"{plan} started"),
        ("convert", row.converted_at, f"{plan} went from trial to paid"),
        ("pause", row.paused_at, f"{plan} was paused"),
        ("cancel", row.canceled_at, f"{plan} was cancelled"),
        ("end", row.expires_at if row.state == "expired" else None, f"{plan} ended"),
    )


def _invoices(asked: _Asked) -> Iterator[Event]:
    for row in _bills(asked):
        amount = _money(row.part.total, row.currency)
        about = {"number": row.number, "state": row.state, **_source(row)}
        yield Event("invoice", row.created_at, issued(row), row.pk, amount, about)


def _bills(asked: _Asked) -> Iterable[Invoice]:
    """The bills, and those of which the account has a part."""
    then = asked.then
    if then and then.invoices is not None:
        return then.invoices
    table: Any = InvoiceOverTime if then else Invoice
    wanted = in_force(then.instant) if then else Q(removed_at=None)
    rows = asked.until(table.objects.filter(wanted).select_related("site"), "created_at")
    mine = Allocation.objects.filter(account_id=asked.account_id).values("invoice_id")
    whole, shared = (
        _beyond(rows.filter(whose), "created_at", 0, asked.after)[: asked.limit]
        for whose in (Q(account_id=asked.account_id), Q(pk__in=mine))
    )
    return (*whole, *bills.with_shares(asked.account_id, shared))


def _payments(asked: _Asked) -> Iterator[Event]:
    payers = Q(pk__in=())
    for payer in read.billing_accounts(asked.account_id):
        payers |= Q(site_id=payer.site_id, account_upstream_id=payer.upstream_id)
    rows = Transaction.objects.filter(payers, removed_at=None).select_related("site")
    rows = asked.until(rows, "created_at")
    for row in _beyond(rows, "created_at", 1, asked.after)[: asked.limit]:
        amount = _money(row.amount, row.currency)
        about = {"status": row.status, "message": row.status_message, **_source(row)}
        yield Event("payment", row.created_at, tried(row), row.pk, amount, about)


def _subscriptions(asked: _Asked) -> Iterator[Event]:
    """Few enough to be weighed all together."""
    for row in _agreed(asked):
        for step, (_, at, told) in enumerate(steps(row)):
            if at and at <= asked.now:
                about = {"plan": row.plan_code, "state": row.state, **_source(row)}
                yield Event("subscription", at, told, row.pk * STEPS + step, object=about)


def _agreed(asked: _Asked) -> Sequence[Subscription]:
    then = asked.then
    if then and then.subscriptions is not None:
        return then.subscriptions
    return read.subscriptions(asked.account_id, at=then.instant if then else None)


def _changes(asked: _Asked) -> Iterator[Event]:
    rows = Change.objects.filter(account_id=asked.account_id)
    rows = asked.until(rows.select_related("change_set__member"), "at")
    for row in _beyond(rows, "at", 3, asked.after)[: asked.limit]:
        about = {
            "fields": [name.removeprefix("attributes.") for name in row.changes],
            "source": row.change_set.origin,
            "change_set": row.change_set_id,
        }
        yield Event("change", row.at, changed(row), row.pk, object=about)


_READERS: Mapping[str, Callable[[_Asked], Iterator[Event]]] = {
    "invoice": _invoices,
    "payment": _payments,
    "subscription": _subscriptions,
    "change": _changes,
}


def _source(row: Any) -> dict[str, str]:
    return {"site": row.site.subdomain, f"{row.site.source}_id": row.upstream_id}


def _money(amount: Decimal | None, currency: str) -> Money | None:
    return Money(amount, currency) if amount is not None else None
