"""Amounts with their currency. Two currencies never add; rounding is always a named act."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

# ISO 4217 minor units that differ from two. Recurly's own zero-decimal list (FACTS section 12)
# is contained in it; the three-decimal currencies come from METRICS section 1.2.
ZERO_DIGITS = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split()
)
THREE_DIGITS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())


class CurrencyMismatch(ValueError):
    """Raised when amounts of different currencies meet in one sum or comparison."""


def minor_digits(currency: str) -> int:
    """Number of decimals people write in this currency (ISO 4217): JPY 0, USD 2, KWD 3."""
    if currency in ZERO_DIGITS:
        return 0
    return 3 if currency in THREE_DIGITS else 2


def round_to_minor(amount: Decimal, currency: str) -> Decimal:
    """The amount rounded half away from zero to the currency's minor unit (METRICS section 1.3)."""
    return amount.quantize(Decimal(1).scaleb(-minor_digits(currency)), rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An exact amount in major units with its ISO 4217 currency code."""

    amount: Decimal
    currency: str

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def rounded(self) -> "Money":
        """For display: half away from zero to the currency's minor unit."""
        return Money(round_to_minor(self.amount, self.currency), self.currency)

    def as_json(self) -> dict[str, str]:
        """``{"amount": "12.50", "currency": "USD"}``: the shape promised in every answer."""
        return {"amount": str(self.rounded().amount), "currency": self.currency}

    def __str__(self) -> str:
        return f"{self.rounded().amount:,} {self.currency}"

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"cannot combine {self.currency} with {other.currency}")


def totals(amounts: Iterable[Money]) -> list[Money]:
    """One sum per currency, in alphabetical order of the code; currencies are never mixed."""
    sums: dict[str, Decimal] = {}
    for money in amounts:
        sums[money.currency] = sums.get(money.currency, Decimal(0)) + money.amount
    return [Money(amount, currency) for currency, amount in sorted(sums.items())]
