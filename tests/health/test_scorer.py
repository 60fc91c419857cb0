"""The scorer in whole numbers says what the definition says, whatever the definition is."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tenure.health import definitions
from tenure.health.measures import BY_NAME
from tenure.health.score import CAPS, DEFAULT, Definition, score
from tenure.health.scorer import MILLION, Scorer, text_of, value_of

NAMES = tuple(BY_NAME)
EVENTS = ("final_dunning", "failed_90", "ended")
millionths = st.integers(-200, 200).map(lambda n: n * MILLION) | st.integers(-3 * 10**6, 10**8)
values = st.fixed_dictionaries({name: st.none() | millionths for name in NAMES})
events = st.sets(st.sampled_from(EVENTS))


@st.composite
def some_definitions(draw: st.DrawFn) -> Definition:
    """Any definition that could be saved."""
    measures = []
    for name in draw(st.sets(st.sampled_from(NAMES), min_size=1)):
        at = sorted(draw(st.sets(st.integers(-500, 5000), min_size=1, max_size=6)))
        heights = sorted(draw(st.lists(st.integers(0, 100), min_size=len(at), max_size=len(at))))
        if name in definitions.FALLING:
            heights.reverse()
        curve = [[str(Decimal(x) / 100), str(y)] for x, y in zip(at, heights, strict=True)]
        weight = str(Decimal(draw(st.integers(1, 5000))) / 100)
        measures.append({"name": name, "weight": weight, "curve": curve})
    caps = [
        {"name": cap.name, "most": draw(st.integers(0, 100))}
        for cap in draw(st.sets(st.sampled_from(CAPS)))
    ]
    amber, green = sorted(draw(st.sets(st.integers(0, 1000), min_size=2, max_size=2)))
    return definitions.read(
        {
            "measures": measures,
            "caps": caps,
            "green": str(Decimal(green) / 10),
            "amber": str(Decimal(amber) / 10),
            "min_coverage": str(Decimal(draw(st.integers(0, 100))) / 100),
        }
    )


@given(some_definitions(), values, events)
def test_the_scorer_equals_the_definition(
    definition: Definition, known: dict[str, int | None], holding: set[str]
) -> None:
    exact = {n: None if v is None else Fraction(v, MILLION) for n, v in known.items()}
    expected, scorer = score(exact, holding, definition), Scorer(definition)
    found = scorer(known, holding, explained=True)
    assert found.exact == expected.exact
    assert _decimal(found.score) == expected.score
    assert _decimal(found.uncapped) == expected.uncapped
    assert (found.caps, found.missing) == (expected.caps, expected.missing)
    assert scorer.band(found.score) == expected.band
    for share, part in zip(found.shares, expected.parts, strict=True):
        assert abs(Fraction(share.contribution, 10_000) - part.contribution) <= Fraction(1, 20_000)
        assert abs(Fraction(share.loss, 10_000) - part.loss) <= Fraction(1, 20_000)


def _decimal(tenths: int | None) -> Decimal | None:
    return None if tenths is None else Decimal(tenths).scaleb(-1)


@given(some_definitions(), values, events, st.sampled_from(NAMES))
def test_a_missing_measure_is_never_better_than_a_perfect_one(
    definition: Definition, known: dict[str, int | None], holding: set[str], name: str
) -> None:
    scorer = Scorer(definition)
    curve = next((m.curve for m in definition.measures if m.name == name), ((Fraction(0),) * 2,))
    best, height = max(curve, key=lambda point: point[1])
    without = scorer({**known, name: None}, holding).score
    perfect = scorer({**known, name: int(best * MILLION)}, holding).score
    if height == 100 and without is not None and perfect is not None and "past_due" not in name:
        assert without <= perfect


@given(st.integers(-(10**9), 10**9))
def test_values_are_written_as_people_write_them_and_read_back(value: int) -> None:
    text = text_of(value)
    assert text is not None
    assert value_of(text) == value
    assert "E" not in text


@given(some_definitions())
def test_a_definition_comes_back_from_its_document(definition: Definition) -> None:
    assert definitions.read(definitions.document_of(definition)) == definition


def test_the_first_definition_is_the_specified_one() -> None:
    assert definitions.read(definitions.document_of(DEFAULT)) == DEFAULT
