"""Keeping rows as they were before a change, for questions about past times.

Versions are written by the statement that changes the rows, or right before it in its transaction,
and only for rows that were here and read differently afterwards: a first import writes none.
"""

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Q

from tenure.customers.tables import Table

BOOKKEEPING = frozenset({"content_hash", "changed_in_id", "updated_at"})


@cache
def kept_columns(table: Table) -> tuple[str, ...]:
    """What a version keeps of a row."""
    assert table.versions is not None  # noqa: S101 - the caller looked
    own = {"id", "row_id", "valid_from", "valid_to"}
    fields = table.versions._meta.concrete_fields
    return tuple(f.column for f in fields if f.column and f.column not in own)


@cache
def told_columns(table: Table) -> tuple[str, ...]:
    """The columns that make another version of a row when they change."""
    return tuple(column for column in kept_columns(table) if column not in BOOKKEEPING)


def keeping(table: Table, source: str, condition: str) -> str:
    """The statement that keeps rows of ``source``, aliased ``old``, as they are; it binds ``now``.
    A row that was itself written at ``now`` never was anything else."""
    assert table.versions is not None  # noqa: S101 - the caller looked
    names = ", ".join(kept_columns(table))
    theirs = ", ".join(f"old.{name}" for name in kept_columns(table))
    since = "coalesce(old.valid_from, old.created_at)"
    return (
        f"INSERT INTO {table.versions._meta.db_table} (row_id, valid_from, valid_to, {names})"  # noqa: S608
        f" SELECT old.id, {since}, %(now)s, {theirs} FROM {source}"
        f" WHERE {since} < %(now)s AND {condition}"
    )


def keep(table: Table, rows: Collection[int], now: datetime) -> None:
    """Keep these locked rows as they are: they are about to change, and read differently from
    ``now`` on."""
    if not rows:
        return
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"ids": list(rows), "now": now}
        cursor.execute(keeping(table, f"{table.name} old", "old.id = ANY(%(ids)s)"), values)
        cursor.execute(
            f"UPDATE {table.name} SET valid_from = %(now)s WHERE id = ANY(%(ids)s)",  # noqa: S608
            values,
        )


def in_force(instant: datetime) -> Q:
    """The condition on a view over time, or on versions: what read so right before this instant."""
    ended = Q(valid_to=None) | Q(valid_to__gte=instant)
    return Q(valid_from__lt=instant) & ended & (Q(removed_at=None) | Q(removed_at__gte=instant))
