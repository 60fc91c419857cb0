"""A table whose records are computed, not stored; only those that were changed are kept."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, overload

import msgspec

from tenure.simulator.table import Key, Order, Record, Table
from tenure.simulator.world.bulk.numbers import Plan, stamp

_decode = msgspec.json.Decoder(float_hook=Decimal).decode
SORTS = ("created_at", "updated_at")
# From a field's value to the numbers of the records that have it.
Finder = Callable[[str], Sequence[int]]


class Keys(Sequence[Key]):
    """The (time, id) of every record in ascending order, computed when looked at."""

    def __init__(self, plan: Plan, kind: str, sort: str) -> None:
        self._plan = plan
        self._kind = kind
        self._moment = plan.moment(sort)

    def __len__(self) -> int:
        return self._plan.count(self._kind)

    @overload
    def __getitem__(self, place: int) -> Key: ...

    @overload
    def __getitem__(self, place: slice) -> list[Key]: ...

    def __getitem__(self, place: int | slice) -> Key | list[Key]:
        if isinstance(place, slice):
            return [self._key(n) for n in range(*place.indices(len(self)))]
        return self._key(range(len(self))[place])

    def _key(self, n: int) -> Key:
        return stamp(self._moment(self._kind, n)), self._plan.id(self._kind, n)


class BulkTable(Table):
    """One kind of a bulk site.

    Untouched, it takes no memory. The first ``put`` or ``remove`` builds the list orders once, as
    large as the table; from then on it behaves like any table.
    """

    def __init__(
        self,
        plan: Plan,
        kind: str,
        write: Callable[[int], str],
        glimpse: Callable[[int], Record],
        finders: dict[str, Finder],
    ) -> None:
        super().__init__()
        self._plan = plan
        self._kind = kind
        self._write = write
        self._glimpse = glimpse
        self._finders = finders
        self._removed: set[str] = set()
        self._added = 0
        self._ordered = False

    def __len__(self) -> int:
        return self._plan.count(self._kind) + self._added - len(self._removed)

    def __iter__(self) -> Iterator[Record]:
        for _, id_ in self.keys("created_at"):
            yield self._known(id_)

    def __contains__(self, id_: object) -> bool:
        return id_ in self._records or self._computed(id_) is not None

    def put(self, record: Record) -> None:
        id_ = record["id"]
        self._order()
        if id_ not in self and id_ not in self._removed:
            self._added += self._plan.index(self._kind, id_) is None
        self._removed.discard(id_)
        super().put(record)

    def get(self, id_: str) -> Record | None:
        """The record with this id, or None. A computed one is a fresh copy: ``put`` it to change it."""
        if id_ in self._records:
            return self._records[id_]
        n = self._computed(id_)
        return None if n is None else _decoded(self._write(n))

    def glance(self, id_: str) -> Record | None:
        """What lists filter by, without making the whole record."""
        if id_ in self._records:
            return self._records[id_]
        n = self._computed(id_)
        if n is None:
            return None
        updated = stamp(self._plan.updated(self._kind, n))
        return self._glimpse(n) | {"id": id_, "updated_at": updated}

    def remove(self, id_: str) -> Record | None:
        record = self.get(id_)
        if record is None:
            return None
        self._order()
        if self._plan.index(self._kind, id_) is None:
            self._added -= 1
        else:
            self._removed.add(id_)
        self._records.pop(id_, None)
        for index in self._indexes():
            index.remove(id_)
        return record

    def ids_where(self, field: str, value: str) -> set[str]:
        """The ids of the records with the value: computed where the plan knows, else by a full scan."""
        finder = self._finders.get(field)
        if finder is None:
            return {record["id"] for record in self if value in _values(record, field)}
        ids = {self._plan.id(self._kind, n) for n in finder(value)} - self._removed
        ids -= self._records.keys()
        return ids | {r["id"] for r in self._records.values() if value in _values(r, field)}

    def where(self, field: str, value: str) -> list[Record]:
        return [self._known(id_) for id_ in sorted(self.ids_where(field, value))]

    def keys(self, sort: str) -> Any:
        """All keys in ascending order: a computed sequence until the first change, then a list."""
        return super().keys(sort) if self._ordered else Keys(self._plan, self._kind, sort)

    def encoded(self, id_: str) -> bytes:
        if id_ in self._records:
            return super().encoded(id_)
        n = self._computed(id_)
        if n is None:
            raise KeyError(id_)
        return self._write(n).encode()

    def _computed(self, id_: object) -> int | None:
        if not isinstance(id_, str) or id_ in self._removed:
            return None
        return self._plan.index(self._kind, id_)

    def _known(self, id_: str) -> Record:
        record = self.get(id_)
        if record is None:
            raise KeyError(id_)
        return record

    def _order(self) -> None:
        """Build the list orders from the computed keys, once, before the first change."""
        if self._ordered:
            return
        for sort in SORTS:
            order = self._orders[sort] = Order(sort)
            for time, id_ in Keys(self._plan, self._kind, sort):
                order.put({"id": id_, sort: time})
        self._ordered = True


def _decoded(text: str) -> Record:
    decoded: Record = _decode(text)
    return decoded


def _values(record: Record, field: str) -> list[Any]:
    value: Any = record
    for name in field.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, list) else [value]
