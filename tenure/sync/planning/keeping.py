"""Pinning what a plan would lose: values of accounts, of their contacts and of subscriptions alike."""

from collections.abc import Iterator
from datetime import datetime

from tenure.customers import agreements, write
from tenure.customers.contacts import write as contacts
from tenure.customers.write import By, Pin
from tenure.sync.models import Plan, PlanEntry


def keep(plan: Plan, by: By, *, now: datetime, position: int | None = None) -> int:
    """Pin what the entry at this position, or every entry, would lose; how many values. Whoever shows
    the plan has it made anew. Raises ValueRefused for a value that is gone by now."""
    pin, kept = Pin(by.reason), 0
    for entry in _lost(plan, position):
        names = [place.removeprefix("attributes.") for place in entry.overridden]
        if entry.object_kind == "subscription":
            agreements.pin(plan.site, entry.upstream_id, names, pin, by, now=now)
        elif entry.account_id is None:
            continue
        elif entry.object_kind == "contact":
            contacts.pin(entry.account_id, entry.identifier, names, pin, by, now=now)
        else:
            write.pin(entry.account_id, names, pin, by, now=now)
        kept += len(names)
    return kept


def _lost(plan: Plan, position: int | None) -> Iterator[PlanEntry]:
    rows = plan.entries.filter(verb="override")
    yield from (rows if position is None else rows.filter(position=position)).iterator()
