"""Commands that run until stopped: they say when they are ready and stop within ten seconds."""

import json
import signal
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import Popen

import pytest

from tests.cli.conftest import US, Program

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


def test_the_simulator_says_where_it_answers(bare: Program) -> None:
    with running(bare, "simulator", "--accounts", "5", "--days", "30", "--json") as simulator:
        assert str(read_document(simulator)["us"]).startswith("http://127.0.0.1:")
        assert stopped(simulator) == 0
