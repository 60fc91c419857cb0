"""List prices in every currency, and what a quantity costs under each tier type."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from tenure.core.money import minor_digits, round_to_minor

# List prices are set in dollars and restated with these, then rounded to what a price list shows.
_RESTATED = {
    "USD": Decimal(1),
    "EUR": Decimal("0.95"),
    "GBP": Decimal("0.85"),
    "JPY": Decimal(150),
    "KWD": Decimal("0.31"),
}
CURRENCIES = tuple(_RESTATED)


def list_price(dollars: Decimal, currency: str) -> Decimal:
    """The price in another currency: whole units from ten dollars up, minor units below."""
    price = dollars * _RESTATED[currency]
    if dollars >= 10 and currency != "KWD":
        price = price.quantize(Decimal(1))
    return round_to_minor(price, currency)


def unit_price(dollars: Decimal, currency: str) -> Decimal:
    """The exact price of one metered unit, which may be far below a cent (at most 9 decimals)."""
    exact = (dollars * _RESTATED[currency]).quantize(Decimal("0.000000001"))
    return list_price(dollars, currency) if dollars >= 1 else exact


def exact_text(amount: Decimal) -> str:
    """A ``*_decimal`` property: plain digits without trailing zeros, with at least one decimal."""
    text = f"{amount:f}"
    text = text.rstrip("0") if "." in text else f"{text}."
    return f"{text}0" if text.endswith(".") else text


def minor(amount: Decimal, currency: str) -> Decimal:
    """Rounded to the currency's minor unit; JPY stays whole, KWD keeps three decimals."""
    return round_to_minor(amount, currency)


def zero(currency: str) -> Decimal:
    """Nothing, written with the currency's decimals."""
    return Decimal(0).scaleb(-minor_digits(currency))


@dataclass(frozen=True, slots=True)
class Tier:
    """Units up to ``ending`` (None: all above) cost ``amount``."""

    ending: int | None
    amount: Decimal


def parts(
    tier_type: str, quantity: int, flat: Decimal, tiers: list[Tier]
) -> Iterator[tuple[int, Decimal]]:
    """The quantities and unit prices that make up the charge; their products sum to it.

    flat: all units at one price. tiered: each unit at its own tier. volume: all units at the tier
    reached. stairstep: the amount of the tier reached, once.
    """
    if quantity <= 0:
        return
    if tier_type == "flat":
        yield quantity, flat
        return
    if tier_type == "tiered":
        start = 0
        for tier in tiers:
            end = quantity if tier.ending is None else min(quantity, tier.ending)
            if end > start:
                yield end - start, tier.amount
            start = max(start, end)
        return
    reached = next(t for t in tiers if t.ending is None or quantity <= t.ending)
    yield (1 if tier_type == "stairstep" else quantity), reached.amount
