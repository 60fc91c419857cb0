"""Questions about one customer: what bills it, its agreements and its history. Every list is bounded.

Its bills and payments: ``bills.py``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from tenure.connections.models import Site
from tenure.customers import payers
from tenure.customers.models import (
    Account,
    Attribute,
    BillingAccount,
    Change,
    ChangeSet,
    Invoice,
    Plan,
    Subscription,
    SubscriptionOverTime,
)
from tenure.customers.versions import in_force

MOST_SUBSCRIPTIONS = 200
STATE_ORDER = ("active", "canceled", "paused", "future", "expired", "failed")


def get_account(pk: int) -> Account:
    """The account with its owner and scope. Raises Account.DoesNotExist."""
    return Account.objects.select_related("owner", "scope").get(pk=pk)


def ids_after(last: int, limit: int) -> list[int]:
    """The next accounts beyond an id, in order."""
    rows = Account.objects.filter(pk__gt=last, removed_at=None).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:limit])


def owns_any(member: Any) -> bool:
    """True when this member owns an account."""
    return Account.objects.filter(owner=member, removed_at=None).exists()


def billing_accounts(account_id: int) -> list[BillingAccount]:
    """What bills the account, in the order in which their values count (DESIGN 3.2)."""
    rows = BillingAccount.objects.filter(pk__in=payers.of_account(account_id))
    return list(rows.select_related("site").order_by("site__priority", "created_at", "id"))


def sites_feeding(account: str) -> str:
    """In SQL: the sites that bill the account whose id this column is, as a list of their names."""
    fed = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} b WHERE b.account_id = {account} AND b.site_id = fed.id"  # noqa: S608
        f" AND b.removed_at IS NULL{whose})"
        for table, whose in (
            ("customers_billingaccount", ""),
            ("customers_subscription", " AND b.identified_as IS NOT NULL"),
        )
    )
    return f"ARRAY(SELECT fed.subdomain FROM connections_site fed WHERE {fed} ORDER BY 1)"  # noqa: S608


def accounts_in_order(ids: Iterable[int]) -> list[Account]:
    """These accounts with owner and scope, in the order of their ids; the missing are left out."""
    wanted = list(ids)
    found = Account.objects.select_related("owner", "scope").in_bulk(wanted)
    return [found[pk] for pk in wanted if pk in found]


def payers_of(account_ids: Iterable[int]) -> dict[int, list[BillingAccount]]:
    """What bills each of these accounts, in the order in which their values count."""
    found: dict[int, list[BillingAccount]] = {pk: [] for pk in account_ids}
    rows = BillingAccount.objects.filter(account_id__in=list(found)).select_related("site")
    for row in rows.order_by("site__priority", "created_at", "id"):
        found[row.account_id or 0].append(row)
    return found


def subscriptions(
    account_id: int, *, limit: int = MOST_SUBSCRIPTIONS, at: datetime | None = None
) -> list[Subscription]:
    """The account's agreements with their sites, the living ones first, then the newest; with ``at``
    as they were known at that instant. Each has what its plan bills by as ``every_unit`` and
    ``every_length``, None where the plan is not known: the interval stands only there."""
    rows: Any = Subscription.objects.filter(account_id=account_id, removed_at=None)
    if at:
        rows = SubscriptionOverTime.objects.filter(in_force(at), account_id=account_id)
    plan = Plan.objects.filter(site=OuterRef("site_id"), upstream_id=OuterRef("plan_upstream_id"))
    rows = rows.select_related("site", "created_in").annotate(
        every_unit=Subquery(plan.values("interval_unit")[:1]),
        every_length=Subquery(plan.values("interval_length")[:1]),
    )
    return sorted(rows.order_by("-created_at", "-id")[:limit], key=_liveliness)


def get_subscription(pk: int) -> Subscription:
    """The subscription with its site, its account and what made it. Raises
    Subscription.DoesNotExist."""
    rows = Subscription.objects.filter(removed_at=None)
    found: Subscription = rows.select_related("site", "account", "created_in").get(pk=pk)
    return found


def changes_of_subscription(pk: int, *, field: str | None = None, limit: int = 100) -> list[Change]:
    """What changed about a subscription, or about one field of it, the newest first."""
    rows = _changes().filter(object_kind="subscription", object_id=pk)
    if field is not None:
        rows = rows.filter(changes__has_key=field)
    return list(rows.order_by("-at", "-id")[:limit])


def _liveliness(subscription: Subscription) -> int:
    state = subscription.state
    return STATE_ORDER.index(state) if state in STATE_ORDER else len(STATE_ORDER)


def plans_of(rows: Iterable[Subscription]) -> dict[tuple[int, str], Plan]:
    """The plans of these subscriptions by (site id, upstream id): the interval stands only there."""
    wanted = {(row.site_id, row.plan_upstream_id) for row in rows if row.plan_upstream_id}
    if not wanted:
        return {}
    found = Plan.objects.filter(
        site_id__in={site for site, _ in wanted}, upstream_id__in={plan for _, plan in wanted}
    )
    return {(plan.site_id, plan.upstream_id): plan for plan in found}


def attributes() -> list[Attribute]:
    """Every attribute an account may have, in the order in which they are shown."""
    return list(Attribute.objects.filter(object_kind="account"))


def attributes_of_both() -> tuple[list[Attribute], list[Attribute]]:
    """Those of accounts and those of subscriptions, by one query."""
    rows = list(Attribute.objects.filter(object_kind__in=("account", "subscription")))
    return (
        [one for one in rows if one.object_kind == "account"],
        [one for one in rows if one.object_kind == "subscription"],
    )


def attributes_of_subscriptions() -> list[Attribute]:
    """Every attribute a subscription may have, in the order in which they are shown."""
    return list(Attribute.objects.filter(object_kind="subscription"))


def changes(account_id: int, *, limit: int, before: datetime | None = None) -> list[Change]:
    """What changed about the account and what hangs on it, newest first, with who and why."""
    rows = _changes().filter(account_id=account_id)
    if before:
        rows = rows.filter(at__lt=before)
    return list(rows.order_by("-at", "-id")[:limit])


def changes_of_field(account_id: int, field: str, *, limit: int = 100) -> list[Change]:
    """The history of one field of the account itself, newest first."""
    rows = _changes().filter(object_kind="account", object_id=account_id, changes__has_key=field)
    return list(rows.order_by("-at", "-id")[:limit])


def history_of(
    account_id: int, *, field: str | None, after: int | None, limit: int
) -> list[Change]:
    """What changed about the account itself and what hangs on it, the newest first; ``field`` is an
    attribute's name or one of the account's own fields, ``after`` a change's number."""
    rows = _changes().filter(account_id=account_id)
    if field is not None:
        rows = rows.filter(changes__has_any_keys=[field, f"attributes.{field}"])
    if after is not None:
        rows = rows.filter(pk__lt=after)
    return list(rows.order_by("-pk")[:limit])


def get_change_set(pk: int) -> ChangeSet:
    """The change set with who made it and what it undoes. Raises ChangeSet.DoesNotExist."""
    return ChangeSet.objects.select_related("member", "undoes").get(pk=pk)


def changes_in(change_set_id: int, *, limit: int, after: int = 0) -> list[Change]:
    """What a change set changed, in the order it did."""
    rows = Change.objects.filter(change_set_id=change_set_id, pk__gt=after)
    return list(rows.order_by("pk")[:limit])


def named(account_ids: Iterable[int]) -> dict[int, Account]:
    """These accounts by id, as far as a link needs them."""
    return Account.objects.only("pk", "name", "identifier").in_bulk(list(account_ids))


def _changes() -> QuerySet[Change]:
    return Change.objects.select_related("change_set__member")


@dataclass(frozen=True, slots=True)
class Held:
    """How much of a site is kept here; ``accounts`` are those only this site feeds."""

    accounts: int
    shared: int
    subscriptions: int
    invoices: int


def held_of(site_id: int) -> Held:
    """What would go with a site: shown before anybody removes it."""
    fed = Account.objects.filter(payers.fed_by([site_id]))
    others = Site.objects.exclude(pk=site_id).values_list("pk", flat=True)
    shared = fed.filter(payers.fed_by(others)).count()
    return Held(
        accounts=fed.count() - shared,
        shared=shared,
        subscriptions=Subscription.objects.filter(site_id=site_id).count(),
        invoices=Invoice.objects.filter(site_id=site_id).count(),
    )


def subscription_keys(account_id: int, upstream_ids: Iterable[str]) -> dict[tuple[int, str], int]:
    """Our own numbers of these subscriptions of the account, by (site id, upstream id)."""
    rows = Subscription.objects.filter(account_id=account_id, upstream_id__in=list(upstream_ids))
    return {(site, name): pk for pk, site, name in rows.values_list("pk", "site_id", "upstream_id")}


def first_of_sites(site_ids: Iterable[int], limit: int) -> list[Account]:
    """The oldest accounts that these sites feed: the first ones to open while others are made."""
    rows = Account.objects.filter(payers.fed_by(site_ids), removed_at=None)
    return list(rows.order_by("pk")[:limit])


@dataclass(frozen=True, slots=True)
class Staged:
    """How many records of some sites are here."""

    accounts: int
    subscriptions: int
    invoices: int


def staged_counts(site_ids: Sequence[int]) -> Staged:
    """What was read of these sites, whether or not accounts were made of it."""
    tables = (BillingAccount, Subscription, Invoice)
    return Staged(
        *(t.objects.filter(site_id__in=site_ids, removed_at=None).count() for t in tables)
    )


def accounts_of_sites(site_ids: Sequence[int]) -> int:
    """How many accounts these sites feed."""
    return Account.objects.filter(payers.fed_by(site_ids), removed_at=None).count()


def unlinked_of_sites(site_ids: Sequence[int]) -> int:
    """How many billing accounts of these sites belong to no account."""
    rows = BillingAccount.objects.filter(site_id__in=site_ids, account=None, removed_at=None)
    return rows.count()
