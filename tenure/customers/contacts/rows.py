"""Contacts and what names them, read and written for many accounts in one statement each."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef

from tenure.connections.models import ContactSource, Mode, Site, every_contact_source
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
    "id site_id created_at upstream_id email first_name last_name billing_name cc_emails"
    " shipping_contacts"
).split()
_WRITTEN = (
    "identifier email name title sources is_named unnamed_at edited removed_at updated_at"
    " changed_in"
).split()


def payers_of(
    ids: Sequence[int], sites: Mapping[int, Site], daily: Collection[str]
) -> dict[int, list[Payer]]:
    """What bills these accounts and may name people, by account."""
    path, sources = _identifying_path(), _sources_in_force()
    identifying = [fields.column_of(path)] if path else []
    read = fields.reader([path])
    named = {
        site.pk: (site.subdomain, site.priority)
        for site in sites.values()
        if site.accounts_mode != Mode.LINK or site.subdomain in daily
    }
    fed: dict[int, list[int]] = defaultdict(list)
    for account_id, row_id in payers.feeding(ids):
        fed[row_id].append(account_id)
    found: dict[int, list[Payer]] = defaultdict(list)
    rows = BillingAccount.objects.filter(pk__in=list(fed), site_id__in=named)
    for row_id, site_id, *row in rows.values_list(*_COLUMNS, *identifying):
        held = row.pop() if path else None
        payer = _naming(Payer(*named[site_id], *row), sources)
        if held:
            said = str(read(SimpleNamespace(**{identifying[0]: held})).get(path, ""))
            payer = replace(payer, identifier=said[:LONGEST_EMAIL])
        for account_id in fed[row_id]:
            found[account_id].append(payer)
    return found


def _identifying_path() -> str:
    """The field of the account that identifies its contact; "" for the e-mail."""
    rule = identifier_rule()
    field = rule.contact_field if rule else BY_EMAIL
    kind, path = fields.split(field)
    return path if kind == fields.ACCOUNT and path != "email" else ""


def _sources_in_force() -> Collection[str]:
    rule = identifier_rule()
    return rule.contact_sources if rule else every_contact_source()


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
