"""How MRR moved up to a past day, as it was known then: nothing that was learned later takes part."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.core.money import Money
from tenure.customers.models import Subscription
from tenure.metrics import mrr_steps, refresh, series
from tenure.metrics.as_of import moment_of, sums_at, visible
from tenure.metrics.days import midnight
from tenure.metrics.inputs import DEFAULTS
from tenure.metrics.lists.filters import At, at_the_end_of
from tenure.metrics.models import MrrPoint, MrrStep, SitePast
from tenure.metrics.movers import account_movements
from tenure.metrics.retained import retention_between
from tenure.metrics.revenue import accounts as behind_it
from tenure.metrics.revenue import report
from tenure.metrics.revenue.asked import Asked, Behind
from tenure.metrics.steps_known import as_known
from tests.metrics.rows import NOW, a_plan, a_site, a_subscription, an_account

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
FIRST = date(2026, 3, 20)
DAYS = 30

# A subscription's points: from which day on, how much, whether paused, learned how many days later,
# and whether it was made out of invoices.
points = st.lists(
    st.tuples(
        st.integers(0, DAYS), st.sampled_from([0, 10, 25, 100]), st.booleans(), st.integers(0, 9),
        st.sampled_from(["snapshot", "snapshot", "reconstructed"]),
    ),
    min_size=1, max_size=5, unique_by=lambda one: one[0],
)  # fmt: skip
subs = st.tuples(st.sampled_from(["us", "eu"]), st.sampled_from(["USD", "EUR"]), points)
businesses = st.lists(st.lists(subs, max_size=3), min_size=1, max_size=3)


def stored(business: list[list[Any]]) -> list[int]:
    """Accounts with these points, and no others; the site “eu” was read first when half of the days
    were over."""
    for table in (MrrPoint, MrrStep, SitePast):
        table.objects.all().delete()
    for name, after in (("us", 0), ("eu", DAYS // 2)):
        SitePast.objects.create(site=a_site(name), first_day=FIRST + after * DAY)
    accounts = []
    for mine in business:
        account = an_account()
        for site, code, told in mine:
            row = a_subscription(account, a_plan(a_site(site)))
            MrrPoint.objects.bulk_create(
                MrrPoint(
                    subscription=row,
                    account_id=account.pk,
                    day=FIRST + day * DAY,
                    currency=code,
                    mrr=0 if paused else amount,
                    status="paused" if paused else "contributing",
                    kind=kind,
                    recorded_at=midnight(FIRST + (day + later) * DAY, DEFAULTS.zone) + DAY / 2,
                )
                for day, amount, paused, later, kind in told
            )
        accounts.append(account.pk)
    mrr_steps.make(accounts)
    return accounts


def answers(day: date) -> list[Any]:
    """Everything that is asked of the steps up to a day, but for currencies in which there was nothing."""
    start = day - 20 * DAY
    moved = [
        *series.movements_between(start, day),
        *series.movements_between(start, day, gross=False),
        *(one for month in series.months(FIRST, day, until=day) for one in month.moves),
    ]
    kept = [*retention_between(start, day), *retention_between(start, day, site=a_site("us").pk)]
    return [
        [one for one in moved if one.start or one.end or any(one.times.values())],
        [one for one in kept if one.accounts],
        account_movements(start, day),
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(businesses, st.integers(-1, DAYS))
def test_what_was_known_is_as_if_nothing_had_been_learned_since(
    business: list[list[Any]], past: int
) -> None:
    accounts, day = stored(business), FIRST + past * DAY
    instant = midnight(day + DAY, DEFAULTS.zone)
    with as_known(day, instant):
        known = answers(day)
    read = {site.site_id for site in SitePast.objects.filter(first_day__lte=day)}
    since = MrrPoint.objects.filter(recorded_at__gte=instant, kind="snapshot")
    since.filter(subscription__site__in=read).delete()
    MrrPoint.objects.filter(day__gt=day).delete()
    mrr_steps.make(accounts)
    assert known == answers(day)


@pytest.fixture
def learned_late(db: None) -> Callable[[int], Asked]:
    """An account of 100 a month that doubled on the third day, which was read on the sixth; what is
    asked of a day, counted from the first."""
    account = an_account("Late News")
    sub = a_subscription(account, a_plan(), valid_from=NOW)
    refresh.measure([account.pk], NOW)
    Subscription.objects.filter(pk=sub.pk).update(quantity=2, updated_at=NOW + 2 * DAY)
    refresh.measure([account.pk], NOW + 5 * DAY)

    def asked(days: int) -> Asked:
        moment = moment_of(NOW.date() + days * DAY, NOW + 40 * DAY, DEFAULTS)
        return Asked(at_the_end_of(moment, NOW, DEFAULTS.zone), DEFAULTS, "USD", chosen=True)

    return asked


def test_an_upgrade_that_was_read_later_is_not_in_the_report_of_a_day_before(
    learned_late: Callable[[int], Asked],
) -> None:
    for days, amount in ((1, 100), (4, 100), (5, 200)):
        found = report.report(learned_late(days))
        assert found.whole.end == amount, days
        moment = moment_of(NOW.date() + days * DAY, NOW + 40 * DAY, DEFAULTS)
        assert moment is not None
        [sums] = sums_at(moment, visible(moment))
        assert sums.mrr == amount  # the same as the figures of accounts come to
    now = Asked(At(NOW + 4 * DAY, DEFAULTS.zone), DEFAULTS, "USD", chosen=True)
    assert report.report(now).whole.end == 200  # told by all that is known today


def test_the_accounts_behind_a_number_are_those_that_were_known(
    learned_late: Callable[[int], Asked],
) -> None:
    for days, moves in ((4, ["new"]), (5, ["new", "expansion"])):
        asked = learned_late(days)
        behind = Behind(NOW.date() - 20 * DAY, asked.at.today)
        rows = behind_it.moved(asked, behind).rows
        assert sorted(one.movement.value for one in rows) == sorted(moves)
        sums = behind_it.sums(asked, behind)
        assert sum(sums.sums.values()) == sum(one.amount for one in rows)
        [held] = behind_it.holding(asked, asked.at.today).rows
        assert Money(held.amount, "USD") == Money(sums.end or 0, "USD")  # type: ignore[arg-type]
