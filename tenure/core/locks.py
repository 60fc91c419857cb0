"""Locks on files, between processes of one machine. The system frees them when a process dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self


class FileLock:
    """One process's hold on a file: shared by many, or exclusive to one. Not inherited by children."""

    def __init__(self, path: Path) -> None:
        """Raises OSError when the file can neither be opened nor made."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def share(self) -> Self:
        """Hold it together with others; waits while somebody holds it exclusively."""
        fcntl.flock(self._file, fcntl.LOCK_SH)
        return self

    def own(self) -> Self:
        """Hold it alone; waits for everybody else to let go."""
        fcntl.flock(self._file, fcntl.LOCK_EX)
        return self

    def try_own(self) -> bool:
        """Hold it alone if nobody else does, now; False otherwise."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def try_own_within(self, seconds: float) -> bool:
        """``try_own``, again and again for this long."""
        limit = time.monotonic() + seconds
        while not self.try_own():
            if time.monotonic() > limit:
                return False
            time.sleep(0.05)
        return True

    def note(self, text: str) -> None:
        """Leave a word in the file, such as who holds it, for those who find it taken."""
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, text.encode(), 0)

    def read_note(self) -> str:
        """The last word left in the file; empty when there is none."""
        return os.pread(self._file, 4096, 0).decode("utf-8", "replace")

    def release(self) -> None:
        """Let go and close; the object is of no use afterwards."""
        os.close(self._file)


@contextmanager
def alone(path: Path) -> Iterator[FileLock]:
    """Hold the file exclusively for the length of a block, waiting for it as long as it takes."""
    lock = FileLock(path)
    try:
        yield lock.own()
    finally:
        lock.release()
