"""Children that end when the process that watches them is killed outright."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
# Loaded here, before any fork: between fork and exec nothing may be loaded or locked.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def dies_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """For ``preexec_fn``: the system sends the child this signal when its parent dies.

    None where the system cannot (macOS); there an outright killed supervisor leaves its children
    behind, and the next start says which process holds the folder.
    """
    if _libc is None:
        return None
    libc, parent = _libc, os.getpid()

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # the parent died before the system knew of our wish
            os.kill(os.getpid(), number)

    return ask
