"""Commands that run until stopped: they say when they are ready and stop within ten seconds."""

import json
import os
import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from subprocess import Popen

import pytest

from tenure.simulator.server import Served
from tests.cli.conftest import US, Program

STOPS_WITHIN = 10
SOONER_THAN_A_LEASE = 25


@contextmanager
def running(tenure: Program, *words: str) -> Iterator["Popen[str]"]:
    process = tenure.start(*words)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def stopped(process: "Popen[str]", number: int = signal.SIGTERM) -> int:
    process.send_signal(number)
    return process.wait(timeout=STOPS_WITHIN)


def until(condition: object, *, seconds: float = 30) -> None:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if condition():  # type: ignore[operator]
            return
        time.sleep(0.2)
    pytest.fail("it never came true")


def verdict(tenure: Program, name: str) -> str:
    found = {one["check"]: one["verdict"] for one in tenure("doctor", "--json").json["checks"]}
    return str(found[name])


def read_document(process: "Popen[str]") -> dict[str, str]:
    assert process.stdout
    text = ""
    while not text.endswith("\n}\n"):
        text += process.stdout.readline()
    return dict(json.loads(text))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_web_answers_and_stops(tenure: Program, number: int) -> None:
    with running(tenure, "serve", "--bind", "127.0.0.1:0", "--processes", "1", "--json") as web:
        address = read_document(web)["address"]
        with urllib.request.urlopen(f"{address}/", timeout=20) as answer:
            assert answer.status == 200
        assert stopped(web, number) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_worker_is_seen_by_the_doctor_and_stops(tenure: Program, number: int) -> None:
    assert verdict(tenure, "worker") == "warn"
    with running(tenure, "worker") as worker:
        until(lambda: verdict(tenure, "worker") == "ok")
        assert stopped(worker, number) == 0


def test_a_worker_syncs_a_new_site_by_itself(tenure: Program) -> None:
    tenure("site", "add", US.subdomain, "--region", "us", "--key-stdin", stdin=US.key)
    with running(tenure, "worker") as worker:
        until(
            lambda: [run["state"] for run in tenure("runs", "--json").json] == ["complete"],
            seconds=60,
        )
        assert stopped(worker) == 0


def read_so_far(tenure: Program) -> int:
    return sum(
        stream["read"]
        for run in tenure("runs", "--json").json
        for stream in run["streams"].values()
    )


@pytest.mark.parametrize(
    ("command", "number"), [("worker", signal.SIGTERM), ("sync", signal.SIGINT)]
)
def test_a_run_stopped_in_its_middle_goes_on_where_it_was(
    tenure: Program, slow_upstream: Served, command: str, number: int
) -> None:
    slow = tenure.beside(slow_upstream)
    slow("site", "add", US.subdomain, "--region", "us", "--key-stdin", stdin=US.key)
    with running(slow, command) as process:
        until(lambda: read_so_far(slow) > 0)
        assert stopped(process, number) == (0 if command == "worker" else 130)
    [before] = slow("runs", "--json").json
    assert before["state"] == "running"
    began = time.monotonic()
    [after] = slow("sync", "--json").json
    assert (after["id"], after["state"]) == (before["id"], "complete")
    assert time.monotonic() - began < SOONER_THAN_A_LEASE
    [report] = slow("site", "check", "--json").json
    upstream = {stream["stream"]: stream["count"] for stream in report["streams"]}
    assert after["streams"]["invoices"]["created"] == upstream["invoices"]


def test_a_sync_shows_its_progress_on_a_terminal(tenure: Program, slow_upstream: Served) -> None:
    slow = tenure.beside(slow_upstream)
    slow("site", "add", US.subdomain, "--region", "us", "--key-stdin", stdin=US.key)
    shown = seen_on_a_terminal(slow, "sync", "--json")
    assert f"{US.subdomain}: invoices" in shown
    assert re.search(r"[\d,]+ of [\d,]+", shown)


def seen_on_a_terminal(tenure: Program, *words: str) -> str:
    """What the command writes to standard error when that is a terminal."""
    master, slave = os.openpty()
    process = subprocess.Popen(
        tenure.command(*words),
        env={**tenure.environment, "TERM": "xterm", "COLUMNS": "120"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=slave,
    )
    os.close(slave)
    shown = b""
    with suppress(OSError):  # the terminal is gone when the program ends
        while piece := os.read(master, 65536):
            shown += piece
    os.close(master)
    assert process.wait(timeout=30) == 0
    return shown.decode()


def test_the_simulator_says_where_it_answers(bare: Program) -> None:
    with running(bare, "simulator", "--accounts", "5", "--days", "30", "--json") as simulator:
        assert str(read_document(simulator)["us"]).startswith("http://127.0.0.1:")
        assert stopped(simulator) == 0
