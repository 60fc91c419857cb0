"""Past MRR from invoiced lines: what covers the day, snapped, bridged, and never beyond its life."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tenure.metrics.inputs import Interval
from tenure.metrics.mrr_history import HistoryLine, Life, moved, mrr_history

MONTHLY, YEARLY = Interval("months", 1), Interval("months", 12)


def a_line(start: str, end: str, amount: str = "100", **more: object) -> HistoryLine:
    values = {
        "start_date": date.fromisoformat(start),
        "end_date": date.fromisoformat(end),
        "subtotal": Decimal(amount),
        "origin": "plan",
        "interval": MONTHLY,
        **more,
    }
    return HistoryLine(**values)  # type: ignore[arg-type]


def on(day: str, *lines: HistoryLine, life: Life | None = None) -> tuple[Decimal, str]:
    (point,) = mrr_history(lines, [date.fromisoformat(day)], life=life or Life())
    return Decimal(point.mrr.numerator) / point.mrr.denominator, point.kind


def test_the_last_day_of_a_line_is_not_covered_by_it() -> None:
    line = a_line("2026-01-31", "2026-02-28")
    assert on("2026-02-27", line) == (100, "reconstructed")
    assert on("2026-02-28", line) == (0, "reconstructed")


def test_setup_fees_usage_trials_and_voided_invoices_are_no_mrr() -> None:
    lines = [
        a_line("2026-01-01", "2026-02-01", origin="setup_fee"),
        a_line("2026-01-01", "2026-02-01", origin="plan_trial"),
        a_line("2026-01-01", "2026-02-01", is_usage=True),
        a_line("2026-01-01", "2026-02-01", invoice_state="voided"),
    ]
    assert on("2026-01-10", *lines) == (0, "reconstructed")


def test_a_gap_between_two_lines_is_inferred_unless_it_was_a_pause() -> None:
    lines = [a_line("2026-01-01", "2026-02-01"), a_line("2026-03-01", "2026-04-01")]
    assert on("2026-02-10", *lines) == (100, "inferred")
    paused = Life(pauses=[(date(2026, 2, 1), date(2026, 3, 1))])
    assert on("2026-02-10", *lines, life=paused) == (0, "reconstructed")


def test_nothing_counts_before_the_subscription_began_or_from_its_end_on() -> None:
    life = Life(begins=date(2026, 1, 5), ends=date(2026, 1, 20))
    line = a_line("2026-01-01", "2026-02-01")
    assert on("2026-01-04", line, life=life)[0] == 0
    assert on("2026-01-19", line, life=life)[0] == 100
    assert on("2026-01-20", line, life=life)[0] == 0


def test_a_given_proration_rate_wins_over_counted_days() -> None:
    line = a_line("2026-01-16", "2026-02-01", "50", proration_rate=Decimal("0.5"))
    assert on("2026-01-20", line)[0] == 100


def test_tax_inside_the_price_is_taken_out() -> None:
    line = a_line("2026-01-01", "2026-02-01", "120", tax=Decimal(20), tax_inclusive=True)
    assert on("2026-01-20", line)[0] == 100


def test_a_month_before_the_last_of_march_began_on_the_last_of_february() -> None:
    assert moved(date(2024, 3, 31), MONTHLY, -1) == date(2024, 2, 29)
    assert moved(date(2024, 2, 29), YEARLY, -1) == date(2023, 2, 28)


@given(st.integers(1, 36), st.integers(1, 10**6), st.dates(date(2015, 1, 1), date(2030, 1, 1)))
def test_a_full_line_spreads_to_its_amount_over_its_months(
    months: int, cents: int, end: date
) -> None:
    interval = Interval("months", months)
    amount = Decimal(cents).scaleb(-2)
    start = moved(end, interval, -1)
    line = HistoryLine(
        start_date=start, end_date=end, subtotal=amount, origin="plan", interval=interval
    )
    (point,) = mrr_history([line], [start])
    assert point.mrr * months == amount
