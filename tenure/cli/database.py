"""The database of a command: the operator's own, or the embedded one for as long as the command runs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connections

from tenure import embedded


def is_embedded() -> bool:
    """Whether nobody brought a PostgreSQL, so that ours is used."""
    return not (os.environ.get("TENURE_DATABASE_URL") or os.environ.get("TENURE_DATABASE_URL_FILE"))


@contextmanager
def opened() -> Iterator[None]:
    """See that the database can be reached while a command runs; close our connections at its end."""
    if not is_embedded():
        yield
        connections.close_all()
        return
    with embedded.running(settings.TENURE_HOME):
        try:
            yield
        finally:
            connections.close_all()
