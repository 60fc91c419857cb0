"""Whether the score says anything: what became of accounts by the band they stood in some days ago.

The band is the one that was stored then, with the figures known then; nothing that was learned later
takes part. Only accounts that had MRR then count, because only they had something to lose. An
account churned when it has none now, a pause apart; it contracted when it has less; it paid late
when an invoice fell due since and was paid after its day or not yet.

Amounts of both days are in the workspace's currency at the rates of the present day, so that rates alone
lose nothing; while a rate is missing they stay in the currency each account has the most in.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from tenure.core.money import Money
from tenure.health.became import BECAME, FATES, since
from tenure.metrics.inputs import Settings

BANDS = ("green", "amber", "red", "unknown")
ENOUGH = 10  # accounts on each side, below which a share says nothing
SPANS = (30, 60, 90, 180)


@dataclass(slots=True)
class Row:
    """What became of the accounts of one band. ``lost`` and ``had`` are MRR, by currency."""

    band: str
    accounts: int = 0
    churned: int = 0
    contracted: int = 0
    late: int = 0
    had: dict[str, Decimal] = field(default_factory=dict)
    lost: dict[str, Decimal] = field(default_factory=dict)

    def share(self, count: int) -> Decimal | None:
        """A count as per cent of the accounts; None of none."""
        if not self.accounts:
            return None
        return (Decimal(count) * 100 / self.accounts).quantize(Decimal("0.1"))

    @property
    def churn(self) -> Decimal | None:
        """Per cent that churned."""
        return self.share(self.churned)

    @property
    def contraction(self) -> Decimal | None:
        """Per cent that contracted."""
        return self.share(self.contracted)

    @property
    def lateness(self) -> Decimal | None:
        """Per cent that paid late."""
        return self.share(self.late)

    @property
    def loss(self) -> Decimal | None:
        """Per cent of the MRR that was lost; None of none, or of several currencies."""
        if len(self.had) != 1:
            return None
        ((code, had),) = self.had.items()
        return (self.lost.get(code, Decimal(0)) * 100 / had).quantize(Decimal("0.1"))

    @property
    def lost_money(self) -> tuple[Money, ...]:
        """The MRR lost, by currency."""
        return tuple(Money(amount, code) for code, amount in sorted(self.lost.items()) if amount)


@dataclass(frozen=True, slots=True)
class Aftermath:
    """The rows with one sentence that says what they mean; ``since`` is the instant looked back to,
    ``oldest`` when the first score was made. ``currency`` is what amounts are converted to; empty while
    the rates of ``missing`` are not known."""

    days: int
    since: datetime
    rows: Sequence[Row]
    verdict: str
    tone: str
    oldest: datetime | None
    currency: str = ""
    missing: tuple[str, ...] = ()


_ROWS = f"""
    {BECAME}
    SELECT band, currency, count(*), count(*) FILTER (WHERE {FATES["churned"]}),
           count(*) FILTER (WHERE {FATES["contracted"]}), count(*) FILTER (WHERE {FATES["late"]}),
           sum(had), sum(greatest(had - has, 0))
    FROM became GROUP BY band, currency
"""  # noqa: S608


def aftermath(days: int, now: datetime, settings: Settings) -> Aftermath:
    """What became of accounts since so many days ago, by the band they stood in then."""
    then = now - timedelta(days=days)
    found = {band: Row(band) for band in BANDS}
    asked = since(then, now, settings)
    with connection.cursor() as db:
        db.execute(_ROWS, asked.values)
        for row in db.fetchall():
            _add(found[row[0]], row[1:])
        db.execute(
            "SELECT least((SELECT min(valid_from) FROM health_healthversion),"
            " (SELECT min(updated_at) FROM health_healthscore))"
        )
        oldest = db.fetchone()[0]
    rows = [found[band] for band in BANDS]
    verdict, tone = _verdict(found, days, oldest, then)
    return Aftermath(days, then, rows, verdict, tone, oldest, asked.currency, asked.missing)


def _add(row: Row, told: Sequence[Any]) -> None:
    currency, accounts, churned, contracted, late, had, lost = told
    row.accounts += accounts
    row.churned += churned
    row.contracted += contracted
    row.late += late
    row.had[currency] = row.had.get(currency, Decimal(0)) + had
    row.lost[currency] = row.lost.get(currency, Decimal(0)) + lost


def _verdict(
    found: dict[str, Row], days: int, oldest: datetime | None, then: datetime
) -> tuple[str, str]:
    if oldest is None:
        return "There is no score yet. The first come with the first sync.", "info"
    if oldest > then:
        return (
            (
                f"Too little history: scores are kept since {oldest:%-d %B %Y}, and this looks"
                f" {days} days back. Nothing is guessed for the time before."
            ),
            "info",
        )
    red, green = found["red"], found["green"]
    if red.accounts < ENOUGH or green.accounts < ENOUGH:
        return (
            (
                f"Too few accounts to tell: {red.accounts} stood in red and {green.accounts} in green;"
                f" it takes {ENOUGH} of each."
            ),
            "info",
        )
    told = f"{red.churn} % of red accounts churned, {green.churn} % of green ones."
    if (red.churn or 0) > (green.churn or 0):
        return f"Red churned more than green: {told}", "good"
    return (
        (
            f"Red did not churn more than green: {told} The definition does not tell them apart;"
            " look at its weights and points."
        ),
        "warn",
    )
