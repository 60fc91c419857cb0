"""A PostgreSQL of the benchmark's own, durable as in production: gone afterwards, or kept in a home."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.db import connection, connections

# What is advised for a base of a million accounts (docs/operate).
LARGE = """
shared_buffers = 2GB
effective_cache_size = 8GB
maintenance_work_mem = 512MB
"""


@contextmanager
def fresh_database(*, durable: bool = True) -> Iterator[None]:
    """Django set up on an empty, migrated database in a throwaway TENURE_HOME; one that is not
    durable waits for no disk, where nothing is measured."""
    with tempfile.TemporaryDirectory(prefix="tenure-bench-") as folder, _opened(Path(folder), durable=durable):  # fmt: skip
        yield


@contextmanager
def filled_database(home: str | None, fill: Callable[[], None]) -> Iterator[None]:
    """The same with rows in it. A ``home`` is kept, filled when it is new, and brought to the present
    schema when it is not."""
    if home is None:
        with fresh_database():
            fill()
            yield
        return
    folder = Path(home).absolute()
    filled = folder / "filled"
    if not filled.exists():
        with _opened(folder, durable=False):
            fill()
            with connection.cursor() as db:
                db.execute("CHECKPOINT")
        with (folder / "postgres" / "data" / "postgresql.conf").open("a") as settings:
            settings.write(LARGE)
        filled.touch()
    with _opened(folder):
        yield


@contextmanager
def _opened(folder: Path, *, durable: bool = True) -> Iterator[None]:
    from tenure.embedded import running  # noqa: PLC0415 - the home must be named first

    os.environ["TENURE_HOME"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tenure.config.settings"
    with running(folder, durable=durable) as server:
        os.environ["TENURE_DATABASE_URL"] = server.url()
        # In a process of its own: what migrating leaves behind in memory is not what is measured.
        subprocess.run(
            [sys.executable, "-m", "tenure", "migrate"], check=True, stdout=subprocess.DEVNULL
        )
        django.setup()
        yield
        connections.close_all()


def processor_seconds() -> float:
    """What this process and its connection's server process have used of a processor so far: tells
    what was done where other work takes most of the time. The server's part needs Linux."""
    with connection.cursor() as db:
        db.execute("SELECT pg_backend_pid()")
        spent = Path(f"/proc/{db.fetchone()[0]}/schedstat")
    served = int(spent.read_text().split()[0]) / 1e9 if spent.exists() else 0.0
    return time.process_time() + served
