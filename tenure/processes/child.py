"""One program under supervision, in a process group of its own, so that all of it can be stopped."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tenure.processes.lifeline import dies_with_parent

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0  # a child that lived this long starts with the shortest pause again
LOG_LIMIT = 10_000_000
STANDARD_ERROR = 2  # our standard output belongs to our own result


@dataclass
class Child:
    """A command that should always be running.

    ``log`` receives what it writes; without one it writes to our standard error. One that runs ``once`` is
    not started again when it ends, and its log holds that one time only.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path | None = None
    once: bool = False
    deaths: int = 0
    _process: subprocess.Popen[bytes] | None = None
    _started: float = 0.0
    _pause: float = FIRST_PAUSE
    _due: float = 0.0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Run the command; a second start of a running one is an error of ours."""
        assert self._process is None, f"{self.name} already runs"  # noqa: S101
        output = self._open_log()
        try:
            self._process = subprocess.Popen(
                list(self.command),
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=STANDARD_ERROR if output is None else output,
                stderr=output,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGKILL),  # noqa: PLW1509
            )
        finally:
            if output is not None:
                os.close(output)
        self._started = time.monotonic()

    def tend(self) -> str | None:
        """Start it again when it has died and its pause is over; the sentence to say, if any."""
        now = time.monotonic()
        if self._process is None:
            if self._due and now >= self._due:
                self._due = 0.0
                self.start()
            return None
        status = self._process.poll()
        if status is None:
            return None
        self.kill_group()
        self._process = None
        self.deaths += 1
        if now - self._started > STEADY_SECONDS:
            self._pause = FIRST_PAUSE
        pause, self._pause = self._pause, min(self._pause * 2, LONGEST_PAUSE)
        self._due = now + pause
        where = f" Its log is {self.log}." if self.log else ""
        return f"{self.name} {how_it_ended(status)}; starting it again in {pause:.0f} s.{where}"

    def exit_status(self) -> int | None:
        """How it ended; None while it runs."""
        return self._process.poll() if self._process else None

    def is_running(self) -> bool:
        """True while the process lives."""
        return self._process is not None and self._process.poll() is None

    def ask_to_stop(self) -> None:
        """SIGTERM to the program; it passes it on to its own children in its own order."""
        if self._process:
            with suppress(ProcessLookupError):
                self._process.terminate()

    def kill_group(self) -> None:
        """SIGKILL to everything the program started, whatever became of itself."""
        if self._process:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def last_words(self, lines: int = 6) -> str:
        """The end of its log in one line, for a sentence about why it does not run."""
        if self.log is None or not self.log.exists():
            return ""
        said = self.log.read_text(errors="replace").strip().splitlines()
        if any(line.startswith("Traceback") for line in said[-60:]):
            lines = 1  # the last line of a traceback is the error itself
        return " / ".join(line.strip() for line in said[-lines:]).rstrip(".")

    def _open_log(self) -> int | None:
        if self.log is None:
            return None
        self.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        anew = os.O_TRUNC if self.once else 0
        return os.open(
            self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | anew, 0o600
        )


def how_it_ended(status: int) -> str:
    """``ended with status 1`` or ``was ended by SIGKILL``."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"
