"""Schedules: a small grammar, and exactly one moment a day through every change of the clocks."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.connections import schedule
from tenure.connections.schedule import next_due
from tenure.core.errors import ConfigurationError

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ZONES = st.sampled_from(
    [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Asia/Kolkata",
    ]
)
START = datetime(2010, 1, 1, tzinfo=UTC)
INSTANTS = st.timedeltas(timedelta(0), timedelta(days=9800)).map(lambda gone: START + gone)
TIMES = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))


@pytest.mark.parametrize(
    ("text", "tidy", "words"),
    [
        ("daily 00:00 UTC", "daily 00:00 UTC", "every day at 00:00 UTC"),
        (
            " Daily  2:30 Europe/Berlin ",
            "daily 02:30 Europe/Berlin",
            "every day at 02:30 Europe/Berlin",
        ),
        ("daily 23:59", "daily 23:59 UTC", "every day at 23:59 UTC"),
        ("every 5 minutes", "every 5 minutes", "every 5 minutes"),
        ("every 1 hour", "every 1 hours", "every hour"),
        ("OFF", "off", "only when someone asks"),
    ],
)
def test_a_schedule_is_tidied_and_said_in_words(text: str, tidy: str, words: str) -> None:
    assert (str(schedule.parse(text)), schedule.in_words(text)) == (tidy, words)


@pytest.mark.parametrize(
    "text",
    [
        "", "daily", "daily 24:00 UTC", "daily 12:60 UTC", "daily 12:00 Mars/Base", "daily 12:00 ../x",
        "daily 12:00 /etc/passwd", "every 0 minutes", "every -1 minutes", "every x minutes",
        "every 5 days", "every 169 hours", "every 5", "weekly", "off now", "every \u0665 minutes",
    ],
)  # fmt: skip
def test_what_is_not_a_schedule_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        schedule.parse(text)
    assert caught.value.next_step


def test_a_site_that_never_ran_is_due_now() -> None:
    assert next_due("daily 00:00 UTC", None, NOW) == NOW


def test_a_schedule_that_is_off_is_never_due() -> None:
    assert next_due("off", None, NOW) is None
    assert next_due("off", NOW, NOW) is None


def test_a_missed_day_is_made_up_for_once_and_at_once() -> None:
    assert next_due("daily 00:00 UTC", NOW - timedelta(days=3), NOW) == NOW


def test_the_next_daily_run_is_the_coming_midnight() -> None:
    assert next_due("daily 00:00 UTC", NOW, NOW) == datetime(2026, 3, 11, tzinfo=UTC)


def test_an_interval_counts_from_the_last_start() -> None:
    started = NOW - timedelta(minutes=4)
    assert next_due("every 10 minutes", started, NOW) == NOW + timedelta(minutes=6)


def test_a_last_start_in_the_future_does_not_silence_the_site() -> None:
    future = NOW + timedelta(days=400)
    assert next_due("every 10 minutes", future, NOW) == NOW + timedelta(minutes=10)


def test_a_time_the_clocks_skip_runs_an_hour_later_by_the_wall() -> None:
    # Berlin goes from 02:00 to 03:00 on 29 March 2026, so 02:30 is 03:30, which is 01:30 UTC.
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert next_due("daily 02:30 Europe/Berlin", before, before) == datetime(
        2026, 3, 29, 1, 30, tzinfo=UTC
    )


def test_a_time_the_clocks_repeat_runs_the_first_time_only() -> None:
    # Berlin shows 02:30 at 00:30 and 01:30 UTC on 25 October 2026.
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert (
        next_due(
            "daily 02:30 Europe/Berlin", first - timedelta(hours=9), first - timedelta(hours=9)
        )
        == first
    )
    assert next_due("daily 02:30 Europe/Berlin", first, first) == datetime(
        2026, 10, 26, 1, 30, tzinfo=UTC
    )


@given(TIMES, ZONES, INSTANTS)
def test_a_due_time_is_after_the_last_start_and_within_two_days(
    at: str, zone: str, started: datetime
) -> None:
    due = next_due(f"daily {at} {zone}", started, started)
    assert due is not None
    # Samoa skipped a whole day in 2011; elsewhere 25 hours are the most.
    assert timedelta(0) < due - started <= timedelta(hours=49)


@given(TIMES, ZONES, st.dates(date(2012, 1, 2), date(2037, 1, 1)))
def test_each_local_day_has_one_run(at: str, zone: str, day: date) -> None:
    moment = datetime.combine(day, datetime.min.time(), ZoneInfo(zone)).astimezone(UTC)
    days = []
    for _ in range(4):
        due = next_due(f"daily {at} {zone}", moment, moment)
        assert due is not None
        days.append(due.astimezone(ZoneInfo(zone)).date())
        moment = due
    assert days == [days[0] + timedelta(days=number) for number in range(4)]


@given(TIMES, ZONES, INSTANTS, st.timedeltas(timedelta(0), timedelta(days=9)))
def test_a_due_time_is_never_in_the_past(
    at: str, zone: str, started: datetime, gone: timedelta
) -> None:
    now = started + gone
    due = next_due(f"daily {at} {zone}", started, now)
    assert due is not None
    assert due >= now


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        tidy = str(schedule.parse(text))
    except ConfigurationError:
        return
    assert str(schedule.parse(tidy)) == tidy
