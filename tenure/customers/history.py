"""Writing history: which fields of which rows a change set changed, from what to what."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from django.db import connection

from tenure.access.models import Member
from tenure.customers.models import Change, ChangeSet, Origin
from tenure.customers.tables import UNTRACKED, Table
from tenure.sources.records import Record


class Batched(Protocol):
    """What a change needs to know of the batch it is made in."""

    @property
    def change_set(self) -> ChangeSet: ...
    @property
    def now(self) -> datetime: ...


def open_set(
    origin: Origin, *, now: datetime, member: Member | None = None, reason: str = ""
) -> ChangeSet:
    """A new change set to write under; saved at once."""
    return ChangeSet.objects.create(origin=origin, member=member, reason=reason, created_at=now)


@contextmanager
def recording(table: Table, rows: Sequence[int], batch: Batched) -> Iterator[None]:
    """Compare these rows before and after the block and keep what differs as history."""
    before = snapshot(table.name, rows)
    yield
    if not rows:
        return
    after = snapshot(table.name, rows)
    Change.objects.bulk_create(
        Change(
            change_set=batch.change_set,
            object_kind=table.kind,
            object_id=row,
            account_id=now.get("account_id"),
            changes=changes,
            at=batch.now,
        )
        for row, now in after.items()
        if (changes := differences(before[row], now))
    )


def would_change(
    table: Table, rows: Mapping[str, int], records: Sequence[Record]
) -> dict[str, dict[str, list[Any]]]:
    """The changes that ``recording`` would keep if these records were written over their rows;
    both by upstream id."""
    before = snapshot(table.name, list(rows.values()))
    return {
        record.upstream_id: differences(before[rows[record.upstream_id]], _as_json(table, record))
        for record in records
        if rows.get(record.upstream_id) in before
    }


def replaced(
    sources: Mapping[str, Mapping[str, Any]], places: Iterable[str]
) -> dict[str, Mapping[str, Any]]:
    """Where the values of these fields came from, for ``Change.was``; of an object's ``sources``
    before they are replaced."""
    named = {place: place.removeprefix("attributes.") for place in places}
    return {place: sources[name] for place, name in named.items() if name in sources}


def _as_json(table: Table, record: Record) -> dict[str, Any]:
    """The record as its row would be in a snapshot."""
    names = [name for name in table.columns if name not in UNTRACKED]
    values = {name: getattr(record, name) for name in names}
    return {
        name: json.loads(value, parse_float=_plain) if isinstance(value, bytes) else _told(value)
        for name, value in values.items()
    }


def _told(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return _plain(str(value))
    return list(value) if isinstance(value, tuple) else value


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """``{field: [old, new]}`` of what differs, bookkeeping columns left out."""
    return {
        name: [before.get(name), value]
        for name, value in after.items()
        if name not in UNTRACKED and before.get(name) != value
    }


def snapshot(table: str, rows: Sequence[int]) -> dict[int, dict[str, Any]]:
    if not rows:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, to_jsonb(t)::text FROM {table} t WHERE id = ANY(%s)",
            [list(rows)],
        )
        # Amounts stay text: as JSON numbers they would pass through floats on their way here.
        return {row: json.loads(text, parse_float=_plain) for row, text in cursor.fetchall()}


def _plain(number: str) -> str:
    return format(Decimal(number).normalize(), "f")
