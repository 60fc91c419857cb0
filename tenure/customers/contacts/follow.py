"""Contacts follow what bills their accounts, as far as the sites' modes let them (DESIGN 3.3).

A page's accounts are read, compared and written in a handful of statements. A person whom no billing
account names any more stays, marked so; nobody is deleted because a list became shorter.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from tenure.connections.models import Site
from tenure.customers.contacts import rows
from tenure.customers.contacts.comparing import Verdict, Way, compare
from tenure.customers.contacts.people import Person, contacts_of
from tenure.customers.deciding import is_by_hand
from tenure.customers.history import Batched, replaced
from tenure.customers.models import Change, Contact, Origin

FOLLOWING = ("email", "name")


def follow(
    account_ids: Iterable[int],
    batch: Batched,
    *,
    daily: Collection[str],
    importing: Collection[str] = (),
    spares_hand: bool = False,
    fresh: bool = False,
    billed_by: rows.Billing | None = None,
) -> int:
    """Bring the contacts of these accounts up to date; how many values set by hand were replaced.

    Runs in the caller's transaction, which holds the accounts' rows where they existed before.
    ``daily`` are the subdomains in Daily Sync: their people are made and follow. Sites that import
    only make a contact once and never touch it again, but for those ``importing`` just now; those that
    link only make none. ``spares_hand`` leaves what was set by hand to the next run. ``fresh``
    accounts were made by this very page and have no contact yet; ``billed_by`` is all that bills them,
    each with its site, where the page has it at hand.
    """
    ids = sorted(set(account_ids))
    if not ids:
        return 0
    sites = {site.pk: site for site in Site.objects.all()}
    stored = () if billed_by is not None else ids
    payers = rows.payers_of(stored, sites, daily, joining=billed_by or {})
    existing = {} if fresh else rows.existing_of(ids, lock=True)
    way = Way(
        daily=frozenset(daily),
        now=batch.now,
        allows_pins={site.subdomain: site.allows_pins for site in sites.values()},
        importing=frozenset(importing),
        change_set=batch.change_set.pk,
        spares_hand=spares_hand,
    )
    work = _Work(batch)
    for account_id in ids:
        people = contacts_of(payers.get(account_id, ()))
        found = compare(people, existing.get(account_id, ()), way)
        work.new += [(account_id, person) for person in found.new]
        for verdict in found.verdicts:
            work.take(verdict)
    work.save()
    return work.overridden


class _Work:
    """What a page changes about contacts, gathered and then written at once."""

    def __init__(self, batch: Batched) -> None:
        self.batch = batch
        self.overridden = 0
        self.new: list[tuple[int, Person]] = []
        self._changed: list[Contact] = []
        self._changes: list[Change] = []

    def take(self, verdict: Verdict) -> None:
        """Give the contact what was decided about it."""
        contact, changes = verdict.contact, verdict.changes
        self.overridden += len(verdict.overridden)
        was = _was(contact, changes)
        for name, (_, new) in changes.items():
            if name in FOLLOWING and verdict.person:
                contact.sources[name] = self._entry(verdict.person, name)
            self._set(contact, name, new)
        edited = is_edited(contact)
        if not changes and edited == contact.edited:
            return
        contact.edited = edited
        self._changed.append(contact)
        if changes:
            contact.updated_at, contact.changed_in = self.batch.now, self.batch.change_set
            self._changes.append(rows.change_of(contact, changes, was, self.batch))

    def save(self) -> None:
        """Write everything in as few statements as there are kinds of change."""
        rows.insert(self.new, self.batch)
        if self._changed:
            rows.save(self._changed, self._changes)

    def _set(self, contact: Contact, name: str, value: Any) -> None:
        if name == "removed":
            contact.removed_at = None
            contact.sources.pop("removed", None)
        elif name == "named":
            contact.is_named, contact.unnamed_at = value, None if value else self.batch.now
        else:
            setattr(contact, name, value)

    def _entry(self, person: Person, name: str) -> dict[str, Any]:
        own = name == "email"
        return {
            "source": Origin.SYNC.value,
            "site": person.site if own else person.name_site,
            "field": person.field if own else person.name_field,
            "set_at": self.batch.now.isoformat(),
            "change_set": self.batch.change_set.pk,
        }


def _was(contact: Contact, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Where what changes came from, for ``Change.was``; of who was unnamed, since when."""
    was: dict[str, Any] = dict(replaced(contact.sources, changes))
    if "named" in changes and contact.unnamed_at:
        was["named"] = {"since": contact.unnamed_at.isoformat()}
    return was


def is_edited(contact: Contact) -> bool:
    """Whether Daily Sync must look at the contact although its billing account did not change."""
    watched = (*FOLLOWING, "removed")
    return contact.is_named and any(is_by_hand(contact.sources.get(name, {})) for name in watched)
