"""Rates in force, derived rates, converted totals, and who is measured again when either changes."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from tenure import flow
from tenure.connections import workspace
from tenure.customers import touched
from tenure.metrics import basis, read, refresh
from tenure.metrics.fx import Rate, Rates
from tenure.metrics.models import AccountFacts, FxRate
from tests.metrics.rows import NOW, a_plan, a_subscription, an_account, an_invoice

JUNE = date(2026, 6, 1)


def a_rate(source: str, target: str, rate: str, day: date = JUNE) -> Rate:
    return Rate(source, target, day, Fraction(rate))


def enter(source: str, target: str, rate: str, day: date = JUNE) -> FxRate:
    return FxRate.objects.create(source=source, target=target, rate=rate, day=day, set_at=NOW)


def quoted(rates: Rates, source: str, target: str, day: date = JUNE) -> tuple[str, str, str] | None:
    found = rates.on(source, target, day)
    return (str(found.rate), found.derived, found.via) if found else None


def test_the_latest_rate_up_to_the_day_is_in_force() -> None:
    rates = Rates(
        [
            a_rate("EUR", "USD", "1.2", date(2026, 6, 10)),
            a_rate("EUR", "USD", "1.1"),
            a_rate("EUR", "USD", "1.3", date(2026, 7, 1)),
        ]
    )
    assert quoted(rates, "EUR", "USD", date(2026, 5, 31)) is None
    assert quoted(rates, "EUR", "USD", date(2026, 6, 9)) == ("11/10", "", "")
    assert quoted(rates, "EUR", "USD", date(2026, 6, 30)) == ("6/5", "", "")
    assert quoted(rates, "EUR", "USD", date(2026, 7, 1)) == ("13/10", "", "")


def test_a_currency_is_itself_without_a_rate() -> None:
    assert quoted(Rates(), "USD", "USD") == ("1", "", "")


def test_nothing_is_derived_unless_asked_for() -> None:
    entered = [a_rate("USD", "EUR", "0.8"), a_rate("USD", "GBP", "0.75")]
    assert quoted(Rates(entered), "EUR", "USD") is None
    derived = Rates(entered, derive=True)
    assert quoted(derived, "EUR", "USD") == ("5/4", "inverse", "")
    assert quoted(derived, "EUR", "GBP") == ("15/16", "cross", "USD")


def test_an_entered_rate_goes_before_a_newer_derived_one() -> None:
    rates = Rates(
        [a_rate("EUR", "USD", "1.1"), a_rate("USD", "EUR", "0.5", date(2026, 6, 20))], derive=True
    )
    assert quoted(rates, "EUR", "USD", date(2026, 6, 30)) == ("11/10", "", "")


def test_a_cross_rate_takes_the_way_with_the_fewest_inverses_then_the_newest() -> None:
    rates = Rates(
        [
            a_rate("SEK", "EUR", "0.1"),
            a_rate("EUR", "USD", "1.1"),
            a_rate("SEK", "DKK", "0.7", date(2026, 6, 20)),
            a_rate("USD", "DKK", "7", date(2026, 6, 20)),
            a_rate("SEK", "CHF", "0.2", date(2026, 6, 5)),
            a_rate("CHF", "USD", "1", date(2026, 6, 5)),
        ],
        derive=True,
    )
    assert quoted(rates, "SEK", "USD", date(2026, 6, 30)) == ("1/5", "cross", "CHF")


def test_a_missing_rate_leaves_no_total_and_is_named() -> None:
    rates = Rates([a_rate("EUR", "USD", "1.10")])
    sums = {"EUR": Decimal(100), "GBP": Decimal(5), "USD": Decimal(1)}
    found = rates.converted(sums, "USD", JUNE)
    assert (found.amount, found.missing) == (None, ("GBP",))


def test_nothing_needs_no_rate() -> None:
    found = Rates().converted({"GBP": Decimal(0), "USD": Decimal(3)}, "USD", JUNE)
    assert (found.amount, found.missing) == (3, ())


@pytest.fixture
def two_currencies(db: None) -> int:
    """100 USD a month, 1200 EUR a year, and 50 GBP late."""
    account = an_account()
    a_subscription(account, a_plan())
    a_subscription(
        account, a_plan(code="y", interval_length=12), currency="EUR", unit_amount="1200"
    )
    late = {"state": "past_due", "due_at": NOW - timedelta(days=3), "currency": "GBP"}
    an_invoice(account, total="80", balance="50", paid="30", **late)
    return int(account.pk)


def measured(pk: int, now: datetime = NOW) -> AccountFacts:
    refresh.measure([pk], now)
    return AccountFacts.objects.get(pk=pk)


def test_facts_hold_each_total_only_when_all_its_rates_are_known(two_currencies: int) -> None:
    enter("EUR", "USD", "1.10")
    facts = measured(two_currencies)
    assert (facts.mrr_converted, facts.arr_converted) == (210, 2520)
    assert (facts.due_converted, facts.past_due_converted) == (None, None)
    assert (facts.paid_converted, facts.billed_converted) == (None, None)
    assert (facts.missing_rates, facts.converted_currency) == (["GBP"], "USD")
    assert (facts.mrr_sort, facts.due_sort) == (210, 50)
    enter("GBP", "USD", "1.25")
    facts = measured(two_currencies)
    assert (facts.due_converted, facts.paid_converted, facts.billed_converted) == (
        Decimal("62.5"),
        Decimal("37.5"),
        100,
    )
    assert (facts.missing_rates, facts.past_due_sort) == ([], Decimal("62.5"))


def test_lists_sort_across_currencies_by_what_amounts_are_worth(db: None) -> None:
    enter("JPY", "USD", "0.0065")
    yen, dollars = an_account("Yen"), an_account("Dollars")
    a_subscription(yen, a_plan(), currency="JPY", unit_amount="9000")
    a_subscription(dollars, a_plan(), unit_amount="100")
    refresh.measure([yen.pk, dollars.pk], NOW)
    found = read.accounts_page(sort="-mrr").rows
    assert [row.name for row in found] == ["Dollars", "Yen"]
    assert [str(m) for row in found for m in row.mrr] == ["100.00 USD", "9,000 JPY"]


def test_totals_by_currency_are_native_and_the_converted_one_stands_beside(
    two_currencies: int,
) -> None:
    enter("EUR", "USD", "1.10")
    measured(two_currencies)
    totals = read.totals()
    assert [str(m) for m in totals.mrr] == ["100.00 EUR", "100.00 USD"]
    beside = read.converted({"mrr": totals.mrr, "total_due": totals.total_due}, NOW)
    assert str(beside.amounts["mrr"]) == "210.00 USD"
    assert beside.amounts["total_due"] is None
    assert beside.missing == ("GBP",)
    assert [(r.source, r.rate, r.day) for r in beside.rates] == [("EUR", Decimal("1.1"), JUNE)]


def settled(now: datetime = NOW) -> int:
    """Settle, refresh, and how many accounts were marked."""
    marked = basis.settle(now)
    flow.catch_up(now)
    return marked


def test_a_new_rate_measures_only_the_accounts_with_that_currency(two_currencies: int) -> None:
    other = an_account()
    a_subscription(other, a_plan())
    refresh.measure([two_currencies, other.pk], NOW)
    assert settled() == 2  # the first basis there is
    assert settled() == 0
    enter("EUR", "USD", "1.10")
    assert settled() == 1
    assert AccountFacts.objects.get(pk=two_currencies).mrr_converted == 210


def test_a_rate_comes_into_force_at_the_midnight_of_its_day(two_currencies: int) -> None:
    enter("EUR", "USD", "1.10")
    enter("EUR", "USD", "1.20", date(2026, 7, 1))
    measured(two_currencies)
    settled()
    before_midnight = datetime(2026, 6, 30, 23, 59, tzinfo=UTC)
    assert settled(before_midnight) == 0
    assert settled(before_midnight + timedelta(minutes=1)) == 1
    assert AccountFacts.objects.get(pk=two_currencies).mrr_converted == 220


def test_a_changed_setting_measures_everybody(two_currencies: int) -> None:
    enter("USD", "EUR", "0.8")
    measured(two_currencies)
    settled()
    workspace.change({"currency": "eur"}, now=NOW)
    assert settled() == 1
    facts = AccountFacts.objects.get(pk=two_currencies)
    assert (facts.mrr_converted, facts.converted_currency) == (180, "EUR")


def test_marking_goes_on_where_it_stopped(
    two_currencies: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(basis, "CHUNK", 2)
    others = [an_account() for _ in range(4)]
    refresh.measure([two_currencies, *(one.pk for one in others)], NOW)
    assert basis._step(NOW) == 2
    assert touched.count() == 2
    assert basis.settle(NOW) == 3
    assert (touched.count(), basis.settle(NOW)) == (5, 0)
