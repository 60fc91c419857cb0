"""A fresh demo has a rate for every currency of its customers, on every day of their history."""

from datetime import UTC, date, datetime

import pytest

from tenure.core.clock import FrozenClock
from tenure.demo.business import RATES, Business
from tenure.metrics.rates import table
from tenure.metrics.settings import current
from tenure.simulator.world.bulk import numbers
from tenure.simulator.world.prices import CURRENCIES

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.mark.django_db
def test_every_day_of_the_made_up_history_has_a_rate() -> None:
    Business(FrozenClock(NOW)).have_rates()
    chosen = current()
    rates = table(chosen)
    paid_in = {*CURRENCIES, *numbers.CURRENCIES}
    assert paid_in == {chosen.currency, *RATES}
    days = (date(2021, 1, 1), date(2025, 6, 30), NOW.date())
    assert all(rates.on(code, chosen.currency, day) for code in paid_in for day in days)
