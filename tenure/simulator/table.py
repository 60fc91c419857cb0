"""The records of one kind, kept in the orders Recurly lists them in."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

Record = dict[str, Any]
Key = tuple[str, str]

_encode = msgspec.json.Encoder(decimal_format="number").encode


class Order:
    """The keys (time, id) of all records, sorted; changes are sorted in when somebody looks.

    Loading 100,000 records is therefore one sort, and a change afterwards one insertion.
    """

    def __init__(self, field: str) -> None:
        self._field = field
        self._sorted: list[Key] = []
        self._placed: dict[str, Key] = {}
        self._waiting: dict[str, Key | None] = {}

    def put(self, record: Record) -> None:
        self._waiting[record["id"]] = (record.get(self._field) or "", record["id"])

    def remove(self, id_: str) -> None:
        self._waiting[id_] = None

    def keys(self) -> list[Key]:
        """All keys in ascending order. The list is the order's own: read it, do not change it."""
        if self._waiting:
            self._settle()
        return self._sorted

    def _settle(self) -> None:
        # One insertion moves half the list; past some dozens, one sort of nearly sorted keys wins.
        few = len(self._waiting) <= 32
        for id_, key in self._waiting.items():
            old = self._placed.pop(id_, None)
            if key is not None:
                self._placed[id_] = key
            if few and old != key:
                self._replace(old, key)
        if not few:
            self._sorted = sorted(self._placed.values())
        self._waiting.clear()

    def _replace(self, old: Key | None, key: Key | None) -> None:
        if old is not None:
            del self._sorted[bisect_left(self._sorted, old)]
        if key is not None:
            insort(self._sorted, key)


class Group:
    """Which records have which value in one field; a list-valued field counts each member."""

    def __init__(self, field: str) -> None:
        self._values = _reader(field)
        self._ids: dict[str, set[str]] = {}
        self._filed: dict[str, tuple[str, ...]] = {}

    def put(self, record: Record) -> None:
        id_ = record["id"]
        values = self._values(record)
        if self._filed.get(id_, ()) == values:
            return
        self.remove(id_)
        self._filed[id_] = values
        for value in values:
            self._ids.setdefault(value, set()).add(id_)

    def remove(self, id_: str) -> None:
        for value in self._filed.pop(id_, ()):
            self._ids[value].discard(id_)

    def ids(self, value: str) -> set[str]:
        """The ids of the records with the value. The set is the group's own: do not change it."""
        return self._ids.get(value, set())


def _reader(field: str) -> Callable[[Record], tuple[str, ...]]:
    path = field.split(".")

    def read(record: Record) -> tuple[str, ...]:
        value: Any = record
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, list):
            return tuple(value)
        return () if value is None else (value,)

    return read


class Table:
    """All records of one kind at one site."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._records: dict[str, Record] = {}
        self._orders: dict[str, Order] = {}
        self._groups: dict[str, Group] = {}
        for record in records:
            self.put(record)

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records.values())

    def __contains__(self, id_: object) -> bool:
        return id_ in self._records

    def put(self, record: Record) -> None:
        """Insert the record, or replace the one with its id."""
        self._records[record["id"]] = record
        for index in self._indexes():
            index.put(record)

    def get(self, id_: str) -> Record | None:
        """The record with this id, or None."""
        return self._records.get(id_)

    def glance(self, id_: str) -> Record | None:
        """At least what lists filter by: id, state, type and the like. To be read only."""
        return self.get(id_)

    def remove(self, id_: str) -> Record | None:
        """Take a record out; returns it, or None when there was none."""
        record = self._records.pop(id_, None)
        if record is not None:
            for index in self._indexes():
                index.remove(id_)
        return record

    def where(self, field: str, value: str) -> list[Record]:
        """The records with the value in a field (``account.id`` looks inside), in order of id."""
        return [self._records[id_] for id_ in sorted(self.ids_where(field, value))]

    def ids_where(self, field: str, value: str) -> set[str]:
        """The ids of those records; the table's own set, to be read only."""
        group = self._groups.get(field)
        if group is None:
            group = self._groups[field] = Group(field)
            for record in self._records.values():
                group.put(record)
        return group.ids(value)

    def keys(self, sort: str) -> list[Key]:
        """The (time, id) of every record by a field such as ``updated_at``, ascending."""
        order = self._orders.get(sort)
        if order is None:
            order = self._orders[sort] = Order(sort)
            for record in self._records.values():
                order.put(record)
        return order.keys()

    def encoded(self, id_: str) -> bytes:
        """The record as JSON. Raises KeyError without it."""
        # Made anew each time: small records inside (the account of an invoice) change with their
        # originals and without a put, and a redacted name must not live on in a cache.
        return encode(self._records[id_])

    def encoded_all(self, ids: Iterable[str]) -> list[bytes]:
        """The records as JSON, in the order asked for."""
        return [self.encoded(id_) for id_ in ids]

    def _indexes(self) -> Iterator[Order | Group]:
        yield from self._orders.values()
        yield from self._groups.values()


# How many line items an invoice carries in its own answer; the rest only in its own list.
EMBEDDED_LINE_ITEMS = 500


def encode(value: Any) -> bytes:
    """JSON with exact decimals as numbers; a very long invoice carries only its first line items."""
    if isinstance(value, dict) and len(value.get("line_items") or ()) > EMBEDDED_LINE_ITEMS:
        value = value | {
            "line_items": value["line_items"][:EMBEDDED_LINE_ITEMS],
            "has_more_line_items": True,
        }
    return _encode(value)


def between(keys: list[Key], begin: str | None, end: str | None) -> tuple[int, int]:
    """The slice of ascending keys whose time lies from ``begin`` to ``end``, both included."""
    low = bisect_left(keys, (begin, "")) if begin else 0
    # Ids are ASCII letters and digits, so this sorts behind every one of them.
    high = bisect_right(keys, (end, "\x7f")) if end else len(keys)
    return low, high
