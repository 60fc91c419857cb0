"""One supervisor for each folder; a demo and a deployment never share one."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tenure.core.errors import ConfigurationError
from tenure.processes import claim, ports

CLAIM = """
import sys, time
from pathlib import Path
from tenure.processes.claim import claimed
with claimed(Path(sys.argv[1]), by="tenure up"):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_second_start_is_refused_with_the_process_that_holds_the_folder(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", CLAIM, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout
    holder.stdout.readline()
    expected = rf"already runs in {tmp_path} \(tenure up, process {holder.pid}\)"
    try:
        with (
            pytest.raises(ConfigurationError, match=expected),
            claim.claimed(tmp_path, by="tenure up"),
        ):
            pass
    finally:
        holder.kill()
        holder.communicate()


def test_a_folder_held_by_a_killed_process_is_free_again(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", CLAIM, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout
    holder.stdout.readline()
    holder.kill()
    holder.communicate()
    with claim.claimed(tmp_path, by="tenure up"):
        assert str(os.getpid()) in (tmp_path / "running.lock").read_text()


def test_a_demo_does_not_move_into_a_real_deployment(tmp_path: Path) -> None:
    (tmp_path / "postgres" / "data").mkdir(parents=True)
    with pytest.raises(ConfigurationError, match="holds a real deployment"):
        claim.refuse_real(tmp_path)


def test_a_deployment_does_not_move_into_a_demo(tmp_path: Path) -> None:
    (tmp_path / claim.DEMO_MARK).write_text("{}")
    with pytest.raises(ConfigurationError, match="holds a demo"):
        claim.refuse_demo(tmp_path)


def test_a_demo_may_come_back_to_its_own_folder(tmp_path: Path) -> None:
    (tmp_path / "postgres" / "data").mkdir(parents=True)
    (tmp_path / claim.DEMO_MARK).write_text("{}")
    claim.refuse_real(tmp_path)


def test_a_port_in_use_is_refused_with_the_next_step() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(
            ConfigurationError, match=r"another program listens there.*choose another port"
        ),
    ):
        ports.require_free("127.0.0.1", taken.getsockname()[1])


def test_the_next_free_port_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert port < ports.first_free("127.0.0.1", port) <= port + 50


@pytest.mark.parametrize("bind", ["8000", "localhost", "host:name", "127.0.0.1:99999", ""])
def test_an_address_that_is_none_is_refused(bind: str) -> None:
    with pytest.raises(ConfigurationError, match="not an address to listen on"):
        ports.parse(bind)


@pytest.mark.parametrize(
    ("bind", "expected"),
    [
        ("127.0.0.1:8000", ("127.0.0.1", 8000)),
        (":80", ("127.0.0.1", 80)),
        ("[::1]:9", ("::1", 9)),
    ],
)
def test_an_address_is_taken_apart(bind: str, expected: tuple[str, int]) -> None:
    assert ports.parse(bind) == expected
