"""Temporary tables a page is copied into before it is merged, one set for each connection."""

import threading
from collections import Counter
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

# Emptying by TRUNCATE costs the commit a file a table; by DELETE it leaves the rows' room behind,
# which nothing vacuums. So: DELETE, and TRUNCATE once in a while.
TRUNCATE_EVERY = 32

_emptied = threading.local()


# What a connection is known to have: made in a transaction that was committed.
_there: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


def stage(cursor: CursorWrapper, name: str, columns: str) -> None:
    """See that the temporary table is there, with these columns, and empty."""
    there = _there.setdefault(connection.connection, set())
    if name not in there:
        cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS {name} ({columns})")
        transaction.on_commit(lambda: there.add(name))


def empty(cursor: CursorWrapper, name: str) -> None:
    """Empty it for the next page."""
    if not hasattr(_emptied, "times"):
        _emptied.times = Counter()
    _emptied.times[name] += 1
    if _emptied.times[name] % TRUNCATE_EVERY:
        cursor.execute(f"DELETE FROM {name}")
    else:
        cursor.execute(f"TRUNCATE {name}")
