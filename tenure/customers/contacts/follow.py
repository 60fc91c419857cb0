"""Contacts follow what bills their accounts, as far as the sites' modes let them (DESIGN 3.3).

A page's accounts are read, compared and written in a handful of statements. A person whom no billing
account names any more stays, marked so; nobody is deleted because a list became shorter.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from tenure.connections.models import Site
from tenure.customers.attributes import Mapped
from tenure.customers.contacts import rows
from tenure.customers.contacts.people import Person, contacts_of
from tenure.customers.deciding import Standing, Terms, decide, is_by_hand, is_pinned
from tenure.customers.effective import Effective
from tenure.customers.history import Batched
from tenure.customers.models import AttributeKind, Change, Contact, Origin

FOLLOWING = ("email", "name")
_MAPPING = (Mapped("email", AttributeKind.TEXT.value, "email"),)


def follow(
    account_ids: Iterable[int], batch: Batched, *, daily: Collection[str], fresh: bool = False
) -> int:
    """Bring the contacts of these accounts up to date; how many values set by hand were replaced.

    Runs in the caller's transaction, which holds the accounts' rows where they existed before.
    ``daily`` are the subdomains in Daily Sync: their people are made and follow. Sites that import
    only make a contact once and never touch it again; those that link only make none. ``fresh``
    accounts were made by this very page and have no contact yet.
    """
    ids = sorted(set(account_ids))
    if not ids:
        return 0
    sites = {site.pk: site for site in Site.objects.all()}
    payers = rows.payers_of(ids, sites, daily)
    existing = {} if fresh else rows.existing_of(ids)
    work = _Work(batch, frozenset(daily), {s.subdomain: s.allows_pins for s in sites.values()})
    for account_id in ids:
        feeding = payers.get(account_id, ())
        work.account(account_id, contacts_of(feeding), existing.get(account_id, ()))
    work.save()
    return work.overridden


class _Work:
    """What a page changes about contacts, gathered and then written at once."""

    def __init__(
        self, batch: Batched, daily: frozenset[str], allows_pins: Mapping[str, bool]
    ) -> None:
        self.batch = batch
        self.daily = daily
        self.allows_pins = allows_pins
        self.overridden = 0
        self._new: list[tuple[int, Person]] = []
        self._changed: list[Contact] = []
        self._changes: list[Change] = []

    def account(
        self, account_id: int, people: Mapping[str, Person], existing: Sequence[Contact]
    ) -> None:
        """Compare one account's contacts with the people its billing names."""
        if not existing:
            self._new += [(account_id, person) for person in people.values()]
            return
        known = {contact.identifier: contact for contact in existing}
        # One whose identifier was the e-mail for want of a better is met by the e-mail.
        by_email = {contact.email.casefold(): contact for contact in reversed(existing)}
        met: set[int] = set()
        for key, person in people.items():
            contact = known.get(key) or by_email.get(person.email.casefold())
            if contact is None:
                self._new.append((account_id, person))
            elif contact.pk not in met:
                met.add(contact.pk)
                self._follow(contact, person, taken=key in known)
        for contact in existing:
            if contact.pk not in met and contact.is_named:
                self._unname(contact)

    def save(self) -> None:
        """Write everything in as few statements as there are kinds of change."""
        rows.insert(self._new, self.batch)
        if self._changed:
            rows.save(self._changed, self._changes)

    def _follow(self, contact: Contact, person: Person, *, taken: bool) -> None:
        if person.site not in self.daily:
            return  # imported once; never touched again
        changes = self._decided(contact, person)
        noted = False
        if person.is_identified and not taken and contact.identifier != person.identifier:
            changes["identifier"] = [contact.identifier, person.identifier]
            contact.identifier = person.identifier
        if contact.removed_at and not self._holds(contact, "removed", person.site):
            changes["removed"] = [True, False]
            self.overridden += is_by_hand(contact.sources.pop("removed", {}))
            contact.removed_at = None
        if not contact.is_named or contact.unnamed_at:
            noted = True
            contact.is_named, contact.unnamed_at = True, None
        edited = is_edited(contact)
        noted |= edited != contact.edited
        contact.edited = edited
        self._keep(contact, changes, noted=noted)

    def _decided(self, contact: Contact, person: Person) -> dict[str, list[Any]]:
        incoming = Effective(
            name=person.name,
            state="",
            values={"email": person.email},
            sites={"email": person.site, "name": person.name_site},
        )
        terms = Terms(
            mapping=_MAPPING,
            daily=self.daily,
            allows_pins=self.allows_pins.get(person.site, True),
        )
        held = {"email": contact.email}
        if contact.email.casefold() == person.email.casefold():
            incoming.values["email"] = contact.email  # capitals alone are no change
        standing = Standing(contact.name, "", held, contact.sources)
        decision = decide(standing, incoming, terms, now=self.batch.now)
        self.overridden += len(decision.overridden)
        changes: dict[str, list[Any]] = {}
        for place, pair in decision.changes.items():
            name = place.removeprefix("attributes.")
            setattr(contact, name, pair[1])
            contact.sources[name] = self._entry(person, name)
            changes[name] = pair
        return changes

    def _entry(self, person: Person, name: str) -> dict[str, Any]:
        own = name == "email"
        return {
            "source": Origin.SYNC.value,
            "site": person.site if own else person.name_site,
            "field": person.field if own else person.name_field,
            "set_at": self.batch.now.isoformat(),
            "change_set": self.batch.change_set.pk,
        }

    def _holds(self, contact: Contact, name: str, site: str) -> bool:
        pinned = is_pinned(contact.sources.get(name, {}), self.batch.now)
        return pinned and self.allows_pins.get(site, True)

    def _unname(self, contact: Contact) -> None:
        """Nobody names them any more: they stay, and the page says so."""
        site = contact.sources.get("email", {}).get("site")
        if site is not None and site not in self.daily:
            return
        contact.is_named, contact.unnamed_at, contact.edited = False, self.batch.now, False
        self._keep(contact, {"named": [True, False]}, noted=False)

    def _keep(self, contact: Contact, changes: dict[str, list[Any]], *, noted: bool) -> None:
        if not changes and not noted:
            return
        self._changed.append(contact)
        if not changes:
            return
        contact.updated_at, contact.changed_in = self.batch.now, self.batch.change_set
        self._changes.append(rows.change_of(contact, changes, self.batch))


def is_edited(contact: Contact) -> bool:
    """Whether Daily Sync must look at the contact although its billing account did not change."""
    watched = (*FOLLOWING, "removed")
    return contact.is_named and any(is_by_hand(contact.sources.get(name, {})) for name in watched)
