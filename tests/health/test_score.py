"""A score is made of parts that add up, is never helped by what is missing, and yields to caps."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.health.measures import BY_NAME, MEASURES, curve, past_due_months, renewal_outlook
from tenure.health.score import DEFAULT, Override, Score, combine, effective, ordered_losses, score

points = st.integers(0, 1000).map(lambda n: Fraction(n, 10))
scores = st.dictionaries(st.sampled_from([m.name for m in MEASURES]), points)


@given(scores)
def test_contributions_add_up_to_the_uncapped_score_and_losses_to_the_rest(
    known: dict[str, Fraction],
) -> None:
    found = combine(known)
    if found.exact is not None:
        assert sum(part.contribution for part in found.parts) == found.exact
        assert sum(part.loss for part in found.parts) == 100 - found.exact


@given(scores, st.data())
def test_a_missing_measure_is_never_better_than_a_perfect_one(
    known: dict[str, Fraction], data: st.DataObject
) -> None:
    missing = data.draw(st.sampled_from(MEASURES)).name
    without = combine({name: value for name, value in known.items() if name != missing})
    perfect = combine({**known, missing: Fraction(100)})
    if without.exact is not None and perfect.exact is not None:
        assert without.exact <= perfect.exact
    assert without.coverage < perfect.coverage


@given(scores, st.lists(st.sampled_from([cap.name for cap in DEFAULT.caps])))
def test_no_score_exceeds_the_lowest_cap_that_holds(
    known: dict[str, Fraction], events: list[str]
) -> None:
    found = combine(known, events)
    if found.score is not None:
        assert all(found.score <= cap.most for cap in DEFAULT.caps if cap.name in events)
        assert set(found.caps) == set(events)


@given(st.sampled_from(MEASURES), st.integers(-(10**6), 10**6).map(lambda n: Fraction(n, 1000)))
def test_every_value_earns_between_nothing_and_everything(measure: object, value: Fraction) -> None:
    assert 0 <= measure.score(value) <= 100  # type: ignore[attr-defined]


def test_sixty_days_past_due_cap_the_score_without_being_named() -> None:
    values = {measure.name: Fraction(0) for measure in MEASURES} | {
        "oldest_past_due_days": Fraction(60),
        "renewal_outlook": Fraction(100),
    }
    assert score(values).caps == ("past_due_60",)


def test_debt_without_revenue_is_the_worst_and_no_debt_without_revenue_says_nothing() -> None:
    zero, five = Fraction(0), Fraction(5)
    months = past_due_months(five, zero)
    assert months is not None
    assert BY_NAME["past_due_months_of_mrr"].score(months) == 0
    assert past_due_months(zero, zero) is None
    assert past_due_months(five, None) is None


def test_the_outlook_is_weighted_by_revenue() -> None:
    parts = [(Fraction(90), "auto_renew"), (Fraction(10), "cancelling")]
    assert renewal_outlook(parts) == 91
    assert renewal_outlook([]) is None
    assert renewal_outlook([(Fraction(0), "ended")]) == 0


def test_an_override_holds_through_its_last_day_and_ends_by_itself() -> None:
    computed = Score(Decimal("35.0"), "red", Fraction(35), Fraction(1))
    held = Override(Decimal(80), date(2026, 6, 30))
    assert effective(computed, held, date(2026, 6, 30)) == (Decimal(80), "green")
    assert effective(computed, held, date(2026, 7, 1)) == (Decimal("35.0"), "red")


def test_bands_are_judged_on_the_rounded_score() -> None:
    found = combine({measure.name: Fraction("69.96") for measure in MEASURES})
    assert (found.score, found.band) == (Decimal("70.0"), "green")


def test_what_costs_most_comes_first() -> None:
    found = combine({measure.name: Fraction(50) for measure in MEASURES})
    assert ordered_losses(found.parts)[0].measure.name == "oldest_past_due_days"


def test_a_curve_must_rise_in_its_values() -> None:
    with pytest.raises(ValueError, match="rise"):
        curve((1, 0), (1, 5))
