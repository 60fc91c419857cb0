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
from tenure.customers import read
from tenure.customers.models import Allocation, Change, Invoice, Subscription, Transaction

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


def newest(
    account_id: int, *, kind: str | None, after: Place | None, limit: int, now: datetime
) -> tuple[Sequence[Event], Place | None]:
    """A page of events beyond a place, and the place to go on from; None at the end."""
    found = [
        event
        for name in KINDS
        if kind in (None, name)
        for event in _READERS[name](account_id, after, limit + 1, now)
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


def _invoices(
    account_id: int,
    after: Place | None,
    limit: int,
    now: datetime,  # noqa: ARG001  # the readers share one signature
) -> Iterator[Event]:
    rows = Invoice.objects.filter(removed_at=None).select_related("site")
    whole = _beyond(rows.filter(account_id=account_id), "created_at", 0, after)[:limit]
    mine = Allocation.objects.filter(account_id=account_id).values("invoice_id")
    shared = _beyond(rows.filter(pk__in=mine), "created_at", 0, after)[:limit]
    for row in (*whole, *read.with_shares(account_id, shared)):
        noun = "Credit invoice" if row.type == "credit" else "Invoice"
        told = f"{noun} {row.number or row.upstream_id} was issued"
        amount = _money(row.part.total, row.currency)
        about = {"number": row.number, "state": row.state, **_source(row)}
        yield Event("invoice", row.created_at, told, row.pk, amount, about)


def _payments(
    account_id: int,
    after: Place | None,
    limit: int,
    now: datetime,  # noqa: ARG001  # the readers share one signature
) -> Iterator[Event]:
    payers = Q(pk__in=())
    for payer in read.billing_accounts(account_id):
        payers |= Q(site_id=payer.site_id, account_upstream_id=payer.upstream_id)
    rows = Transaction.objects.filter(payers, removed_at=None).select_related("site")
    for row in _beyond(rows, "created_at", 1, after)[:limit]:
        worked = row.success if row.success is not None else row.status == "success"
        noun = (row.type or "payment").replace("_", " ").capitalize()
        told = f"{noun} {'succeeded' if worked else row.status or 'failed'}"
        amount = _money(row.amount, row.currency)
        about = {"status": row.status, "message": row.status_message, **_source(row)}
        yield Event("payment", row.created_at, told, row.pk, amount, about)


def _subscriptions(
    account_id: int,
    after: Place | None,  # noqa: ARG001  # few enough to be weighed all together
    limit: int,  # noqa: ARG001
    now: datetime,
) -> Iterator[Event]:
    for row in read.subscriptions(account_id):
        for step, (at, told) in enumerate(_steps(row)):
            if at and at <= now:
                about = {"plan": row.plan_code, "state": row.state, **_source(row)}
                yield Event("subscription", at, told, row.pk * STEPS + step, object=about)


def _steps(row: Subscription) -> Iterable[tuple[datetime | None, str]]:
    plan = row.plan_name or row.plan_code or row.upstream_id
    return (
        (row.trial_started_at, f"The trial of {plan} began"),
        (row.activated_at, f"{plan} started"),
        (row.converted_at, f"{plan} went from trial to paid"),
        (row.paused_at, f"{plan} was paused"),
        (row.canceled_at, f"{plan} was cancelled"),
        (row.expires_at if row.state == "expired" else None, f"{plan} ended"),
    )


def _changes(
    account_id: int,
    after: Place | None,
    limit: int,
    now: datetime,  # noqa: ARG001  # the readers share one signature
) -> Iterator[Event]:
    rows = Change.objects.filter(account_id=account_id).select_related("change_set__member")
    for row in _beyond(rows, "at", 3, after)[:limit]:
        named = [name.removeprefix("attributes.") for name in row.changes]
        noun = row.object_kind.replace("_", " ")
        told = f"{len(named)} value{'' if len(named) == 1 else 's'} of the {noun} changed"
        about = {
            "fields": named,
            "source": row.change_set.origin,
            "change_set": row.change_set_id,
        }
        yield Event("change", row.at, told, row.pk, object=about)


_READERS: Mapping[str, Callable[[int, Place | None, int, datetime], Iterator[Event]]] = {
    "invoice": _invoices,
    "payment": _payments,
    "subscription": _subscriptions,
    "change": _changes,
}


def _source(row: Any) -> dict[str, str]:
    return {"site": row.site.subdomain, f"{row.site.source}_id": row.upstream_id}


def _money(amount: Decimal | None, currency: str) -> Money | None:
    return Money(amount, currency) if amount is not None else None
