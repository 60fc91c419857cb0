"""Movements add up whatever happened; retention is never more than everything."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tenure.metrics.movements import Movement, Position, movement_of, movements
from tenure.metrics.retention import of_accounts, of_totals, quick_ratio

amounts = st.integers(0, 10**6).map(lambda cents: Fraction(cents, 100))
rates = st.integers(1, 400).map(lambda n: Fraction(n, 100))


@st.composite
def positions(draw: st.DrawFn) -> Position:
    currencies = draw(st.lists(st.sampled_from(["USD", "EUR", "JPY"]), unique=True, min_size=1))
    return Position(
        account=str(draw(st.integers())),
        start={c: draw(amounts) for c in currencies},
        end={c: draw(amounts) for c in currencies},
        start_rates={c: draw(rates) for c in currencies},
        end_rates={c: draw(rates) for c in currencies},
        paid_before=draw(st.booleans()),
        start_paused=draw(st.booleans()),
        end_paused=draw(st.booleans()),
    )


def one(start: str, end: str, **more: bool) -> Position:
    return Position(
        "a",
        {"USD": Fraction(start)},
        {"USD": Fraction(end)},
        {"USD": Fraction(1)},
        {"USD": Fraction(1)},
        **more,
    )


@given(st.lists(positions()), st.booleans())
def test_start_and_every_movement_add_up_to_the_end(
    several: list[Position], pause_as_churn: bool
) -> None:
    found = movements(several, pause_as_churn=pause_as_churn)
    assert found.start + sum(found.sums.values()) + found.fx == found.end
    assert found.sums[Movement.CHURN] <= 0
    assert found.sums[Movement.NEW] >= 0


@given(st.lists(positions(), min_size=1))
def test_gross_retention_is_at_most_net_retention_and_at_most_all(several: list[Position]) -> None:
    found = of_accounts(several)
    if found.nrr is not None and found.grr is not None:
        assert found.grr <= found.nrr
        assert 0 <= found.grr <= 1


def test_a_missing_rate_leaves_the_account_out_and_names_it() -> None:
    position = Position("a", {"GBP": Fraction(5)}, {"GBP": Fraction(9)}, {}, {})
    found = movements([position, one("1", "2")])
    assert found.unknown == ("a",)
    assert (found.start, found.end) == (1, 2)


def test_what_the_rate_did_is_not_an_expansion() -> None:
    position = Position(
        "a",
        {"EUR": Fraction(100)},
        {"EUR": Fraction(100)},
        {"EUR": Fraction(1)},
        {"EUR": Fraction(2)},
    )
    moved = movement_of(position)
    assert moved is not None
    assert (moved.movement, moved.amount, moved.fx) == (Movement.UNCHANGED, 0, 100)


def test_a_pause_is_a_contraction_and_its_end_an_expansion_unless_it_is_to_count_as_churn() -> None:
    paused, resumed = one("10", "0", end_paused=True), one("0", "10", start_paused=True)
    kinds = [(m.movement, m.reason) for m in movements([paused, resumed]).accounts]
    assert kinds == [(Movement.CONTRACTION, "pause"), (Movement.EXPANSION, "resume")]
    strict = movements([paused, resumed], pause_as_churn=True).accounts
    assert [m.movement for m in strict] == [Movement.CHURN, Movement.REACTIVATION]


def test_the_ratio_of_wins_to_losses_is_unknown_without_a_loss() -> None:
    zero, five = Fraction(0), Fraction(5)
    assert quick_ratio(five, zero, zero, zero, zero) is None
    assert quick_ratio(five, zero, five, Fraction(-2), Fraction(-3)) == 2


def test_an_empty_cohort_has_no_retention() -> None:
    zero = Fraction(0)
    assert of_accounts([one("0", "5")]).nrr is None
    assert of_totals(zero, zero, zero, zero).grr is None
