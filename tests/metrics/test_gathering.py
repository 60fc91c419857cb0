"""A list under a rule is the same whether it is walked in its order or gathered and sorted."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from tenure.customers.models import Account
from tenure.health.listing import ORDERS
from tenure.health.models import HealthScore
from tenure.health.scoring import score
from tenure.metrics import gathering
from tenure.metrics.gathering import Guess
from tenure.metrics.keyset import matching, walk
from tenure.metrics.paging import Place, order_of
from tenure.metrics.strides import ways_of
from tenure.rules.sql import Sql
from tests.metrics.rows import NOW, an_account
from tests.web.builders import a_customer

pytestmark = pytest.mark.django_db
SOME = Sql("a.name <> %s", ("Left out",))
SORTS = ("-mrr", "mrr", "name", "-name", "-last_paid", "next_renewal")


@pytest.fixture(autouse=True)
def _accounts() -> None:
    for name in ("One", "Two", "Left out"):
        a_customer(name)
    score(list(Account.objects.values_list("pk", flat=True)), NOW)
    for name in ("Never measured", "Nor this"):
        an_account(name)


@pytest.mark.parametrize("sort", SORTS)
def test_gathered_is_as_walked_from_every_place_in_both_directions(sort: str) -> None:
    order, condition = order_of(sort), matching("", SOME)
    places: list[Place | None] = [None, *walk(order, None, condition, 10)]
    assert len(places) == 5
    for place in places:
        assert gathering.gather(order, place, SOME, 3) == walk(order, place, condition, 3)
        if place:
            back = Place(place.phase, place.value, place.account_id, backwards=True)
            assert gathering.gather(order, back, SOME, 3) == walk(order, back, condition, 3)


@pytest.mark.parametrize("first", [1, 2, 3, 100])
@pytest.mark.parametrize("sort", [*SORTS, "health", "-health"])
def test_by_strides_of_any_length_a_page_is_as_walked(
    monkeypatch: pytest.MonkeyPatch, sort: str, first: int
) -> None:
    monkeypatch.setattr(gathering, "FIRST", first)
    monkeypatch.setattr(Guess, "ahead", lambda *_: first)
    order, condition = order_of(sort, ORDERS), matching("", SOME)
    places: list[Place | None] = [None, *walk(order, None, condition, 10)]
    assert len(places) == 5
    for place in places:
        for at in (place, place and replace(place, backwards=True)):
            for wanted in (1, 2, 10):
                found = gathering.walk_or_gather(order, at, ways_of("", SOME), wanted)
                assert found == walk(order, at, condition, wanted)


@pytest.mark.parametrize("sort", ["health", "-health"])
def test_whose_subscriptions_are_over_has_no_place_among_scores(sort: str) -> None:
    ended = HealthScore.objects.filter(account__name="Two")
    assert ended.update(state="ended", score=0) == 1
    order = order_of(sort, ORDERS)
    places = walk(order, None, matching("", SOME), 10)
    at = [place.phase for place in places if place.account_id == ended.get().pk]
    assert at == [1]
    assert places == gathering.gather(order, None, SOME, 10)
    assert places == gathering.walk_or_gather(order, None, ways_of("", SOME), 10)


def test_where_nothing_comes_for_long_all_that_fit_are_gathered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gathering, "FIRST", 1)
    asked: list[Any] = []
    gather = gathering.gather
    monkeypatch.setattr(gathering, "gather", lambda *how: asked.append(how) or gather(*how))
    order = order_of("name")
    late = ways_of("", Sql("a.name = %s", ("Two",)))
    monkeypatch.setattr(gathering, "_foreseen", lambda *_: Guess(5, 5, 0.003, 0.0015))
    plain = matching("", late.led)
    assert gathering.walk_or_gather(order, None, late, 1) == walk(order, None, plain, 1)
    assert len(asked) == 1


def test_how_far_to_walk_follows_from_what_either_way_would_take() -> None:
    few = Guess(everyone=1_000_000, fit=1_000, gathering=5, row=0.002)
    assert few.ahead(looked=2_000, found=0, wanted=51) == 0
    assert few.ahead(looked=2_000, found=48, wanted=51) == gathering.FIRST  # they are not so few
    many = Guess(everyone=1_000_000, fit=100_000, gathering=500, row=0.002)
    assert many.ahead(looked=2_000, found=0, wanted=51) == gathering.FIRST
    assert many.ahead(looked=20_000, found=0, wanted=51) == 20_000
    assert many.ahead(looked=100_000, found=0, wanted=51) == 25_000  # what is left to try
    assert many.ahead(looked=130_000, found=0, wanted=51) == 0  # half of what gathering takes
    assert many.ahead(looked=130_000, found=20, wanted=51) == 130_000  # they do come
    late = Guess(everyone=1_000_000, fit=30_000, gathering=60, row=0.005)
    assert late.ahead(looked=500, found=0, wanted=51) == 2_550
    assert late.ahead(looked=3_050, found=0, wanted=51) == 0  # this order begins with others
    assert late.ahead(looked=3_050, found=10, wanted=51) > 0
    rare = Guess(everyone=1_000_000, fit=10_000, gathering=500, row=0.002)
    assert rare.ahead(looked=2_000, found=0, wanted=51) == 7_650


def test_what_is_foreseen_is_what_the_planner_says_of_the_condition() -> None:
    with connection.cursor() as db:
        db.execute("ANALYZE customers_account, metrics_accountbrief")
    some = gathering._foreseen(order_of("name"), ways_of("", SOME))
    one = gathering._foreseen(order_of("name"), ways_of("", Sql("a.id = %s", (0,))))
    assert (some.everyone, one.everyone) == (5, 5)
    assert one.fit == 1 < some.fit <= 5
    assert some.gathering > 0 < some.row
