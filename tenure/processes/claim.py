"""One ``up`` or ``demo`` for each TENURE_HOME, and never the one in the folder of the other."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tenure.core.errors import ConfigurationError
from tenure.core.locks import FileLock

DEMO_MARK = "demo.json"
CLOCK = "clock.json"


@contextmanager
def claimed(home: Path, *, by: str) -> Iterator[None]:
    """Hold the folder for the length of a block.

    Raises ConfigurationError naming the process that holds it, or saying why it cannot be held.
    """
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        home.mkdir(mode=0o700, exist_ok=True)
        lock = FileLock(home / "running.lock")
    except OSError as error:
        raise _unusable(home, error) from error
    try:
        if not lock.try_own():
            raise ConfigurationError(
                f"Tenure already runs in {home} ({lock.read_note() or 'starting'}).",
                next_step="Stop that one first, or set TENURE_HOME to another folder.",
            )
        try:
            lock.note(f"{by}, process {os.getpid()}")
        except OSError as error:
            raise _unusable(home, error) from error
        yield
    finally:
        lock.release()


def _unusable(home: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"TENURE_HOME {home} cannot be used: {error.strerror or error}.",
        next_step="Make the folder writable, free some space, or set TENURE_HOME to another one.",
    )


def home_of(environment: Mapping[str, str]) -> Path:
    """The state folder the environment names; ``~/.tenure`` when it names none."""
    return Path(environment.get("TENURE_HOME") or "~/.tenure").expanduser().absolute()


def is_demo(home: Path) -> bool:
    """True when the folder says it holds a demo."""
    return (home / DEMO_MARK).exists()


def refuse_demo(home: Path) -> None:
    """Raise ConfigurationError when the folder belongs to a demo: its data is made up."""
    if is_demo(home):
        raise ConfigurationError(
            f"{home} holds a demo, whose customers are made up.",
            next_step='Set TENURE_HOME to another folder, or look at the demo with "tenure demo".',
        )


def refuse_real(home: Path) -> None:
    """Raise ConfigurationError when the folder already holds a deployment that is no demo."""
    if (home / "postgres" / "data").exists() and not is_demo(home):
        raise ConfigurationError(
            f"{home} holds a real deployment, and a demo would mix its made-up customers in.",
            next_step="Set TENURE_HOME to another folder for the demo.",
        )
