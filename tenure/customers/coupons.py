"""Coupons that billing accounts have for themselves: whom to ask for them, and what they answered.

The source tells of them one account at a time. So an account is asked when one of its newest invoices
used a coupon that is no subscription's own, when an invoice lacks one that it is known to have, and
once a day while it has one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection
from django.db.models import Q

from tenure.customers import payers
from tenure.customers.models import AccountCoupon, BillingAccount
from tenure.sources import records

DAY = timedelta(days=1)
# A thousand is a minute or two of a site's requests; the longest unasked come first.
LOOKS = 1_000
CREDIT = "credit"

_NOTE = """
    WITH given AS (
        SELECT * FROM jsonb_to_recordset(%(invoices)s::jsonb) AS g (
            payer text, billed_at timestamptz, subscriptions text[], used text[])
    ), told AS (
        SELECT g.payer, used.id, g.billed_at, g.subscriptions
        FROM given g CROSS JOIN LATERAL unnest(g.used) AS used (id)
        WHERE NOT EXISTS (
            SELECT FROM customers_accountcoupon c
            WHERE c.site_id = %(site)s AND c.account_upstream_id = g.payer
                AND c.upstream_id = used.id AND c.known_to IS NULL AND c.active)
        UNION ALL
        SELECT g.payer, '', g.billed_at, g.subscriptions
        FROM given g
        WHERE EXISTS (
            SELECT FROM customers_accountcoupon c
            WHERE c.site_id = %(site)s AND c.account_upstream_id = g.payer
                AND c.known_to IS NULL AND c.active AND c.asked_at < g.billed_at
                AND c.upstream_id <> ALL(g.used))
    )
    INSERT INTO customers_coupontrace AS t
        (site_id, account_upstream_id, upstream_id, billed_at, subscription_upstream_ids)
    SELECT DISTINCT ON (payer, id) %(site)s, payer, id, billed_at, subscriptions
    FROM told ORDER BY payer, id, billed_at DESC
    ON CONFLICT (site_id, account_upstream_id, upstream_id) DO UPDATE
    SET billed_at = excluded.billed_at,
        subscription_upstream_ids = excluded.subscription_upstream_ids
    WHERE t.billed_at < excluded.billed_at
"""


def note(site_id: int, invoices: Sequence[records.Invoice]) -> None:
    """Keep what these invoices, new or changed, tell of their payers' coupons. Runs in the page's
    transaction."""
    rows = [
        {
            "payer": one.account_upstream_id,
            "billed_at": one.created_at,
            "subscriptions": one.subscription_upstream_ids,
            "used": one.coupons_used,
        }
        for one in invoices
        if one.subscription_upstream_ids and one.type != CREDIT
    ]
    if rows:
        document = msgspec.json.encode(rows).decode()
        with connection.cursor() as db:
            db.execute(_NOTE, {"site": site_id, "invoices": document})


# A trace needs no question when the coupon is a subscription's own, when all that was billed with it
# was billed again without it, or when nothing is left that it could be taken off.
_SETTLE = """
    DELETE FROM customers_coupontrace t
    WHERE t.site_id = %(site)s AND (
        NOT EXISTS (
            SELECT FROM customers_subscription s
            WHERE s.site_id = t.site_id AND s.account_upstream_id = t.account_upstream_id
                AND s.state NOT IN ('expired', 'failed') AND s.removed_at IS NULL)
        OR t.upstream_id <> '' AND (
            EXISTS (
                SELECT FROM customers_subscription s
                WHERE s.site_id = t.site_id AND s.account_upstream_id = t.account_upstream_id
                    AND s.coupon_redemptions @> jsonb_build_array(
                        jsonb_build_object('id', t.upstream_id)))
            OR EXISTS (
                SELECT FROM customers_subscription s
                WHERE s.site_id = t.site_id AND s.upstream_id = ANY(t.subscription_upstream_ids)
                    AND s.coupon_redemptions @> jsonb_build_array(
                        jsonb_build_object('id', t.upstream_id)))
            OR NOT EXISTS (
                SELECT FROM unnest(t.subscription_upstream_ids) AS billed (id)
                WHERE NOT EXISTS (
                    SELECT FROM customers_invoice i
                    WHERE i.site_id = t.site_id AND i.account_upstream_id = t.account_upstream_id
                        AND i.created_at > t.billed_at AND i.removed_at IS NULL
                        AND i.type IS DISTINCT FROM 'credit'
                        AND billed.id = ANY(i.subscription_upstream_ids)))))
"""
_KNOWN_ONES = """
    DELETE FROM customers_coupontrace t
    WHERE t.site_id = %(site)s AND EXISTS (
        SELECT FROM customers_accountcoupon c
        WHERE c.site_id = t.site_id AND c.account_upstream_id = t.account_upstream_id)
"""
_TRACED = """
    SELECT DISTINCT account_upstream_id FROM customers_coupontrace
    WHERE site_id = %(site)s ORDER BY 1
"""
_DUE = """
    SELECT c.account_upstream_id FROM customers_accountcoupon c
    WHERE c.site_id = %(site)s AND c.known_to IS NULL AND c.active AND c.asked_at <= %(before)s
        AND EXISTS (
            SELECT FROM customers_subscription s
            WHERE s.site_id = c.site_id AND s.account_upstream_id = c.account_upstream_id
                AND s.state NOT IN ('expired', 'failed') AND s.removed_at IS NULL)
    GROUP BY 1 ORDER BY min(c.asked_at), 1 LIMIT %(looks)s
"""


def to_ask(site_id: int, upstream_now: datetime, *, only_new: bool) -> list[str]:
    """The billing accounts of the site to ask now, those that invoices tell of first. With
    ``only_new`` those of which nothing is known yet alone (Import Only)."""
    asked: dict[str, Any] = {"site": site_id, "before": upstream_now - DAY, "looks": LOOKS}
    with connection.cursor() as db:
        db.execute(_SETTLE, asked)
        if only_new:
            db.execute(_KNOWN_ONES, asked)
        db.execute(_TRACED, asked)
        found = dict.fromkeys(row[0] for row in db.fetchall())
        if not only_new:
            db.execute(_DUE, asked)
            found |= dict.fromkeys(row[0] for row in db.fetchall())
    return list(found)


@dataclass(slots=True)
class Kept:
    """What came of asking: redemptions by what became of them, and the customers concerned."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    accounts: set[int] = field(default_factory=set)


_SAID = """
    WITH said AS (
        SELECT * FROM jsonb_to_recordset(%(said)s::jsonb) AS c (
            upstream_id text, active boolean, redemption jsonb))
"""
_HELD = "c.site_id = %(site)s AND c.account_upstream_id = %(payer)s AND c.known_to IS NULL"
_ENDED = f"""
    UPDATE customers_accountcoupon c SET known_to = %(now)s
    WHERE {_HELD} AND NOT EXISTS (
        SELECT FROM said WHERE said.upstream_id = c.upstream_id AND said.active = c.active
            AND said.redemption = c.redemption)
    RETURNING c.upstream_id
"""  # noqa: S608
_SAME = f"UPDATE customers_accountcoupon c SET asked_at = %(asked)s WHERE {_HELD}"  # noqa: S608
_BEGUN = f"""
    INSERT INTO customers_accountcoupon
        (site_id, account_upstream_id, upstream_id, active, redemption, asked_at, known_from)
    SELECT %(site)s, %(payer)s, said.upstream_id, said.active, said.redemption, %(asked)s, %(now)s
    FROM said
    WHERE (said.active OR said.upstream_id = ANY(%(ended)s)) AND NOT EXISTS (
        SELECT FROM customers_accountcoupon c WHERE {_HELD} AND c.upstream_id = said.upstream_id)
    RETURNING upstream_id
"""  # noqa: S608


def keep(
    site_id: int,
    account_upstream_id: str,
    coupons: Sequence[records.AccountCoupon],
    *,
    asked_at: datetime,
    now: datetime,
) -> Kept:
    """Keep what a billing account answered, at ``asked_at`` by upstream's clock. What is as it was
    stays; what had ended before anybody knew of it is nothing to keep. Runs in the caller's
    transaction."""
    said = [
        {"upstream_id": c.upstream_id, "active": c.active, "redemption": msgspec.Raw(c.redemption)}
        for c in coupons
    ]
    values: dict[str, Any] = {
        "site": site_id,
        "payer": account_upstream_id,
        "said": msgspec.json.encode(said).decode(),
        "asked": asked_at,
        "now": now,
    }
    with connection.cursor() as db:
        db.execute(_SAID + _ENDED, values)
        ended = [row[0] for row in db.fetchall()]
        db.execute(_SAME, values)
        same = db.rowcount
        db.execute(_SAID + _BEGUN, values | {"ended": ended})
        begun = {row[0] for row in db.fetchall()}
        db.execute(
            "DELETE FROM customers_coupontrace"
            " WHERE site_id = %(site)s AND account_upstream_id = %(payer)s",
            values,
        )
    kept = Kept(created=len(begun - set(ended)), updated=len(ended), unchanged=same)
    if begun or ended:
        kept.accounts = payers.accounts_of(site_id, [account_upstream_id])
    return kept


def held(account_id: int, at: datetime | None) -> list[AccountCoupon]:
    """The coupons that an account's billing accounts have for themselves, the oldest first; with an
    instant, those it was known then to have."""
    feeding = BillingAccount.objects.filter(pk__in=payers.of_account(account_id), removed_at=None)
    whose = set(feeding.values_list("site_id", "upstream_id"))
    known = Q(known_to=None)
    if at is not None:
        known = Q(known_from__lt=at) & (known | Q(known_to__gte=at))
    rows = AccountCoupon.objects.filter(
        known, active=True, account_upstream_id__in=[upstream_id for _, upstream_id in whose]
    )
    found = [row for row in rows if (row.site_id, row.account_upstream_id) in whose]
    return sorted(found, key=lambda row: (row.redemption.get("created_at") or "", row.upstream_id))
