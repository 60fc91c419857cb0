"""What the source changes about the contacts of one account. Pure: a sync applies the answer, a plan
shows it, so the two cannot differ."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tenure.customers.attributes import Mapped
from tenure.customers.contacts.people import Person
from tenure.customers.deciding import Decision, Standing, Terms, decide, is_by_hand, is_pinned
from tenure.customers.effective import Effective
from tenure.customers.models import AttributeKind, Contact

_MAPPING = (Mapped("email", AttributeKind.TEXT.value, "email"),)


@dataclass(frozen=True, slots=True)
class Way:
    """How far the sites' modes let their people in. ``daily`` are the subdomains in Daily Sync;
    ``importing`` those whose import goes on, in the change set ``change_set``: what it has made so far
    is not settled before it ends. ``spares_hand`` is as in ``deciding.Terms``."""

    daily: Collection[str]
    now: datetime
    allows_pins: Mapping[str, bool] = field(default_factory=dict)
    importing: Collection[str] = ()
    change_set: int | None = None
    spares_hand: bool = False

    def lets_in(self, site: str, contact: Contact) -> bool:
        """Whether the contact follows what this site says of it."""
        return site in self.daily or self.is_in_the_making(site, contact)

    def is_in_the_making(self, site: str, contact: Contact) -> bool:
        """Whether the import that goes on made this contact, maybe from a part of what names it."""
        return self._is_mine(contact.created_in_id) and site in self.importing

    def is_settled(self, contact: Contact, name: str) -> bool:
        """Whether the value was there before this change set, of which another page may follow."""
        given_in = contact.sources.get(name, {}).get("change_set")
        return not (self._is_mine(contact.created_in_id) or self._is_mine(given_in))

    def _is_mine(self, change_set: int | None) -> bool:
        return self.change_set is not None and change_set == self.change_set


@dataclass(slots=True)
class Verdict:
    """What becomes of one contact: ``changes`` maps field to ``[old, new]``, ``removed`` and ``named``
    among them; ``overridden`` has the provenance of what was set by hand, ``held`` what a pin keeps
    out. ``person`` is who says so, None where nobody names the contact any more."""

    contact: Contact
    person: Person | None
    changes: dict[str, list[Any]] = field(default_factory=dict)
    overridden: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    held: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Compared:
    """The people who are no contact of the account yet, and what becomes of those it has."""

    new: list[Person] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)


def compare(people: Mapping[str, Person], existing: Sequence[Contact], way: Way) -> Compared:
    """Hold an account's contacts, the removed included, against whom its billing names."""
    if not existing:
        return Compared(new=list(people.values()))
    found = Compared()
    known = {contact.identifier: contact for contact in existing}
    # One whose identifier was the e-mail for want of a better is met by the e-mail.
    by_email = {contact.email.casefold(): contact for contact in reversed(existing)}
    met: set[int] = set()
    for key, person in people.items():
        contact = known.get(key) or by_email.get(person.email.casefold())
        if contact is None:
            found.new.append(person)
        elif contact.pk not in met:
            met.add(contact.pk)
            if way.lets_in(person.site, contact):
                found.verdicts.append(_followed(contact, person, way, taken=key in known))
    found.verdicts += _unnamed([c for c in existing if c.pk not in met], way)
    return found


def _followed(contact: Contact, person: Person, way: Way, *, taken: bool) -> Verdict:
    decision = _decided(contact, person, way)
    verdict = Verdict(contact, person, held=dict(decision.held))
    for place, pair in decision.changes.items():
        verdict.changes[place.removeprefix("attributes.")] = pair
    for place, entry in decision.overridden.items():
        verdict.overridden[place.removeprefix("attributes.")] = entry
    if person.is_identified and not taken and contact.identifier != person.identifier:
        verdict.changes["identifier"] = [contact.identifier, person.identifier]
    if contact.removed_at:
        _bring_back(verdict, person, way)
    if not contact.is_named:
        verdict.changes["named"] = [False, True]
    return verdict


def _bring_back(verdict: Verdict, person: Person, way: Way) -> None:
    entry = verdict.contact.sources.get("removed", {})
    if is_pinned(entry, way.now) and way.allows_pins.get(person.site, True):
        verdict.held["removed"] = False
    elif not (is_by_hand(entry) and _spares(verdict.contact, person.site, way)):
        verdict.changes["removed"] = [True, False]
        if is_by_hand(entry):
            verdict.overridden["removed"] = entry


def _spares(contact: Contact, site: str, way: Way) -> bool:
    # An import may still settle what it made itself, but never what a person set meanwhile.
    return way.spares_hand or (site not in way.daily and way.is_in_the_making(site, contact))


def _decided(contact: Contact, person: Person, way: Way) -> Decision:
    incoming = Effective(
        name=person.name,
        state="",
        values={"email": person.email},
        sites={"email": person.site, "name": person.name_site},
    )
    if contact.email.casefold() == person.email.casefold() and way.is_settled(contact, "email"):
        incoming.values["email"] = contact.email  # capitals alone are no change
    making = way.importing if way.is_in_the_making(person.site, contact) else ()
    terms = Terms(
        mapping=_MAPPING,
        daily={*way.daily, *making},
        allows_pins=way.allows_pins.get(person.site, True),
        spares_hand=_spares(contact, person.site, way),
    )
    standing = Standing(contact.name, "", {"email": contact.email}, contact.sources)
    return decide(standing, incoming, terms, now=way.now)


def _unnamed(contacts: Sequence[Contact], way: Way) -> Iterator[Verdict]:
    """Those nobody names any more: they stay, and the page says so."""
    for contact in contacts:
        site = contact.sources.get("email", {}).get("site")
        if contact.is_named and (site is None or way.lets_in(site, contact)):
            yield Verdict(contact, None, {"named": [True, False]})
