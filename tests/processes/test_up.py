"""``tenure up`` as an operator runs it, under what befalls it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tenure.processes import ports
from tests.processes.leftovers import processes_naming

TENURE = [sys.executable, "-P", "-m", "tenure"]

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="looks for leftover processes in /proc"
)


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TENURE_")}
    return {**kept, "TENURE_HOME": str(home)}


def tenure(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*TENURE, *words],
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/", timeout=5) as page:
            return bool(page.status == 200)
    except OSError:
        return False


class Up:
    """A running ``tenure up`` on a home and port of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.bind = f"127.0.0.1:{ports.any_free('127.0.0.1')}"
        self.process = subprocess.Popen(
            [*TENURE, "up", "--json", "--bind", self.bind],
            env=environment(home),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout
        told: dict[str, Any] = json.loads(self.process.stdout.readline())
        self.address = told["address"]

    def stop(self, number: signal.Signals) -> float:
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(timeout=15)
        if self.process.stdout:
            self.process.stdout.close()
        return time.monotonic() - began


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for every test: only the first of them waits until the tables are made."""
    return tmp_path_factory.mktemp("up") / "home"


@pytest.fixture
def up(home: Path) -> Iterator[Up]:
    running = Up(home)
    yield running
    running.process.kill()
    running.process.wait()
    if running.process.stdout:
        running.process.stdout.close()


def test_up_survives_a_killed_database_and_stops_in_time(up: Up) -> None:
    assert tenure(up.home, "member", "list", "--json").stdout.strip() == "[]"
    second = tenure(up.home, "up", "--bind", up.bind)
    assert second.returncode == 1
    assert f"already runs in {up.home} (tenure up, process {up.process.pid})" in second.stderr

    pid_file = up.home / "postgres" / "data" / "postmaster.pid"
    os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)
    limit = time.monotonic() + 30
    while (listing := tenure(up.home, "member", "list", "--json")).returncode != 0:
        assert time.monotonic() < limit, listing.stderr
    assert answers(up.address)

    assert up.stop(signal.SIGTERM) < 10
    assert up.process.returncode == 0
    assert processes_naming(up.home) == []
    assert tenure(up.home, "member", "list", "--json").stdout.strip() == "[]"
    assert processes_naming(up.home) == []


def test_a_port_in_use_is_refused_before_anything_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        other = tenure(tmp_path / "other", "up", "--bind", bind)
    assert other.returncode == 1
    assert "another program listens there" in other.stderr
    assert not (tmp_path / "other" / "postgres").exists()


def test_up_that_is_killed_outright_leaves_nothing_and_starts_again(up: Up) -> None:
    up.process.kill()
    up.process.wait()
    limit = time.monotonic() + 15
    while processes_naming(up.home) and time.monotonic() < limit:
        time.sleep(0.1)
    assert processes_naming(up.home) == []
    again = Up(up.home)
    assert answers(again.address)
    assert again.stop(signal.SIGINT) < 10
