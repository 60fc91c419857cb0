"""What ``postmaster.pid`` says about a data folder, checked against the processes that really run."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

PID_FILE = "postmaster.pid"


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A running server of one data folder, as its own file describes it."""

    pid: int
    socket_folder: str
    ready: bool


def of(data: Path) -> Postmaster | None:
    """The server running on this data, or None: no file, a half-written one, or a stale one."""
    try:
        lines = (data / PID_FILE).read_text().splitlines()
        pid = int(lines[0])
    except (OSError, ValueError, IndexError):
        return None
    if not is_postgres(pid, data):
        return None
    # Line 5 is the socket folder and line 8 the state; a server that just began has fewer lines.
    socket_folder = lines[4] if len(lines) > 4 else ""
    return Postmaster(pid, socket_folder, ready=len(lines) > 7 and lines[7].strip() == "ready")


def discard_stale(data: Path) -> None:
    """Remove the file a killed server left, so that a stranger's process with its number is no obstacle."""
    if of(data) is None:
        (data / PID_FILE).unlink(missing_ok=True)


def is_postgres(pid: int, data: Path) -> bool:
    """True when the process is a live PostgreSQL of this data folder.

    A number alone proves nothing: after a reboot it may belong to any program.
    """
    command = _command_of(pid)
    if "postgres" not in command:
        return False
    try:
        # A server always works in its data folder; Linux tells.
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == data.resolve()
    except OSError:
        return True


def _command_of(pid: int) -> str:
    """The command line, or nothing when the process is gone or only waits to be buried."""
    proc = Path("/proc")
    if (proc / "self").exists():
        try:
            if ") Z " in (proc / str(pid) / "stat").read_text():
                return ""
            return (
                (proc / str(pid) / "cmdline")
                .read_bytes()
                .replace(b"\0", b" ")
                .decode("utf-8", "replace")
            )
        except OSError:
            return ""
    answer = subprocess.run(
        ["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return answer.stdout


def signal(pid: int, number: int) -> bool:
    """Send the signal; False when the process is already gone."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True
