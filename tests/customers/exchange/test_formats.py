"""Numbers and dates as different countries write them; what is ambiguous is never guessed."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.customers.convert import Unreadable
from tenure.customers.exchange.formats import DATES, NUMBERS, date_ways, number_ways


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("point", "1,234.56", "1234.56"),
        ("point", "-1234.5", "-1234.5"),
        ("point", "$ 1,000", "1000"),
        ("point", "(1,250.00)", "-1250.00"),
        ("point", ".5", "0.5"),
        ("comma", "1.234,56", "1234.56"),
        ("comma", "1.234.567", "1234567"),
        ("comma", "12,5 €", "12.5"),
        ("comma", "−7,25", "-7.25"),
        ("space", "1 234,56", "1234.56"),
        ("space", "1\u202f234\u00a0567,8", "1234567.8"),
        ("space", "EUR 12", "12"),
    ],
)
def test_a_number_is_read_as_its_country_writes_it(key: str, text: str, value: str) -> None:
    assert NUMBERS[key].read(text) == Decimal(value)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("point", "1.234,56"), ("point", "12,34"), ("comma", "1,234.56"), ("comma", "1.23"),
        ("space", "1.234"), ("point", ""), ("point", "-"), ("point", "1,2,3"), ("point", "12a"),
        ("comma", ","), ("point", "1e5"), ("point", "9" * 50),
    ],
)  # fmt: skip
def test_a_number_of_another_country_is_no_number(key: str, text: str) -> None:
    with pytest.raises(Unreadable):
        NUMBERS[key].read(text)


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_what_a_format_writes_it_reads(number: Decimal) -> None:
    english = f"{number:,}"
    assert NUMBERS["point"].read(english) == number
    german = english.translate(str.maketrans(",.", ".,"))
    assert NUMBERS["comma"].read(german) == number
    assert NUMBERS["space"].read(english.replace(",", "\u00a0").replace(".", ",")) == number


@pytest.mark.parametrize(
    ("key", "text", "day"),
    [
        ("iso", "2026-12-31", "2026-12-31"),
        ("dmy", "31.12.2026", "2026-12-31"),
        ("dmy", "1/2/2026", "2026-02-01"),
        ("mdy", "1/2/2026", "2026-01-02"),
        ("mdy", "12/31/2026 08:15", "2026-12-31"),
        ("dmy", "2026-12-31T08:00:00Z", "2026-12-31"),
    ],
)
def test_a_date_is_read_in_its_order(key: str, text: str, day: str) -> None:
    assert DATES[key].read(text).isoformat() == day


@pytest.mark.parametrize(
    ("key", "text"),
    [("mdy", "31.12.2026"), ("dmy", "31.02.2026"), ("iso", "31.12.2026"), ("dmy", "1.2.26")],
)
def test_a_date_that_does_not_exist_in_its_order_is_none(key: str, text: str) -> None:
    with pytest.raises(Unreadable):
        DATES[key].read(text)


def test_what_can_be_read_in_two_ways_is_left_to_the_person() -> None:
    ways = number_ways(["1.234", "2.500"])
    assert ways.is_ambiguous
    assert {r.key: r.value for r in ways.readings} == {"point": "1.234", "comma": "1234"}
    days = date_ways(["03/04/2026", "05/06/2026"])
    assert days.is_ambiguous
    assert {r.key: r.value for r in days.readings} == {"dmy": "2026-04-03", "mdy": "2026-03-04"}


def test_one_telling_value_settles_a_whole_column() -> None:
    assert number_ways(["1.234", "1.234,50"]).chosen == "comma"
    assert date_ways(["03/04/2026", "31/04/2026", "30/04/2026"]).chosen == "dmy"


def test_whole_numbers_mean_the_same_everywhere() -> None:
    assert not number_ways(["1", "250"]).is_ambiguous


def test_words_are_no_numbers() -> None:
    assert number_ways(["many", "few"]).readings == ()
