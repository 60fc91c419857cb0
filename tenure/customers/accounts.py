"""Making accounts from the billing accounts that claim them, and keeping their values in step.

Runs inside the page's transaction. In Daily Sync the effective values follow the source; every
value a sync replaces is kept as history, and one that a person had set is counted as overridden.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from tenure.connections.models import Mode, Site
from tenure.customers import effective
from tenure.customers.attributes import STANDARD
from tenure.customers.effective import Contribution, Effective
from tenure.customers.landing import Batch
from tenure.customers.models import Account, BillingAccount, Change, Origin
from tenure.customers.staging import empty, stage
from tenure.sources import records


@dataclass(frozen=True, slots=True)
class Claim:
    """Which account a billing account says it belongs to; ``scope_id`` limits it to one site."""

    identifier: str
    scope_id: int | None


@dataclass(slots=True)
class Followed:
    """What became of the accounts behind a page."""

    created: int = 0
    updated: int = 0
    overridden: int = 0
    accounts: set[int] = field(default_factory=set)


def follow(
    site: Site,
    written: Sequence[records.BillingAccount],
    claims: Mapping[str, Claim],
    batch: Batch,
) -> Followed:
    """Link the written billing accounts to the accounts they claim, made where missing, and bring
    every account concerned up to date, as far as the site's mode lets it (DESIGN 3.3). ``claims``
    is by upstream id; the unclaimed stay unlinked."""
    followed = Followed()
    linked = _linked(site.pk, [r.upstream_id for r in written])
    unlinked = [r for r in written if linked.get(r.upstream_id) is None and r.upstream_id in claims]
    makes = site.accounts_mode != Mode.LINK
    made = _make(site, unlinked, claims, batch) if makes else set()
    followed.created = len(made)
    joined = _link(site.pk, unlinked, claims)
    followed.accounts = {a for a in linked.values() if a is not None} | joined
    if site.accounts_mode == Mode.DAILY:
        _bring_up_to_date(followed.accounts - made, batch, followed)
    return followed


def _linked(site_id: int, ids: Sequence[str]) -> dict[str, int | None]:
    rows = BillingAccount.objects.filter(site_id=site_id, upstream_id__in=ids)
    return dict(rows.values_list("upstream_id", "account_id"))


def _make(
    site: Site,
    unlinked: Sequence[records.BillingAccount],
    claims: Mapping[str, Claim],
    batch: Batch,
) -> set[int]:
    """Insert the claimed accounts that do not exist; the ids of those made complete by this.

    An account claimed twice in one page is composed again from both afterwards.
    """
    first: dict[Claim, records.BillingAccount] = {}
    shared: set[Claim] = set()
    for record in unlinked:
        claim = claims[record.upstream_id]
        if claim in first:
            shared.add(claim)
        first.setdefault(claim, record)
    if not first:
        return set()
    in_order = sorted(first.items(), key=lambda item: item[0].identifier)
    rows = [_row(claim, _alone(site, record), batch) for claim, record in in_order]
    whole = {(c.identifier, c.scope_id) for c in first if c not in shared}
    return {i for i, identifier, scope in _insert(rows) if (identifier, scope) in whole}


_COLUMNS = "identifier, scope_id, name, state, attributes, search, created_at, changed_in_id"
_TYPES = ("text", "int8", "text", "text", "bytea", "text", "timestamptz", "int8")
_TYPED = ", ".join(f"{c} {t}" for c, t in zip(_COLUMNS.split(", "), _TYPES, strict=True))


def _row(claim: Claim, account: Effective, batch: Batch) -> Sequence[Any]:
    values = json.dumps(account.values).encode()
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


def _link(
    site_id: int, unlinked: Sequence[records.BillingAccount], claims: Mapping[str, Claim]
) -> set[int]:
    if not unlinked:
        return set()
    claimed = {r.upstream_id: claims[r.upstream_id] for r in unlinked}
    known = _known(claimed.values())
    found = {i: known[claim] for i, claim in claimed.items() if claim in known}
    with connection.cursor() as cursor:
        # A map rather than a join, for the planner's sake: see ``landing``.
        cursor.execute(
            "UPDATE customers_billingaccount SET account_id = (%s::jsonb ->> upstream_id)::bigint"
            " WHERE site_id = %s AND upstream_id = ANY(%s)",
            [json.dumps(found), site_id, list(found)],
        )
    return set(found.values())


def _known(claims: Iterable[Claim]) -> dict[Claim, int]:
    """The accounts these claims name, as far as there are any."""
    wanted = set(claims)
    rows = Account.objects.filter(identifier__in={claim.identifier for claim in wanted})
    found = {
        Claim(identifier, scope): account
        for account, identifier, scope in rows.values_list("pk", "identifier", "scope_id")
    }
    return {claim: found[claim] for claim in wanted & found.keys()}


def _alone(site: Site, record: records.BillingAccount) -> Effective:
    return effective.compose(
        [
            Contribution(
                site=site.subdomain,
                priority=site.priority,
                created_at=record.created_at,
                upstream_id=record.upstream_id,
                code=record.code,
                state=record.state,
                standard={f.name: getattr(record, f.name) for f in STANDARD},
                custom=effective.parse_custom(record.custom_fields),
                billing_name=record.billing_name,
            )
        ]
    )


def _bring_up_to_date(accounts: Iterable[int], batch: Batch, followed: Followed) -> None:
    ids = list(accounts)
    if not ids:
        return
    changes = []
    # One order of locks for all pages; a refresh of the numbers need not wait for them.
    rows = Account.objects.select_for_update(no_key=True).filter(pk__in=ids)
    locked = list(rows.order_by("pk"))
    # Only now: what another page brought to the same account meanwhile must be seen.
    contributions = _contributions(ids)
    for account in locked:
        if account.pk not in contributions:
            continue
        change = _apply(account, effective.compose(contributions[account.pk]), batch, followed)
        if change:
            changes.append(change)
    Change.objects.bulk_create(changes)
    followed.updated += len(changes)


def _contributions(ids: Sequence[int]) -> dict[int, list[Contribution]]:
    found: dict[int, list[Contribution]] = defaultdict(list)
    rows = BillingAccount.objects.filter(account_id__in=ids, removed_at=None)
    for row in rows.select_related("site"):
        found[row.account_id or 0].append(
            Contribution(
                site=row.site.subdomain,
                priority=row.site.priority,
                created_at=row.created_at,
                upstream_id=row.upstream_id,
                code=row.code,
                state=row.state,
                standard={f.name: getattr(row, f.name) for f in STANDARD},
                custom=row.custom_fields,
                billing_name=row.billing_name,
            )
        )
    return found


def _apply(
    account: Account, composed: Effective, batch: Batch, followed: Followed
) -> Change | None:
    """Daily Sync: the account's values become the composed ones. None when nothing differs."""
    changes: dict[str, list[Any]] = {}
    for name in account.attributes.keys() | composed.values.keys():
        old, new = account.attributes.get(name), composed.values.get(name)
        if old == new or not _owned_by_source(account, name, new):
            continue
        changes[f"attributes.{name}"] = [old, new]
        followed.overridden += account.sources.get(name, {}).get("source") in _BY_HAND
        _set(account, name, new, composed.sites.get(name), batch)
    for name in ("name", "state"):
        old, new = getattr(account, name), getattr(composed, name)
        if old != new:
            changes[name] = [old, new]
            setattr(account, name, new)
    if not changes and account.search == composed.search:
        return None
    account.search = composed.search
    account.updated_at, account.changed_in = batch.now, batch.change_set
    account.save()
    return _change(account, changes, batch) if changes else None


_BY_HAND = {Origin.MANUAL.value, Origin.API.value, Origin.CSV.value}


def _owned_by_source(account: Account, name: str, incoming: str | None) -> bool:
    # A value the source never had (set by hand, no field behind it) is not the source's to blank.
    by_hand = account.sources.get(name, {}).get("source") in _BY_HAND
    return incoming is not None or not by_hand


def _set(account: Account, name: str, value: str | None, site: str | None, batch: Batch) -> None:
    if value is None:
        account.attributes.pop(name, None)
    else:
        account.attributes[name] = value
    account.sources[name] = {
        "source": batch.change_set.origin,
        "site": site,
        "set_at": batch.now.isoformat(),
        "change_set": batch.change_set.pk,
    }


def _change(account: Account, changes: dict[str, list[Any]], batch: Batch) -> Change:
    return Change(
        change_set=batch.change_set,
        object_kind="account",
        object_id=account.pk,
        account_id=account.pk,
        changes=changes,
        at=batch.now,
    )
