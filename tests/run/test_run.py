"""The ``run`` script on clones so small that nothing has to be fetched."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

RUN = Path(__file__).resolve().parents[2] / "run"
MAIN = "import sys\nprint('tenure', *sys.argv[1:], flush=True)\n"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone whose locks are empty and whose product prints what it was asked."""
    root = tmp_path / "clone"
    (root / "tenure").mkdir(parents=True)
    (root / "tenure" / "__init__.py").write_text("")
    (root / "tenure" / "__main__.py").write_text(MAIN)
    (root / "run").write_bytes(RUN.read_bytes())
    for name in ("requirements.lock", "requirements-dev.lock"):
        (root / name).write_text("# nothing\n")
    return root


def run(
    clone: Path, *words: str, folder: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(clone / "run"), *words],
        cwd=folder or clone,
        env={"PATH": os.defpath, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_any_word_becomes_a_command_and_the_second_start_installs_nothing(clone: Path) -> None:
    first = run(clone, "sync", "--json")
    assert first.stdout == "tenure sync --json\n"
    assert "Installing" in first.stderr
    again = run(clone, "sync")
    assert (again.stdout, again.stderr) == ("tenure sync\n", "")


def test_it_works_from_another_folder_without_a_home(clone: Path, tmp_path: Path) -> None:
    (tmp_path / "tenure").mkdir()  # a folder of that name here must not be taken for ours
    answer = run(clone, "runs", folder=tmp_path, HOME="")
    assert answer.stdout == "tenure runs\n"


def test_an_interrupted_install_is_begun_again(clone: Path) -> None:
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "unfinished").touch()
    (clone / ".venv" / "bin" / "python").write_text("half a program")
    assert run(clone, "runs").stdout == "tenure runs\n"
    assert not (clone / ".venv" / "unfinished").exists()


def test_two_first_starts_at_once_both_end_well(clone: Path) -> None:
    command = [sys.executable, str(clone / "run"), "runs"]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for _ in "12"
    ]
    assert [program.communicate(timeout=60)[0] for program in both] == ["tenure runs\n"] * 2


def test_a_changed_lock_is_installed_and_a_moved_clone_is_set_up_anew(
    clone: Path, tmp_path: Path
) -> None:
    run(clone, "runs")
    (clone / "requirements.lock").write_text("# another\n")
    assert "Installing" in run(clone, "runs").stderr
    clone.rename(tmp_path / "moved")
    answer = run(tmp_path / "moved", "runs")
    assert answer.stdout == "tenure runs\n"
    assert "Making" in answer.stderr
    stamp = json.loads((tmp_path / "moved" / ".venv" / "installed.json").read_text())
    assert stamp["place"] == str(tmp_path / "moved")


def test_a_folder_that_cannot_be_written_is_named(clone: Path) -> None:
    (clone / ".venv").write_text("in the way")
    answer = run(clone, "runs")
    assert answer.returncode == 1
    assert f"{clone}/.venv cannot be used" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_package_that_cannot_be_had_is_quoted(clone: Path) -> None:
    (clone / "requirements.lock").write_text(
        f"tenure-no-such-package==1 --hash=sha256:{'0' * 64}\n"
    )
    answer = run(clone, "runs", PIP_NO_INDEX="1", PIP_CONFIG_FILE=os.devnull)
    assert answer.returncode == 1
    assert (
        "The packages of requirements.lock could not be installed. The cause: ERROR"
        in answer.stderr
    )


def test_a_stop_while_installing_ends_at_once_and_the_next_start_repairs(clone: Path) -> None:
    program = subprocess.Popen(
        [sys.executable, str(clone / "run"), "runs"], stderr=subprocess.PIPE, text=True
    )
    assert program.stderr
    assert "Making" in program.stderr.readline()
    began = time.monotonic()
    program.send_signal(signal.SIGTERM)
    program.communicate(timeout=10)
    assert program.returncode == 143
    assert time.monotonic() - began < 5
    assert run(clone, "runs").stdout == "tenure runs\n"


def test_help_needs_no_installation(clone: Path) -> None:
    answer = run(clone, "help")
    assert "./run demo" in answer.stdout
    assert not (clone / ".venv").exists()
