"""A PostgreSQL of the benchmark's own, durable as in production, gone afterwards."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.core.management import call_command


@contextmanager
def fresh_database(*, durable: bool = True) -> Iterator[None]:
    """Django set up on an empty, migrated database in a throwaway TENURE_HOME; one that is not
    durable waits for no disk, where nothing is measured."""
    from tenure.embedded import running  # noqa: PLC0415 - the home must be named first

    with tempfile.TemporaryDirectory(prefix="tenure-bench-") as folder:
        os.environ["TENURE_HOME"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "tenure.config.settings"
        with running(Path(folder), durable=durable) as server:
            os.environ["TENURE_DATABASE_URL"] = server.url()
            django.setup()
            call_command("migrate", interactive=False, verbosity=0)
            yield
            django.db.connections.close_all()
