"""The demo's clock stands while everything starts, runs fast, ends after a year, and never turns back."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tenure.core.clock import FastClock
from tenure.demo import days
from tenure.processes.claim import CLOCK

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NOTHING, A_MINUTE = timedelta(), timedelta(minutes=1)


def test_a_new_demo_begins_on_its_first_day(tmp_path: Path) -> None:
    clock = days.resume(tmp_path, NINE, real=NOON, standing_for=NOTHING)
    assert clock.at(NOON) == NINE


def test_time_stands_while_everything_is_started(tmp_path: Path) -> None:
    clock = days.resume(tmp_path, NINE, real=NOON, standing_for=A_MINUTE)
    assert clock.at(NOON + A_MINUTE) == NINE
    assert clock.at(NOON + A_MINUTE + timedelta(seconds=1)) > NINE


def test_a_day_takes_six_seconds(tmp_path: Path) -> None:
    clock = days.resume(tmp_path, NINE, real=NOON, standing_for=NOTHING)
    assert clock.at(NOON + timedelta(seconds=6)) == NINE + timedelta(days=1)


def test_time_ends_after_a_year(tmp_path: Path) -> None:
    clock = days.resume(tmp_path, NINE, real=NOON, standing_for=NOTHING)
    assert clock.at(NOON + timedelta(days=1)) == NINE + timedelta(days=365)


def test_a_stopped_demo_goes_on_where_it_stopped(tmp_path: Path) -> None:
    real = datetime.now(UTC)
    clock = days.resume(tmp_path, NINE, real=real - timedelta(seconds=60), standing_for=NOTHING)
    days.stand_still(tmp_path, clock)
    stopped = FastClock.load(tmp_path / CLOCK).now()
    next_week = days.resume(tmp_path, NINE, real=real + timedelta(days=7), standing_for=NOTHING)
    assert next_week.at(real + timedelta(days=7)) == stopped
    assert stopped - NINE >= timedelta(days=10)


def test_a_damaged_clock_begins_again_on_the_first_day(tmp_path: Path) -> None:
    (tmp_path / CLOCK).write_text("{half")
    clock = days.resume(tmp_path, NINE, real=NOON, standing_for=NOTHING)
    assert clock.at(NOON) == NINE


@given(
    lived=st.floats(min_value=0, max_value=10_000),
    since_renewal=st.floats(min_value=0, max_value=days.RENEWED_EVERY),
    away=st.floats(min_value=0, max_value=1_000_000),
)
def test_a_killed_demo_never_goes_back_and_hardly_forward(
    tmp_path_factory: object, lived: float, since_renewal: float, away: float
) -> None:
    home = tmp_path_factory.mktemp("home")  # type: ignore[attr-defined]
    clock = FastClock(NOON, NINE, days.SPEED, NINE + days.LASTS)
    renewed = NOON + timedelta(seconds=lived)
    FastClock(renewed, clock.at(renewed), clock.speed, clock.virtual_end).save(home / CLOCK)
    killed = renewed + timedelta(seconds=since_renewal)
    real = killed + timedelta(seconds=away)
    again = days.resume(home, NINE, real=real, standing_for=NOTHING)
    assert clock.at(killed) <= again.at(real) <= clock.at(killed + days.COUNTED)
