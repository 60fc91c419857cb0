"""Accounts behind a page of billing accounts: made where missing, and their values kept in step.

Runs inside the page's transaction. In Daily Sync the effective values follow the source; every
value a sync replaces is kept as history, and one that a person had set is counted as overridden.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from tenure.connections.models import Mode, Site
from tenure.customers import attributes, contacts, effective, fields, payers, saving
from tenure.customers.deciding import Naming, Standing, Terms, decide, is_edited
from tenure.customers.effective import Effective
from tenure.customers.feeding import Joining, Row, contributions_of, filler, naming, terms_of
from tenure.customers.history import replaced
from tenure.customers.landing import Batch
from tenure.customers.making import Claim, Followed, link, linked_of, own
from tenure.customers.models import Account, BillingAccount, Change
from tenure.customers.searching import searchable


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
    keep_up(site, followed, joined, batch, parts=parts)
    return followed


def keep_up(
    site: Site,
    followed: Followed,
    joined: Collection[int],
    batch: Batch,
    *,
    parts: Mapping[Claim, Sequence[Row]] | None = None,
) -> None:
    """Bring the accounts of a page up to date but for those it made, which are complete. ``joined``
    have a record linked to them by this page; ``parts`` are all that bills those it made, where the
    page has that at hand: nobody else can have known of them."""
    made = set(followed.made.values())
    known = followed.accounts - made
    revive(known, batch)
    daily = daily_sites(site)
    if site.accounts_mode == Mode.IMPORT and (new := set(joined) - made):
        _import_more(site, new, batch, followed, daily)
        known -= new
    importing = {site.subdomain} if site.accounts_mode == Mode.IMPORT else set()
    bring_up_to_date(known, batch, followed, daily=daily, importing=importing)
    billed_by = None if parts is None else _billing(site, followed.made, parts)
    contacts.follow(made, batch, daily=daily, fresh=True, billed_by=billed_by)


def _billing(
    site: Site, made: Mapping[Claim, int], parts: Mapping[Claim, Sequence[Row]]
) -> dict[int, list[tuple[int, Row]]]:
    """What bills the accounts that were made, each with its site; what is removed bills nobody."""
    return {
        account: [(site.pk, row) for row in parts[claim] if not getattr(row, "removed_at", None)]
        for claim, account in made.items()
    }


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
        joins=True,
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
        joins=True,
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
    joins: bool = False,
) -> None:
    """Let these accounts' values follow what bills them, as far as their sites' modes let them.

    ``daily`` are the subdomains of the sites in Daily Sync; ``joins`` says that an import brings
    records that join them, those that ``joining`` names or all; the rest is as in ``deciding.Terms``.
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
        change, differs = _apply(
            account,
            effective.compose(feed.parts, mapping),
            terms,
            batch,
            followed,
            first=filler(feed, terms, joining, account.pk),
            called=naming(feed, terms, joining, account.pk) if joins else None,
        )
        changes += [change] if change else []
        changed += [account] if differs else []
    saving.save_accounts(changed)
    Change.objects.bulk_create(changes)
    followed.updated += len(changes)
    followed.changed |= {account.pk for account in changed}
    followed.overridden += contacts.follow(
        ids, batch, daily=daily, importing=importing, spares_hand=spares_hand
    )


def _apply(
    account: Account,
    composed: Effective,
    terms: Terms,
    batch: Batch,
    followed: Followed,
    *,
    first: Effective | None,
    called: Naming | None,
) -> tuple[Change | None, bool]:
    """Give the account what was decided: the change for its history, and whether the row differs."""
    standing = Standing(account.name, account.state, account.attributes, account.sources)
    decision = decide(standing, composed, terms, now=batch.now, filler=first, naming=called)
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
