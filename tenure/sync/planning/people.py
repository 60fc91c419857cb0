"""What a run would do about the contacts of the accounts it looks at."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenure.connections.models import Site
from tenure.customers.contacts import rows
from tenure.customers.contacts.comparing import Verdict, Way, compare
from tenure.customers.contacts.people import Person, contacts_of
from tenure.customers.models import Account
from tenure.sync.planning.entries import Entry
from tenure.sync.planning.telling import lost_of, pins_of, verb_of


@dataclass(frozen=True, slots=True)
class People:
    """The contacts as a run of ``site`` would follow them; ``arriving`` are its records by upstream
    id, ``daily`` the sites in Daily Sync."""

    site: Site
    sites: Mapping[int, Site]
    arriving: Mapping[tuple[int, str], Any]
    reader: rows.PayerReader
    way: Way

    @classmethod
    def of(
        cls, site: Site, arriving: Mapping[str, Any], daily: Collection[str], now: datetime
    ) -> "People":
        """The contacts as they would be at ``now``."""
        sites = {one.pk: one for one in Site.objects.all()} | {site.pk: site}
        pins = {one.subdomain: one.allows_pins for one in sites.values()}
        return cls(
            site,
            sites,
            {(site.pk, name): row for name, row in arriving.items()},
            rows.payer_reader(sites, daily),
            Way(daily=frozenset(daily), now=now, allows_pins=pins),
        )

    def made(self, identifier: str, billing: Collection[Any]) -> Iterator[Entry]:
        """The contacts of an account about to be made of these billing accounts."""
        payers = [self.reader.of(self.site.pk, row) for row in billing]
        for person in contacts_of(payers).values():
            yield _created(person, identifier, None)

    def followed(
        self, accounts: Sequence[Account], joining: Mapping[int, Collection[Any]]
    ) -> Iterator[Entry]:
        """The contacts of accounts that are here. ``joining`` billing accounts are about to feed
        them."""
        ids = [account.pk for account in accounts]
        more = {pk: [(self.site.pk, row) for row in found] for pk, found in joining.items()}
        payers = rows.payers_of(
            ids, self.sites, self.way.daily, arriving=self.arriving, joining=more
        )
        existing = rows.existing_of(ids, lock=False)
        for account in accounts:
            people = contacts_of(payers.get(account.pk, ()))
            found = compare(people, existing.get(account.pk, ()), self.way)
            for person in found.new:
                yield _created(person, account.identifier, account.pk)
            for verdict in found.verdicts:
                yield from _told(verdict, account)


def _created(person: Person, belongs_to: str, account_id: int | None) -> Entry:
    said = {"email": person.email, "name": person.name}
    return Entry(
        "create",
        "contact",
        account_id=account_id,
        identifier=person.identifier,
        belongs_to=belongs_to,
        name=person.name or person.email[:300],
        changes={field: [None, value] for field, value in said.items() if value},
    )


def _told(verdict: Verdict, account: Account) -> Iterator[Entry]:
    contact = verdict.contact
    verb = verb_of(verdict.changes, verdict.overridden, verdict.held)
    if verb:
        yield Entry(
            verb,
            "contact",
            account_id=account.pk,
            identifier=contact.identifier,
            belongs_to=account.identifier,
            name=str(contact)[:300],
            changes=verdict.changes if verb != "pinned" else {},
            overridden=lost_of(verdict.overridden),
            reason=pins_of(verdict.held),
        )
