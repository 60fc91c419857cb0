"""The simulator as a program of its own: it says where it answers, and stops when told."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tenure.core.errors import ConfigurationError
from tenure.simulator.program import read_options
from tests.simulator.wire.double import Client


@contextmanager
def started(*words: str) -> Iterator[tuple[dict[str, Any], "subprocess.Popen[str]"]]:
    program = subprocess.Popen(
        [sys.executable, "-m", "tenure.simulator", "--days", "40", "--accounts", "6", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert program.stdout is not None
        line = program.stdout.readline()
        yield json.loads(line or "{}"), program
    finally:
        program.kill()
        program.communicate()


def test_it_announces_both_addresses_serves_and_stops() -> None:
    with started("--site", "acme=one", "--eu-site", "acme-eu=two") as (said, program):
        assert said["ready"] is True
        assert [site["region"] for site in said["sites"]] == ["us", "eu"]
        ours = Client(said["us"], "one").get("/sites").json()["data"]
        assert [site["subdomain"] for site in ours] == ["acme"]
        assert Client(said["eu"], "two").get("/accounts").status == 200
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=10) == 0


def test_faults_from_a_file_are_in_force_from_the_start(tmp_path: Path) -> None:
    plan = tmp_path / "faults.json"
    plan.write_text('[{"fault": "status", "args": {"status": 503}, "times": 1}]')
    with started("--site", "acme=one", "--faults", str(plan)) as (said, _):
        client = Client(said["us"], "one")
        assert [client.get("/accounts").status for _ in range(2)] == [503, 200]


def test_a_taken_port_is_said_in_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with started("--port", str(port)) as (said, program):
            _, complaint = program.communicate(timeout=30)
    assert said == {}
    assert program.returncode == 2
    assert f"cannot listen on ports {port} and {port + 1}" in complaint
    assert "Choose others with --port" in complaint


@pytest.mark.parametrize("text", ["acme", "=key", "acme="])
def test_a_site_needs_a_name_and_a_key(text: str) -> None:
    with pytest.raises(ConfigurationError, match="SUBDOMAIN=KEY"):
        read_options(["--site", text])


@pytest.mark.parametrize("content", ["{", '[{"fault": "gremlins"}]', '[{"fault": "redirect"}]'])
def test_a_bad_fault_file_is_named(tmp_path: Path, content: str) -> None:
    plan = tmp_path / "faults.json"
    plan.write_text(content)
    with started("--faults", str(plan)) as (said, program):
        _, complaint = program.communicate(timeout=30)
    assert (said, program.returncode) == ({}, 2)
    assert f"The fault file {plan} cannot be used" in complaint
