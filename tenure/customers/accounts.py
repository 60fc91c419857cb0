"""Making accounts from the billing accounts that claim them, and keeping their values in step.

Runs inside the page's transaction. In Daily Sync the effective values follow the source; every
value a sync replaces is kept as history, and one that a person had set is counted as overridden.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from django.db import connection

from tenure.connections.models import Mode, Site
from tenure.customers import attributes, contacts, effective, fields, payers, saving
from tenure.customers.attributes import Mapped
from tenure.customers.deciding import Standing, Terms, decide, is_edited
from tenure.customers.effective import Contribution, Effective
from tenure.customers.history import replaced
from tenure.customers.landing import Batch
from tenure.customers.models import Account, Alias, BillingAccount, Change, Subscription
from tenure.customers.searching import searchable
from tenure.customers.staging import empty, stage
from tenure.sources import records

Row = records.BillingAccount | BillingAccount  # as it just arrived, or as it is stored
Joining = Mapping[int, Collection[str]]  # billing accounts, by upstream id, that join an account
NOTHING = Effective(name="", state="", values={})


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


def follow(
    site: Site, written: Sequence[Row], claims: Mapping[str, Claim], batch: Batch
) -> Followed:
    """Link the written billing accounts to the accounts they claim, made where missing, and bring
    every account concerned up to date, as far as the site's mode lets it (DESIGN 3.3). ``claims``
    is by upstream id; the unclaimed stay unlinked, and a link once made is kept. An import gives an
    account it joins the values that account has none of."""
    attributes.hold()
    followed = Followed()
    attributes.declare_standard()
    attributes.declare_met(fields.custom_names(written))
    followed.linked = linked_of(BillingAccount, site.pk, [r.upstream_id for r in written])
    unlinked = [
        r for r in written if r.upstream_id in claims and r.upstream_id not in followed.linked
    ]
    parts: dict[Claim, list[Row]] = defaultdict(list)
    for record in unlinked:
        parts[claims[record.upstream_id]].append(record)
    owners = own(site, parts, batch, followed)
    claimed = {r.upstream_id: claims[r.upstream_id] for r in unlinked}
    link(BillingAccount, claimed, owners, batch)
    joined = set(owners.values())
    followed.accounts = {one.account_id for one in followed.linked.values()} | joined
    keep_up(site, followed, joined, batch)
    return followed


def keep_up(site: Site, followed: Followed, joined: Collection[int], batch: Batch) -> None:
    """Bring the accounts of a page up to date but for those it made, which are complete. ``joined``
    have a record linked to them by this page."""
    made = set(followed.made.values())
    known = followed.accounts - made
    revive(known, batch)
    daily = daily_sites(site)
    if site.accounts_mode == Mode.IMPORT and (new := set(joined) - made):
        _import_more(site, new, batch, followed, daily)
        known -= new
    importing = {site.subdomain} if site.accounts_mode == Mode.IMPORT else set()
    bring_up_to_date(known, batch, followed, daily=daily, importing=importing)
    contacts.follow(made, batch, daily=daily, fresh=True)


def _import_more(
    site: Site, joined: Collection[int], batch: Batch, followed: Followed, daily: Collection[str]
) -> None:
    """Give accounts what an import brings them with a record that joins. What an earlier page of this
    same import made is not settled yet: which page a record stood on must make no difference."""
    rows = Account.objects.filter(pk__in=joined, created_in=batch.change_set)
    ours = set(rows.values_list("pk", flat=True))
    importing = {site.subdomain}
    bring_up_to_date(
        ours,
        batch,
        followed,
        daily={*daily, *importing},
        importing=importing,
        spares_hand=True,
    )
    others = set(joined) - ours
    bring_up_to_date(
        others,
        batch,
        followed,
        daily=daily,
        filling={one.name for one in attributes.mapped(fields.ACCOUNT)},
        importing=importing,
        joining=payers.joined_in(batch.change_set.pk, site.pk, others),
    )


def daily_sites(*running: Site) -> set[str]:
    """Subdomains of the sites in Daily Sync; of a site in a run, as it was when the run began."""
    rows = Site.objects.exclude(pk__in=[site.pk for site in running])
    daily = set(rows.filter(accounts_mode=Mode.DAILY).values_list("subdomain", flat=True))
    return daily | {site.subdomain for site in running if site.accounts_mode == Mode.DAILY}


def import_sites() -> set[str]:
    """Subdomains of the sites in Import Only."""
    rows = Site.objects.filter(accounts_mode=Mode.IMPORT)
    return set(rows.values_list("subdomain", flat=True))


def revive(accounts: Collection[int], batch: Batch) -> None:
    """An account that was hidden because its making was reverted comes back with its records."""
    if not accounts:
        return
    rows = Account.objects.filter(pk__in=accounts, merged_into=None).exclude(removed_at=None)
    hidden = dict(rows.values_list("pk", "removed_at"))
    if not hidden:
        return
    rows.filter(pk__in=hidden).update(removed_at=None)
    Change.objects.bulk_create(
        Change(
            change_set=batch.change_set,
            object_kind="account",
            object_id=pk,
            account_id=pk,
            changes={"removed_at": [removed_at and removed_at.isoformat(), None]},
            was={},
            at=batch.now,
        )
        for pk, removed_at in hidden.items()
    )


def linked_of(
    model: type[BillingAccount | Subscription], site_id: int, ids: Sequence[str]
) -> dict[str, Linked]:
    """Those of these records that were recognised before, by upstream id."""
    rows = model.objects.filter(site_id=site_id, upstream_id__in=ids, account__isnull=False)
    found = rows.values_list("upstream_id", "account_id", "identified_as")
    return {upstream_id: Linked(account, named) for upstream_id, account, named in found}


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
    rows = model.objects.filter(site_id=batch.site_id, upstream_id__in=found)
    mine = batch.change_set
    here = rows.exclude(created_in=mine).exclude(account__created_in=mine)
    Change.objects.bulk_create(
        Change(
            change_set=batch.change_set,
            object_kind="billing_account" if model is BillingAccount else "subscription",
            object_id=pk,
            account_id=account_id,
            changes={"account_id": [None, account_id]},
            at=batch.now,
        )
        for pk, account_id in here.values_list("pk", "account_id")
    )


def known_accounts(claims: Iterable[Claim]) -> dict[Claim, int]:
    """The accounts these claims name, as far as there are any: by their identifier, else by an alias.
    An account merged into another is named by the alias that was left in its place."""
    wanted = set(claims)
    identifiers = {claim.identifier for claim in wanted}
    aliases = Alias.objects.filter(identifier__in=identifiers, claimable=True)
    rows = Account.objects.filter(identifier__in=identifiers, merged_into=None)
    found = {
        Claim(identifier, scope): account
        for account, identifier, scope in (
            *aliases.values_list("account_id", "identifier", "scope_id"),
            *rows.values_list("pk", "identifier", "scope_id"),
        )
    }
    return {claim: found[claim] for claim in wanted & found.keys()}


def contribution(site: Site, row: Any, read: fields.Read) -> Contribution:
    return Contribution(
        site=site.subdomain,
        priority=site.priority,
        created_at=row.created_at,
        upstream_id=row.upstream_id,
        state=row.state,
        fields=read(row),
    )


def bring_up_to_date(
    accounts: Iterable[int],
    batch: Batch,
    followed: Followed,
    *,
    daily: Collection[str],
    filling: Collection[str] = (),
    importing: Collection[str] = (),
    spares_hand: bool = False,
    joining: Joining | None = None,
) -> None:
    """Let these accounts' values follow what bills them, as far as their sites' modes let them.

    ``daily`` are the subdomains of the sites in Daily Sync; ``joining`` is as ``filler`` takes it, the
    rest is as in ``deciding.Terms``.
    """
    ids = list(accounts)
    if not ids:
        return
    # One order of locks for all pages; a refresh of the numbers need not wait for them.
    rows = Account.objects.select_for_update(no_key=True).filter(pk__in=ids)
    locked = list(rows.order_by("pk"))
    # Only now: what another page brought to the same account meanwhile must be seen.
    mapping = attributes.mapped(fields.ACCOUNT)
    feeding = contributions_of(ids, mapping)
    gone = attributes.vanished_paths(fields.ACCOUNT)
    changes, changed = [], []
    for account in locked:
        if account.pk not in feeding:
            continue
        feed = feeding[account.pk]
        terms = terms_of(
            feed,
            mapping,
            daily=daily,
            gone=gone,
            filling=filling,
            importing=importing,
            spares_hand=spares_hand,
            change_set=batch.change_set.pk,
        )
        first = filler(feed, terms, joining, account.pk)
        composed = effective.compose(feed.parts, mapping)
        change, differs = _apply(account, composed, first, terms, batch, followed)
        changes += [change] if change else []
        changed += [account] if differs else []
    saving.save_accounts(changed)
    Change.objects.bulk_create(changes)
    followed.updated += len(changes)
    followed.changed |= {account.pk for account in changed}
    followed.overridden += contacts.follow(
        ids, batch, daily=daily, importing=importing, spares_hand=spares_hand
    )


@dataclass(slots=True)
class Feed:
    """What feeds one account: its contributions, and which of their sites allow pins."""

    parts: list[Contribution] = field(default_factory=list)
    allows_pins: bool = True


def contributions_of(
    ids: Sequence[int],
    mapping: Sequence[Mapped],
    *,
    arriving: Mapping[tuple[int, str], Row] = MappingProxyType({}),
) -> dict[int, Feed]:
    """What feeds each of these accounts: the billing accounts recognised as it, and those with a
    subscription that names it. A site in Link only attaches its billing and gives no value.
    ``arriving`` records, by site and upstream id, stand in for the stored rows they are about to
    replace."""
    found: dict[int, Feed] = defaultdict(Feed)
    paths = effective.paths_of(mapping)
    read = fields.reader(paths)
    feeding = payers.feeding(ids)
    # Whole rows would cost several times as much: a replay comes here for every account.
    columns = {*_FEEDING, *(fields.column_of(path) for path in paths)}
    stored = BillingAccount.objects.filter(pk__in={row for _, row in feeding})
    rows = {row.pk: row for row in stored.values_list(*sorted(columns), named=True)}
    sites: dict[int, Site] = {}
    for account_id, row_id in feeding:
        row = rows[row_id]
        if row.site__accounts_mode == Mode.LINK:
            continue
        feed = found[account_id]
        site = sites.get(row.site_id) or sites.setdefault(row.site_id, _site_of(row))
        newest = arriving.get((row.site_id, row.upstream_id), row)
        feed.parts.append(contribution(site, newest, read))
        feed.allows_pins &= site.allows_pins
    return found


_OF_SITE = ("subdomain", "priority", "allows_pins")
_FEEDING = (
    *("pk", "site_id", "site__accounts_mode", "upstream_id", "created_at", "state"),
    *(f"site__{name}" for name in _OF_SITE),
)


def _site_of(row: Any) -> Site:
    return Site(pk=row.site_id, **{name: getattr(row, f"site__{name}") for name in _OF_SITE})


def terms_of(
    feed: Feed,
    mapping: Sequence[Mapped],
    *,
    daily: Collection[str],
    gone: Mapping[str, Collection[str]] = MappingProxyType({}),
    filling: Collection[str] = (),
    importing: Collection[str] = (),
    spares_hand: bool = False,
    change_set: int | None = None,
) -> Terms:
    """What the sites of a feed may do to its account. ``gone`` is as ``vanished_paths`` returns."""
    sites = {part.site for part in feed.parts}
    return Terms(
        mapping=mapping,
        daily=sites & set(daily),
        everything_daily=sites <= set(daily),
        allows_pins=feed.allows_pins,
        gone={path for site in sites for path in gone.get(site, ())},
        filling=filling,
        importing=sites & set(importing),
        spares_hand=spares_hand,
        change_set=change_set,
    )


def filler(feed: Feed, terms: Terms, joining: Joining | None, account_id: int) -> Effective | None:
    """What an account takes its first values from: the billing accounts that an import brings it, by
    upstream id, whatever was imported before. None, and ``joining`` None, for everything that feeds
    it."""
    if not terms.filling or joining is None:
        return None
    mine = joining.get(account_id, ())
    parts = [p for p in feed.parts if p.site in terms.importing and p.upstream_id in mine]
    return effective.compose(parts, terms.mapping) if parts else NOTHING


def _apply(
    account: Account,
    composed: Effective,
    first: Effective | None,
    terms: Terms,
    batch: Batch,
    followed: Followed,
) -> tuple[Change | None, bool]:
    """Give the account what was decided: the change for its history, and whether the row differs."""
    standing = Standing(account.name, account.state, account.attributes, account.sources)
    decision = decide(standing, composed, terms, now=batch.now, filler=first)
    followed.overridden += len(decision.overridden)
    was = replaced(account.sources, decision.changes)
    for place, (_, new) in decision.changes.items():
        _set(account, place, new, decision.sites.get(place), batch)
    differs = bool(decision.changes) | _note_held(account, decision.held)
    edited = is_edited(account.sources, terms.mapping)
    search = searchable(account, composed.search)
    if not differs and (account.search, account.edited) == (search, edited):
        return None, False
    account.search, account.edited = search, edited
    if not decision.changes:
        return None, True
    account.updated_at, account.changed_in = batch.now, batch.change_set
    return _change(account, decision.changes, was, batch), True


def _note_held(account: Account, held: Mapping[str, Any]) -> bool:
    """Keep beside each pinned value what the source would have put there."""
    noted = False
    for name, entry in account.sources.items():
        incoming = held.get(name) if name in held else _NOTHING
        if incoming is _NOTHING:
            noted |= entry.pop("incoming", _NOTHING) is not _NOTHING
        elif entry.get("incoming", _NOTHING) != incoming:
            entry["incoming"], noted = incoming, True
    return noted


_NOTHING = object()


def _set(account: Account, place: str, value: Any, site: str | None, batch: Batch) -> None:
    name = place.removeprefix("attributes.")
    if place in ("name", "state"):
        setattr(account, place, value)
    elif value is None:
        account.attributes.pop(name, None)
    else:
        account.attributes[name] = value
    if place == "state":
        return
    account.sources[name] = {
        "source": batch.change_set.origin,
        "site": site,
        "set_at": batch.now.isoformat(),
        "change_set": batch.change_set.pk,
    }


def _change(
    account: Account, changes: dict[str, list[Any]], was: Mapping[str, Any], batch: Batch
) -> Change:
    return Change(
        change_set=batch.change_set,
        object_kind="account",
        object_id=account.pk,
        account_id=account.pk,
        changes=changes,
        was=was,
        at=batch.now,
    )
