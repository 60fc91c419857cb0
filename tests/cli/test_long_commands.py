"""Commands that run until stopped: they say when they are ready and stop within ten seconds."""

import json
import os
import re
import select
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from subprocess import Popen
from typing import Any

import psycopg
import pytest

from tests.cli.conftest import US, Held, Program

SILENCE = 60
STOPS_WITHIN = 10


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


def until(condition: object, *, seconds: float = 90) -> None:
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
    add_the_us_site(tenure)
    with running(tenure, "worker") as worker:
        until(lambda: [run["state"] for run in tenure("runs", "--json").json] == ["complete"])
        assert stopped(worker) == 0


def add_the_us_site(tenure: Program) -> None:
    tenure("site", "add", US.subdomain, "--region", "us", "--key-stdin", stdin=US.key)


def invoices_of(tenure: Program) -> dict[str, Any]:
    """How far the only run is with the invoices."""
    for run in tenure("runs", "--json").json:
        return dict(run["streams"].get("invoices", {"read": 0}))
    return {"read": 0}


def nobody_holds_the_run(tenure: Program) -> bool:
    """Whether the next process may take it up at once, without waiting for a lease to end."""
    with psycopg.connect(tenure.environment["TENURE_DATABASE_URL"]) as database:
        asked = "SELECT coalesce(lease_expires_at, now()) <= now() FROM sync_run"
        return database.execute(asked).fetchall() == [(True,)]


@pytest.mark.parametrize(
    ("command", "number"), [("worker", signal.SIGTERM), ("sync", signal.SIGINT)]
)
def test_a_run_stopped_in_its_middle_goes_on_where_it_was(
    held: Held, command: str, number: int
) -> None:
    tenure = held.tenure
    add_the_us_site(tenure)
    with running(tenure, command) as process:
        until(lambda: invoices_of(tenure)["read"] > 0)
        # It stops although nobody answers what it asked last.
        assert stopped(process, number) == (0 if command == "worker" else 130)
    held.let_go()
    assert nobody_holds_the_run(tenure)
    [before] = tenure("runs", "--json").json
    assert before["state"] == "running"
    [after] = tenure("sync", "--json").json
    assert (after["id"], after["state"]) == (before["id"], "complete")
    [report] = tenure("site", "check", "--json").json
    upstream = {stream["stream"]: stream["count"] for stream in report["streams"]}
    assert after["streams"]["invoices"]["created"] == upstream["invoices"]
    assert 0 < before["streams"]["invoices"]["created"] < upstream["invoices"]


def test_a_sync_shows_its_progress_on_a_terminal(held: Held) -> None:
    add_the_us_site(held.tenure)
    shown = ""
    with on_a_terminal(held.tenure, "sync", "--json") as pieces:
        for piece in pieces:
            shown += piece
            if f"{US.subdomain}: invoices" in shown:
                held.let_go()
    assert f"{US.subdomain}: invoices" in shown
    assert re.search(r"[\d,]+ of [\d,]+", shown)


@contextmanager
def on_a_terminal(tenure: Program, *words: str) -> Iterator[Iterator[str]]:
    """What the command writes to standard error when that is a terminal, as it comes."""
    master, slave = os.openpty()
    process = subprocess.Popen(
        tenure.command(*words),
        env={**tenure.environment, "TERM": "xterm", "COLUMNS": "120"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=slave,
    )
    os.close(slave)
    try:
        yield written_to(master)
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.wait()
        os.close(master)


def written_to(terminal: int) -> Iterator[str]:
    """Every piece until the program ends, which takes the terminal away; or until it is silent."""
    with suppress(OSError):
        while select.select([terminal], [], [], SILENCE)[0] and (piece := os.read(terminal, 65536)):
            yield piece.decode(errors="replace")


def test_the_simulator_says_where_it_answers(bare: Program) -> None:
    with running(bare, "simulator", "--accounts", "5", "--days", "30", "--json") as simulator:
        assert str(read_document(simulator)["us"]).startswith("http://127.0.0.1:")
        assert stopped(simulator) == 0
