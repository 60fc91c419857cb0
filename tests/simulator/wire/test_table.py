"""The table agrees with a plain list, whatever is put, changed and removed in between."""

from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tenure.simulator.table import Table
from tenure.simulator.wire.pages import View, count, page
from tenure.simulator.wire.query import Query, read_query

IDS = st.sampled_from([f"r{n:02}" for n in range(40)])
TIMES = st.integers(0, 6).map(lambda n: f"2026-01-01T00:00:0{n}Z")


@dataclass(frozen=True)
class Put:
    id: str
    at: str
    owner: str | None


@dataclass(frozen=True)
class Remove:
    id: str


@dataclass(frozen=True)
class Look:
    """Somebody lists in between, so that later changes are sorted into what is sorted already."""


PUTS = st.builds(Put, IDS, TIMES, st.sampled_from(["x", "y", None]))
STEPS = st.lists(st.one_of(PUTS, PUTS, PUTS, st.builds(Remove, IDS), st.just(Look())), max_size=120)


def played(steps: list[Any]) -> tuple[Table, dict[str, dict[str, Any]]]:
    table, plain = Table(), dict[str, dict[str, Any]]()
    for step in steps:
        match step:
            case Put(id_, at, owner):
                # The same object is changed in place, as the world does it.
                record = plain.setdefault(id_, {"id": id_})
                record |= {"created_at": at, "updated_at": at, "owner": {"id": owner}}
                table.put(record)
            case Remove(id_):
                assert (table.remove(id_) is None) == (plain.pop(id_, None) is None)
            case Look():
                table.keys("updated_at")
                table.ids_where("owner.id", "x")
    return table, plain


def query(text: str) -> Query:
    pairs = [(name, value) for name, _, value in (p.partition("=") for p in text.split("&"))]
    allowed = frozenset("limit order sort begin_time end_time".split())
    return read_query(pairs, now="2026-01-02T00:00:00Z", allowed=allowed, filters={})


@given(STEPS)
def test_orders_groups_and_records_match_a_plain_reading(steps: list[Any]) -> None:
    table, plain = played(steps)
    assert table.keys("updated_at") == sorted((r["updated_at"], r["id"]) for r in plain.values())
    for owner in ("x", "y"):
        expected = sorted(r["id"] for r in plain.values() if r["owner"]["id"] == owner)
        assert [r["id"] for r in table.where("owner.id", owner)] == expected
    assert {r["id"] for r in table} == set(plain)


@given(STEPS, st.integers(1, 7), st.sampled_from(["asc", "desc"]), TIMES, TIMES, st.booleans())
def test_paging_yields_each_record_of_the_window_once_and_in_order(
    steps: list[Any], limit: int, order: str, begin: str, end: str, offsets: bool
) -> None:
    table, plain = played(steps)
    text = f"sort=updated_at&order={order}&limit={limit}&begin_time={begin}&end_time={end}"
    keys = [(r["updated_at"], r["id"]) for r in plain.values() if begin <= r["updated_at"] <= end]
    expected = sorted(keys, reverse=order == "desc")
    assert walked(View(table), text, offsets=offsets) == [id_ for _, id_ in expected]
    assert count(View(table), query(text)) == len(expected)


@given(STEPS, st.integers(1, 7))
def test_a_small_part_of_a_table_pages_like_the_whole(steps: list[Any], limit: int) -> None:
    table, plain = played(steps)
    mine = table.ids_where("owner.id", "x")
    text = f"sort=created_at&order=asc&limit={limit}"
    expected = sorted((r["created_at"], r["id"]) for r in plain.values() if r["id"] in mine)
    assert walked(View(table, mine), text) == [id_ for _, id_ in expected]


def walked(view: View, text: str, *, offsets: bool = False) -> list[str]:
    ids: list[str] = []
    asked = query(text)
    while True:
        found = page(view, asked, path="/r", now=0.0, offsets=offsets)
        assert len(found.records) <= asked.limit
        ids += [record.split(b'"')[3].decode() for record in found.records]
        if found.next is None:
            assert not found.has_more
            return ids
        cursor = found.next.partition("cursor=")[2].partition("&")[0]
        asked = query(f"{text}&cursor={cursor}")
