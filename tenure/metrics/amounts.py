"""Exact arithmetic and its one rounding: half away from zero, at the end, never in between."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction

from tenure.core.money import minor_digits

STORED_PLACES = 6
MILLION = 10**STORED_PLACES
_ZEROS = {0: "0", 2: "0.00", 3: "0.000"}
ZERO = Fraction(0)

Number = Fraction | Decimal
Sums = Mapping[str, Number]


def rounded(amount: Number, places: int) -> Decimal:
    """The amount at so many decimals, half away from zero."""
    top, bottom = amount.as_integer_ratio()
    whole = (abs(top) * 10**places * 2 + bottom) // (2 * bottom)
    return Decimal(whole if top >= 0 else -whole).scaleb(-places)


def stored(amount: Number) -> Decimal:
    """The amount as figures are kept: six decimals."""
    return rounded(amount, STORED_PLACES)


def displayed(amount: Number, currency: str) -> Decimal:
    """The amount as people read it: the currency's own decimals."""
    return rounded(amount, minor_digits(currency))


def text_of(amount: Number, currency: str) -> str:
    """The stored amount as text, without the zeros that nobody writes: 12.50, 83.333333."""
    if not amount:
        return _ZEROS[minor_digits(currency)]
    top, bottom = amount.as_integer_ratio()
    whole, part = divmod((abs(top) * 2 * MILLION + bottom) // (2 * bottom), MILLION)
    keep = minor_digits(currency)
    decimals = f"{part:06}" if part else "0" * keep
    kept = decimals[:keep] + decimals[keep:].rstrip("0")
    sign = "-" if top < 0 and (whole or part) else ""
    return f"{sign}{whole}.{kept}" if kept else f"{sign}{whole}"


def texts_of(sums: Sums) -> dict[str, str]:
    """Amounts by currency as they are stored."""
    return {currency: text_of(amount, currency) for currency, amount in sums.items()}


def add(sums: dict[str, Fraction], currency: str, amount: Fraction) -> None:
    """Add to the sum of this currency; a zero makes the currency appear."""
    before = sums.get(currency)
    sums[currency] = amount if before is None else before + amount


def largest(sums: Sums) -> tuple[str, Number] | None:
    """The currency with the largest amount, the first by code among equals; None without any."""
    if len(sums) < 2:
        return next(iter(sums.items()), None)
    ordered: Iterable[tuple[str, Number]] = sorted(sums.items())
    return max(ordered, key=lambda entry: entry[1], default=None)
