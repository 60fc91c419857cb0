"""Saving scores: one statement a chunk, and only rows that differ are written or even locked. A score
that gives way to another is kept as a version, by the same statement."""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from django.db import connection

from tenure.health.models import HealthScore, Verdict

_TABLE = "health_healthscore"
_VERSIONS = "health_healthversion"


def save(rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert or update these scores; the answer counts rows written. ``updated_at`` moves only with
    the verdict, and never back, as that of figures (``metrics.write``)."""
    if not rows:
        return 0
    document = msgspec.json.encode(rows)
    with connection.cursor() as db:
        db.execute(_statement(), [document.decode()])
        return int(db.rowcount)


def drop(account_ids: Collection[int]) -> None:
    """Take away the scores of accounts that have no figures any more."""
    if account_ids:
        HealthScore.objects.filter(account_id__in=list(account_ids)).delete()


def settle(account_ids: Collection[int]) -> None:
    """These scores stay as they are until a figure changes: time has no say in them."""
    if account_ids:
        due = HealthScore.objects.filter(account_id__in=list(account_ids))
        due.exclude(next_change_at=None).update(next_change_at=None)


@cache
def _statement() -> str:
    columns = [field.column for field in HealthScore._meta.concrete_fields]
    verdict = [field.column for field in Verdict._meta.fields]
    names, kept, ours, theirs, new = (
        ", ".join(f"{prefix}{column}" for column in chosen)
        for prefix, chosen in (
            ("", columns),
            ("", verdict),
            ("h.", verdict),
            ("excluded.", verdict),
            ("fresh.", verdict),
        )
    )
    changed = f"({ours}) IS DISTINCT FROM"
    sets = ", ".join(f"{column} = excluded.{column}" for column in verdict)
    return f"""
        WITH fresh AS MATERIALIZED (
            SELECT * FROM jsonb_populate_recordset(NULL::{_TABLE}, %s::jsonb)
        ), differing AS MATERIALIZED (
            SELECT fresh.*, coalesce({changed} ({new}), true) AS is_another
            FROM fresh LEFT JOIN {_TABLE} h USING (account_id)
            WHERE h.account_id IS NULL OR {changed} ({new})
                OR h.next_change_at IS DISTINCT FROM fresh.next_change_at
        ), past AS (
            INSERT INTO {_VERSIONS} (account_id, valid_from, valid_to, {kept})
            SELECT h.account_id, h.updated_at, differing.updated_at, {ours}
            FROM {_TABLE} h JOIN differing USING (account_id)
            WHERE differing.is_another AND h.updated_at < differing.updated_at
        )
        INSERT INTO {_TABLE} AS h ({names})
        SELECT {names} FROM differing
        ON CONFLICT (account_id) DO UPDATE SET {sets}, computed_at = excluded.computed_at,
            data_as_of = excluded.data_as_of, next_change_at = excluded.next_change_at,
            updated_at = CASE WHEN {changed} ({theirs})
                THEN greatest(excluded.updated_at, h.updated_at) ELSE h.updated_at END
    """  # noqa: S608
