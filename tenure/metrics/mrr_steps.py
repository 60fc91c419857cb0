"""Making the steps of accounts: their points, added up to the days on which the sum moved."""

from collections.abc import Collection
from datetime import date, datetime

from django.db import connection

# Each point brings its amount on its day and takes it away on the day of the next, so that a
# change of currency or a moved subscription needs no rule of its own. A day on which nothing moves
# in the sum is no step. The reason is that of the subscription that moved most.
_STEPS = """
    WITH counting AS (
        SELECT DISTINCT ON (p.subscription_id, p.day)
               s.account_id, s.site_id, p.subscription_id, p.day, p.currency, p.mrr, p.status,
               p.kind, p.quantity, p.plan_code, p.add_ons, p.discount,
               regexp_replace(lower(coalesce(s.expiration_reason, '')), '[^a-z]', '', 'g') AS ended
        FROM customers_subscription s
        JOIN customers_account a ON a.id = s.account_id AND a.removed_at IS NULL
        JOIN metrics_mrrpoint p ON p.subscription_id = s.id
        WHERE s.account_id = ANY(%(ids)s){which}
        ORDER BY p.subscription_id, p.day, p.recorded_at DESC, p.id DESC
    ), beside AS (
        SELECT c.*, lead(day) OVER w AS next_day, lag(mrr) OVER w AS was, lag(status) OVER w AS stood,
               lag(currency) OVER w AS currency_was, lag(plan_code) OVER w AS plan_was,
               lag(quantity) OVER w AS quantity_was, lag(add_ons) OVER w AS add_ons_was,
               lag(discount) OVER w AS discount_was
        FROM counting c WHERE mrr IS NOT NULL
        WINDOW w AS (PARTITION BY subscription_id ORDER BY day)
    ), told AS (
        SELECT beside.*, CASE
            WHEN stood IS NULL THEN CASE WHEN mrr > 0 THEN 'subscription' END
            WHEN status = 'paused' AND stood <> 'paused' THEN 'pause'
            WHEN 'past_due' IN (status, stood) THEN 'nonpayment'
            WHEN stood = 'paused' AND mrr > 0 THEN 'resume'
            WHEN mrr = 0 AND status IN ('expired', 'failed', 'removed') THEN CASE
                WHEN ended IN ('nonpayment', 'nonpaymentgift', 'taxlocationinvalid')
                    OR status = 'failed' THEN 'nonpayment' ELSE 'cancel' END
            WHEN status = 'none' THEN NULL
            WHEN currency <> currency_was THEN 'currency'
            WHEN was = 0 AND stood NOT IN ('contributing', 'free') THEN 'subscription'
            WHEN plan_code <> plan_was THEN 'plan'
            WHEN quantity <> quantity_was THEN 'quantity'
            WHEN add_ons <> add_ons_was THEN 'add_on'
            WHEN discount <> discount_was THEN 'discount'
            ELSE 'price' END AS reason
        FROM beside
    ), moves AS (
        SELECT account_id, site_id, currency, day, mrr AS delta, (status = 'paused')::int AS pause,
               reason, kind, abs(mrr - CASE WHEN currency = currency_was THEN was ELSE 0 END) AS much
        FROM told
        UNION ALL
        SELECT account_id, site_id, currency, next_day, -mrr, -(status = 'paused')::int, NULL, NULL,
               NULL
        FROM told WHERE next_day IS NOT NULL
    ), daily AS (
        SELECT account_id, site_id, currency, day, sum(delta) AS delta, sum(pause) AS pause,
               (array_agg(reason ORDER BY much DESC NULLS LAST))[1] AS reason,
               coalesce(min(kind) FILTER (WHERE kind <> 'snapshot'), 'snapshot') AS kind
        FROM moves GROUP BY account_id, site_id, currency, day
        HAVING sum(delta) <> 0 OR sum(pause) <> 0
    ), held AS (
        SELECT account_id, site_id, currency, count(*) OVER (PARTITION BY account_id) = 1 AS alone
        FROM daily GROUP BY account_id, site_id, currency
    ), days AS (
        SELECT DISTINCT account_id, day FROM daily
    ), filled AS (
        SELECT account_id, held.site_id, held.currency, day, held.alone,
               coalesce(daily.delta, 0) AS delta, coalesce(daily.pause, 0) AS pause,
               CASE WHEN daily.delta <> 0 THEN daily.reason END AS reason,
               coalesce(daily.kind, 'snapshot') AS kind
        FROM held JOIN days USING (account_id)
        LEFT JOIN daily USING (account_id, site_id, currency, day)
    ), added AS (
        SELECT filled.*, sum(delta) OVER w AS mrr, sum(pause) OVER w AS resting
        FROM filled WINDOW w AS (PARTITION BY account_id, site_id, currency ORDER BY day)
    )
"""
_NAMES = "account_id, site_id, currency, day, before, mrr, paused_before, paused, paid_before, alone, reason, kind"
_MADE = """
    SELECT account_id, site_id, currency, day, mrr - delta AS before, mrr,
           resting - pause > 0 AS paused_before, resting > 0 AS paused,
           coalesce(bool_or(mrr > 0) OVER (PARTITION BY account_id, site_id, currency ORDER BY day
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), false) AS paid_before,
           alone, reason, kind
    FROM added
"""
_MAKE = f"{_STEPS.format(which='')} INSERT INTO metrics_mrrstep ({_NAMES}) {_MADE}"
# Up to a day, and known right before an instant; of sites that were not here yet by then all that is.
_KNOWN = """
            AND p.day <= %(day)s AND (p.kind <> 'snapshot' OR p.recorded_at < %(instant)s
                OR NOT EXISTS (SELECT 1 FROM metrics_sitepast site
                    WHERE site.site_id = s.site_id AND site.first_day <= %(day)s))"""
_DOCUMENT = (
    f"{_STEPS.format(which=_KNOWN)} SELECT coalesce(jsonb_agg(to_jsonb(made)), '[]')::text"  # noqa: S608
    f" FROM ({_MADE}) made"
)


def make(accounts: Collection[int]) -> None:
    """Make the steps of these accounts anew from the points that count now."""
    if not accounts:
        return
    with connection.cursor() as db:
        ids = {"ids": sorted(accounts)}
        db.execute("DELETE FROM metrics_mrrstep WHERE account_id = ANY(%(ids)s)", ids)
        db.execute(_MAKE, ids)


def document(accounts: Collection[int], day: date, instant: datetime) -> str:
    """The steps of these accounts up to a day as they were known right before an instant, as a JSON
    array of rows."""
    with connection.cursor() as db:
        db.execute(_DOCUMENT, {"ids": sorted(accounts), "day": day, "instant": instant})
        return str(db.fetchone()[0])
