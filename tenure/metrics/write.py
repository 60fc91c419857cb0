"""Saving facts rows: one statement a chunk, and only rows that differ are written."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from django.db import connection

from tenure.metrics.models import AccountFacts

_TABLE = "metrics_accountfacts"
_STAMPS = frozenset({"account_id", "as_of", "updated_at", "next_change_at"})


def save(rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert or update these facts; the answer counts rows written. An account that is gone by now
    is passed over. ``updated_at`` moves only with a figure, ``as_of`` with anything."""
    if not rows:
        return 0
    document = msgspec.json.encode(rows)
    with connection.cursor() as db:
        db.execute(_statement(), [document.decode()])
        return int(db.rowcount)


@cache
def _statement() -> str:
    columns = [field.column for field in AccountFacts._meta.concrete_fields]
    figures = [column for column in columns if column not in _STAMPS]
    names, ours, theirs = (
        ", ".join(f"{prefix}{column}" for column in chosen)
        for prefix, chosen in (("", columns), ("f.", figures), ("excluded.", figures))
    )
    changed = f"({ours}) IS DISTINCT FROM ({theirs})"
    sets = ", ".join(f"{column} = excluded.{column}" for column in figures)
    return f"""
        INSERT INTO {_TABLE} AS f ({names})
        SELECT {names} FROM jsonb_populate_recordset(NULL::{_TABLE}, %s::jsonb) AS fresh
        WHERE EXISTS (SELECT 1 FROM customers_account a WHERE a.id = fresh.account_id)
        ON CONFLICT (account_id) DO UPDATE SET {sets}, as_of = excluded.as_of,
            next_change_at = excluded.next_change_at,
            updated_at = CASE WHEN {changed} THEN excluded.updated_at ELSE f.updated_at END
        WHERE {changed} OR f.next_change_at IS DISTINCT FROM excluded.next_change_at
    """  # noqa: S608
