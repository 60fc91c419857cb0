"""Drift: what the source says now of values that were imported once and do not follow it.

Import Only keeps an account as it was imported, or as people have set it since. The billing accounts
beside it follow the source, so what differs is known here, and can be accepted value by value.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from tenure.connections.models import Site
from tenure.customers import attributes, comparisons, fields, saving
from tenure.customers.deciding import is_edited, key_of
from tenure.customers.differing import Drift, differences
from tenure.customers.history import open_set, replaced
from tenure.customers.models import Account, Change, ChangeSet, Origin
from tenure.customers.searching import searchable
from tenure.customers.write import By, Edited, ValueRefused

CHUNK = 1_000


@dataclass(slots=True)
class Drifts:
    """How much differs: accounts, values, and values by field."""

    accounts: int = 0
    values: int = 0
    fields: Counter[str] = field(default_factory=Counter)


def importing(sites: Sequence[Site] | None = None) -> list[Site]:
    """The sites whose accounts are imported once; of these sites, or of all."""
    chosen = None if sites is None else {site.pk for site in sites}
    return [s for s in comparisons.importing() if chosen is None or s.pk in chosen]


_VALUES = """
    FROM customers_comparison c JOIN customers_account a ON a.id = c.account_id,
        jsonb_array_elements(c.drifts) d
    WHERE c.drifts <> '[]' AND a.removed_at IS NULL AND d ->> 'site' = ANY(%(sites)s)
"""
_COUNT = """
    SELECT d ->> 'field', count(*), (SELECT count(DISTINCT a.id) {values}) {values} GROUP BY 1
"""
_LISTED = """
    SELECT DISTINCT a.id {values}
        AND a.id > %(after)s AND (%(name)s = '' OR d ->> 'field' = %(name)s)
    ORDER BY a.id LIMIT %(limit)s
"""


def count(sites: Sequence[Site], *, settled: bool = False) -> Drifts:
    """How much of what these sites fed has drifted. ``settled`` counts what is compared already."""
    if not settled:
        comparisons.settle()
    found = Drifts()
    with connection.cursor() as cursor:
        cursor.execute(_COUNT.format(values=_VALUES), {"sites": _names(sites)})
        for name, values, accounts in cursor.fetchall():
            found.fields[name] = values
            found.values += values
            found.accounts = accounts
    return found


def listing(
    sites: Sequence[Site],
    *,
    name: str = "",
    after: int = 0,
    limit: int = 50,
    settled: bool = False,
) -> list[Drift]:
    """The drifted values by account, of one field or of all, going on after an account's number;
    whole accounts, so there may be a few more than ``limit``. ``settled`` is as for ``count``."""
    if not settled:
        comparisons.settle()
    bound: dict[str, Any] = {"sites": _names(sites), "name": name, "after": after, "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(_LISTED.format(values=_VALUES), bound)
        ids = [row[0] for row in cursor.fetchall()]
    found: list[Drift] = []
    # Said anew of the few that are shown, so that it is what accepting would find.
    accounts = Account.objects.filter(pk__in=ids).select_related("owner").order_by("pk")
    for one in differences(list(accounts), sites):
        if len(found) >= limit and one.account_id != found[-1].account_id:
            break
        if not name or one.field == name:
            found.append(one)
    return found


def _names(sites: Sequence[Site]) -> list[str]:
    return [site.subdomain for site in sites]


def accept(account_id: int, name: str, by: By, *, now: datetime, shown: Any = ...) -> Edited:
    """Take what the source says now for one value; it follows nothing afterwards, as any imported
    value. ``shown`` is what the person saw. Raises ValueRefused when it says something else by now."""
    with transaction.atomic():
        locked = _locked([account_id])
        one = {one.field: one for one in differences(locked, importing())}.get(name)
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
    comparisons.settle()
    with transaction.atomic():
        while found := listing(sites, name=name, after=after, limit=CHUNK, settled=True):
            after = found[-1].account_id
            locked = _locked(sorted({one.account_id for one in found}))
            wanted = [one for one in differences(locked, sites) if not name or one.field == name]
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
    comparisons.settle(only=changes)
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
