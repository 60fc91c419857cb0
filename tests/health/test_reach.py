"""The smallest change that makes a score green: it does, and a smaller one does not."""

from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tenure.health.definitions import FALLING
from tenure.health.levers import Agreement, Debt, Situation, pay
from tenure.health.measures import OUTLOOKS
from tenure.health.reach import Move, is_green, judged, moved, reach
from tenure.health.score import DEFAULT, Definition
from tenure.health.scorer import MILLION, Scorer, millionths
from tests.health.test_scorer import some_definitions

CENT = Fraction(1, 100)
money = st.integers(1, 500_000).map(lambda cents: Fraction(cents, 100))
debts = st.lists(st.builds(Debt, st.none(), st.integers(1, 120), money, st.booleans()), max_size=4)
agreements = st.lists(
    st.sampled_from(["auto_renew", "ends_later", "ends_soon", "paused", "cancelling"]).flatmap(
        lambda word: st.builds(
            Agreement,
            st.just(word),
            money | st.just(Fraction(0)),
            st.just(OUTLOOKS[word]),
            st.just(word),
        )
    ),
    max_size=4,
)


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Any account that has all figures."""
    owed, agreed = tuple(draw(debts)), tuple(draw(agreements))
    considered = draw(st.integers(3, 12))
    situation = Situation(
        base=dict.fromkeys([*FALLING, "on_time_rate_12m", "mrr_trend_90d", "renewal_outlook"], 0),
        events=frozenset({"final_dunning"} if any(one.final for one in owed) else ()),
        unit=CENT,
        debts=owed,
        mrr=draw(money),
        mrr_before=draw(money),
        on_time=draw(st.integers(0, considered)),
        considered=considered,
        agreements=agreed,
        failures=tuple(date(2026, 7, n + 1) for n in range(draw(st.integers(0, 6)))),
    )
    return based(situation)


def based(situation: Situation) -> Situation:
    """The situation with the raw values it makes as its base."""
    names = {*FALLING, "on_time_rate_12m", "mrr_trend_90d"}
    names |= {"renewal_outlook"} if situation.agreements else set()
    touched = Situation(
        **{name: getattr(situation, name) for name in situation.__slots__}
        | {"touched": frozenset(names)}
    )
    base = touched.values | ({} if situation.agreements else {"renewal_outlook": None})
    return Situation(
        **{name: getattr(situation, name) for name in situation.__slots__} | {"base": base}
    )


@given(situations(), some_definitions())
def test_every_way_is_green_and_one_step_less_of_any_move_is_not(
    situation: Situation, definition: Definition
) -> None:
    scorer = Scorer(definition)
    if is_green(situation, scorer):
        return
    for way in reach(situation, scorer).ways:
        assert is_green(moved(situation, way.moves), scorer)
        assert scorer.band(way.outcome.score) == "green"
        for place, move in enumerate(way.moves):
            less = [*way.moves]
            less[place] = Move(move.lever, move.steps - 1)
            assert move.steps > 0
            assert not is_green(moved(situation, less), scorer)


@given(situations())
def test_no_lever_ever_makes_a_score_worse(situation: Situation) -> None:
    scorer = Scorer(DEFAULT)
    for way in reach(situation, scorer).ways:
        for move in way.moves:
            scores = [
                judged(move.lever.apply(situation, steps), scorer).score or 0
                for steps in sorted({0, 1, move.steps // 2, move.steps, move.lever.most})
            ]
            assert scores == sorted(scores)


@given(situations())
def test_where_no_two_levers_are_enough_the_best_is_told(situation: Situation) -> None:
    scorer = Scorer(DEFAULT)
    found = reach(situation, scorer)
    if not found.ways:
        assert found.best is not None


def test_the_cheapest_payment_is_found_to_the_cent() -> None:
    scorer = Scorer(DEFAULT)
    situation = based(
        Situation(
            base={},
            events=frozenset(),
            unit=CENT,
            debts=(Debt("1042", 35, Fraction(1200)), Debt("1050", 3, Fraction(90))),
            mrr=Fraction(1000),
            mrr_before=Fraction(1000),
            on_time=8,
            considered=10,
            agreements=(Agreement("s", Fraction(1000), Fraction(100), "auto_renew"),),
        )
    )
    # 35 points of 30, 43.5 of 15, 60 of 15, then 75 of 20, 100 of 15 and of 5 make 60.9 of 100.
    assert judged(situation, scorer).score == 609
    way = next(way for way in reach(situation, scorer).ways if way.moves[0].lever.apply is pay)
    assert way.moves[0].steps == 120_000
    assert way.after.values["oldest_past_due_days"] == 3 * MILLION
    assert way.after.values["past_due_months_of_mrr"] == millionths(Fraction(9, 100))


def test_a_last_reminder_is_paid_before_what_is_older_when_that_is_cheaper() -> None:
    scorer = Scorer(DEFAULT)
    situation = based(
        Situation(
            base={},
            events=frozenset({"final_dunning"}),
            unit=CENT,
            debts=(Debt("old", 10, Fraction(500)), Debt("reminded", 9, Fraction(20), final=True)),
            mrr=Fraction(10_000),
            mrr_before=Fraction(10_000),
            on_time=10,
            considered=10,
            agreements=(Agreement("s", Fraction(1000), Fraction(100), "auto_renew"),),
        )
    )
    way = reach(situation, scorer).ways[0]
    assert [(move.lever.name, move.steps) for move in way.moves] == [("pay_reminded", 2_000)]
