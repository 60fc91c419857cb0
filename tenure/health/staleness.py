"""Data that is too old for a score. Past seven days without a good sync an account's score is
unknown; past forty-eight hours it is shown as it is, with a word that it is stale.

Ages are by the real clock, as runs are. Only what changes is touched: when a site grows too old or
is good again its accounts are due at once, and until then nothing is written.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from django.db import connection, transaction

from tenure.health.models import StaleSite
from tenure.sync.standing import standings

STALE, UNTRUSTED = timedelta(hours=48), timedelta(days=7)


def watch(real_now: datetime, now: datetime) -> int:
    """Note the sites that grew too old or are good again, and make their accounts due at ``now``;
    the answer counts accounts."""
    old = {site: at for site, at in good_at().items() if real_now - at > UNTRUSTED}
    with transaction.atomic():
        known = set(StaleSite.objects.select_for_update().values_list("pk", flat=True))
        changed = old.keys() ^ known
        if not changed:
            return 0
        StaleSite.objects.filter(pk__in=known - old.keys()).delete()
        StaleSite.objects.bulk_create(
            [StaleSite(site_id=site, since=old[site]) for site in old.keys() - known],
            ignore_conflicts=True,
        )
        return _make_due(changed, now)


def good_at() -> dict[int, datetime]:
    """When each site was last proved to be here whole; a site that never was is absent."""
    return {one.site.pk: one.good_at for one in standings() if one.good_at}


def sites_of(account_ids: Collection[int]) -> dict[int, list[int]]:
    """The sites that bill each of these accounts."""
    with connection.cursor() as db:
        db.execute(_SITES, [list(account_ids)])
        return dict(db.fetchall())


_SITES = """
    SELECT account_id, array_agg(DISTINCT site_id) FROM customers_billingaccount
    WHERE account_id = ANY(%s) AND removed_at IS NULL GROUP BY account_id
"""


def oldest(sites: Collection[int], known: Mapping[int, datetime]) -> datetime | None:
    """Since when all of these sites' data holds; None when one never was here whole, or of none."""
    times = [known.get(site) for site in sites]
    found = [at for at in times if at]
    return min(found) if found and len(found) == len(times) else None


def untrusted() -> frozenset[int]:
    """The sites noted as too old."""
    return frozenset(StaleSite.objects.values_list("pk", flat=True))


def _make_due(sites: Collection[int], now: datetime) -> int:
    with connection.cursor() as db:
        db.execute(
            "UPDATE health_healthscore SET next_change_at = %s WHERE account_id IN ("
            " SELECT account_id FROM customers_billingaccount"
            " WHERE site_id = ANY(%s) AND removed_at IS NULL)",
            [now, list(sites)],
        )
        return int(db.rowcount)
