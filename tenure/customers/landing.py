"""Putting a page of records into its table: compare, COPY to a staging table, one guarded upsert.

Everything here runs inside the caller's transaction and change set. A record is applied when it is
as new as the stored one or newer; of equals the content hash decides whether anything changed
(RELIABILITY rule 2.4), so writing the same page twice changes nothing and says so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection

from tenure.customers import history, versions
from tenure.customers.models import ChangeSet
from tenure.customers.staging import empty, stage
from tenure.customers.tables import Table
from tenure.sources.records import Record


@dataclass(frozen=True, slots=True)
class Batch:
    """What a page belongs to: the site, the change set it is written in, and the instant."""

    site_id: int
    change_set: ChangeSet
    now: datetime


@dataclass(slots=True)
class Landed:
    """What became of a page. ``written`` are the upstream ids that are new or changed, ``new`` those
    that were not here; ``rows`` their ids here; ``accounts`` the customers whose numbers may have moved."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    written: set[str] = field(default_factory=set)
    new: set[str] = field(default_factory=set)
    rows: dict[str, int] = field(default_factory=dict)
    accounts: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Stored:
    row: int
    updated_at: datetime
    content_hash: bytes
    removed: bool


def land(
    table: Table,
    records: Sequence[Record],
    batch: Batch,
    *,
    only_new: bool = False,
    inherits: bool = True,
) -> Landed:
    """Write what is new or changed among ``records`` (one record an id, the newest wins).

    With ``only_new`` a row that is here already stays as it is (Import Only). A row belongs to the
    account of its payer unless ``inherits`` is off: then somebody else says whose it is.
    """
    newest = _newest(records)
    # A manual edit of the same rows waits for this page, and this page for it (F37). NO KEY: who only
    # refers to a row, as a measurement does, must not, since it holds what the page touches at its end.
    stored = _stored(table, batch.site_id, list(newest), lock="FOR NO KEY UPDATE")
    fresh = [r for i, r in newest.items() if _counts(r, stored.get(i))]
    if only_new:
        fresh = [r for r in fresh if r.upstream_id not in stored]
    written = {r.upstream_id for r in fresh}
    new = written - stored.keys()
    landed = Landed(
        created=len(new),
        updated=len(written) - len(new),
        unchanged=len(records) - len(fresh),
        written=written,
        new=new,
    )
    if fresh:
        before = [stored[name].row for name in written - new]
        with history.recording(table, before, batch):
            _upsert(table, fresh, batch, landed, before=before, inherits=inherits)
    return landed


@dataclass(frozen=True, slots=True)
class Pending:
    """What ``land`` would do with a page: the records it would write, the upstream ids among them
    that are here already, and how many it would leave."""

    fresh: Sequence[Record]
    known: frozenset[str]
    unchanged: int


def pending(table: Table, records: Sequence[Record], site_id: int) -> Pending:
    """What ``land`` would write of these records now. Nothing is written or locked."""
    newest = _newest(records)
    stored = _stored(table, site_id, list(newest))
    fresh = [r for i, r in newest.items() if _counts(r, stored.get(i))]
    known = frozenset(r.upstream_id for r in fresh if r.upstream_id in stored)
    return Pending(fresh, known, len(records) - len(fresh))


def _newest(records: Iterable[Record]) -> dict[str, Record]:
    newest: dict[str, Record] = {}
    for record in records:
        known = newest.get(record.upstream_id)
        if known is None or known.updated_at <= record.updated_at:
            newest[record.upstream_id] = record
    return newest


def _stored(table: Table, site_id: int, ids: list[str], *, lock: str = "") -> dict[str, _Stored]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT upstream_id, id, updated_at, content_hash, removed_at IS NOT NULL"
            f" FROM {table.name} WHERE site_id = %s AND upstream_id = ANY(%s)"
            f" ORDER BY upstream_id {lock}",  # one order of locks for all pages
            [site_id, ids],
        )
        return {row[0]: _Stored(row[1], row[2], bytes(row[3]), row[4]) for row in cursor}


def _counts(record: Record, stored: _Stored | None) -> bool:
    if stored is None:
        return True
    if record.updated_at < stored.updated_at:
        return False
    return record.content_hash != stored.content_hash or stored.removed


def _upsert(
    table: Table,
    fresh: Sequence[Record],
    batch: Batch,
    landed: Landed,
    *,
    before: Sequence[int],
    inherits: bool,
) -> None:
    sql = _statements(table, table.payer if inherits else None, changes=bool(before))
    with connection.cursor() as cursor:
        stage(cursor, sql.stage, sql.columns)
        with cursor.copy(sql.copy) as copy:
            copy.set_types(table.staged_types)
            for record in fresh:
                copy.write_row(table.values(record))
        values: dict[str, Any] = {
            "site": batch.site_id,
            "set": batch.change_set.pk,
            "now": batch.now,
            "before": list(before),
        }
        cursor.execute(sql.upsert, values)
        for row, upstream_id, account in cursor.fetchall():
            landed.rows[upstream_id] = row
            if account is not None:
                landed.accounts.add(account)
        empty(cursor, sql.stage)


@dataclass(frozen=True, slots=True)
class _Statements:
    stage: str
    columns: str
    copy: str
    upsert: str


@cache
def _statements(table: Table, payer_column: str | None, *, changes: bool) -> _Statements:
    staged = f"landing_{table.name}"
    typed = ", ".join(f"{c} {t}" for c, t in zip(table.columns, table.staged_types, strict=True))
    names = ", ".join(table.columns)
    taken = ", ".join(map(table.taken, table.columns))
    follow = ", ".join(f"{c} = EXCLUDED.{c}" for c in table.columns if c != "upstream_id")
    account, payer = _account(payer_column)
    owner = "account_id" if table.model._meta.model_name in _WITH_ACCOUNT else "NULL::bigint"
    since, starts, moves = _since(table)
    upsert = (
        f"INSERT INTO {table.name} AS live"
        f" (site_id, created_in_id, changed_in_id, {since}{account}{names})"
        f" SELECT %(site)s, %(set)s, %(set)s, {starts}{payer}{taken}"
        f" FROM {staged} s ORDER BY s.upstream_id"
        f" ON CONFLICT (site_id, upstream_id) DO UPDATE SET {follow}, {moves}"
        f" {_relink(payer_column)}changed_in_id = EXCLUDED.changed_in_id, removed_at = NULL"
        f" WHERE live.updated_at <= EXCLUDED.updated_at"
    )
    if table.versions and changes:
        kept = versions.keeping(table, "before old JOIN written USING (id)", _READS_DIFFERENTLY)
        upsert = (
            f"WITH before AS (SELECT * FROM {table.name} WHERE id = ANY(%(before)s)),"
            f" written AS ({upsert} RETURNING live.*), kept AS ({kept})"
            f" SELECT id, upstream_id, {owner} FROM written"
        )
    else:  # nothing was here before, so nothing is kept, and the rows need not come back whole
        live = owner.replace("account_id", "live.account_id")
        upsert = f"{upsert} RETURNING live.id, live.upstream_id, {live}"
    return _Statements(
        stage=staged,
        columns=typed,
        copy=f"COPY {staged} ({names}) FROM STDIN (FORMAT BINARY)",
        upsert=upsert,
    )


def _since(table: Table) -> tuple[str, str, str]:
    """The column that tells since when a row reads as it does, its first value, and how it moves on:
    only with what a version would tell differently."""
    if not table.versions:
        return "", "", ""
    ours, theirs = (
        ", ".join(f"{row}.{column}" for column in told if column in table.columns)
        for told in (versions.told_columns(table),)
        for row in ("live", "EXCLUDED")
    )
    same = f"({ours}) IS NOT DISTINCT FROM ({theirs}) AND live.removed_at IS NULL"
    moves = f"valid_from = CASE WHEN {same} THEN live.valid_from ELSE EXCLUDED.valid_from END,"
    return "valid_from, ", "%(now)s, ", moves


_READS_DIFFERENTLY = "old.valid_from IS DISTINCT FROM written.valid_from"
_WITH_ACCOUNT = {"billingaccount", "subscription", "invoice"}


def _account(column: str | None) -> tuple[str, str]:
    """The account column and where its value comes from: the payer's account.

    A subquery for each row rather than a join: a table that has just grown looks empty to the
    planner, which would then compare every row of the page with every payer of the site.
    """
    if column is None:
        return "", ""
    payer = (
        "(SELECT p.account_id FROM customers_billingaccount p"
        f" WHERE p.site_id = %(site)s AND p.upstream_id = s.{column}), "
    )
    return "account_id, ", payer


def _relink(column: str | None) -> str:
    # A payer that arrived after its subscription links it now; a link once made is kept.
    return "account_id = coalesce(live.account_id, EXCLUDED.account_id), " if column else ""
