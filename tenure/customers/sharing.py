"""Subscriptions that name their account themselves: one billing account may feed several accounts.

A subscription is recognised once its billing account is here, because an account is composed from
what bills it; until then it waits, whatever the order in which the two arrive (DESIGN 3.2).
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from django.db import connection

from tenure.connections.models import Site
from tenure.customers import accounts, attributes, fields, making
from tenure.customers.landing import Batch
from tenure.customers.making import Claim, Followed
from tenure.customers.models import BillingAccount, Subscription
from tenure.sources import records

Payer = records.BillingAccount | BillingAccount


def follow(
    site: Site,
    written: Sequence[Subscription],
    claims: Mapping[str, Claim],
    batch: Batch,
    *,
    brought: Sequence[Payer] = (),
) -> Followed:
    """Link these subscriptions to the accounts they claim, made where missing, and bring every account
    concerned up to date. ``claims`` is by upstream id. ``brought`` are billing accounts that just
    arrived: the accounts they feed already follow them."""
    attributes.hold()
    followed = Followed()
    attributes.declare_standard()
    attributes.declare_met(fields.custom_names(brought))
    followed.linked = making.linked_of(Subscription, site.pk, [r.upstream_id for r in written])
    payers = _payers(site.pk, {row.account_upstream_id for row in written})
    unlinked = [
        row
        for row in written
        if row.upstream_id in claims
        and row.upstream_id not in followed.linked
        and row.account_upstream_id in payers
    ]
    parts: dict[Claim, dict[str, Payer]] = defaultdict(dict)
    for row in unlinked:
        payer = payers[row.account_upstream_id]
        parts[claims[row.upstream_id]][payer.upstream_id] = payer
    whole = {claim: list(feeding.values()) for claim, feeding in parts.items()}
    owners = making.own(site, whole, batch, followed)
    claimed = {row.upstream_id: claims[row.upstream_id] for row in unlinked}
    making.link(Subscription, claimed, owners, batch)
    settle(site.pk, payers)
    fed = fed_by(site.pk, [row.upstream_id for row in brought])
    followed.accounts = {one.account_id for one in followed.linked.values()}
    followed.accounts |= set(owners.values()) | fed
    accounts.keep_up(site, followed, set(owners.values()), batch)
    return followed


def waiting(site_id: int, payer_ids: Collection[str]) -> list[Subscription]:
    """The subscriptions of these billing accounts that belong to nobody yet."""
    rows = Subscription.objects.filter(site_id=site_id, account_upstream_id__in=list(payer_ids))
    return list(rows.filter(account=None))


def fed_by(site_id: int, payer_ids: Collection[str]) -> set[int]:
    """The accounts that these billing accounts feed through their subscriptions."""
    rows = Subscription.objects.filter(site_id=site_id, account_upstream_id__in=list(payer_ids))
    named = rows.filter(account__isnull=False, identified_as__isnull=False)
    return set(named.values_list("account_id", flat=True))


_SETTLE = """
    WITH fed AS (
        SELECT b.id,
               CASE WHEN min(s.account_id) = max(s.account_id) THEN min(s.account_id) END AS account
        FROM customers_billingaccount b
        LEFT JOIN customers_subscription s
            ON s.site_id = b.site_id AND s.account_upstream_id = b.upstream_id
            AND s.account_id IS NOT NULL
        WHERE b.site_id = %s AND b.upstream_id = ANY(%s)
        GROUP BY b.id
    )
    UPDATE customers_billingaccount b SET account_id = fed.account
    FROM fed WHERE b.id = fed.id AND b.account_id IS DISTINCT FROM fed.account
"""


def settle(site_id: int, payer_ids: Collection[str]) -> None:
    """A billing account is an account's when its subscriptions name exactly that one."""
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, [site_id, list(payer_ids)])


def alone(site_id: int) -> None:
    """Let no other page of the site go on beside this one until the transaction ends: invoices are
    shared out by what subscriptions say, and a page does not see what another has not committed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('tenure.sharing'), %s)", [site_id])


def _payers(site_id: int, ids: Collection[str]) -> dict[str, BillingAccount]:
    rows = BillingAccount.objects.filter(site_id=site_id, upstream_id__in=list(ids))
    return {row.upstream_id: row for row in rows}
