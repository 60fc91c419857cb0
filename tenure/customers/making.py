"""The accounts that records claim: known, or made whole from the billing accounts that claim them, and
linked to what claims them. Runs inside the page's transaction.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.db import connection

from tenure.connections.models import Mode, Site
from tenure.customers import attributes, effective, fields
from tenure.customers.effective import Effective
from tenure.customers.feeding import Row, contribution
from tenure.customers.landing import Batch
from tenure.customers.models import BillingAccount, Change, Subscription
from tenure.customers.staging import empty, stage


@dataclass(frozen=True, slots=True)
class Claim:
    """Which account a billing account says it belongs to; ``scope_id`` limits it to one site."""

    identifier: str
    scope_id: int | None


@dataclass(frozen=True, slots=True)
class Linked:
    """The account a record was recognised as before, and the identifier it had then."""

    account_id: int
    identified_as: str | None


@dataclass(slots=True)
class Followed:
    """What became of the accounts behind a page; ``changed`` are those with another value now.
    ``linked`` are the records recognised before, by upstream id; ``made`` the claims that made an
    account."""

    created: int = 0
    updated: int = 0
    overridden: int = 0
    accounts: set[int] = field(default_factory=set)
    changed: set[int] = field(default_factory=set)
    linked: dict[str, Linked] = field(default_factory=dict)
    made: dict[Claim, int] = field(default_factory=dict)


def linked_of(
    model: type[BillingAccount | Subscription], site_id: int, ids: Sequence[str]
) -> dict[str, Linked]:
    """Those of these records that were recognised before, by upstream id."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT upstream_id, account_id, identified_as FROM {model._meta.db_table}"
            " WHERE site_id = %s AND upstream_id = ANY(%s) AND account_id IS NOT NULL",
            [site_id, list(ids)],
        )
        return {upstream_id: Linked(account, named) for upstream_id, account, named in cursor}


def own(
    site: Site, parts: Mapping[Claim, Sequence[Row]], batch: Batch, followed: Followed
) -> dict[Claim, int]:
    """The account of each claim: the one it names, or one made whole from the billing accounts that
    make the claim. In Link only none is made, and a claim without an account is absent."""
    if not parts:
        return {}
    known = known_accounts(parts)
    missing = {claim: rows for claim, rows in parts.items() if claim not in known}
    if not missing or site.accounts_mode == Mode.LINK:
        return known
    mapping = attributes.mapped(fields.ACCOUNT)
    read = fields.reader(effective.paths_of(mapping))

    def row(claim: Claim, rows: Sequence[Row]) -> Sequence[Any]:
        whole = effective.compose([contribution(site, one, read) for one in rows], mapping)
        return _row(claim, whole, batch)

    in_order = sorted(missing.items(), key=lambda item: item[0].identifier)
    made = _insert(row(claim, rows) for claim, rows in in_order)
    followed.made = {Claim(identifier, scope): pk for pk, identifier, scope in made}
    followed.created = len(made)
    # Another page may have made some of them meanwhile; it could not know of ours.
    raced = [claim for claim in missing if claim not in followed.made]
    return known | followed.made | (known_accounts(raced) if raced else {})


_COLUMNS = "identifier, scope_id, name, state, attributes, search, created_at, changed_in_id"
_TYPES = ("text", "int8", "text", "text", "bytea", "text", "timestamptz", "int8")
_TYPED = ", ".join(f"{c} {t}" for c, t in zip(_COLUMNS.split(", "), _TYPES, strict=True))


def _row(claim: Claim, account: Effective, batch: Batch) -> Sequence[Any]:
    values = msgspec.json.encode(account.values)
    return (
        claim.identifier,
        claim.scope_id,
        account.name,
        account.state,
        values,
        account.search,
        batch.now,
        batch.change_set.pk,
    )


def _insert(rows: Iterable[Sequence[Any]]) -> list[tuple[int, str, int | None]]:
    with connection.cursor() as cursor:
        stage(cursor, "landing_account", _TYPED)
        with cursor.copy(f"COPY landing_account ({_COLUMNS}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(_TYPES)
            for row in rows:
                copy.write_row(row)
        # No entry in "sources" means: came with the change set that made the account.
        cursor.execute(
            "INSERT INTO customers_account (identifier, scope_id, name, state, attributes, sources,"
            " search, created_at, updated_at, created_in_id, changed_in_id)"
            " SELECT identifier, scope_id, name, state, convert_from(attributes, 'UTF8')::jsonb,"
            " '{}', search, created_at, created_at, changed_in_id, changed_in_id"
            " FROM landing_account"
            " ON CONFLICT (identifier, scope_id) DO NOTHING RETURNING id, identifier, scope_id"
        )
        made: list[tuple[int, str, int | None]] = cursor.fetchall()
        empty(cursor, "landing_account")
    return made


def link(
    model: type[BillingAccount | Subscription],
    claimed: Mapping[str, Claim],
    owners: Mapping[Claim, int],
    batch: Batch,
) -> None:
    """Recognise these records of the batch's site as the accounts they claim; ``claimed`` is by
    upstream id. A record that was here before, and joins an account that was, has it in its history."""
    site_id = batch.site_id
    found = {i: owners[claim] for i, claim in claimed.items() if claim in owners}
    if not found:
        return
    names = {i: claimed[i].identifier for i in found}
    with connection.cursor() as cursor:
        # A map rather than a join, for the planner's sake: see ``landing``.
        cursor.execute(
            f"UPDATE {model._meta.db_table}"
            " SET account_id = (%s::jsonb ->> upstream_id)::bigint,"
            " identified_as = %s::jsonb ->> upstream_id"
            " WHERE site_id = %s AND upstream_id = ANY(%s)",
            [json.dumps(found), json.dumps(names), site_id, list(found)],
        )
    _note_links(model, found, batch)


def _note_links(
    model: type[BillingAccount | Subscription], found: Mapping[str, int], batch: Batch
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT o.id, o.account_id FROM {model._meta.db_table} o"
            " JOIN customers_account a ON a.id = o.account_id"
            " WHERE o.site_id = %(site)s AND o.upstream_id = ANY(%(ids)s)"
            " AND o.created_in_id IS DISTINCT FROM %(mine)s"
            " AND a.created_in_id IS DISTINCT FROM %(mine)s",
            {"site": batch.site_id, "ids": list(found), "mine": batch.change_set.pk},
        )
        here = cursor.fetchall()
    Change.objects.bulk_create(
        Change(
            change_set=batch.change_set,
            object_kind="billing_account" if model is BillingAccount else "subscription",
            object_id=pk,
            account_id=account_id,
            changes={"account_id": [None, account_id]},
            at=batch.now,
        )
        for pk, account_id in here
    )


def known_accounts(claims: Iterable[Claim]) -> dict[Claim, int]:
    """The accounts these claims name, as far as there are any: by their identifier, else by an alias.
    An account merged into another is named by the alias that was left in its place."""
    wanted = set(claims)
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, {"named": list({claim.identifier for claim in wanted})})
        found = {Claim(identifier, scope): account for account, identifier, scope in cursor}
    return {claim: found[claim] for claim in wanted & found.keys()}


# Accounts come last: who is called so goes before who was.
_KNOWN = """
    SELECT account_id, identifier, scope_id FROM (
        SELECT 1 AS rank, account_id, identifier, scope_id FROM customers_alias
        WHERE identifier = ANY(%(named)s) AND claimable
        UNION ALL
        SELECT 2, id, identifier, scope_id FROM customers_account
        WHERE identifier = ANY(%(named)s) AND merged_into_id IS NULL
    ) called ORDER BY rank
"""
