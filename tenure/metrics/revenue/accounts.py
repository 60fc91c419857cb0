"""The accounts behind a number of the report: those that moved, and those that had revenue on a day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from django.db import connection

from tenure.core.money import Money
from tenure.metrics import series
from tenure.metrics.conversion import spans
from tenure.metrics.movers import MovesPage, account_movements
from tenure.metrics.paging import UnusablePage
from tenure.metrics.revenue.asked import Asked, Behind
from tenure.metrics.series import Moves

LONGEST = 200


@dataclass(frozen=True, slots=True)
class Holding:
    """An account with its MRR at the end of a day, in the currency asked for."""

    account_id: int
    identifier: str
    name: str
    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Holdings:
    """Accounts with the largest amounts first; ``next`` continues, None at the end. ``missing`` are
    the currencies without a rate that day: then there are no rows."""

    rows: tuple[Holding, ...]
    next: str | None
    missing: tuple[str, ...] = ()


def moved(asked: Asked, behind: Behind, *, cursor: str | None = None, limit: int = 50) -> MovesPage:
    """The accounts that moved, the largest amounts first. Raises UnusablePage."""
    try:
        with asked.known():
            return account_movements(
                behind.start,
                behind.last,
                movement=behind.movement,
                reason=behind.reason,
                gross=behind.gross,
                cursor=cursor,
                limit=max(1, min(limit, LONGEST)),
                **asked.scope,
            )
    except (ValueError, ArithmeticError) as error:
        raise damaged() from error


def sums(asked: Asked, behind: Behind) -> Moves:
    """What the movements of those days add up to."""
    with asked.known():
        found = series.movements_between(
            behind.start, behind.last, gross=behind.gross, **asked.scope
        )
    wanted = asked.currency or asked.settings.currency
    nothing = Moves(wanted, Decimal(0), Decimal(0), gross=behind.gross)
    return next((one for one in found if one.currency == wanted), nothing)


def every_move(asked: Asked, behind: Behind) -> Iterator[Any]:
    """All of them, read a page at a time."""
    page = moved(asked, behind, limit=LONGEST)
    while True:
        yield from page.rows
        if page.next is None:
            return
        page = moved(asked, behind, cursor=page.next, limit=LONGEST)


def lines(asked: Asked, behind: Behind) -> Iterator[list[Any]]:
    """All of them as rows of a file, the head first."""
    yield [
        "Identifier", "Account", "Movement", "Currency", "From", "To", "Change", "Reasons",
        "Last moved", "Rebuilt",
    ]  # fmt: skip
    for one in every_move(asked, behind):
        moved_by = (one.start, one.end, one.amount)
        amounts = [Money(amount, one.currency).rounded().amount for amount in moved_by]
        who = [one.identifier, one.name, one.movement.value, one.currency]
        yield [*who, *amounts, list(one.reasons), one.day, one.rebuilt]


def holding(asked: Asked, day: date, *, cursor: str | None = None, limit: int = 50) -> Holdings:
    """The accounts with revenue at the end of a day. Raises UnusablePage."""
    with asked.known():
        return _holding(asked, day, cursor, limit)


def _holding(asked: Asked, day: date, cursor: str | None, limit: int) -> Holdings:
    limit = max(1, min(limit, LONGEST))
    rates, missing = _rates(asked, day)
    if missing:
        return Holdings((), None, missing)
    amount, account = _place(cursor)
    values = {
        "day": day,
        "site": asked.site.pk if asked.site else None,
        "currency": asked.currency,
        "rates": msgspec.json.encode(rates).decode(),
        "after": amount,
        "after_id": account,
        "limit": limit + 1,
    }
    with connection.cursor() as db:
        db.execute(_HOLDING, values)
        rows = db.fetchall()
    shown = [
        Holding(pk, identifier, name, asked.currency or asked.settings.currency, total)
        for pk, identifier, name, total in rows[:limit]
    ]
    last = shown[-1] if len(rows) > limit else None
    return Holdings(tuple(shown), f"{last.amount}:{last.account_id}" if last else None)


_HOLDING = """
    WITH last AS (
        SELECT DISTINCT ON (account_id, site_id, currency) account_id, currency, mrr
        FROM metrics_mrrstep
        WHERE day <= %(day)s AND (%(site)s::bigint IS NULL OR site_id = %(site)s)
            AND (%(currency)s::text IS NULL OR currency = %(currency)s)
        ORDER BY account_id, site_id, currency, day DESC
    ), held AS (
        SELECT last.account_id, sum(last.mrr * r.rate) AS amount
        FROM last JOIN jsonb_to_recordset(%(rates)s::jsonb) AS r (currency text, rate numeric)
            USING (currency)
        GROUP BY 1 HAVING sum(last.mrr * r.rate) <> 0
    )
    SELECT a.id, a.identifier, a.name, held.amount
    FROM held JOIN customers_account a ON a.id = held.account_id
    WHERE %(after)s::numeric IS NULL OR (held.amount, a.id) < (%(after)s, %(after_id)s)
    ORDER BY held.amount DESC, a.id DESC LIMIT %(limit)s
"""


def _rates(asked: Asked, day: date) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    if asked.currency:
        return [{"currency": asked.currency, "rate": 1}], ()
    conversion = asked.conversion
    assert conversion is not None  # noqa: S101  # what is not one currency is the total
    found = spans(conversion, _held(asked, day), day, day)
    missing = tuple(span.currency for span in found if span.rate is None)
    return [{"currency": one.currency, "rate": one.rate} for one in found], missing


def _held(asked: Asked, day: date) -> Sequence[str]:
    """The currencies there was revenue in up to that day."""
    with connection.cursor() as db:
        db.execute(
            "SELECT currency FROM metrics_mrrstep WHERE day <= %(day)s"
            " AND (%(site)s::bigint IS NULL OR site_id = %(site)s) GROUP BY 1",
            {"day": day, "site": asked.site.pk if asked.site else None},
        )
        return [row[0] for row in db.fetchall()]


def _place(cursor: str | None) -> tuple[Decimal | None, int | None]:
    if not cursor:
        return None, None
    try:
        amount, _, account = cursor.partition(":")
        found = Decimal(amount)
        if not found.is_finite() or not 0 <= int(account) < 2**63:
            raise ValueError(cursor)
    except (ValueError, InvalidOperation):
        raise damaged() from None
    return found, int(account)


def damaged() -> UnusablePage:
    """What is said of a marker none of our pages gave out."""
    return UnusablePage(
        "This page marker is damaged or belongs to another list.",
        next_step="Start again from the first page of the list.",
    )
