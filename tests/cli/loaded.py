"""A process that loads Tenure once, in one environment, and forks a process for every command.

Each command is still a process of its own, with real standard streams and a real exit status; only
the second or more that loading takes is spent once for all commands of a test.
"""

import gc
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

STREAMS = ("stdin", "stdout", "stderr")


class Loaded:
    """The caller's end of such a process."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tests.cli.loaded"],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, words: Sequence[str], stdin: str, timeout: float) -> tuple[int, str, str]:
        """The exit status of a command and what it wrote to either stream.

        Raises TimeoutError when it takes longer; nothing of it is left then.
        """
        assert self._process.stdin
        assert self._process.stdout
        with tempfile.TemporaryDirectory(prefix="tenure-test-command-") as folder:
            paths = {name: str(Path(folder, name)) for name in STREAMS}
            Path(paths["stdin"]).write_text(stdin)
            self._process.stdin.write(json.dumps({"words": list(words), **paths}) + "\n")
            self._process.stdin.flush()
            if not select.select([self._process.stdout], [], [], timeout)[0]:
                self.end(signal.SIGKILL)
                raise TimeoutError(f"{' '.join(words)} took longer than {timeout} seconds")
            answer = self._process.stdout.readline()
            assert answer, "the process that loads Tenure has ended"
            return int(answer), *(Path(paths[name]).read_text() for name in STREAMS[1:])

    @property
    def has_ended(self) -> bool:
        """Whether another one is needed."""
        return self._process.poll() is not None

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the process with whatever it has begun."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, how)
        with self._process:
            pass


def serve() -> int:
    """Fork a process for each line that asks for a command; the status of a command in a fork."""
    top = import_module("tenure.__main__")
    top._set_up_django()
    for entry in top.COMMANDS.values():
        import_module(entry.place.partition(":")[0])
    # What is loaded is shared with every fork, and no fork is to look through it, least of all at its end.
    gc.freeze()
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            return _command(top, asked)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(f"{status}\n")
        sys.stdout.flush()
    return 0


def _command(top: Any, asked: Mapping[str, Any]) -> int:
    """Carry the command out in this process, as if it had been started for it."""
    writing = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for number, (name, flags) in enumerate(
        zip(STREAMS, (os.O_RDONLY, writing, writing), strict=True)
    ):
        os.dup2(os.open(asked[name], flags), number)
    sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w")
    sys.argv = ["tenure", *asked["words"]]
    try:
        status: int = top.main(asked["words"])
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001  # as the interpreter does at its top
        traceback.print_exc()
        status = 1
    return status


if __name__ == "__main__":
    sys.exit(serve())
