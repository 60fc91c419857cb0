"""The figures of subscriptions at the end of a past day, in the shape of today's (``SubscriptionFacts``).

Figures of subscriptions keep no versions of their own. Status and days are those of the row as it
read then, by the definitions of ``subscription_facts``: a test holds the two equal. MRR is the last
point known by then; where none was, the one made out since, which ``known`` says. What
hangs on other records (flags, overdue days) is not known.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from tenure.customers.models import SubscriptionOverTime
from tenure.customers.versions import in_force
from tenure.metrics.lists.filters import At
from tenure.metrics.lists.found import then, with_whose
from tenure.metrics.models import SubscriptionFacts
from tenure.metrics.subscription_facts import FIGURES

ROWS = then("customers_subscription")

_TRIAL = "v.trial_started_at <= %(now)s AND v.trial_ends_at > %(now)s"
_STATUS = f"""CASE
    WHEN v.state = 'active' AND {_TRIAL} THEN 'trial'
    WHEN v.state = 'canceled' AND v.expires_at <= %(now)s THEN 'expired'
    WHEN v.state = 'canceled' THEN 'cancelling'
    ELSE v.state END"""


def _day(instant: str) -> str:
    return f"(({instant}) AT TIME ZONE %(zone)s)::date"


def _coming(instant: str) -> str:
    return f"CASE WHEN {instant} > %(now)s THEN {_day(instant)} END"


FACTS = f"""(
    SELECT v.id AS subscription_id, v.account_id, v.site_id, coalesce(p.currency, v.currency) AS currency,
        coalesce(v.plan_code, '') AS plan_code, t.status, ARRAY[]::text[] AS flags, p.mrr,
        NULL::numeric AS monthly, v.quantity, 0 AS past_due_days,
        {_day("coalesce(v.activated_at, v.current_period_started_at)")} AS started_on,
        CASE WHEN t.status = 'active' AND v.auto_renew IS DISTINCT FROM false
            THEN {_coming("v.current_term_ends_at")} END AS renews_on,
        CASE WHEN t.status IN ('active', 'cancelling', 'trial')
            AND (v.expires_at <= v.current_period_ends_at) IS NOT TRUE
            THEN {_coming("v.current_period_ends_at")} END AS bills_on,
        CASE WHEN t.status = 'trial' THEN {_day("v.trial_ends_at")} END AS trial_ends_on,
        {_day("coalesce(v.expires_at, CASE WHEN t.status = 'active' AND v.auto_renew = false THEN v.current_term_ends_at END)")} AS ends_on,
        p.known
    FROM {ROWS} v
    CROSS JOIN LATERAL (SELECT {_STATUS} AS status) t
    LEFT JOIN LATERAL (
        SELECT m.currency, m.mrr,
            CASE WHEN m.kind = 'snapshot' AND m.recorded_at >= %(then)s THEN 'reconstructed'
                ELSE m.kind END AS known
        FROM metrics_mrrpoint m WHERE m.subscription_id = v.id AND m.day <= %(today)s
        ORDER BY (m.recorded_at < %(then)s OR m.kind <> 'snapshot') DESC, m.day DESC,
            m.recorded_at DESC, m.id DESC LIMIT 1) p ON true
    WHERE v.account_id IS NOT NULL)"""  # noqa: S608


def rows(ids: Sequence[int], at: At) -> list[Any]:
    """These subscriptions as they read then, each with its ``facts`` and how its MRR is ``known``;
    those of nobody known without."""
    assert at.then is not None  # noqa: S101  # the caller looked
    known = _facts(ids, at)
    found = SubscriptionOverTime.objects.filter(in_force(at.then), pk__in=ids)
    listed = with_whose(found, "created_in")
    for row in listed:
        row.facts, row.known = known.get(row.pk, (None, None))
    return listed


def _facts(ids: Sequence[int], at: At) -> dict[int, tuple[SubscriptionFacts, str | None]]:
    names = ("subscription_id", *FIGURES)
    columns = ", ".join(f"f.{name}" for name in names)
    statement = f"SELECT f.known, {columns} FROM {FACTS} f WHERE f.subscription_id = ANY(%(ids)s)"  # noqa: S608
    with connection.cursor() as db:
        db.execute(statement, {**at.values, "ids": list(ids)})
        return {
            row[1]: (SubscriptionFacts(**dict(zip(names, row[1:], strict=True))), row[0])
            for row in db.fetchall()
        }
