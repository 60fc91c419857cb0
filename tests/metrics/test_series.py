"""Movements summed in the database are those of the pure functions, whatever the points."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.metrics import mrr_steps, series
from tenure.metrics.account_series import account_series, mrr_at
from tenure.metrics.conversion import Conversion
from tenure.metrics.models import MrrPoint
from tenure.metrics.movements import MOVING, Movement, Movements, Position, movements
from tenure.metrics.movers import account_movements
from tenure.metrics.retained import retention_between
from tenure.metrics.retention import of_accounts
from tests.metrics.rows import NOW, a_plan, a_site, a_subscription, an_account

pytestmark = pytest.mark.django_db
patient = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])

FIRST = date(2026, 1, 20)
DAYS = 45
CODES = ("USD", "EUR")


@dataclass(frozen=True)
class Sub:
    """A subscription's points by day after FIRST: amount, currency, whether it is paused."""

    site: str
    points: Mapping[int, tuple[int, str, bool]]

    def at(self, day: date) -> tuple[int, str, bool] | None:
        known = [offset for offset in self.points if FIRST + timedelta(days=offset) <= day]
        return self.points[max(known)] if known else None


amounts = st.sampled_from([0, 10, 10, 25, 100])
states = st.tuples(amounts, st.sampled_from(CODES), st.booleans()).map(
    lambda one: (0, one[1], True) if one[2] else one
)
subs = st.builds(
    Sub,
    site=st.sampled_from(["us", "eu"]),
    points=st.dictionaries(st.integers(0, DAYS), states, min_size=1, max_size=5),
)
businesses = st.lists(st.lists(subs, max_size=3), min_size=1, max_size=4)
# The euro's rate moves on some days; a dollar stays one.
rates = st.dictionaries(st.integers(-5, DAYS), st.sampled_from(["1.1", "1.25", "0.9"]), max_size=4)
days = st.integers(0, DAYS).map(lambda n: FIRST + timedelta(days=n - 1))


def stored(business: list[list[Sub]]) -> list[int]:
    accounts = []
    for mine in business:
        account = an_account()
        for sub in mine:
            row = a_subscription(account, a_plan(a_site(sub.site)))
            MrrPoint.objects.bulk_create(
                MrrPoint(
                    subscription=row,
                    account_id=account.pk,
                    day=FIRST + timedelta(days=offset),
                    currency=code,
                    mrr=amount,
                    status="paused" if paused else "contributing",
                    recorded_at=NOW,
                )
                for offset, (amount, code, paused) in sub.points.items()
            )
        accounts.append(account.pk)
    mrr_steps.make(accounts)
    return accounts


def rate_of(given: Mapping[int, str]) -> Conversion:
    line = {FIRST + timedelta(days=offset): Fraction(text) for offset, text in given.items()}

    def rate(code: str, day: date) -> Fraction | None:
        known = [since for since in line if since <= day]
        return Fraction(1) if code == "USD" else line[max(known)] if known else Fraction(2)

    return Conversion("USD", rate)


def position(
    subs: list[Sub], start: date, end: date, codes: tuple[str, ...], conversion: Conversion | None
) -> Position:
    def sums(day: date) -> dict[str, Fraction]:
        held = [one for sub in subs if (one := sub.at(day))]
        return {c: Fraction(sum(a for a, code, _ in held if code == c)) for c in codes}

    def rests(day: date) -> bool:
        return any(one[2] and one[1] in codes for sub in subs if (one := sub.at(day)))

    def rates_on(day: date) -> dict[str, Fraction]:
        if conversion is None:
            return dict.fromkeys(codes, Fraction(1))
        return {c: conversion.rate(c, day) or Fraction(0) for c in codes}

    before = (FIRST + timedelta(days=n) for n in range(-1, (start - FIRST).days + 1))
    return Position(
        account=str(id(subs)),
        start=sums(start),
        end=sums(end),
        start_rates=rates_on(start),
        end_rates=rates_on(end),
        paid_before=any(any(sums(day).values()) for day in before),
        start_paused=rests(start),
        end_paused=rests(end),
    )


def cuts(start: date, end: date, *, gross: bool) -> Iterator[tuple[date, date]]:
    if not gross:
        yield start, end
        return
    for n in range((end - start).days):
        yield start + timedelta(days=n), start + timedelta(days=n + 1)


def expected(
    business: list[list[Sub]],
    start: date,
    end: date,
    codes: tuple[str, ...],
    conversion: Conversion | None,
    *,
    gross: bool,
    strict: bool,
) -> tuple[dict[Movement, Fraction], Fraction]:
    parts: list[Movements] = [
        movements(
            [position(subs, begin, until, codes, conversion) for subs in business],
            pause_as_churn=strict,
        )
        for begin, until in cuts(start, end, gross=gross)
    ]
    sums = {kind: sum((p.sums[kind] for p in parts), Fraction(0)) for kind in MOVING}
    return sums, sum((p.fx for p in parts), Fraction(0))


@patient
@given(businesses, days, days, st.booleans(), st.booleans())
def test_each_currency_moves_as_the_pure_functions_say(
    business: list[list[Sub]], one: date, other: date, gross: bool, strict: bool
) -> None:
    start, end = sorted((one, other))
    stored(business)
    found = series.movements_between(start, end, gross=gross, pause_as_churn=strict)
    for moves in found:
        sums, _ = expected(
            business, start, end, (moves.currency,), None, gross=gross, strict=strict
        )
        assert {kind: Fraction(amount) for kind, amount in moves.sums.items()} == sums
        assert moves.start is not None
        assert moves.start + sum(moves.sums.values()) == moves.end
    undo()


@patient
@given(businesses, rates, days, days, st.booleans(), st.booleans())
def test_one_total_moves_as_the_pure_functions_say_with_the_rates_apart(
    business: list[list[Sub]],
    given_rates: Mapping[int, str],
    one: date,
    other: date,
    gross: bool,
    strict: bool,
) -> None:
    start, end = sorted((one, other))
    stored(business)
    conversion = rate_of(given_rates)
    (moves,) = series.movements_between(
        start, end, conversion=conversion, gross=gross, pause_as_churn=strict
    )
    sums, fx = expected(business, start, end, CODES, conversion, gross=gross, strict=strict)
    assert {kind: Fraction(amount) for kind, amount in moves.sums.items()} == sums
    assert moves.start is not None
    assert moves.fx is not None
    assert Fraction(moves.fx) == fx
    assert moves.start + sum(moves.sums.values()) + moves.fx == moves.end
    undo()


@patient
@given(businesses, rates, st.booleans())
def test_months_follow_each_other_and_add_up_to_the_whole(
    business: list[list[Sub]], given_rates: Mapping[int, str], gross: bool
) -> None:
    stored(business)
    conversion = rate_of(given_rates)
    table = series.months(date(2026, 1, 1), date(2026, 3, 1), conversion=conversion, gross=gross)
    assert [month.first.month for month in table] == [1, 2, 3]
    last = Decimal(0)
    for month in table:
        (moves,) = month.moves
        assert moves.start == last
        assert moves.fx is not None
        assert moves.end == last + sum(moves.sums.values()) + moves.fx
        last = moves.end
    if gross:
        (whole,) = series.movements_between(
            date(2025, 12, 31), date(2026, 3, 31), conversion=conversion
        )
        for kind in MOVING:
            assert whole.sums[kind] == sum(month.moves[0].sums[kind] for month in table)
    undo()


@patient
@given(businesses, rates, days, days, st.booleans())
def test_retention_is_that_of_the_pure_functions(
    business: list[list[Sub]], given_rates: Mapping[int, str], one: date, other: date, strict: bool
) -> None:
    start, end = sorted((one, other))
    stored(business)
    conversion = rate_of(given_rates)
    (kept,) = retention_between(start, end, conversion=conversion, pause_as_churn=strict)
    pure = of_accounts(
        [position(subs, start, end, CODES, conversion) for subs in business],
        pause_as_churn=strict,
    )
    assert kept.accounts == pure.accounts
    shares = ((kept.nrr, pure.nrr), (kept.grr, pure.grr), (kept.logo_churn, pure.logo_churn))
    for mine, theirs in shares:
        assert (mine is None) == (theirs is None)
        if mine is not None and theirs is not None:
            assert abs(Fraction(mine) - theirs) < Fraction(1, 10**20)
    undo()


@patient
@given(businesses, days, days, st.booleans())
def test_the_accounts_behind_a_movement_add_up_to_it_page_by_page(
    business: list[list[Sub]], one: date, other: date, gross: bool
) -> None:
    start, end = sorted((one, other))
    stored(business)
    for moves in series.movements_between(start, end, gross=gross):
        for kind in MOVING:
            total, cursor, rows = Decimal(0), None, []
            while True:
                page = account_movements(
                    start,
                    end,
                    movement=kind,
                    currency=moves.currency,
                    gross=gross,
                    cursor=cursor,
                    limit=1,
                )
                rows += page.rows
                total += sum((row.amount for row in page.rows), Decimal(0))
                cursor = page.next
                if cursor is None:
                    break
            assert total == moves.sums[kind]
            assert len({row.account_id for row in rows}) == len(rows)
    undo()


def undo() -> None:
    """Hypothesis runs its examples in one transaction: the next one starts with an empty history."""
    with connection.cursor() as db:
        db.execute("DELETE FROM metrics_mrrstep")
        db.execute("DELETE FROM metrics_mrrpoint")


def test_a_missing_rate_leaves_no_total_and_is_named() -> None:
    stored([[Sub("us", {0: (100, "EUR", False)})]])
    nothing = Conversion("USD", lambda code, day: Fraction(1) if code == "USD" else None)
    (moves,) = series.movements_between(FIRST, FIRST + timedelta(days=9), conversion=nothing)
    assert (moves.start, moves.end, moves.missing) == (None, None, ("EUR",))
    (alone,) = series.movements_between(FIRST, FIRST + timedelta(days=9))
    assert (alone.currency, alone.end) == ("EUR", 100)


def test_mrr_on_a_day_and_the_series_of_an_account() -> None:
    account, other = stored(
        [
            [
                Sub("us", {0: (100, "USD", False), 9: (0, "USD", True)}),
                Sub("eu", {3: (5, "EUR", False)}),
            ],
            [Sub("us", {20: (7, "USD", False)})],
        ]
    )
    day = FIRST + timedelta(days=4)
    assert mrr_at(None, day) == {account: {"USD": 100, "EUR": 5}}
    assert mrr_at([other], FIRST + timedelta(days=20)) == {other: {"USD": 7}}
    points = account_series(account, day, FIRST + timedelta(days=30))
    assert [(p.day, p.mrr, p.paused) for p in points] == [
        (day, {"EUR": 5, "USD": 100}, False),
        (FIRST + timedelta(days=9), {"EUR": 5}, True),
    ]
