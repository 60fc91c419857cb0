"""Times and numbers as people say them; help that answers at once."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from tenure.cli.words import ago, counted, lasting, stamp

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        (timedelta(seconds=1), "just now"),
        (timedelta(seconds=59), "59 seconds ago"),
        (timedelta(minutes=1, seconds=30), "1 minute ago"),
        (timedelta(hours=25), "1 day ago"),
        (-timedelta(hours=3), "in 3 hours"),
    ],
)
def test_a_distance_in_time_is_said_in_its_largest_unit(gone: timedelta, words: str) -> None:
    assert ago(NOW - gone, NOW) == words


def test_no_moment_is_never() -> None:
    assert (ago(None, NOW), stamp(None)) == ("never", None)


def test_a_stamp_is_utc() -> None:
    assert stamp(NOW) == "2026-03-10T12:00:00Z"


def test_an_instant_lasts_less_than_a_second() -> None:
    assert lasting(timedelta(milliseconds=5)) == "less than a second"


def test_one_thing_is_not_several() -> None:
    assert (counted(1, "site"), counted(1200, "site")) == ("1 site", "1,200 sites")


def test_help_loads_neither_settings_nor_database_code() -> None:
    code = (
        "import sys; from tenure.__main__ import main; main(['--help']);"
        "sys.exit(any(name in sys.modules for name in ('tenure.config.settings', 'psycopg', 'rich', 'aiohttp')))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode
        == 0
    )
