"""How many customers have a value of each attribute, and how many records one in each custom field.

Exact while that is quick; of very many rows a sample is looked at, and the answer says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from tenure.customers import fields, fits
from tenure.customers.models import Account, Attribute, Subscription

EXACT = 200_000  # rows that are all looked at
LOOKED_AT = 2_000  # rows that samples are taken from
SHOWN_FROM = 200  # and of every standard field
EACH_FIELD = 20_000  # rows that every standard field is looked for in
SAMPLES = 3


@dataclass(frozen=True, slots=True)
class Filled:
    """``count`` of ``total`` have a value; ``about`` says that this was estimated from a sample.
    ``values`` are some of them, as they stand."""

    count: int
    total: int
    values: tuple[str, ...] = ()
    about: bool = False

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.count / self.total if self.total else 0.0

    @property
    def percent(self) -> int:
        """Of a hundred, never 0 or 100 unless none or all have a value."""
        return (
            min(max(round(self.share * 100), 1), 99)
            if 0 < self.share < 1
            else int(self.share) * 100
        )

    @property
    def samples(self) -> tuple[str, ...]:
        """A few different values."""
        return self.values[:SAMPLES]


def total(object_kind: str) -> int:
    """How many records an attribute of this kind could be read from."""
    return int(fits.rows(object_kind).count())


def of_attributes(object_kind: str, defined: Sequence[Attribute]) -> dict[str, Filled]:
    """For each attribute of this kind how many have a value of it. Before there is any account, how
    many records have one in its field."""
    mine = [one for one in defined if one.object_kind == object_kind]
    model = Account if object_kind == fields.ACCOUNT else Subscription
    living = model.objects.filter(removed_at=None)
    if object_kind == fields.ACCOUNT and not living.exists():
        return {one.name: _of_field(one) for one in mine}
    counted = _keys(model._meta.db_table, "attributes")
    newest = living.order_by("-pk").values_list("attributes", flat=True)[:LOOKED_AT]
    seen = _values(newest)
    return {one.name: counted.of(one.name, seen.get(one.name, ())) for one in mine}


def _of_field(one: Attribute) -> Filled:
    if not one.source_field:
        return Filled(0, total(one.object_kind))
    told = fits.fit(one.source_field, one.kind)
    return Filled(told.readable, told.total, tuple(told.samples))


def of_custom_fields(object_kind: str) -> dict[str, Filled]:
    """For each custom field that any record carries how many carry it."""
    rows = fits.rows(object_kind)
    counted = _keys(rows.model._meta.db_table, fields.CUSTOM)
    seen = _values(rows.order_by("-pk").values_list(fields.CUSTOM, flat=True)[:LOOKED_AT])
    return {name: counted.of(name, seen.get(name, ())) for name in counted.keys}


def of_standard(object_kind: str) -> dict[str, Filled]:
    """For each field that every record of this kind has, by path, how many have a value in it."""
    paths = [one.path for one in fields.STANDARD[object_kind]]
    rows = fits.rows(object_kind)
    counted = _filled(rows.model._meta.db_table, {path: fields.place(path) for path in paths})
    columns = sorted({fields.column_of(path) for path in paths})
    read = fields.reader(paths)
    seen = _values(
        read(row) for row in rows.order_by("-pk").values_list(*columns, named=True)[:SHOWN_FROM]
    )
    return {path: counted.of(path, seen.get(path, ())) for path in paths}


def is_used(one: Attribute) -> bool:
    """Whether anything has a value of this attribute."""
    model = Account if one.object_kind == fields.ACCOUNT else Subscription
    return model.objects.filter(attributes__has_key=one.name).exists()


@dataclass(slots=True)
class _Counted:
    total: int
    about: bool
    factor: float
    keys: dict[str, int] = field(default_factory=dict)

    def of(self, name: str, values: Iterable[str]) -> Filled:
        count = min(round(self.keys.get(name, 0) * self.factor), self.total)
        return Filled(count, self.total, tuple(values), self.about)


def _about(cursor: CursorWrapper, table: str, most: int) -> tuple[int, str]:
    """About how many rows a table has, and how to look at so many of them; "" for all."""
    cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [table])
    about = max(round(cursor.fetchone()[0]), 0)
    share = most / about if about > most else 1.0
    return about, f"TABLESAMPLE SYSTEM ({share * 100:.4f}) REPEATABLE (1)" if share < 1 else ""


def _counted(counts: dict[str, int], looked_at: int, about: int, *, sampled: bool) -> _Counted:
    if sampled:
        return _Counted(about, True, about / max(looked_at, 1), counts)
    return _Counted(looked_at, False, 1.0, counts)


def _filled(table: str, places: Mapping[str, Sequence[str]]) -> _Counted:
    """How many rows have a value at each of these places."""
    counts = ", ".join(
        f"count(nullif({column} #>> '{{{','.join(keys)}}}', ''))"
        if keys
        else f"count(nullif({column}::text, ''))"
        for column, *keys in places.values()
    )
    with connection.cursor() as cursor:
        about, sample = _about(cursor, table, EACH_FIELD)
        cursor.execute(f"SELECT count(*), {counts} FROM {table} {sample} WHERE removed_at IS NULL")
        looked_at, *numbers = cursor.fetchone()
    return _counted(dict(zip(places, numbers, strict=True)), looked_at, about, sampled=bool(sample))


def _keys(table: str, column: str) -> _Counted:
    """How many rows have each key in a JSON column."""
    with connection.cursor() as cursor:
        about, sample = _about(cursor, table, EXACT)
        cursor.execute(
            f"SELECT NULL, count(*) FROM {table} {sample} WHERE removed_at IS NULL UNION ALL"
            f" SELECT key, count(*) FROM {table} {sample}, jsonb_object_keys({column}) key"
            " WHERE removed_at IS NULL GROUP BY key"
        )
        counts = dict(cursor.fetchall())
    looked_at = counts.pop(None)
    return _counted(counts, looked_at, about, sampled=bool(sample))


def _values(rows: Iterable[Any]) -> dict[str, tuple[str, ...]]:
    """Different values of each key, in the order they are met."""
    found: dict[str, dict[str, None]] = {}
    for row in rows:
        for name, value in row.items():
            if value not in (None, ""):
                text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
                found.setdefault(name, {}).setdefault(text, None)
    return {name: tuple(values) for name, values in found.items()}
