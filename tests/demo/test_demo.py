"""The whole demo as a newcomer starts it: it comes up, lives, stops in time, and comes back quickly."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tenure.core.clock import FastClock
from tenure.processes.claim import CLOCK
from tests.processes.leftovers import processes_naming

DEMO = [sys.executable, "-P", "-m", "tenure", "demo", "--no-browser", "--json"]


@contextmanager
def started(home: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A demo that is ready, with the document it printed; killed at the end if it still runs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TENURE_")}
    demo = subprocess.Popen(
        [*DEMO, *words],
        env={**kept, "TENURE_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert demo.stdout
    said = ""
    for line in demo.stdout:
        said += line
        if line.startswith("}"):
            break
    try:
        assert said.rstrip().endswith("}"), demo.communicate(timeout=20)[1]
        yield demo, json.loads(said)
    finally:
        demo.kill()
        demo.communicate()


def stop(demo: subprocess.Popen[str], number: signal.Signals) -> float:
    """Ask the demo to stop; how long it took."""
    began = time.monotonic()
    demo.send_signal(number)
    demo.communicate(timeout=15)
    return time.monotonic() - began


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for both tests: whichever comes first starts as a newcomer does, the other comes back."""
    return tmp_path_factory.mktemp("demo") / "home"


@pytest.mark.skipif(sys.platform != "linux", reason="looks for leftover processes in /proc")
def test_a_demo_comes_up_stops_in_time_and_comes_back(home: Path) -> None:
    with started(home) as (demo, told):
        assert len(told["look_at"]) >= 2
        for sight in told["look_at"]:
            with urllib.request.urlopen(sight["url"], timeout=20) as page:
                assert page.status == 200
        second = subprocess.run(
            DEMO,
            env={**os.environ, "TENURE_HOME": str(home)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert second.returncode == 1
        assert f"already runs in {home} (tenure demo, process {demo.pid})" in second.stderr
        assert stop(demo, signal.SIGTERM) < 10
        assert demo.returncode == 0
    assert processes_naming(home) == []
    stopped_at = FastClock.load(home / CLOCK).now()
    with started(home) as (demo, again):
        assert again["login"] == told["login"]
        assert FastClock.load(home / CLOCK).now() >= stopped_at
        assert stop(demo, signal.SIGINT) < 10


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of a parent's death")
def test_a_demo_that_is_killed_outright_leaves_nothing_running(home: Path) -> None:
    with started(home) as (demo, _):
        demo.kill()
        demo.communicate()
    limit = time.monotonic() + 15
    while processes_naming(home) and time.monotonic() < limit:
        time.sleep(0.1)
    assert processes_naming(home) == []
