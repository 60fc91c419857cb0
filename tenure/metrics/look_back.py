"""Making out the MRR of the time before the first measurement, from what was invoiced.

Once for every subscription of a site, a chunk a transaction, after the site's first load; and again for
those of which older lines or changed invoices arrive later. What is made out is added as points; one
that says otherwise than an earlier one is a revision of its day, and the earlier one stays.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime

import msgspec
from django.db import connection, transaction

from tenure.connections.models import Site
from tenure.metrics import mrr_steps
from tenure.metrics.days import local_day
from tenure.metrics.inputs import Settings
from tenure.metrics.invoiced import Invoiced, of_subscriptions
from tenure.metrics.models import Unexplored
from tenure.metrics.past import SitePast
from tenure.metrics.past_points import PastPoint, differing, past_of
from tenure.metrics.refresh import alone
from tenure.sync.read import active_run

CHUNK = 500
NEWS = 20_000


def look_back(now: datetime, settings: Settings) -> int:
    """Make out the past of the next subscriptions that wait for it; how many, 0 when none does.

    A site is left alone while a run of it goes on: what the run brings may be older than what it
    brought already.
    """
    for past in SitePast.objects.order_by("done_at", "pk"):
        if active_run(Site(pk=past.pk)):
            continue
        count = _first_pass(past.pk, now, settings) if past.done_at is None else _news(past.pk)
        if count:
            return count
    return _unexplored(now, settings)


def _first_pass(site_id: int, now: datetime, settings: Settings) -> int:
    """The next chunk of a site's subscriptions in their order; at the end the pass is over."""
    with transaction.atomic():
        ids = _next(site_id, SitePast.objects.values_list("cursor", flat=True).get(pk=site_id))
        explore(ids, now, settings)
        # Taken last, as whoever measures takes it: after the accounts.
        past = SitePast.objects.select_for_update().get(pk=site_id)
        if not past.cursor:
            past.lines_seen, past.versions_seen = _newest()
        if ids:
            past.cursor = ids[-1]
        else:
            past.done_at = now
        past.save()
    return len(ids)


def _next(site_id: int, after: int) -> list[int]:
    with connection.cursor() as db:
        db.execute(
            "SELECT id FROM customers_subscription WHERE site_id = %s AND id > %s"
            " ORDER BY id LIMIT %s",
            [site_id, after, CHUNK],
        )
        return [row[0] for row in db.fetchall()]


def _newest() -> tuple[int, int]:
    with connection.cursor() as db:
        db.execute(
            "SELECT (SELECT coalesce(max(id), 0) FROM customers_lineitem),"
            " (SELECT coalesce(max(id), 0) FROM customers_invoiceversion)"
        )
        lines, versions = db.fetchone()
        return lines, versions


# Lines that begin before the first snapshot of their subscription: new ones, and those of invoices
# that changed. Whatever is newer is what the snapshots tell.
_NOTE = """
    WITH news AS (
        SELECT l.site_id, l.subscription_upstream_id AS named, l.start_date
        FROM customers_lineitem l
        WHERE l.id > %(lines)s AND l.id <= %(lines_to)s AND l.site_id = %(site)s
        UNION ALL
        SELECT l.site_id, l.subscription_upstream_id, l.start_date
        FROM customers_invoiceversion v
        JOIN customers_invoice i ON i.id = v.row_id AND i.site_id = %(site)s
        JOIN customers_lineitem l
            ON l.site_id = i.site_id AND l.invoice_upstream_id = i.upstream_id
        WHERE v.id > %(versions)s AND v.id <= %(versions_to)s
    )
    INSERT INTO metrics_unexplored (subscription_id)
    SELECT DISTINCT s.id FROM news
    JOIN customers_subscription s ON s.site_id = news.site_id AND s.upstream_id = news.named
    WHERE NOT EXISTS (
        SELECT 1 FROM metrics_mrrpoint p
        WHERE p.subscription_id = s.id AND p.kind = 'snapshot' AND p.day <= news.start_date::date)
    ON CONFLICT DO NOTHING
"""


def _news(site_id: int) -> int:
    """Note the subscriptions of which something older arrived, among the next records; how many."""
    newest = _newest()
    with transaction.atomic(), connection.cursor() as db:
        past = SitePast.objects.select_for_update().get(pk=site_id)
        lines = min(newest[0], past.lines_seen + NEWS)
        versions = min(newest[1], past.versions_seen + NEWS)
        if (lines, versions) == (past.lines_seen, past.versions_seen):
            return 0
        values = {"site": site_id, "lines": past.lines_seen, "lines_to": lines}
        db.execute(_NOTE, values | {"versions": past.versions_seen, "versions_to": versions})
        noted = db.rowcount
        past.lines_seen, past.versions_seen = lines, versions
        past.save()
    return noted or (_news(site_id) if lines < newest[0] or versions < newest[1] else 0)


def _unexplored(now: datetime, settings: Settings) -> int:
    with transaction.atomic():
        rows = Unexplored.objects.order_by("pk").values_list("pk", flat=True)
        ids = list(rows[:CHUNK])
        explore(ids, now, settings)
        Unexplored.objects.filter(pk__in=ids).delete()
    return len(ids)


def explore(ids: Collection[int], now: datetime, settings: Settings) -> None:
    """Make out the past of these subscriptions and add what differs from what is known of it. Runs in
    the caller's transaction."""
    if not ids:
        return
    alone(_accounts_of(ids))
    found = of_subscriptions(ids, settings)
    standing = _standing(ids)
    rows, accounts = [], set()
    for one in found:
        past = past_of(one, settings, local_day(now, settings.zone))
        if news := differing(past, standing.get(one.pk, {})):
            accounts.add(one.account_id)
            rows += [_row(one, point) for point in news]
    _add(rows, now)
    mrr_steps.make(accounts)


_STANDING = """
    SELECT DISTINCT ON (subscription_id, day)
           subscription_id, day, mrr, status, kind, quantity, plan_code, add_ons, discount
    FROM metrics_mrrpoint WHERE subscription_id = ANY(%s) AND kind <> 'snapshot'
    ORDER BY subscription_id, day, recorded_at DESC, id DESC
"""


def _standing(ids: Collection[int]) -> dict[int, dict[date, PastPoint]]:
    found: dict[int, dict[date, PastPoint]] = {}
    with connection.cursor() as db:
        db.execute(_STANDING, [list(ids)])
        for pk, *values in db.fetchall():
            point = PastPoint(*values)
            found.setdefault(pk, {})[point.day] = point
    return found


def _accounts_of(ids: Collection[int]) -> list[int]:
    with connection.cursor() as db:
        db.execute(
            "SELECT DISTINCT account_id FROM customers_subscription"
            " WHERE id = ANY(%s) AND account_id IS NOT NULL",
            [list(ids)],
        )
        return [row[0] for row in db.fetchall()]


def _row(one: Invoiced, point: PastPoint) -> dict[str, object]:
    return {
        "subscription_id": one.pk,
        "account_id": one.account_id,
        "currency": one.currency,
        **{name: getattr(point, name) for name in PastPoint.__slots__},
    }


_ADD = """
    INSERT INTO metrics_mrrpoint (subscription_id, account_id, day, currency, mrr, status, kind,
                                  quantity, plan_code, add_ons, discount, recorded_at)
    SELECT subscription_id, account_id, day, currency, mrr, status, kind, quantity, plan_code,
           add_ons, discount, %s
    FROM jsonb_to_recordset(%s::jsonb) AS p (
        subscription_id bigint, account_id bigint, day date, currency text, mrr numeric(26, 6),
        status text, kind text, quantity int, plan_code text, add_ons numeric(26, 6),
        discount numeric(26, 6))
"""


def _add(rows: Iterable[Mapping[str, object]], now: datetime) -> None:
    with connection.cursor() as db:
        db.execute(_ADD, [now, msgspec.json.encode(list(rows)).decode()])
