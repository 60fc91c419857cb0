"""Requests that may be sent again: the first answer is kept, and a repetition gets that answer.

Everything here runs inside the transaction that does the request's work, so the effect and the
answer are kept together or not at all (F22).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import OperationalError, connection, transaction

from tenure.access.models import Outcome, Token
from tenure.core.errors import TenureError

KEPT = timedelta(hours=24)
PATIENCE = "15s"


class StillGoing(TenureError):
    """The first request with this key is not finished yet."""


class AnotherRequest(TenureError):
    """The key was used for another request."""


def claim(token: Token, key: str, digest: bytes, *, now: datetime) -> Outcome | None:
    """None when this request is the first with its key and shall be carried out; the outcome of the
    first one otherwise, after waiting for it to end.

    Raises AnotherRequest when the key belongs to another request, StillGoing when the wait is long.
    """
    if _insert(token, key, digest, now):
        return None
    kept = Outcome.objects.filter(token=token, key=key).first()
    if kept is None or kept.status is None:
        # The first failed while we waited, or this transaction cannot see it: try again.
        raise StillGoing(
            "The first request with this Idempotency-Key was still being carried out.",
            next_step="Send it again in a moment, with the same key.",
        )
    if bytes(kept.digest) != digest:
        raise AnotherRequest(
            "This Idempotency-Key was used for another request.",
            next_step="Use a new key for each request, and the same only to repeat one.",
        )
    return kept


def _insert(token: Token, key: str, digest: bytes, now: datetime) -> bool:
    """Whether the key was free. Waits for a transaction that is about to take or give it up."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [PATIENCE])
            cursor.execute(
                "INSERT INTO access_outcome (token_id, key, digest, headers, body, created_at)"
                " VALUES (%s, %s, %s, '{}', '', %s) ON CONFLICT (token_id, key) DO NOTHING",
                [token.pk, key, digest, now],
            )
            free: bool = cursor.rowcount == 1
            cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
        return free
    except OperationalError as error:
        raise StillGoing(
            "The first request with this Idempotency-Key is still being carried out.",
            next_step="Send it again in a moment, with the same key.",
        ) from error


def keep(token: Token, key: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Keep the answer that the claimed request is about to get."""
    rows = Outcome.objects.filter(token=token, key=key)
    rows.update(status=status, headers=dict(headers), body=body)


def forget_old(now: datetime) -> int:
    """Drop the outcomes nobody will ask for any more; how many."""
    return Outcome.objects.filter(created_at__lt=now - KEPT).delete()[0]
