"""Money never mixes currencies and rounds only by name."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.money import CurrencyMismatch, Money, minor_digits, totals

AMOUNTS = st.decimals(-(10**9), 10**9, places=4)


def test_two_currencies_do_not_add() -> None:
    with pytest.raises(CurrencyMismatch, match="EUR"):
        Money(Decimal(1), "USD") + Money(Decimal(1), "EUR")


@pytest.mark.parametrize(
    ("currency", "shown"), [("JPY", "1235"), ("USD", "1234.57"), ("KWD", "1234.568")]
)
def test_amounts_show_the_decimals_of_their_currency(currency: str, shown: str) -> None:
    assert Money(Decimal("1234.5675"), currency).as_json()["amount"] == shown


def test_half_a_cent_rounds_away_from_zero() -> None:
    assert Money(Decimal("-0.005"), "USD").rounded().amount == Decimal("-0.01")


@given(st.lists(st.tuples(AMOUNTS, st.sampled_from(["USD", "EUR", "JPY"]))))
def test_totals_are_exact_for_each_currency(pairs: list[tuple[Decimal, str]]) -> None:
    for total in totals(Money(a, c) for a, c in pairs):
        assert total.amount == sum(a for a, c in pairs if c == total.currency)
        assert minor_digits(total.currency) in {0, 2}
