"""The plan of a bulk site: every fact of record number n computed from n, nothing stored.

Account n holds subscription n. Invoice m belongs to account ``m % accounts`` and to billing period
``m // accounts``, so that ids, creation times and numbers all rise with m. Each invoice has two
lines and one transaction.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b

from tenure.core.money import minor_digits
from tenure.simulator.world.ids import FLOOR, base36

# Ids rise by an odd step so that neighbours do not look like a sequence; each kind has its range.
STEP = 7919
RANGES = {
    "accounts": 3,
    "subscriptions": 7,
    "invoices": 11,
    "line_items": 15,
    "transactions": 19,
    "billing_infos": 23,
}
LINES = 2
FIRST_NUMBER = 1001
CURRENCIES = ("USD",) * 14 + ("EUR",) * 3 + ("GBP",) * 2 + ("JPY",)
MONTH = 30 * 86400


@dataclass(frozen=True, slots=True)
class Plan:
    """The size and times of one bulk site."""

    seed: int
    site: str
    accounts: int
    periods: int
    until: datetime

    @property
    def invoices(self) -> int:
        return self.accounts * self.periods

    @property
    def opened(self) -> int:
        """When the first account came, in seconds since 1970."""
        return self.ended - (self.periods + 12) * MONTH

    @property
    def ended(self) -> int:
        """The world's present, in seconds since 1970."""
        return int(self.until.timestamp())

    def id(self, kind: str, n: int) -> str:
        """The id of record ``n`` of a kind."""
        return base36(self._base(kind) + n * STEP)

    def index(self, kind: str, id_: str) -> int | None:
        """The number of the record with this id, or None for an id of another origin."""
        try:
            n, rest = divmod(int(id_, 36) - self._base(kind), STEP)
        except ValueError:
            return None
        return None if rest or n < 0 or n >= self.count(kind) else n

    def count(self, kind: str) -> int:
        """How many records of a kind there are."""
        if kind in ("accounts", "subscriptions", "billing_infos"):
            return self.accounts
        return self.invoices * LINES if kind == "line_items" else self.invoices

    def _base(self, kind: str) -> int:
        salt = blake2b(f"{self.seed}/{self.site}".encode(), digest_size=6).digest()
        return FLOOR * RANGES[kind] + int.from_bytes(salt)

    def created(self, kind: str, n: int) -> int:
        """The second of creation, rising with n. Accounts came in the year before the first bill."""
        if kind in ("accounts", "subscriptions"):
            return self.opened + n * 12 * MONTH // max(1, self.accounts)
        invoice = n // LINES if kind == "line_items" else n
        start = self.ended - self.periods * MONTH
        return start + invoice * self.periods * MONTH // max(1, self.invoices)

    def updated(self, kind: str, n: int) -> int:
        """The second of the last change: for what renews, its latest bill; for an invoice, payment."""
        if kind == "accounts":
            return self.created(kind, n)
        if kind == "subscriptions":
            return self.created("invoices", self.invoices - self.accounts + n)
        return self.created(kind, n) + (2 if kind == "invoices" else 0)

    def moment(self, sort: str) -> Callable[[str, int], int]:
        """``created`` or ``updated`` by the name of the list's sort field."""
        return self.created if sort == "created_at" else self.updated


def stamp(second: int) -> str:
    """The second as Recurly writes it."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def dice(n: int) -> int:
    """A number from 0 to 999 that looks unrelated to n (Knuth's multiplicative hash)."""
    return (n * 2654435761 & 0xFFFFFFFF) * 1000 >> 32


def uuid(kind: str, n: int) -> str:
    """32 hexadecimal digits, different for each kind and number."""
    mixed = (n + RANGES[kind] * 0x1000003) * 0x9E3779B97F4A7C15F39CC0605CEDC835
    return f"{mixed & (1 << 128) - 1:032x}"


def currency(account: int) -> str:
    """The currency the account pays in."""
    return CURRENCIES[account % len(CURRENCIES)]


def invoice_state(plan: Plan, invoice: int) -> str:
    """Paid, but for the latest bills of a few: past due, or still on their way."""
    if invoice < plan.invoices - plan.accounts:
        return "paid"
    mark = dice(invoice % plan.accounts)
    return "past_due" if mark < 30 else "processing" if mark < 55 else "paid"


@dataclass(frozen=True, slots=True)
class Amounts:
    """One invoice's money in minor units: unit price, seats, the add-on line, tax per line."""

    unit: int
    seats: int
    extra: int
    rate: int
    taxes: tuple[int, int]

    @property
    def subtotal(self) -> int:
        return self.unit * self.seats + self.extra

    @property
    def tax(self) -> int:
        return sum(self.taxes)

    @property
    def total(self) -> int:
        return self.subtotal + self.tax


def amounts(account: int) -> Amounts:
    """What the account pays each month; tax is rounded half up on each line."""
    unit = (29_00, 49_00, 59_00, 99_00)[account % 4]
    seats = 1 + account * 7 % 60
    extra = 800 * (1 + account % 9)
    rate = (0, 0, 825, 2000, 1900)[account % 5]
    taxes = ((unit * seats * rate + 5000) // 10000, (extra * rate + 5000) // 10000)
    return Amounts(unit, seats, extra, rate, taxes)


def decimal_text(minor_units: int, code: str) -> str:
    """Minor units as the JSON number Recurly writes: 12345 is 123.45 in USD and 12345 in JPY."""
    places = minor_digits(code)
    if not places:
        return str(minor_units)
    return f"{minor_units // 10**places}.{minor_units % 10**places:0{places}d}"
