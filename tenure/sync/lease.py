"""Who may commit for a run: a lease by the database's clock and a fencing number.

A worker that was paused or cut off and presumed dead finds its number superseded in the very
transaction it tries to commit (RELIABILITY rule 2.6, F26).
"""

import os
import socket

from django.db import connection

LEASE = "30 seconds"  # by the database's clock
RENEW_SECONDS = 5


class LostLease(Exception):
    """Another worker holds the run now, or it was ended; nothing may be written for it any more."""


class StopAsked(Exception):
    """A person asked the run to stop; what was committed so far stays."""


def holder() -> str:
    """A name for this process, for people who look where a run is being done."""
    return f"{socket.gethostname()}:{os.getpid()}"


def claim(run_id: int) -> int | None:
    """Take the run if nobody holds it; the fencing number to present, or None."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sync_run SET fence = fence + 1, attempts = attempts + 1, state = 'running',"
            " lease_holder = %s, lease_expires_at = now() + %s::interval,"
            " started_at = coalesce(started_at, now())"
            " WHERE id = %s AND state IN ('queued', 'running')"
            " AND (lease_expires_at IS NULL OR lease_expires_at < now()) RETURNING fence",
            [holder(), LEASE, run_id],
        )
        row = cursor.fetchone()
        return int(row[0]) if row else None


def guard(run_id: int, fence: int) -> None:
    """Renew inside a write transaction; the row lock makes a successor wait for our commit.

    Raises LostLease when the run is no longer ours, StopAsked when it is asked to stop.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sync_run SET lease_expires_at = now() + %s::interval"
            " WHERE id = %s AND fence = %s AND state = 'running' RETURNING cancel_asked",
            [LEASE, run_id, fence],
        )
        row = cursor.fetchone()
    if row is None:
        raise LostLease(f"run {run_id} is held by another worker or has ended")
    if row[0]:
        raise StopAsked(f"run {run_id} was asked to stop")


def release(run_id: int, fence: int) -> None:
    """Give the lease back so that the next claim need not wait for it to expire."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sync_run SET lease_expires_at = NULL WHERE id = %s AND fence = %s",
            [run_id, fence],
        )


def let_go() -> None:
    """Let every run of this process go at once, because it is about to end: whatever of it still
    writes finds its number superseded, and the next worker need not wait for the lease."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sync_run SET fence = fence + 1, lease_expires_at = now()"
            " WHERE lease_holder = %s AND state = 'running'",
            [holder()],
        )
