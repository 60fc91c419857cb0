"""Subscriptions and invoices of an account on two days: which came, went or changed, and in what."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tenure.core.money import Money
from tenure.customers.between import invoices_between
from tenure.health.compared import Causes, Difference, Point, Record, spoken
from tenure.metrics.lists import invoices, subscriptions

MOST = 200
_AGREED = (
    "state plan_code plan_name quantity unit_amount currency auto_renew collection_method po_number"
    " trial_ends_at current_period_ends_at current_term_ends_at canceled_at paused_at resume_at"
    " expires_at expiration_reason custom_fields attributes"
).split()
_BILLED = (
    "state total paid balance due_at closed_at dunning_events_sent collection_method po_number"
).split()
_AMOUNTS = frozenset({"unit_amount", "total", "paid", "balance"})


def agreed(
    account_id: int, first: Point, second: Point, causes: Causes
) -> tuple[tuple[Record, ...], bool]:
    """The subscriptions that differ, and whether all of them were looked at."""
    sides = []
    for point in (first, second):
        asked = subscriptions.asked_for({"account": account_id}, point.at)
        sides.append(subscriptions.page(asked, sort="-id", limit=MOST))
    old, new = ({one.row.pk: one for one in side.rows} for side in sides)
    changed = [
        _agreed(old.get(pk), new.get(pk), causes, first.end)
        for pk in sorted(old.keys() | new.keys())
    ]
    whole = all(side.next is None for side in sides)
    return tuple(one for one in changed if one), whole


def _agreed(old: Any, new: Any, causes: Causes, start: datetime) -> Record | None:
    row = (new or old).row
    found = [
        Difference(name, label, before, after)
        for name, label, before, after in (
            ("status", "Status", _fact(old, "status"), _fact(new, "status")),
            ("mrr", "MRR", old and old.mrr, new and new.mrr),
        )
        if old and new and before != after
    ]
    name = row.plan_name or row.plan_code or row.upstream_id
    return _record("subscription", name, old, new, _AGREED, found, causes, start)


def _fact(one: Any, name: str) -> Any:
    return getattr(one.facts, name) if one and one.facts else None


def billed(
    account_id: int, first: Point, second: Point, causes: Causes
) -> tuple[tuple[Record, ...], bool]:
    """Only those that changed are read, so that an account's many others cost nothing."""
    changed = invoices_between(account_id, first.end, second.end, limit=MOST + 1)
    ids = list(changed)[:MOST]
    sides = [{one.row.pk: one for one in invoices.rows_at(ids, p.at)} for p in (first, second)]
    found = [_billed(sides[0].get(pk), sides[1].get(pk), causes, first.end) for pk in ids]
    return tuple(one for one in found if one), len(changed) <= MOST


def _billed(old: Any, new: Any, causes: Causes, start: datetime) -> Record | None:
    if old is None and new is None:
        return None  # it came and went in between
    row = (new or old).row
    found = []
    if old and new and old.status != new.status:
        found.append(Difference("status", "Status", old.status, new.status))
    return _record(
        "invoice", row.number or row.upstream_id, old, new, _BILLED, found, causes, start
    )


def _record(
    kind: str,
    name: str,
    old: Any,
    new: Any,
    fields: Sequence[str],
    found: list[Difference],
    causes: Causes,
    start: datetime,
) -> Record | None:
    row = (new or old).row
    if old and new:
        told = {difference.name for difference in found}
        found += [
            Difference(
                field,
                spoken(field),
                _held(old.row, field),
                _held(new.row, field),
                causes.get((kind, row.pk, field)),
            )
            for field in fields
            if getattr(old.row, field) != getattr(new.row, field)
            and not (field == "state" and "status" in told)
        ]
        if not found:
            return None
    cause = causes.get((kind, row.pk, ""))
    made = "seen" if row.created_at < start else "new"  # it was there, but not known here
    fate = "changed" if old and new else made if new else "gone"
    since = cause.at if cause else row.created_at if fate == "new" else None
    return Record(
        row.pk, name, row.site.subdomain, row.upstream_id, fate, since, tuple(found), cause
    )


def _held(row: Any, field: str) -> Any:
    value = getattr(row, field)
    return Money(value, row.currency) if field in _AMOUNTS and value is not None else value
