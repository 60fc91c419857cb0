"""What became of each account since an instant: the rows behind the table of ``aftermath``, and the
accounts behind each of its figures."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import connection

from tenure.core.money import Money
from tenure.metrics.amounts import rounded
from tenure.metrics.days import local_day
from tenure.metrics.inputs import Settings
from tenure.metrics.paging import UnusablePage
from tenure.metrics.rates import in_force
from tenure.metrics.revenue.report import currencies

LONGEST = 200
# What may have become of an account, as a condition on ``became``; the figures of the table count them.
FATES: Mapping[str, str] = {
    "all": "TRUE",
    "churned": "has = 0 AND NOT paused",
    "contracted": "has < had AND (has > 0 OR paused)",
    "late": "bills > 0",
    "lost": "has < had",
}

_TOTAL = (
    "(SELECT coalesce(sum(v.value::numeric * r.rate), 0) FROM jsonb_each_text({mrr}) v"
    " JOIN rates r ON r.currency = v.key)"
)
BECAME = f"""
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
        SELECT account_id, count(*) AS bills FROM customers_invoice
        WHERE due_at > %(then)s AND due_at <= %(now)s AND removed_at IS NULL
            AND account_id IS NOT NULL AND coalesce(type, '') <> 'credit' AND total > 0
            AND (state IN ('past_due', 'failed') OR state = 'paid'
                 AND (closed_at AT TIME ZONE %(zone)s)::date > (due_at AT TIME ZONE %(zone)s)::date)
        GROUP BY 1
    ), became AS (
        SELECT s.account_id, s.band, coalesce(%(target)s::text, e.main_currency) AS currency,
               CASE WHEN %(target)s::text IS NULL THEN (e.mrr ->> e.main_currency)::numeric
                    ELSE {_TOTAL.format(mrr="e.mrr")} END AS had,
               CASE WHEN coalesce(f.mrr_sort, 0) = 0 THEN 0
                    WHEN %(target)s::text IS NOT NULL THEN {_TOTAL.format(mrr="f.mrr")}
                    WHEN f.main_currency = e.main_currency
                        THEN coalesce((f.mrr ->> e.main_currency)::numeric, 0)
                    ELSE (e.mrr ->> e.main_currency)::numeric END AS has,
               f.paused_mrr <> '{{}}'::jsonb AS paused, coalesce(late.bills, 0) AS bills
        FROM stood s JOIN earned e USING (account_id)
        JOIN metrics_accountfacts f USING (account_id)
        JOIN customers_account a ON a.id = s.account_id AND a.removed_at IS NULL
        LEFT JOIN late USING (account_id)
        WHERE s.state <> 'ended'
    )
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Since:
    """Then and now, and what amounts of both are compared in: ``currency``, at the present day's
    rates, or while a rate of ``missing`` is not known the one each account has the most in."""

    then: datetime
    now: datetime
    settings: Settings
    rates: Sequence[dict[str, str]]
    missing: tuple[str, ...]

    @property
    def currency(self) -> str:
        """What amounts are converted to; empty where they are not."""
        return "" if self.missing else self.settings.currency

    @property
    def values(self) -> dict[str, Any]:
        """What BECAME binds."""
        found: dict[str, Any] = {"then": self.then, "now": self.now}
        found |= {"zone": self.settings.zone.key, "rates": json.dumps(self.rates)}
        return found | {"target": self.currency or None}


def since(then: datetime, now: datetime, settings: Settings) -> Since:
    """An instant looked back to, with what one unit of each currency there is is worth now."""
    day = local_day(now, settings.zone)
    known = in_force(day, settings)
    quotes = {code: known.on(code, settings.currency, day) for code in currencies()}
    rates = [
        {"currency": code, "rate": str(rounded(quote.rate, 12))}
        for code, quote in quotes.items()
        if quote
    ]
    missing = tuple(code for code, quote in quotes.items() if quote is None)
    return Since(then, now, settings, rates, missing)


@dataclass(frozen=True, slots=True)
class Fate:
    """An account with its MRR then and now; ``bills`` are those it paid late since, and ``moved``
    the day its MRR last moved."""

    account_id: int
    identifier: str
    name: str
    band: str
    had: Money
    has: Money
    fates: tuple[str, ...]
    bills: int
    moved: date | None

    @property
    def lost(self) -> Money | None:
        """The MRR it lost; None where it lost none."""
        less = self.had.amount - self.has.amount
        return Money(less, self.had.currency) if less > 0 else None


@dataclass(frozen=True, slots=True)
class Fates:
    """Those who lost the most first; ``next`` continues, None at the end."""

    rows: tuple[Fate, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Sums:
    """How many there are, and what they lost by currency."""

    accounts: int
    lost: tuple[Money, ...]


_ROWS = """
    , chosen AS (
        SELECT *, greatest(had - has, 0) AS less FROM became
        WHERE ({fate}) AND (%(band)s = '' OR band = %(band)s)
    )
    SELECT a.id, a.identifier, a.name, c.band, c.currency, c.had, c.has, {told}, c.bills, c.less,
           (SELECT max(s.day) FROM metrics_mrrstep s WHERE s.account_id = a.id)
    FROM (SELECT * FROM chosen
          WHERE %(less)s::numeric IS NULL OR (less, account_id) < (%(less)s, %(after)s)
          ORDER BY less DESC, account_id DESC LIMIT %(limit)s) c
    JOIN customers_account a ON a.id = c.account_id ORDER BY c.less DESC, a.id DESC
"""
_TOLD = ("churned", "contracted", "late")


def accounts(
    asked: Since, band: str, fate: str, *, cursor: str | None = None, limit: int = 50
) -> Fates:
    """The accounts behind a figure of the table; an empty ``band`` is every one. Raises UnusablePage."""
    limit = max(1, min(limit, LONGEST))
    less, after = _place(cursor)
    told = ", ".join(FATES[name] for name in _TOLD)
    statement = BECAME + _ROWS.format(fate=FATES[fate], told=told)
    values = {"band": band, "less": less, "after": after, "limit": limit + 1}
    with connection.cursor() as db:
        db.execute(statement, asked.values | values)
        rows = db.fetchall()
    found = tuple(_fate(row) for row in rows[:limit])
    last = rows[limit - 1] if len(rows) > limit else None
    return Fates(found, f"{last[-2]}:{last[0]}" if last else None)


def _fate(row: Sequence[Any]) -> Fate:
    pk, identifier, name, band, code, had, has, *held, bills, _, moved = row
    fates = tuple(word for word, holds in zip(_TOLD, held, strict=True) if holds)
    return Fate(pk, identifier, name, band, Money(had, code), Money(has, code), fates, bills, moved)


def _place(cursor: str | None) -> tuple[Decimal | None, int | None]:
    if not cursor:
        return None, None
    less, _, account = cursor.partition(":")
    try:
        found = Decimal(less)
        if not found.is_finite() or not 0 <= int(account) < 2**63:
            raise ValueError(cursor)
    except (ValueError, InvalidOperation):
        raise UnusablePage(
            "This page marker is damaged or belongs to another list.",
            next_step="Start again from the first page of the list.",
        ) from None
    return found, int(account)


def sums(asked: Since, band: str, fate: str) -> Sums:
    """How many accounts are behind a figure, and what they lost."""
    statement = (
        BECAME + "SELECT currency, count(*), sum(greatest(had - has, 0)) FROM became"  # noqa: S608
        f" WHERE ({FATES[fate]}) AND (%(band)s = '' OR band = %(band)s) GROUP BY 1 ORDER BY 1"
    )
    with connection.cursor() as db:
        db.execute(statement, asked.values | {"band": band})
        rows = db.fetchall()
    lost = tuple(Money(amount, code) for code, _, amount in rows if amount)
    return Sums(sum(count for _, count, _ in rows), lost)


def lines(asked: Since, band: str, fate: str) -> Iterator[list[Any]]:
    """All of them as rows of a file, the head first."""
    yield [
        "Identifier", "Account", "Stood in", "Currency", "MRR then", "MRR now", "Lost",
        "What became", "Bills paid late", "MRR last moved",
    ]  # fmt: skip
    cursor: str | None = None
    while True:
        page = accounts(asked, band, fate, cursor=cursor, limit=LONGEST)
        for one in page.rows:
            amounts = [
                money.rounded().amount if money else 0 for money in (one.had, one.has, one.lost)
            ]
            who = [one.identifier, one.name, one.band, one.had.currency]
            yield [*who, *amounts, list(one.fates), one.bills, one.moved]
        if page.next is None:
            return
        cursor = page.next
