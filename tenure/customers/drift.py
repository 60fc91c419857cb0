"""Drift: what the source says now of values that were imported once and do not follow it.

Import Only keeps an account as it was imported, or as people have set it since. The billing accounts
beside it follow the source, so what differs is known here, and can be accepted value by value.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from tenure.connections.models import Mode, Site
from tenure.customers import attributes, effective, fields, payers, saving
from tenure.customers.accounts import contributions_of, daily_sites, terms_of
from tenure.customers.attributes import Mapped
from tenure.customers.deciding import is_edited, key_of
from tenure.customers.effective import Effective
from tenure.customers.history import open_set, replaced
from tenure.customers.models import Account, Change, ChangeSet, Origin
from tenure.customers.searching import searchable
from tenure.customers.write import By, Edited, ValueRefused, plain, value_of

CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Drift:
    """One value: what is held, what the source says now, whose word that is, and where the held
    value came from (an entry of ``Account.sources``; empty for one that came with its account)."""

    account_id: int
    identifier: str
    name: str
    field: str
    held: Any
    says: Any
    site: str
    source: Mapping[str, Any]


@dataclass(slots=True)
class Drifts:
    """How much differs: accounts, values, and values by field."""

    accounts: int = 0
    values: int = 0
    fields: Counter[str] = field(default_factory=Counter)


def importing(sites: Sequence[Site] | None = None) -> list[Site]:
    """The sites whose accounts are imported once; of these sites, or of all."""
    found = Site.objects.filter(accounts_mode=Mode.IMPORT, staged=False)
    return list(found if sites is None else found.filter(pk__in=[site.pk for site in sites]))


def count(sites: Sequence[Site]) -> Drifts:
    """How much of what these sites fed has drifted."""
    found = Drifts()
    last = None
    for one in _drifts(sites, after=0):
        found.accounts += one.account_id != last
        found.values += 1
        found.fields[one.field] += 1
        last = one.account_id
    return found


def listing(
    sites: Sequence[Site], *, name: str = "", after: int = 0, limit: int = 50
) -> list[Drift]:
    """The drifted values by account, of one field or of all, going on after an account's number;
    whole accounts, so there may be a few more than ``limit``."""
    found: list[Drift] = []
    for one in _drifts(sites, after=after):
        if len(found) >= limit and one.account_id != found[-1].account_id:
            break
        if not name or one.field == name:
            found.append(one)
    return found


def accept(account_id: int, name: str, by: By, *, now: datetime, shown: Any = ...) -> Edited:
    """Take what the source says now for one value; it follows nothing afterwards, as any imported
    value. ``shown`` is what the person saw. Raises ValueRefused when it says something else by now."""
    with transaction.atomic():
        locked = _locked([account_id])
        one = {one.field: one for one in _of(locked, importing())}.get(name)
        if one is None:
            raise ValueRefused(name, f"{name} does not differ any more.", "Reload the page.")
        if shown is not ... and one.says != shown:
            raise ValueRefused(
                name, "The source says something else by now.", "Reload the page to see it."
            )
        change_set = open_set(by.origin, now=now, member=by.member, reason=by.reason)
        _take(locked, [one], by, change_set, now)
    return Edited(change_set, [account_id])


def accept_all(sites: Sequence[Site], by: By, *, now: datetime, name: str = "") -> Edited:
    """Accept every drifted value of these sites, of one field or of all, as one change set."""
    done, after = Edited(), 0
    with transaction.atomic():
        while found := listing(sites, name=name, after=after, limit=CHUNK):
            after = found[-1].account_id
            locked = _locked(sorted({one.account_id for one in found}))
            wanted = [one for one in _of(locked, sites) if not name or one.field == name]
            if wanted and done.change_set is None:
                done.change_set = open_set(by.origin, now=now, member=by.member, reason=by.reason)
            if done.change_set:
                done.accounts += _take(locked, wanted, by, done.change_set, now)
    return done


def _locked(ids: Sequence[int]) -> list[Account]:
    rows = Account.objects.select_for_update(no_key=True, of=("self",)).select_related("owner")
    return list(rows.filter(pk__in=ids).order_by("pk"))


def _take(
    locked: Sequence[Account], wanted: Sequence[Drift], by: By, change_set: ChangeSet, now: datetime
) -> list[int]:
    """Give the accounts what the source says; the ids of those that changed."""
    mapping = attributes.mapped(fields.ACCOUNT)
    accounts = {account.pk: account for account in locked}
    changes: dict[int, dict[str, list[Any]]] = {}
    was: dict[int, dict[str, Any]] = {}
    for one in wanted:
        account = accounts[one.account_id]
        was.setdefault(account.pk, {}).update(replaced(account.sources, [key_of(one.field)]))
        _set(account, one, by, change_set, now)
        changes.setdefault(account.pk, {})[key_of(one.field)] = [one.held, one.says]
    changed = [accounts[pk] for pk in changes]
    for account in changed:
        account.edited = is_edited(account.sources, mapping)
        account.search = searchable(account, account.search)
        account.updated_at, account.changed_in = now, change_set
    saving.save_accounts(changed)
    Change.objects.bulk_create(
        Change(
            change_set=change_set,
            object_kind="account",
            object_id=pk,
            account_id=pk,
            changes=differing,
            was=was[pk],
            at=now,
        )
        for pk, differing in changes.items()
    )
    return list(changes)


def _set(account: Account, one: Drift, by: By, change_set: ChangeSet, now: datetime) -> None:
    if one.field == "name":
        account.name = one.says
    elif one.says is None:
        account.attributes.pop(one.field, None)
    else:
        account.attributes[one.field] = one.says
    account.sources[one.field] = {
        "source": Origin.SYNC.value,
        "site": one.site,
        "set_by": by.signature,
        "set_at": now.isoformat(),
        "change_set": change_set.pk,
    }


def _drifts(sites: Sequence[Site], *, after: int) -> Iterator[Drift]:
    if not sites:
        return
    rows = Account.objects.filter(payers.fed_by(sites), removed_at=None).order_by("pk")
    while chunk := list(rows.filter(pk__gt=after)[:CHUNK]):
        after = chunk[-1].pk
        yield from _of(chunk, sites)


def _of(accounts: Sequence[Account], sites: Sequence[Site]) -> Iterator[Drift]:
    """What of these accounts differs from what the sites that import say."""
    mapping = attributes.mapped(fields.ACCOUNT)
    daily = daily_sites()
    gone = attributes.vanished_paths(fields.ACCOUNT)
    once = {site.subdomain for site in sites}
    feeds = contributions_of([account.pk for account in accounts], mapping)
    for account in accounts:
        feed = feeds.get(account.pk)
        if feed is None:
            continue
        composed = effective.compose(feed.parts, mapping)
        terms = terms_of(feed, mapping, daily=daily)
        feeding = {part.site for part in feed.parts} & once
        if feeding and not terms.everything_daily:
            lost = {path for site in feeding for path in gone.get(site, ())}
            yield from _differing(account, composed, mapping, feeding, lost)


def _differing(
    account: Account,
    composed: Effective,
    mapping: Sequence[Mapped],
    feeding: set[str],
    gone: set[str],
) -> Iterator[Drift]:
    said = {one.name: composed.values.get(one.name) for one in mapping if one.path not in gone}
    for name in (*said, "name"):
        says = composed.name if name == "name" else said[name]
        held = plain(value_of(account, name))
        entry = account.sources.get(name, {})
        unread = name in composed.unreadable and says is None
        ours = says is None and entry.get("source", Origin.SYNC) != Origin.SYNC
        site = composed.sites.get(name) or entry.get("site") or min(feeding)
        if held == says or unread or ours or site not in feeding:
            continue
        yield Drift(account.pk, account.identifier, account.name, name, held, says, site, entry)
