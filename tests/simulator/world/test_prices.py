"""Prices by tier, currency and calendar."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tenure.simulator.world.moments import at_business, end_of_month, months_later
from tenure.simulator.world.prices import Tier, exact_text, list_price, parts, unit_price

TIERS = [Tier(10, Decimal(5)), Tier(20, Decimal(4)), Tier(None, Decimal(3))]


@pytest.mark.parametrize(
    ("tier_type", "quantity", "total"),
    [
        ("flat", 25, 175),  # 25 x 7
        ("tiered", 25, 105),  # 10 x 5 + 10 x 4 + 5 x 3
        ("tiered", 10, 50),
        ("volume", 25, 75),  # 25 x 3
        ("volume", 20, 80),
        ("stairstep", 25, 3),
        ("stairstep", 11, 4),
        ("flat", 0, 0),
    ],
)
def test_a_quantity_costs_what_its_tier_type_says(
    tier_type: str, quantity: int, total: int
) -> None:
    pieces = parts(tier_type, quantity, Decimal(7), TIERS)
    assert sum(count * unit for count, unit in pieces) == total


@pytest.mark.parametrize(
    ("dollars", "currency", "price"),
    [
        ("49", "USD", "49.00"),
        ("49", "EUR", "47.00"),
        ("49", "JPY", "7350"),
        ("49", "KWD", "15.190"),
    ],
)
def test_list_prices_are_restated_in_round_figures(dollars: str, currency: str, price: str) -> None:
    assert str(list_price(Decimal(dollars), currency)) == price


def test_a_metered_unit_may_cost_less_than_a_cent() -> None:
    assert exact_text(unit_price(Decimal("0.0075"), "USD")) == "0.0075"
    assert exact_text(Decimal("12.500")) == "12.5"
    assert exact_text(Decimal(3)) == "3.0"


def test_the_last_of_january_comes_back_as_the_last_of_march() -> None:
    january = datetime(2026, 1, 31, 9, tzinfo=UTC)
    february = months_later(january, 1, day=31)
    assert (february.month, february.day) == (2, 28)
    assert months_later(february, 1, day=31).day == 31
    assert end_of_month(february).day == 28


def test_business_happens_on_weekdays_and_never_earlier() -> None:
    saturday = datetime(2026, 8, 15, 12, tzinfo=UTC)
    assert at_business(saturday, 60) == datetime(2026, 8, 17, 8, 1, tzinfo=UTC)
    friday_night = datetime(2026, 8, 14, 23, tzinfo=UTC)
    assert at_business(friday_night, 0).weekday() == 0
