"""Accounts whose numbers must be refreshed: written with the page, taken away with the refresh."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from tenure.customers.models import Touched


def touch(accounts: set[int], now: datetime) -> None:
    """Remember accounts whose numbers must be refreshed. Runs in the caller's transaction.

    A row that is there already is taken hold of: a refresh that cannot see our page yet must not
    take it away, and one that is under way is waited for.
    """
    if not accounts:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_touched (account_id, since)"
            " SELECT unnest(%s::bigint[]), %s"
            " ON CONFLICT (account_id) DO UPDATE SET since = customers_touched.since",
            [sorted(accounts), now],
        )


def take(limit: int) -> list[int]:
    """Accounts waiting for their numbers, locked until the caller's transaction ends."""
    rows = Touched.objects.select_for_update(skip_locked=True).order_by("account_id")
    return list(rows.values_list("account_id", flat=True)[:limit])


def forget(accounts: Iterable[int]) -> None:
    """Their numbers are there now; in the transaction that took them."""
    Touched.objects.filter(account_id__in=list(accounts)).delete()


def count() -> int:
    """How many accounts wait for their numbers."""
    return Touched.objects.count()
