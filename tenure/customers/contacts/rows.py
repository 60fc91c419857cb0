"""Contacts and what names them, read and written for many accounts in one statement each."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import msgspec
from django.db import connection
from django.db.models import Exists, OuterRef

from tenure.connections.models import (
    ContactSource,
    IdentifierRule,
    Mode,
    Site,
    every_contact_source,
)
from tenure.connections.read import identifier_rule
from tenure.customers import fields, payers
from tenure.customers.contacts.people import LONGEST_EMAIL, Payer, Person
from tenure.customers.history import Batched
from tenure.customers.models import Account, BillingAccount, Change, Contact, Origin
from tenure.customers.touched import touch

BY_EMAIL = "contact.email"
# What of a payer names people beside its own e-mail, by the source that a person may switch off.
NAMED_BY: Mapping[str, str] = {
    ContactSource.COPIES: "cc_emails",
    ContactSource.SHIPPING: "shipping",
    ContactSource.BILLING: "billing_name",
}
_COLUMNS = (
    "created_at upstream_id email first_name last_name billing_name cc_emails shipping_contacts"
).split()
_WRITTEN = (
    "identifier email name title sources is_named unnamed_at edited removed_at updated_at"
    " changed_in"
).split()


Arriving = Mapping[tuple[int, str], Any]  # records by site and upstream id
Billing = Mapping[int, Collection[tuple[int, Any]]]  # what bills an account, each with its site


def payers_of(
    ids: Sequence[int],
    sites: Mapping[int, Site],
    daily: Collection[str],
    *,
    arriving: Arriving = MappingProxyType({}),
    joining: Billing = MappingProxyType({}),
) -> dict[int, list[Payer]]:
    """What bills these accounts and may name people, by account.

    ``arriving`` records stand in for the stored rows they are about to replace; ``joining`` has, by
    account, what is about to bill it too, each with its site.
    """
    payer = payer_reader(sites, daily)
    found: dict[int, dict[tuple[int, str], Payer]] = defaultdict(dict)
    if ids:
        _enter_stored(found, ids, payer, arriving)
    for account_id, more in joining.items():
        for site_id, row in more:
            if site_id in payer.named:
                found[account_id].setdefault((site_id, row.upstream_id), payer.of(site_id, row))
    return {account_id: list(several.values()) for account_id, several in found.items()}


def _enter_stored(
    found: dict[int, dict[tuple[int, str], Payer]],
    ids: Sequence[int],
    payer: "PayerReader",
    arriving: Arriving,
) -> None:
    fed: dict[int, list[int]] = defaultdict(list)
    for account_id, row_id in payers.feeding(ids):
        fed[row_id].append(account_id)
    rows = BillingAccount.objects.filter(pk__in=list(fed), site_id__in=list(payer.named))
    for row in rows.values_list("pk", "site_id", *payer.columns, named=True):
        key = (row.site_id, row.upstream_id)
        one = payer.of(row.site_id, arriving.get(key, row))
        for account_id in fed[row.pk]:
            found[account_id][key] = one


@dataclass(frozen=True, slots=True)
class PayerReader:
    """Reads payers from rows and records alike. ``named`` has the name and priority of the sites whose
    people count, ``columns`` what a row needs."""

    named: Mapping[int, tuple[str, int]]
    path: str
    read: fields.Read
    sources: Collection[str]

    @property
    def columns(self) -> list[str]:
        more = fields.column_of(self.path) if self.path else ""
        return [*_COLUMNS, *([more] if more and more not in _COLUMNS else ())]

    def of(self, site_id: int, row: Any) -> Payer:
        """The billing account as far as its people are concerned."""
        said = str(self.read(row).get(self.path, "")) if self.path else ""
        site, priority = self.named[site_id]
        payer = Payer(
            site=site,
            priority=priority,
            created_at=row.created_at,
            upstream_id=row.upstream_id,
            email=row.email,
            first_name=row.first_name,
            last_name=row.last_name,
            billing_name=row.billing_name,
            cc_emails=row.cc_emails,
            shipping=_listed(row.shipping_contacts),
            identifier=said[:LONGEST_EMAIL],
        )
        return _naming(payer, self.sources)


def payer_reader(sites: Mapping[int, Site], daily: Collection[str]) -> PayerReader:
    """A reader for what these sites bill; those that link only name nobody."""
    rule = identifier_rule()
    path = _identifying_path(rule)
    named = {
        site.pk: (site.subdomain, site.priority)
        for site in sites.values()
        if site.accounts_mode != Mode.LINK or site.subdomain in daily
    }
    read = fields.reader([path] if path else [])
    sources = rule.contact_sources if rule else every_contact_source()
    return PayerReader(named, path, read, sources)


def _listed(value: Any) -> Any:
    """A JSON column of a row, or the bytes of a record."""
    return msgspec.json.decode(value) if isinstance(value, bytes) else value


def _identifying_path(rule: IdentifierRule | None) -> str:
    """The field of the account that identifies its contact; "" for the e-mail."""
    field = rule.contact_field if rule else BY_EMAIL
    kind, path = fields.split(field)
    return path if kind == fields.ACCOUNT and path != "email" else ""


def _naming(payer: Payer, sources: Collection[str]) -> Payer:
    """The payer without whom it names in places that make nobody a contact."""
    unasked: dict[str, Any] = {
        name: None for source, name in NAMED_BY.items() if source not in sources
    }
    return replace(payer, **unasked) if unasked else payer


def existing_of(ids: Sequence[int], *, lock: bool) -> dict[int, list[Contact]]:
    """The contacts of these accounts, the removed included, by account."""
    found: dict[int, list[Contact]] = defaultdict(list)
    rows = Contact.objects.filter(account_id__in=ids).order_by("account_id", "pk")
    for contact in rows.select_for_update(no_key=True) if lock else rows:
        found[contact.account_id].append(contact)
    return found


def insert(people: Sequence[tuple[int, Person]], batch: Batched) -> None:
    """Make these contacts of these accounts; one that is there already stays as it is."""
    if not people:
        return
    columns = [list(column) for column in zip(*map(_row, people), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [batch.now, batch.change_set.pk, *columns])


def save(contacts: Sequence[Contact], changes: Sequence[Change]) -> None:
    """Write changed contacts and their history."""
    Contact.objects.bulk_update(contacts, _WRITTEN, batch_size=500)
    Change.objects.bulk_create(changes)
    for now in {change.at for change in changes}:
        touch({contact.account_id for contact in contacts}, now)


def change_of(
    contact: Contact,
    changes: dict[str, list[Any]],
    was: Mapping[str, Any],
    batch: Batched,
) -> Change:
    """What changed about a contact, for its account's history; ``was`` as ``Change`` says."""
    return Change(
        change_set=batch.change_set,
        object_kind="contact",
        object_id=contact.pk,
        account_id=contact.account_id,
        changes=changes,
        was=was,
        at=batch.now,
    )


def edited_of(site_id: int, after: int, *, limit: int) -> list[int]:
    """The next accounts of this site, by id, with a contact edited by hand where billing names it."""
    edited = Contact.objects.filter(account=OuterRef("pk"), edited=True)
    rows = Account.objects.filter(Exists(edited), removed_at=None, pk__gt=after)
    fed = rows.filter(payers.fed_by([site_id]))
    return list(fed.order_by("pk").values_list("pk", flat=True)[:limit])


def _row(made: tuple[int, Person]) -> tuple[Any, ...]:
    account_id, person = made
    sources = _sources(person.site, person.field, person.name_site, person.name_field)
    return account_id, person.identifier, person.email, person.name, sources


@lru_cache(maxsize=256)
def _sources(site: str, field: str, name_site: str, name_field: str) -> str:
    """Where the first values came from; when and by which run, the contact's own row says."""
    found = {"email": {"source": Origin.SYNC.value, "site": site, "field": field}}
    if name_field:
        found["name"] = {"source": Origin.SYNC.value, "site": name_site, "field": name_field}
    return json.dumps(found)


_INSERT = """
    INSERT INTO customers_contact (account_id, identifier, email, name, title, attributes, sources,
        is_named, edited, created_at, updated_at, created_in_id, changed_in_id)
    SELECT v.account_id, v.identifier, v.email, v.name, '', '{}', v.sources, true, false,
        w.at, w.at, w.change_set, w.change_set
    FROM (SELECT %s::timestamptz AS at, %s::bigint AS change_set) w,
        unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::jsonb[])
        AS v (account_id, identifier, email, name, sources)
    ON CONFLICT (account_id, identifier) DO NOTHING
"""
