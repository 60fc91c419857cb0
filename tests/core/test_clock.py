"""A clock that runs faster than the real one."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tenure.core.clock import FastClock

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_it_runs_at_its_speed_from_where_it_left_real_time() -> None:
    clock = FastClock(START, START + timedelta(days=30), speed=100)
    assert clock.at(START + timedelta(hours=1)) == START + timedelta(days=30, hours=100)


def test_it_stops_at_its_end() -> None:
    end = START + timedelta(days=1)
    assert FastClock(START, START, 1000, end).at(START + timedelta(days=5)) == end


def test_it_never_goes_back_before_its_start() -> None:
    assert FastClock(START, START, 5).at(START - timedelta(days=1)) == START


def test_it_reads_back_from_its_file(tmp_path: Path) -> None:
    clock = FastClock(START, START, 14400.0, START + timedelta(days=9))
    clock.save(tmp_path / "clock.json")
    assert FastClock.load(tmp_path / "clock.json") == clock
