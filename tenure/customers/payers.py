"""From billing objects to the customers they concern."""

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.db.models.expressions import RawSQL

from tenure.connections.models import Site
from tenure.customers.models import BillingAccount, Subscription

_FEEDING = """
    SELECT account_id, id FROM customers_billingaccount
    WHERE account_id = ANY(%(ids)s) AND removed_at IS NULL
    UNION
    SELECT s.account_id, b.id
    FROM customers_subscription s
    JOIN customers_billingaccount b
        ON b.site_id = s.site_id AND b.upstream_id = s.account_upstream_id
    WHERE s.account_id = ANY(%(ids)s) AND s.identified_as IS NOT NULL
        AND s.removed_at IS NULL AND b.removed_at IS NULL
"""


def feeding(account_ids: Iterable[int]) -> list[tuple[int, int]]:
    """Pairs of account and billing account (our ids) that feeds it: recognised as the account, or
    with a subscription that names it. Those removed upstream feed nobody."""
    with connection.cursor() as cursor:
        cursor.execute(_FEEDING, {"ids": list(account_ids)})
        return [(account_id, row) for account_id, row in cursor.fetchall()]


_JOINED = """
    SELECT b.account_id, b.upstream_id FROM customers_billingaccount b
    WHERE b.site_id = %(site)s AND b.account_id = ANY(%(ids)s)
        AND (b.created_in_id = %(set)s OR EXISTS (
            SELECT FROM customers_change c WHERE c.change_set_id = %(set)s
                AND c.object_kind = 'billing_account' AND c.object_id = b.id
                AND c.changes ? 'account_id'))
    UNION
    SELECT s.account_id, s.account_upstream_id FROM customers_subscription s
    WHERE s.site_id = %(site)s AND s.account_id = ANY(%(ids)s) AND s.identified_as IS NOT NULL
        AND (s.created_in_id = %(set)s OR EXISTS (
            SELECT FROM customers_change c WHERE c.change_set_id = %(set)s
                AND c.object_kind = 'subscription' AND c.object_id = s.id
                AND c.changes ? 'account_id'))
"""


def joined_in(change_set: int, site_id: int, account_ids: Iterable[int]) -> dict[int, set[str]]:
    """The billing accounts of the site, by upstream id, that came to feed each of these accounts in
    this change set: made or recognised in it, or with a subscription that was."""
    found: dict[int, set[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_JOINED, {"set": change_set, "site": site_id, "ids": list(account_ids)})
        for account_id, upstream_id in cursor:
            found.setdefault(account_id, set()).add(upstream_id)
    return found


def fed_by(sites: Iterable[Site | int]) -> Q:
    """The condition under which an account is fed by one of these sites, as ``feeding`` says."""
    chosen = list(sites)
    payers = BillingAccount.objects.filter(account=OuterRef("pk"), site__in=chosen, removed_at=None)
    named = Subscription.objects.filter(
        account=OuterRef("pk"), site__in=chosen, identified_as__isnull=False, removed_at=None
    )
    return Q(Exists(payers)) | Q(Exists(named))


_ACCOUNTS = """
    SELECT account_id FROM customers_billingaccount
    WHERE site_id = %(site)s AND upstream_id = ANY(%(ids)s) AND account_id IS NOT NULL
    UNION
    SELECT account_id FROM customers_subscription
    WHERE site_id = %(site)s AND account_upstream_id = ANY(%(ids)s)
        AND account_id IS NOT NULL AND identified_as IS NOT NULL
"""


def accounts_of(site_id: int, billing_ids: Iterable[str | None]) -> set[int]:
    """The accounts these billing accounts (by upstream id) were recognised as, or feed in part."""
    ids = [i for i in billing_ids if i]
    with connection.cursor() as cursor:
        cursor.execute(_ACCOUNTS, {"site": site_id, "ids": ids})
        return {row[0] for row in cursor}


def of_account(account_id: int) -> RawSQL:
    """The ids of the billing accounts that feed or fed the account, those removed upstream too, as a
    part of a query."""
    return RawSQL(  # its only value is bound
        "SELECT id FROM customers_billingaccount WHERE account_id = %s UNION"
        " SELECT b.id FROM customers_subscription s JOIN customers_billingaccount b"
        " ON b.site_id = s.site_id AND b.upstream_id = s.account_upstream_id"
        " WHERE s.account_id = %s AND s.identified_as IS NOT NULL",
        [account_id, account_id],
    )


def accounts_on_plans(site_id: int, plan_ids: Iterable[str]) -> set[int]:
    """The accounts with a subscription to any of these plans (by upstream id)."""
    rows = Subscription.objects.filter(
        site_id=site_id, plan_upstream_id__in=list(plan_ids), account__isnull=False
    )
    return set(rows.values_list("account_id", flat=True))


def adopt_orphans(site_id: int, *, of: Iterable[str] | None = None) -> set[int]:
    """Link subscriptions and invoices that arrived before their billing account, any or one of these
    (by upstream id); whose they are."""
    only = "" if of is None else " AND o.account_upstream_id = ANY(%s)"
    bound: list[Any] = [site_id] if of is None else [site_id, list(of)]
    adopted: set[int] = set()
    with connection.cursor() as cursor:
        for table in ("customers_subscription", "customers_invoice"):
            cursor.execute(
                f"UPDATE {table} o SET account_id = b.account_id"
                " FROM customers_billingaccount b"
                " WHERE o.site_id = %s AND o.account_id IS NULL AND b.site_id = o.site_id"
                f" AND b.upstream_id = o.account_upstream_id AND b.account_id IS NOT NULL{only}"
                " RETURNING o.account_id",
                bound,
            )
            adopted |= {row[0] for row in cursor}
    return adopted


def missing_payers(site_id: int, limit: int = 200) -> list[str]:
    """Upstream ids of billing accounts that subscriptions or invoices name but we do not hold."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT o.account_upstream_id FROM ("
            " SELECT site_id, account_upstream_id FROM customers_subscription"
            "  WHERE site_id = %s AND account_id IS NULL"
            " UNION SELECT site_id, account_upstream_id FROM customers_invoice"
            "  WHERE site_id = %s AND account_id IS NULL) o"
            " LEFT JOIN customers_billingaccount b"
            "  ON b.site_id = o.site_id AND b.upstream_id = o.account_upstream_id"
            " WHERE b.id IS NULL LIMIT %s",
            [site_id, site_id, limit],
        )
        return [row[0] for row in cursor]
