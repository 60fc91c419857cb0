"""A text becomes a typed value exactly, or not at all."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.customers.convert import Unreadable, typed
from tenure.customers.models import AttributeKind

KINDS = st.sampled_from(AttributeKind.values)
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.text(st.characters(codec=None)),
    st.lists(st.text()),
    st.dates(),
    st.datetimes(),
)


def read(value: Any, kind: str) -> Any:
    """The typed value; ``Unreadable`` itself when there is none."""
    try:
        return typed(value, kind)
    except Unreadable:
        return Unreadable


@given(ANYTHING, KINDS)
def test_whatever_is_read_can_be_kept_and_is_read_as_itself(value: Any, kind: str) -> None:
    held = read(value, kind)
    if held is Unreadable:
        return
    assert json.loads(json.dumps(held)) == held
    assert "\\u0000" not in json.dumps(held)
    json.dumps(held, ensure_ascii=False).encode()
    assert typed(held, kind) == held


@given(st.text(), st.sampled_from([AttributeKind.NUMBER, AttributeKind.MONEY]))
def test_a_number_is_the_number_that_was_said_or_none(text: str, kind: str) -> None:
    held = read(text, kind)
    if held not in (None, Unreadable):
        assert Decimal(held) == Decimal("".join(text.replace(",", "").split()))


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=9, min_value=-(10**27), max_value=10**27
    )
)
def test_every_digit_of_a_number_is_kept(number: Decimal) -> None:
    assert Decimal(typed(format(number, "f"), AttributeKind.NUMBER)) == number


@given(st.integers(-(10**27), 10**27))
def test_thousands_may_be_set_apart(number: int) -> None:
    assert typed(f"{number:,}", AttributeKind.MONEY) == str(number)


@given(st.dates())
def test_a_day_is_read_from_a_date_and_from_an_instant_on_it(day: date) -> None:
    assert typed(day.isoformat(), AttributeKind.DATE) == day.isoformat()
    assert typed(f"{day.isoformat()}T23:59:00Z", AttributeKind.DATE) == day.isoformat()


@given(st.lists(st.text(st.characters(exclude_characters=",;\n\x00", exclude_categories=["Cs"]))))
def test_a_list_holds_each_part_once_in_its_order(parts: list[str]) -> None:
    wanted = list(dict.fromkeys(part.strip() for part in parts if part.strip()))
    said = ";".join(parts)
    assert (typed(said, AttributeKind.LIST) or []) == wanted


@given(KINDS, st.text(st.sampled_from(" \t\n\u00a0\u3000")))
def test_blank_is_nothing(kind: str, blank: str) -> None:
    assert typed(blank, kind) is None


@pytest.mark.parametrize(
    ("kind", "said", "held"),
    [
        ("number", "0012.50", "12.5"),
        ("number", "-0.0", "0"),
        ("number", "+7", "7"),
        ("number", ".5", "0.5"),
        ("money", "1 250,00", Unreadable),  # a comma before two digits could mean either
        ("money", "1,25", Unreadable),
        ("number", "1e9", Unreadable),
        ("number", "NaN", Unreadable),
        ("number", "٣", Unreadable),
        ("number", True, Unreadable),
        ("date", "2026-02-30", Unreadable),
        ("date", "31.03.2026", Unreadable),
        ("date", "03/04/2026", Unreadable),  # the third of April, or the fourth of March
        ("boolean", "YES", True),
        ("boolean", 0, False),
        ("boolean", "perhaps", Unreadable),
        ("text", ["a", "b"], "a, b"),
        ("text", False, "no"),
        ("list", "eu, beta;eu", ["eu", "beta"]),
        ("text", "half \ud83d", Unreadable),
        ("text", "nul\x00", Unreadable),
    ],
)
def test_examples(kind: str, said: Any, held: Any) -> None:
    assert read(said, kind) == held
