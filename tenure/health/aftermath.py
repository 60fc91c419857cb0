"""Whether the score says anything: what became of accounts by the band they stood in some days ago.

The band is the one that was stored then, with the figures known then; nothing that was learned later
takes part. Only accounts that had MRR then count, because only they had something to lose. An
account churned when it has none now, a pause apart; it contracted when it has less; it paid late
when an invoice fell due since and was paid after its day or not yet.

Amounts of both days are in the workspace's currency at the rates of the present day, so that rates alone
lose nothing; while a rate is missing they stay in the currency each account has the most in.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from tenure.core.money import Money
from tenure.metrics.amounts import rounded
from tenure.metrics.days import local_day
from tenure.metrics.inputs import Settings
from tenure.metrics.rates import in_force
from tenure.metrics.revenue.report import currencies

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


_TOTAL = (
    "(SELECT coalesce(sum(v.value::numeric * r.rate), 0) FROM jsonb_each_text({mrr}) v"
    " JOIN rates r ON r.currency = v.key)"
)
_ROWS = f"""
    WITH rates AS (
        SELECT * FROM jsonb_to_recordset(%(rates)s::jsonb) AS r (currency text, rate numeric)
    ), stood AS (
        SELECT account_id, band, state FROM health_healthversion
        WHERE valid_from <= %(then)s AND valid_to > %(then)s
        UNION ALL
        SELECT account_id, band, state FROM health_healthscore WHERE updated_at <= %(then)s
    ), earned AS (
        SELECT account_id, main_currency, mrr FROM metrics_factsversion
        WHERE valid_from <= %(then)s AND valid_to > %(then)s AND mrr_sort > 0
        UNION ALL
        SELECT account_id, main_currency, mrr FROM metrics_accountfacts
        WHERE updated_at <= %(then)s AND mrr_sort > 0
    ), late AS (
        SELECT DISTINCT account_id FROM customers_invoice
        WHERE due_at > %(then)s AND due_at <= %(now)s AND removed_at IS NULL
            AND account_id IS NOT NULL AND coalesce(type, '') <> 'credit' AND total > 0
            AND (state IN ('past_due', 'failed') OR state = 'paid'
                 AND (closed_at AT TIME ZONE %(zone)s)::date > (due_at AT TIME ZONE %(zone)s)::date)
    ), became AS (
        SELECT s.band, coalesce(%(target)s::text, e.main_currency) AS currency,
               CASE WHEN %(target)s::text IS NULL THEN (e.mrr ->> e.main_currency)::numeric
                    ELSE {_TOTAL.format(mrr="e.mrr")} END AS had,
               CASE WHEN coalesce(f.mrr_sort, 0) = 0 THEN 0
                    WHEN %(target)s::text IS NOT NULL THEN {_TOTAL.format(mrr="f.mrr")}
                    WHEN f.main_currency = e.main_currency
                        THEN coalesce((f.mrr ->> e.main_currency)::numeric, 0)
                    ELSE (e.mrr ->> e.main_currency)::numeric END AS has,
               f.paused_mrr <> '{{}}'::jsonb AS paused, late.account_id IS NOT NULL AS was_late
        FROM stood s JOIN earned e USING (account_id)
        JOIN metrics_accountfacts f USING (account_id)
        LEFT JOIN late USING (account_id)
        WHERE s.state <> 'ended'
    )
    SELECT band, currency, count(*), count(*) FILTER (WHERE has = 0 AND NOT paused),
           count(*) FILTER (WHERE has < had AND (has > 0 OR paused)),
           count(*) FILTER (WHERE was_late), sum(had), sum(greatest(had - has, 0))
    FROM became GROUP BY band, currency
"""  # noqa: S608


def aftermath(days: int, now: datetime, settings: Settings) -> Aftermath:
    """What became of accounts since so many days ago, by the band they stood in then."""
    then = now - timedelta(days=days)
    found = {band: Row(band) for band in BANDS}
    rates, missing = _rates(now, settings)
    asked: dict[str, Any] = {"then": then, "now": now, "zone": settings.zone.key}
    asked |= {"rates": json.dumps(rates), "target": None if missing else settings.currency}
    with connection.cursor() as db:
        db.execute(_ROWS, asked)
        for row in db.fetchall():
            _add(found[row[0]], row[1:])
        db.execute(
            "SELECT least((SELECT min(valid_from) FROM health_healthversion),"
            " (SELECT min(updated_at) FROM health_healthscore))"
        )
        oldest = db.fetchone()[0]
    rows = [found[band] for band in BANDS]
    verdict, tone = _verdict(found, days, oldest, then)
    currency = "" if missing else settings.currency
    return Aftermath(days, then, rows, verdict, tone, oldest, currency, missing)


def _rates(now: datetime, settings: Settings) -> tuple[list[dict[str, str]], tuple[str, ...]]:
    """What one unit of each currency there is is worth, and the currencies of which nobody knows."""
    day = local_day(now, settings.zone)
    known = in_force(day, settings)
    codes = currencies()
    quotes = {code: known.on(code, settings.currency, day) for code in codes}
    missing = tuple(code for code, quote in quotes.items() if quote is None)
    rates = [
        {"currency": code, "rate": str(rounded(quote.rate, 12))}
        for code, quote in quotes.items()
        if quote
    ]
    return rates, missing


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
