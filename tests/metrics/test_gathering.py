"""A list under a rule is the same whether it is walked in its order or gathered and sorted."""

from typing import Any

import pytest
from django.db import connection

from tenure.metrics import gathering
from tenure.metrics.keyset import matching, walk
from tenure.metrics.paging import Place, order_of
from tenure.rules.sql import Sql
from tests.metrics.rows import an_account
from tests.web.builders import a_customer

pytestmark = pytest.mark.django_db
SOME = Sql("a.name <> %s", ("Left out",))


@pytest.fixture(autouse=True)
def _accounts() -> None:
    for name in ("One", "Two", "Left out"):
        a_customer(name)
    for name in ("Never measured", "Nor this"):
        an_account(name)


@pytest.mark.parametrize("sort", ["-mrr", "mrr", "name", "-name", "-last_paid", "next_renewal"])
def test_gathered_is_as_walked_from_every_place_in_both_directions(sort: str) -> None:
    order, condition = order_of(sort), matching("", SOME)
    places: list[Place | None] = [None, *walk(order, None, condition, 10)]
    assert len(places) == 5
    for place in places:
        assert gathering.gather(order, place, condition, 3) == walk(order, place, condition, 3)
        if place:
            back = Place(place.phase, place.value, place.account_id, backwards=True)
            assert gathering.gather(order, back, condition, 3) == walk(order, back, condition, 3)


def test_a_walk_that_takes_longer_than_a_moment_is_broken_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = order_of("-mrr")
    slow = matching("", Sql("a.name <> %s AND pg_sleep(0.05) IS NOT NULL", ("Left out",)))
    asked: list[Any] = []
    gather = gathering.gather
    monkeypatch.setattr(gathering, "gather", lambda *how: asked.append(how) or gather(*how))
    found = gathering.walk_or_gather(order, None, slow, slow, 10)
    assert found == walk(order, None, matching("", SOME), 10)
    assert len(asked) == 1


def test_the_more_there_is_to_gather_the_longer_a_walk_may_take() -> None:
    def patience(rows: int) -> int:
        with connection.cursor() as db:
            numbers = (
                f"SELECT n FROM generate_series(1, {rows}) n, generate_series(1, 10) m ORDER BY m"
            )
            return gathering._patience(db, f"{numbers} LIMIT %s", [10])

    assert patience(10) == gathering.MOMENT_MS
    assert gathering.MOMENT_MS < patience(100_000) < gathering.LONGEST_MS
    assert patience(10_000_000) == gathering.LONGEST_MS
