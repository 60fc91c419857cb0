"""One page of a list, and how many records the whole list has.

A page is found by keys, so a record updated while somebody pages moves to the end of an ascending
walk and is seen again, and falls behind the cursor of a descending one and is missed: as Recurly
warns.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import urlencode

import msgspec

from tenure.simulator.table import Key, Record, Table, between
from tenure.simulator.wire.cursor import Cursor
from tenure.simulator.wire.query import Query


@dataclass(frozen=True, slots=True)
class Page:
    """A list answer before it becomes text; ``records`` are encoded already.

    ``here`` is a new address of this very page, for a fault that wants to send the client there.
    """

    records: tuple[bytes, ...]
    has_more: bool = False
    next: str | None = None
    here: str = ""

    def body(self) -> bytes:
        """The list envelope as JSON."""
        head = b'{"object":"list","has_more":%s,"next":%s,"data":[' % (
            b"true" if self.has_more else b"false",
            msgspec.json.encode(self.next),
        )
        return b"".join((head, b",".join(self.records), b"]}"))


@dataclass(frozen=True, slots=True)
class View:
    """The part of a table a request may see: ``within`` limits it to some ids (one account's, say),
    ``until`` hides what was updated later, ``shows`` hides single ids. The last two serve faults.
    """

    table: Table
    within: set[str] | None = None
    until: str | None = None
    shows: Callable[[str], bool] | None = None

    def passes(self, query: Query, id_: str) -> bool:
        """Whether the record is in the list the query describes."""
        if self.within is not None and id_ not in self.within:
            return False
        if self.shows is not None and not self.shows(id_):
            return False
        record = self.table.glance(id_)
        if record is None or self._is_too_new(record):
            return False
        return all(test(record) for test in query.tests)

    def passes_all(self, query: Query) -> bool:
        """Whether nothing but the window can exclude a record: the common, fast case."""
        hides = self.within is not None or self.shows is not None or self.until is not None
        return not hides and not query.tests

    def keys(self, sort: str) -> list[Key]:
        """The keys in ascending order; for few ids among many, only theirs."""
        if self.within is None or len(self.within) * 8 > len(self.table):
            return self.table.keys(sort)
        chosen = (self.table.get(id_) for id_ in self.within)
        return sorted((record.get(sort) or "", record["id"]) for record in chosen if record)

    def _is_too_new(self, record: Record) -> bool:
        return self.until is not None and (record.get("updated_at") or "") > self.until


def page(view: View, query: Query, *, path: str, now: float, offsets: bool = False) -> Page:
    """The page the query asks for; ``now`` is real time, for the cursor it hands out."""
    if query.ids is not None:
        ids = [id_ for id_ in query.ids if view.passes(query, id_)]
        # Recurly promises no order here; by id is as arbitrary as any, and the same every time.
        return Page(tuple(view.table.encoded_all(sorted(ids))))
    found = list(islice(_walk(view, query), query.limit + 1))
    chosen = found[: query.limit]
    records = tuple(view.table.encoded_all(id_ for _, id_ in chosen))
    start = replace(query.cursor or Cursor(query.sort, query.descending, now), made=now)
    here = next_path(path, start, query)
    if len(found) <= query.limit:
        return Page(records, here=here)
    onward = replace(start, skip=start.skip + len(chosen))
    if not offsets:
        onward = replace(start, after=chosen[-1])
    return Page(records, True, next_path(path, onward, query), here)


def count(view: View, query: Query) -> int:
    """How many records the whole list has, wherever the cursor stands."""
    if query.ids is not None:
        return sum(view.passes(query, id_) for id_ in query.ids)
    keys = view.keys(query.sort)
    low, high = between(keys, query.begin, query.end)
    if view.passes_all(query):
        return max(0, high - low)
    return sum(view.passes(query, id_) for _, id_ in islice(keys, low, high))


def next_path(path: str, cursor: Cursor, query: Query) -> str:
    """The relative address of the next page: the cursor, then the request's own parameters."""
    return f"{path}?{urlencode((('cursor', cursor.text()), *query.original))}"


def _walk(view: View, query: Query) -> Iterator[Key]:
    """The keys from where the cursor stands, in the query's order."""
    keys = view.keys(query.sort)
    low, high = between(keys, query.begin, query.end)
    after = query.cursor.after if query.cursor else None
    if after and query.descending:
        high = min(high, bisect_left(keys, after))
    elif after:
        low = max(low, bisect_right(keys, after))
    places = range(high - 1, low - 1, -1) if query.descending else range(low, high)
    found: Iterator[Key] = (keys[place] for place in places)
    if not view.passes_all(query):
        found = (key for key in found if view.passes(query, key[1]))
    return islice(found, query.cursor.skip if query.cursor else 0, None)
