"""How one subscription's monthly amount is made, line by line, for whoever opens the figure."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from tenure.core.money import Money
from tenure.metrics.amounts import Number
from tenure.metrics.inputs import Subscription
from tenure.metrics.mrr import Price


@dataclass(frozen=True, slots=True)
class Step:
    """One line of how a part's amount is made: what is done, and what it comes to (unrounded)."""

    label: str
    amount: Money


def steps(sub: Subscription, price: Price, times: int) -> tuple[Step, ...]:
    """The formula of section 2 with this subscription's numbers, line by line."""

    def step(label: str, amount: Fraction) -> Step:
        return Step(label, Money(_plain(amount), sub.currency))

    lines = [step(f"{sub.quantity} × {_short(sub.unit_amount)}", price.base)]
    lines += [
        step(f"{add_on.code} × {add_on.quantity}" if add_on.code else "add-ons", add_on.amount)
        for add_on in price.add_ons
    ]
    if price.net != price.gross:
        lines.append(step(f"tax included, ÷ {_short(1 + (sub.tax_rate or 0))}", price.net))
    for one in price.taken:
        share = f" {_short(one.percent)} %" if one.percent is not None else ""
        whose = " of the account" if one.of_account else ""
        lines.append(step(f"discount {one.code}{share}".rstrip() + whose, -one.amount))
    length, unit = price.interval.length, price.interval.unit
    if unit == "days":
        lines.append(step(f"per month: ÷ {length} days × days a month", price.monthly))
    elif length != 1:
        lines.append(step(f"per month: ÷ {length} months", price.monthly))
    if times != 1:
        lines.append(step(f"× {times}", price.monthly * times))
    return tuple(lines)


def _plain(amount: Fraction) -> Decimal:
    return Decimal(amount.numerator) / Decimal(amount.denominator)


def _short(amount: Number | int | None) -> str:
    """A number without the zeros that nobody writes, but with cents."""
    exact = Decimal(0) if amount is None else Decimal(str(amount))
    cents = exact.quantize(Decimal("0.01"))
    whole = exact == exact.to_integral_value()
    return (
        str(exact.to_integral_value())
        if whole
        else str(cents if cents == exact else exact.normalize())
    )
