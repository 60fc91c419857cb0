"""What is owed by how late it is, as a bar a currency: widths for the drawing, words for the key."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tenure.core.money import Money
from tenure.metrics.as_of import is_mrr_alone
from tenure.metrics.models import Figures

BUCKETS = (
    ("current", "Not yet due"),
    ("1-30", "1–30 days"),
    ("31-60", "31–60 days"),
    ("61-90", "61–90 days"),
    ("90+", "Over 90 days"),
)


@dataclass(frozen=True, slots=True)
class Slice:
    """One age: its place and width in per cent of the bar."""

    label: str
    amount: Money
    tone: int
    x: str
    width: str
    figure: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """All that is owed in one currency."""

    currency: str
    total: Money
    slices: Sequence[Slice]

    @property
    def words(self) -> str:
        """The bar for those who do not see it."""
        known = (f"{s.label} {s.amount}" for s in self.slices if s.amount)
        return f"{self.total} owed: " + ", ".join(known)


def bars(facts: Figures | None) -> list[Bar]:
    """A bar for each currency in which something is owed."""
    if facts is None or is_mrr_alone(facts):
        return []
    drawn = (_bar(currency, ages) for currency, ages in sorted(facts.ageing.items()))
    return [bar for bar in drawn if bar.total]


def _bar(currency: str, ages: dict[str, str]) -> Bar:
    amounts = [Decimal(ages.get(key, "0")) for key, _ in BUCKETS]
    total = sum(amounts, Decimal(0))
    slices, x = [], Decimal(0)
    for tone, ((key, label), amount) in enumerate(zip(BUCKETS, amounts, strict=True)):
        width = amount / total * 100 if total else Decimal(0)
        slices.append(
            Slice(
                label, Money(amount, currency), tone, f"{x:.3f}%", f"{width:.3f}%", f"ageing.{key}"
            )
        )
        x += width
    return Bar(currency, Money(total, currency), slices)
