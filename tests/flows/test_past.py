"""The time before the first sync, made out from invoices, is what the simulated business lived."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from pytest_django.fixtures import Settings

from tenure import flow
from tenure.connections.models import Site
from tenure.connections.write import add_site
from tenure.core.clock import FrozenClock
from tenure.core.secrets import Secret
from tenure.customers.models import LineItem, Subscription
from tenure.metrics import series
from tenure.metrics.account_series import account_series
from tenure.metrics.models import MrrPoint, SitePast
from tenure.simulator.server import Served, running_in_thread
from tenure.simulator.world import SiteSpec, World, build
from tenure.simulator.world.truth import monthly
from tenure.sync.models import Trigger
from tenure.sync.write import request_run

pytestmark = pytest.mark.django_db(transaction=True)

BORN = datetime(2025, 3, 3, 8, 0, tzinfo=UTC)
WATCHED = BORN + timedelta(days=60)
TODAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
US = SiteSpec("brightwharf-us", "key-of-the-us-site-0001", "us", share=1)
DAY = timedelta(days=1)


@dataclass
class Lived:
    """A served business with each subscription's true MRR at the end of each day watched."""

    served: Served
    truth: Mapping[str, Mapping[date, Decimal]]


def watched(world: World) -> dict[str, dict[date, Decimal]]:
    truth: dict[str, dict[date, Decimal]] = {}
    day = WATCHED.date()
    while day < TODAY.date():
        last = datetime.combine(day + DAY, time(), UTC) - timedelta(seconds=1)
        world.advance_to(last)
        for site in world._sites.values():
            for customer in site.customers:
                for held in customer.held:
                    known = truth.setdefault(held.record["id"], {})
                    known[day] = round(monthly(held, last), 6)
        day += DAY
    world.advance_to(TODAY)
    return truth


@pytest.fixture
def lived(settings: Settings) -> Iterator[Lived]:
    world = build([US], seed=7, accounts=20, start=BORN, until=WATCHED)
    truth = watched(world)
    with running_in_thread(world) as served:
        settings.TENURE_RECURLY_URLS = {"us": served.us, "eu": served.eu}
        settings.TENURE_CLOCK = FrozenClock(TODAY)
        yield Lived(served, truth)


def pulled(now: datetime) -> Site:
    site = Site.objects.first() or add_site("recurly", US.subdomain, "us", Secret(US.key), now=now)
    run, _ = request_run(site, Trigger.CLI)
    flow.pull(run.pk, FrozenClock(now))
    while flow.look_back(now):
        pass
    return site


def known_points() -> dict[str, list[MrrPoint]]:
    names = dict(Subscription.objects.values_list("pk", "upstream_id"))
    found: dict[str, list[MrrPoint]] = {}
    for point in MrrPoint.objects.order_by("day", "recorded_at", "id"):
        found.setdefault(names[point.subscription_id], []).append(point)
    return found


def on(points: list[MrrPoint], day: date) -> MrrPoint | None:
    before = [point for point in points if point.day <= day]
    return before[-1] if before else None


def test_days_before_the_first_sync_are_as_the_business_lived_them(lived: Lived) -> None:
    pulled(TODAY)
    points = known_points()
    # A coupon on one invoice, or one redeemed since, is not told by lines from a standing price.
    coupons = set(Subscription.objects.exclude(coupon_redemptions=[]).values_list("upstream_id"))
    coupons |= set(LineItem.objects.filter(discount__gt=0).values_list("subscription_upstream_id"))
    wrong, right, bridged = [], 0, 0
    for name, days in lived.truth.items():
        if (name,) in coupons:
            continue
        for day, true in days.items():
            point = on(points.get(name, []), day)
            found = point.mrr or Decimal(0) if point else Decimal(0)
            # A part of a period is billed in whole cents a unit: that is all that may be missed.
            if abs(found - true) <= max(Decimal("0.05"), true / 2000):
                right += 1
            elif point and point.kind == "inferred":
                bridged += 1  # a pause that is over and left no trace but the gap
            else:
                wrong.append((name, day, true, found))
    assert not wrong
    assert right > 5_000
    assert bridged < right / 50


def test_every_way_a_subscription_can_go_is_in_that_year(lived: Lived) -> None:
    pulled(TODAY)
    kinds = set(MrrPoint.objects.values_list("kind", flat=True))
    assert kinds == {"snapshot", "reconstructed", "inferred"}
    assert set(Subscription.objects.values_list("state", flat=True)) >= {
        "active",
        "canceled",
        "expired",
        "paused",
    }
    prorated = LineItem.objects.filter(proration_rate__gt=0, proration_rate__lt=1)
    assert prorated.count() > 5
    annual = MrrPoint.objects.filter(plan_code__endswith="annual", kind="reconstructed", mrr__gt=0)
    assert annual.exists()


def test_the_past_joins_the_present_without_a_step_and_a_second_look_adds_nothing(
    lived: Lived,
) -> None:
    site = pulled(TODAY)
    assert SitePast.objects.get(pk=site.pk).done_at
    count = MrrPoint.objects.count()
    assert flow.look_back(TODAY) == 0
    SitePast.objects.update(cursor=0, done_at=None)
    while flow.look_back(TODAY):
        pass
    assert MrrPoint.objects.count() == count
    for moves in series.movements_between(date(2025, 3, 1), TODAY.date()):
        assert moves.start == 0
        assert sum(moves.sums.values()) == moves.end
        assert moves.rebuilt


def test_yesterday_as_it_was_known_is_untouched_by_what_a_later_sync_brings(lived: Lived) -> None:
    pulled(TODAY)
    accounts = list(
        Subscription.objects.exclude(account=None).values_list("account_id", flat=True).distinct()
    )
    begin, end = BORN.date(), TODAY.date()
    before = {pk: account_series(pk, begin, end, known_at=TODAY) for pk in accounts}
    lived.served.call(lambda simulator: simulator.world.advance_to(TODAY + 20 * DAY))
    pulled(TODAY + 20 * DAY)
    after = {pk: account_series(pk, begin, end, known_at=TODAY) for pk in accounts}
    assert after == before
    assert MrrPoint.objects.filter(recorded_at__gt=TODAY).exists()
