"""The noise budget, the digest, and that no alert is ever lost or told twice within Tenure."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings

from tenure.access.models import Member
from tenure.alerts.models import Alert
from tenure.notify.collect import collect
from tenure.notify.deliver import deliver
from tenure.notify.hours import next_hour, quiet_ends, zone_of
from tenure.notify.models import Delivery, Notification, Preference, State, Way
from tenure.notify.write import prefer
from tests.metrics.rows import NOW
from tests.notify.conftest import an_alert
from tests.notify.receivers import Smtp

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_beyond_the_budget_the_least_grave_are_held_back_and_the_summary_counts_them(
    ann: Member, smtp: Smtp
) -> None:
    prefer(ann, budget=2)
    low = an_alert(ann, severity="low", severity_rank=1)
    high = [an_alert(ann, severity="high", severity_rank=3) for _ in range(2)]
    collect(NOW)
    deliver(NOW)
    assert len(smtp.mails) == 2
    low.refresh_from_db()
    assert (low.held_back, low.announced_at, low.state) == (True, NOW, "new")
    assert not any(Alert.objects.get(pk=one.pk).held_back for one in high)
    deliver(NOW + DAY)
    summary = smtp.mails[2].get_payload(decode=True)
    assert isinstance(summary, bytes)
    assert b"1 alert held back by your budget for a day" in summary
    deliver(NOW + 2 * DAY)
    assert len(smtp.mails) == 3


def test_the_budget_is_fresh_the_next_day_of_the_member(ann: Member) -> None:
    prefer(ann, budget=1)
    for days in range(3):
        an_alert(ann)
        an_alert(ann)
        collect(NOW + days * DAY)
    assert Notification.objects.count() == 3
    assert Delivery.objects.filter(state=State.HELD).count() == 3


def test_a_digest_gathers_a_day_and_says_each_once(ann: Member, smtp: Smtp) -> None:
    prefer(ann, digest=True)
    for _ in range(3):
        an_alert(ann)
    collect(NOW)
    assert deliver(NOW) == 0
    assert Notification.objects.count() == 3
    due = Delivery.objects.filter(state=State.GATHERED).values_list("due_at", flat=True)[0]
    assert deliver(due - timedelta(seconds=1)) == 0
    assert deliver(due) == 1
    assert deliver(due + DAY) == 0
    told = str(smtp.mails[0].get_payload())
    assert smtp.mails[0]["Subject"] == "3 alerts since your last summary"
    assert all(told.count(f"Customer {n}:") == 1 for n in (1, 2, 3))
    assert Delivery.objects.filter(state=State.SUMMED).count() == 3


@given(
    begins=st.integers(0, 23),
    ends=st.integers(0, 23),
    minutes=st.integers(0, 525_600),
    zone=st.sampled_from(["UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
)
def test_mail_waits_for_the_end_of_the_quiet_hours_and_no_longer(
    begins: int, ends: int, minutes: int, zone: str
) -> None:
    member = Member(email="ann@example.com", time_zone=zone)
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    wanted = Preference(member=member, quiet_from=begins, quiet_until=ends)
    free = quiet_ends(wanted, member, now)
    assert now <= free <= now + timedelta(hours=25)
    assert free in (now, next_hour(member, ends, now))
    if free == now and begins < ends:
        assert not begins <= now.astimezone(zone_of(member)).hour < ends


STEPS = st.lists(
    st.sampled_from(["fire", "collect", "crash", "deliver", "tomorrow", "digest"]),
    max_size=25,
)


class Crash(Exception):
    """The process is gone before its transaction was committed."""


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(steps=STEPS, budget=st.integers(0, 3))
def test_no_alert_is_ever_lost_or_told_twice_within_tenure(
    ann: Member, steps: list[str], budget: int
) -> None:
    Alert.objects.all().delete()
    Delivery.objects.all().delete()
    Notification.objects.all().delete()
    prefer(ann, budget=budget, digest=False)
    now = NOW
    for step in [*steps, "collect", "deliver"]:
        if step == "fire":
            an_alert(ann)
        elif step == "collect":
            collect(now)
        elif step == "crash":
            with suppress(Crash), transaction.atomic():
                collect(now)
                raise Crash
        elif step == "deliver":
            deliver(now)
        elif step == "tomorrow":
            now += DAY
        elif step == "digest":
            prefer(ann, digest=True)
    for alert in Alert.objects.all():
        assert alert.announced_at
        inside = Delivery.objects.get(alert=alert, way=Way.IN_APP)
        told = Notification.objects.filter(delivery=inside.pk).count()
        assert told == (0 if inside.state == State.HELD else 1)
        assert alert.held_back == (inside.state == State.HELD)
    days = Delivery.objects.filter(way=Way.IN_APP, state=State.SENT, event="alert.opened")
    for day in days.values_list("created_at", flat=True):
        assert days.filter(created_at=day).count() <= budget
