"""Twelve months of bills as bars: what was billed, and how much of it is still owed."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tenure.core.money import Money
from tenure.customers.models import Invoice

SHOWN = 12
BAR, STEP = 5.6, 100 / SHOWN  # per cent of the drawing's width


@dataclass(frozen=True, slots=True)
class Month:
    """One month's column; heights are per cent of the tallest."""

    first: date
    billed: Money
    settled: Money
    x: str
    billed_y: str
    billed_height: str
    settled_y: str
    settled_height: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The months of one currency, and whether older invoices in them were left out."""

    currency: str
    months: Sequence[Month]
    whole: bool
    width: str = f"{BAR}%"


def months(rows: Iterable[Invoice], now: datetime, *, whole: bool) -> Chart | None:
    """The chart of the currency billed most often; None when nothing was billed in a year."""
    firsts = _last_months(now)
    billed: dict[str, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    settled: dict[str, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    often: dict[str, int] = defaultdict(int)
    for row in rows:
        first = row.created_at.date().replace(day=1)
        if row.type == "credit" or row.state == "voided" or first < firsts[0] or not row.part.total:
            continue
        often[row.currency] += 1
        billed[row.currency][first] += row.part.total
        # What credit or a write-off settled is not owed any more either.
        settled[row.currency][first] += row.part.total - (row.part.balance or Decimal(0))
    if not often:
        return None
    currency = max(sorted(often), key=lambda code: often[code])
    return Chart(currency, _columns(firsts, currency, billed[currency], settled[currency]), whole)


def _columns(
    firsts: Sequence[date],
    currency: str,
    billed: dict[date, Decimal],
    settled: dict[date, Decimal],
) -> list[Month]:
    top = max(billed.values()) or Decimal(1)
    columns = []
    for index, first in enumerate(firsts):
        tall = billed[first] / top * 100
        filled = min(settled[first], billed[first]) / top * 100
        columns.append(
            Month(
                first=first,
                billed=Money(billed[first], currency),
                settled=Money(settled[first], currency),
                x=f"{index * STEP + (STEP - BAR) / 2:.2f}%",
                billed_y=f"{100 - tall:.2f}%",
                billed_height=f"{tall:.2f}%",
                settled_y=f"{100 - filled:.2f}%",
                settled_height=f"{filled:.2f}%",
            )
        )
    return columns


def _last_months(now: datetime) -> list[date]:
    counted = now.year * 12 + now.month - 1
    back = range(counted - SHOWN + 1, counted + 1)
    return [date(month // 12, month % 12 + 1, 1) for month in back]
