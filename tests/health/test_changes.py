"""A change of score taken apart: the parts add up, and each is what it says."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tenure.health.changes import Side, rounded_lines, split
from tenure.health.score import DEFAULT, Definition
from tenure.health.scorer import MILLION, Scorer
from tests.health.test_scorer import events, some_definitions, values

GOOD = {
    "oldest_past_due_days": 0,
    "past_due_months_of_mrr": 0,
    "on_time_rate_12m": MILLION,
    "mrr_trend_90d": 0,
    "renewal_outlook": 100 * MILLION,
    "payment_failures_90d": 0,
}
LATE = {"oldest_past_due_days": 35 * MILLION, "past_due_months_of_mrr": MILLION}


def a_side(
    known: dict[str, int | None],
    holding: set[str] | None = None,
    definition: Definition = DEFAULT,
    person: int | None = None,
) -> Side:
    scorer = Scorer(definition)
    found = scorer(known, holding or ()).score
    return Side(scorer, known, holding or (), found, found if person is None else person, {})


persons = st.none() | st.integers(0, 1000)
sides = st.builds(a_side, values, events, some_definitions(), persons)


@given(sides, sides)
def test_the_lines_add_up_to_the_difference(old: Side, new: Side) -> None:
    found = split(old, new)
    if None in (old.computed, new.computed, old.shown, new.shown):
        assert found.total is None
    else:
        assert old.shown is not None
        assert new.shown is not None
        assert found.total == Fraction(new.shown - old.shown, 10)
        assert sum(line.points for line in found.lines) == found.total
        assert sum(points for _, points in rounded_lines(found)) == found.total
        rounding = sum(line.points for line in found.lines if line.kind == "rounding")
        assert abs(rounding) <= Fraction(1, 10)


@given(values, events, some_definitions(), some_definitions())
def test_a_new_definition_never_looks_like_a_customer_s_doing(
    known: dict[str, int | None], holding: set[str], old: Definition, new: Definition
) -> None:
    found = split(a_side(known, holding, old), a_side(known, holding, new))
    assert {line.kind for line in found.lines} <= {"definition", "rounding"}


@given(values, values, events, some_definitions())
def test_data_alone_never_looks_like_a_new_definition(
    known: dict[str, int | None], later: dict[str, int | None], holding: set[str], one: Definition
) -> None:
    found = split(a_side(known, holding, one), a_side(later, holding, one))
    assert "definition" not in {line.kind for line in found.lines}


def test_lateness_is_told_measure_by_measure() -> None:
    found = split(a_side(GOOD), a_side(GOOD | LATE))
    told = {(line.kind, line.measure): line.points for line in found.lines}
    # 35 days earn 35 points: 65 points of 30 in a hundred are gone. One month of MRR earns 50.
    assert told["data", "oldest_past_due_days"] == Fraction(-195, 10)
    assert told["data", "past_due_months_of_mrr"] == Fraction(-75, 10)


def test_what_is_known_now_and_what_a_cap_takes_are_lines_of_their_own() -> None:
    before = GOOD | {"mrr_trend_90d": None}
    found = split(a_side(before), a_side(GOOD, {"final_dunning"}))
    kinds = [line.kind for line in found.lines]
    assert kinds == ["appeared", "cap"]
    assert [line.points for line in found.lines] == [Fraction(-5), Fraction(-45)]
