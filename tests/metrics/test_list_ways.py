"""A page of a list across accounts is the same whichever way it is found: walked in its order, state by
state, gathered and sorted, or in strides of accounts; from every place, in both directions."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from tenure.customers.models import Invoice
from tenure.metrics.lists import invoices, strides, subscriptions, ways
from tenure.metrics.lists.filters import Wanted
from tenure.metrics.lists.keyset import Order, Reading, order_of, reading
from tenure.metrics.lists.strides import Guess
from tenure.metrics.paging import Place
from tenure.metrics.planned import Planned, index_of, planned
from tests.metrics.rows import a_site, upstream
from tests.metrics.test_lists import HERE, LISTS, a_business

pytestmark = pytest.mark.django_db
GIVEN: dict[str, tuple[dict[str, str], ...]] = {
    "invoices": (
        {"status": "paid"}, {"status": "voided,paid,failed"}, {"state": "pending,paid,open"},
        {"status": "paid", "currency": "EUR"}, {"status": "past_due"}, {"site": "acme"},
    ),
    "subscriptions": (
        {"status": "live"}, {"status": "expired,live,active"}, {"status": "live", "currency": "EUR"},
        {"plan": "year"}, {"state": "active"},
    ),
}  # fmt: skip
# Backwards is the other way round in each.
SORTS = {
    "invoices": ("-issued", "due", "-paid_on", "total", "-balance", "id"),
    "subscriptions": ("-mrr", "renewal", "-bill", "started", "-end", "id"),
}
WORDS = ({"q": "customer"}, {"q": "customer", "currency": "EUR"}, {"q": "no such words"})

Way = Callable[[Reading, Wanted, int], list[tuple[int, Any]]]


@pytest.fixture(autouse=True)
def _business() -> None:
    a_business()
    for number, kind in enumerate(("charge", "credit", None)):
        more = {"state": "closed", "type": kind, "currency": "EUR", "closed_at": None}
        Invoice.objects.create(
            account_upstream_id="x", total=number, balance=0, **more, **upstream()
        )
    # Found by its number, of nobody known.
    Invoice.objects.create(
        account_upstream_id="x", state="paid", type="charge", currency="EUR", total=1, balance=0,
        number="customer", **upstream(a_site("eu")),
    )  # fmt: skip


def by(statement: Callable[[Reading, Wanted], str]) -> Way:
    """The rows that a statement finds."""

    def rows(part: Reading, asked: Wanted, limit: int) -> list[tuple[int, Any]]:
        with connection.cursor() as db:
            db.execute(statement(part, asked), {**asked.values, **part.values, "limit": limit})
            return list(db.fetchall())

    return rows


walked, gathered = by(ways.in_order), by(ways.gathered)
pieces = by(
    lambda part, asked: (ways.in_pieces if part.part.pieces else ways.in_order)(part, asked)
)
side_by_side = by(lambda part, asked: ways.side_by_side(part, asked) or ways.in_order(part, asked))


def strode(part: Reading, asked: Wanted, limit: int) -> list[tuple[int, Any]]:
    assert asked.words
    return strides.read(part, asked, asked.words, limit)


def found(way: Way, order: Order, place: Place | None, asked: Wanted, limit: int) -> list[Place]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ways, "_rows", way)
        return ways.walk(order, place, asked, limit)


def places(order: Order, asked: Wanted) -> Iterator[Place | None]:
    """The first page, and what is before and after some of the rows, the first and the last among them."""
    yield None
    rows = found(walked, order, None, asked, 100)
    for place in dict.fromkeys([*rows[:1], *rows[2::4], *rows[-1:]]):
        yield place
        yield replace(place, backwards=True)


def alike(order: Order, asked: Wanted, *others: Way) -> int:
    """How many rows there are, that all these ways find like the plain walk."""
    for place in places(order, asked):
        for limit in (1, 5):
            expected = found(walked, order, place, asked, limit)
            for way in others:
                assert found(way, order, place, asked, limit) == expected
            assert ways.walk(order, place, asked, limit) == expected
    return len(found(walked, order, None, asked, 100))


@pytest.mark.parametrize("name", LISTS)
def test_gathered_and_state_by_state_are_as_walked(name: str) -> None:
    for sort in SORTS[name]:
        order = order_of(sort, LISTS[name].ORDERS, "Rows")
        for given in GIVEN[name]:
            asked = LISTS[name].asked_for(given, HERE)
            assert alike(order, asked, gathered, side_by_side, pieces) > 0


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("ahead", [1, 3, 0])
def test_by_strides_of_any_length_and_gathered_words_find_the_same(
    monkeypatch: pytest.MonkeyPatch, name: str, ahead: int
) -> None:
    monkeypatch.setattr("tenure.metrics.lists.found.FORESEEN", -1)
    monkeypatch.setattr(strides, "FIRST", ahead or 1)
    monkeypatch.setattr(Guess, "ahead", lambda *_: ahead)
    for sort in SORTS[name]:
        order = order_of(sort, LISTS[name].ORDERS, "Rows")
        for given in WORDS:
            asked = LISTS[name].asked_for(given, HERE)
            assert asked.words
            assert bool(alike(order, asked, strode)) == (given["q"] == "customer")


def test_words_that_seem_to_find_few_and_find_many_are_asked_row_by_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few = invoices.asked_for({"q": "customer"}, HERE)
    monkeypatch.setattr("tenure.metrics.lists.found.MOST_ACCOUNTS", 2)
    many = invoices.asked_for({"q": "customer"}, HERE)
    assert (few.words, bool(many.words)) == (None, True)
    assert (invoices.sums(few).rows, invoices.capped_count(few)) == (13, 13)
    assert (invoices.sums(many).rows, invoices.capped_count(many)) == (13, 13)
    order = order_of("-issued", invoices.ORDERS, "Invoices")
    assert ways.walk(order, None, few, 100) == ways.walk(order, None, many, 100)


def test_states_are_walked_side_by_side_only_where_each_has_an_index() -> None:
    def cased(sort: str, given: dict[str, str], what: Any = invoices) -> str:
        order = order_of(sort, what.ORDERS, "Rows")
        return ways.side_by_side(reading(order, 0, None), what.asked_for(given, HERE))

    assert cased("-issued", {"status": "paid"}).count("ORDER BY i.created_at DESC") == 2
    assert cased("-issued", {"state": "paid,open,paid"}).count("ORDER BY i.created_at") == 2
    assert cased("-mrr", {"status": "live,active"}, subscriptions).count("ORDER BY f.mrr") == 4
    for sort, given in (
        ("-issued", {"status": "failed"}),
        ("-issued", {"status": "paid,open"}),
        ("-issued", {"currency": "EUR"}),
        ("-total", {"status": "paid"}),
    ):
        assert cased(sort, given) == ""


def test_an_order_without_an_index_is_walked_in_pieces_that_have_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Invoice.objects.filter(number="customer").update(balance=-7)
    taken: list[str] = []
    run = ways._run
    monkeypatch.setattr(ways, "_run", lambda sql, values: taken.append(sql) or run(sql, values))
    monkeypatch.setattr(ways, "MANY", -1)
    for sort in ("balance", "-balance"):
        order = order_of(sort, invoices.ORDERS, "Invoices")
        for given in ({}, {"site": "acme"}, {"late_from": "3", "status": "past_due"}):
            assert alike(order, invoices.asked_for(given, HERE), pieces) > 0
    assert sum(sql.count("UNION ALL") == 2 for sql in taken) > 50
    taken.clear()
    monkeypatch.setattr(ways, "MANY", 1_000)
    assert ways.walk(order, None, invoices.asked_for({}, HERE), 5)
    assert "UNION" not in taken[0]


def test_what_is_asked_twice_is_said_once() -> None:
    given = {"late_from": "31", "late_to": "60", "status": "past_due"}
    said = invoices.asked_for(given, HERE).condition("i", "i.id")
    assert said.count("coalesce((i.state = 'past_due'") == 1
    assert (said.count(">= %(late_from)s"), said.count("<= %(late_to)s")) == (1, 1)


def test_how_far_to_stride_follows_from_what_was_found_and_foreseen() -> None:
    many = Guess(share=0.1, gathering=300)
    assert many.ahead(looked=400, found=50, limit=51) == strides.FIRST
    assert many.ahead(looked=400, found=0, limit=51) == 1_326  # as many as were foreseen, and more
    assert many.ahead(looked=30_000, found=0, limit=51) == strides.LONGEST
    assert many.ahead(looked=100_000, found=0, limit=51) == 0  # they come late
    few = Guess(share=0.0001, gathering=5)
    assert few.ahead(looked=400, found=0, limit=51) == 0
    assert few.ahead(looked=400, found=45, limit=51) == strides.FIRST  # they are not so few
    assert Guess(share=0, gathering=1).ahead(looked=400, found=0, limit=51) == 0


def test_a_walk_takes_as_long_as_rows_must_be_looked_at() -> None:
    walk = ways.Walk("i", every=1_000_000, fit=1_000, row=0.003, whole=True)
    assert walk.milliseconds(limit=50, looked=0, found=0) == pytest.approx(150)
    assert walk.milliseconds(limit=50, looked=1_000, found=40) == pytest.approx(4.1, rel=0.01)
    assert walk.milliseconds(limit=50, looked=1_000, found=0) == pytest.approx(
        1_650
    )  # they come late
    rare = replace(walk, fit=1)
    assert (
        rare.milliseconds(limit=50, looked=0, found=0) == 3_000
    )  # there are no more rows than that


def test_a_walk_is_told_by_its_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "index_of", lambda name: (len(name) * 1_000_000, True))
    index = {"Node Type": "Index Scan", "Index Name": "i", "Plan Rows": 1_000, "Filter": "f"}

    def walk(**more: Any) -> ways.Walk | None:
        return ways.walk_of({"Node Type": "Limit", "Plans": [index | more]})

    assert walk() == ways.Walk("i", 1_000_000, 1_000, 0.003, True)
    assert walk(**{"Node Type": "Index Only Scan"}) == ways.Walk(
        "i", 1_000_000, 1_000, 0.0005, True
    )
    whole = "((mrr IS NOT NULL) AND (ROW(mrr, subscription_id) < ROW('12.50'::numeric, 7)))"
    assert walk(**{"Index Cond": whole})
    assert walk(**{"Index Cond": "((status)::text = 'trial'::text)"}) is None
    assert walk(**{"Node Type": "Seq Scan"}) is None
    assert ways.walk_of({"Node Type": "Sort", "Plans": [index]}) is None


@pytest.mark.parametrize(
    ("walk", "gathering", "led", "quicker"),
    [(100, 10, True, True), (100, 90, True, False), (9, 1, True, False), (100, 10, False, False)],
)
def test_all_that_fit_are_gathered_where_an_index_leads_to_them_in_less_time(
    monkeypatch: pytest.MonkeyPatch, walk: float, gathering: float, led: bool, quicker: bool
) -> None:
    place = "(ROW(total, id) < ROW('7'::numeric, 3))"  # where the page begins leads to nothing
    scan = {"Index Cond": "(currency = 'EUR')" if led else place}
    monkeypatch.setattr(ways, "planned", lambda *_: Planned(1, gathering, {"Plans": [scan]}))
    assert ways._is_quicker("all", {"limit": 51}, walk) is quicker


@pytest.mark.parametrize("name", LISTS)
def test_a_walk_is_tried_for_some_rows_and_finds_the_same(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """With the planner brought to walk along indexes, as it does where there are very many rows."""
    taken: list[str] = []
    run = ways._run
    monkeypatch.setattr(ways, "_run", lambda sql, values: taken.append(sql) or run(sql, values))
    monkeypatch.setattr(ways, "WORTH_MS", 0)
    with connection.cursor() as db:
        db.execute("ANALYZE customers_invoice; ANALYZE metrics_subscriptionfacts")
        for way in ("seqscan", "bitmapscan", "sort"):
            db.execute(f"SET LOCAL enable_{way} = off")
    for first, surely in ((1, 1e9), (4, 1e9), (3, 0), (100, 0)):
        monkeypatch.setattr(ways, "FIRST", first)
        monkeypatch.setattr(ways, "SURELY", surely)
        for sort in SORTS[name]:
            order = order_of(sort, LISTS[name].ORDERS, "Rows")
            for given in GIVEN[name][-2:]:
                alike(order, LISTS[name].asked_for(given, HERE))
    assert sum(") looked WHERE fits" in sql for sql in taken) > 50
    assert sum("OFFSET 0" in sql for sql in taken) > 5


def test_an_index_is_told_with_its_rows_and_whether_it_has_all() -> None:
    with connection.cursor() as db:
        db.execute("ANALYZE customers_invoice")
    assert planned("SELECT id FROM customers_invoice ORDER BY id LIMIT 1", {}).rows == 1
    rows = Invoice.objects.count()
    assert index_of("customers_invoice_by_total") == (rows, True)
    owed, whole = index_of("customers_invoice_owed_issued")
    assert owed < rows
    assert not whole
