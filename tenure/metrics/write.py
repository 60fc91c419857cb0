"""Saving facts rows: one statement a chunk, and only rows that differ are written. Figures that give
way to others are kept as a version, by the same statement."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from django.db import connection

from tenure.metrics.models import AccountFacts, Figures

_TABLE = "metrics_accountfacts"
_VERSIONS = "metrics_factsversion"


def save(rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert or update these facts; the answer counts rows written. An account that is gone by now
    is passed over. ``updated_at`` moves only with a figure, ``as_of`` with anything. It never moves
    back: who began earlier and writes later takes the place of figures that held no time at all, so that
    of any instant there is one version."""
    if not rows:
        return 0
    document = msgspec.json.encode(rows)
    with connection.cursor() as db:
        db.execute(_statement(), [document.decode()])
        return int(db.rowcount)


def close(account_ids: Collection[int], now: datetime) -> None:
    """Keep the figures of these accounts as a version that ends now, and take them away."""
    figures = ", ".join(str(field.column) for field in Figures._meta.fields)
    with connection.cursor() as db:
        db.execute(
            f"WITH gone AS (DELETE FROM {_TABLE} WHERE account_id = ANY(%s) RETURNING *)"  # noqa: S608
            f" INSERT INTO {_VERSIONS} (account_id, valid_from, valid_to, kind, {figures})"
            f" SELECT account_id, updated_at, %s, 'snapshot', {figures} FROM gone"
            " WHERE updated_at < %s",
            [list(account_ids), now, now],
        )


@cache
def _statement() -> str:
    columns = [field.column for field in AccountFacts._meta.concrete_fields]
    figures = [field.column for field in Figures._meta.fields]
    names, kept, ours, theirs, new = (
        ", ".join(f"{prefix}{column}" for column in chosen)
        for prefix, chosen in (
            ("", columns),
            ("", figures),
            ("f.", figures),
            ("excluded.", figures),
            ("fresh.", figures),
        )
    )
    changed = f"({ours}) IS DISTINCT FROM ({theirs})"
    sets = ", ".join(f"{column} = excluded.{column}" for column in figures)
    return f"""
        WITH fresh AS (
            SELECT * FROM jsonb_populate_recordset(NULL::{_TABLE}, %s::jsonb) AS fresh
            WHERE EXISTS (SELECT 1 FROM customers_account a WHERE a.id = fresh.account_id)
        ), past AS (
            INSERT INTO {_VERSIONS} (account_id, valid_from, valid_to, kind, {kept})
            SELECT f.account_id, f.updated_at, fresh.updated_at, 'snapshot', {ours}
            FROM {_TABLE} f JOIN fresh USING (account_id)
            WHERE f.updated_at < fresh.updated_at AND ({ours}) IS DISTINCT FROM ({new})
        )
        INSERT INTO {_TABLE} AS f ({names})
        SELECT {names} FROM fresh
        ON CONFLICT (account_id) DO UPDATE SET {sets}, as_of = excluded.as_of,
            next_change_at = excluded.next_change_at,
            updated_at = CASE WHEN {changed} THEN greatest(excluded.updated_at, f.updated_at)
                ELSE f.updated_at END
        WHERE {changed} OR f.next_change_at IS DISTINCT FROM excluded.next_change_at
    """  # noqa: S608
