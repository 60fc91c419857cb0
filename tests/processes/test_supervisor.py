"""Children are kept alive while they should be, and gone in time when they should not."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tenure.core.errors import TemporaryError, TenureError
from tenure.processes.child import Child
from tenure.processes.supervisor import Supervisor, running

STUBBORN = """
import signal, subprocess, sys, time
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(grandchild.pid, flush=True)
time.sleep(600)
"""
SUPERVISOR_OF_ONE = """
import os, sys
from pathlib import Path
from tenure.processes.child import Child
from tenure.processes.supervisor import running
with running(lambda said: print(said, flush=True)) as supervisor:
    child = supervisor.start(Child("sleeper", ["sleep", "600"], os.environ))
    print(child.pid, flush=True)
    supervisor.tend_forever()
print("ended in order", flush=True)
"""


def python(code: str, tmp_path: Path, *, name: str = "program") -> Child:
    return Child(name, [sys.executable, "-c", code], os.environ, tmp_path / f"{name}.log")


def is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def eventually(done: Callable[[], object], seconds: float = 10) -> bool:
    limit = time.monotonic() + seconds
    while not done():
        if time.monotonic() > limit:
            return False
        time.sleep(0.02)
    return True


def test_a_child_that_dies_is_started_again_and_that_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append)
    child = supervisor.start(python("import time; time.sleep(600)", tmp_path))
    first = child.pid
    assert first
    os.kill(first, signal.SIGKILL)

    def is_back() -> bool:
        supervisor.tend()
        return child.is_running() and child.pid != first

    assert eventually(is_back)
    supervisor.stop()
    assert said == [
        f"program was ended by SIGKILL; starting it again in 1 s. Its log is {tmp_path}/program.log."
    ]


def test_the_pause_grows_with_each_early_death(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append)
    child = supervisor.start(python("raise SystemExit(4)", tmp_path))

    def died_twice() -> bool:
        supervisor.tend()
        return child.deaths == 2

    assert eventually(died_twice)
    supervisor.stop()
    assert ["in 1 s" in said[0], "in 2 s" in said[1], "status 4" in said[1]] == [True] * 3


def test_a_stop_reaches_grandchildren_of_a_child_that_ignores_it(tmp_path: Path) -> None:
    supervisor = Supervisor(lambda said: None)
    child = supervisor.start(python(STUBBORN, tmp_path))
    log = tmp_path / "program.log"
    assert eventually(lambda: log.exists() and log.read_text().strip())
    began = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - began < 10
    assert not child.is_running()
    assert eventually(lambda: is_gone(int(log.read_text())))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_stop_signal_ends_everything_in_order(number: signal.Signals) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR_OF_ONE], stdout=subprocess.PIPE, text=True
    )
    assert program.stdout
    child = int(program.stdout.readline())
    program.send_signal(number)
    rest, _ = program.communicate(timeout=10)
    assert rest.splitlines() == ["Stopping.", "ended in order"]
    assert program.returncode == 0
    assert is_gone(child)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of a parent's death")
def test_children_of_a_killed_supervisor_end_by_themselves() -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR_OF_ONE], stdout=subprocess.PIPE, text=True
    )
    assert program.stdout
    child = int(program.stdout.readline())
    program.kill()
    program.communicate()
    assert eventually(lambda: is_gone(child))


def test_a_command_run_once_that_fails_is_quoted(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('the disk is made of cheese')"]
    with (
        running(lambda said: None) as supervisor,
        pytest.raises(TenureError, match=r"Baking did not succeed: the disk is made of cheese"),
    ):
        supervisor.run_once("Baking", command, os.environ, tmp_path / "baking.log")


def test_a_wait_has_an_end(tmp_path: Path) -> None:
    with (
        running(lambda said: None) as supervisor,
        pytest.raises(TemporaryError, match="Godot took longer than 0 s"),
    ):
        supervisor.tend_until(lambda: False, seconds=0.2, waiting_for="Godot")


def test_a_killed_database_is_started_again(tmp_path: Path) -> None:
    said: list[str] = []
    with running(said.append) as supervisor:
        supervisor.start_database(tmp_path / "home")
        pid_file = tmp_path / "home" / "postgres" / "data" / "postmaster.pid"
        first = int(pid_file.read_text().split()[0])
        os.kill(first, signal.SIGKILL)

        def is_back() -> bool:
            supervisor.tend()
            return bool(said)

        assert eventually(is_back)
        assert int(pid_file.read_text().split()[0]) != first
    assert said == ["The database ended unexpectedly; starting it again."]
