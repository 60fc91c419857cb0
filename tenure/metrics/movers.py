"""The accounts behind how recurring revenue moved: who, by how much, why, and when last."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tenure.metrics import series_sql
from tenure.metrics.conversion import Conversion
from tenure.metrics.exchanging import held, rated
from tenure.metrics.movements import Movement
from tenure.metrics.series import deltas_of
from tenure.metrics.series_sql import Question, rows


@dataclass(frozen=True, slots=True)
class AccountMove:
    """An account behind a movement: from what to what, why, and on which day it moved last.
    ``times`` is how often within the range."""

    account_id: int
    identifier: str
    name: str
    currency: str
    movement: Movement
    amount: Decimal
    times: int
    day: date
    start: Decimal
    end: Decimal
    reasons: tuple[str, ...]
    rebuilt: bool


@dataclass(frozen=True, slots=True)
class MovesPage:
    """Accounts with the largest amounts first; ``next`` continues, None at the end."""

    rows: tuple[AccountMove, ...]
    next: str | None


def account_movements(
    start: date,
    end: date,
    *,
    movement: Movement | None = None,
    reason: str | None = None,
    currency: str | None = None,
    conversion: Conversion | None = None,
    site: int | None = None,
    gross: bool = True,
    pause_as_churn: bool = False,
    cursor: str | None = None,
    limit: int = 50,
) -> MovesPage:
    """The accounts behind ``series.movements_between``, of one movement or all: their amounts add up
    to its sums. Empty where a rate is missing."""
    asked = Question(start, end, site, currency, gross=gross, pause_as_churn=pause_as_churn)
    if conversion:
        deltas = deltas_of(asked)
        known = held(rated(asked, conversion, deltas), deltas)
        if known.missing:
            return MovesPage((), None)
        asked = known.asked
    size, account, kind = _place(cursor)
    values = asked.values | {
        "movement": movement.value if movement else None,
        "reason": reason,
        "from_size": size,
        "from_account": account,
        "from_movement": kind,
        "limit": limit + 1,
    }
    found = [_account_move(*row) for row in rows(series_sql.listed(asked), values)]
    shown = found[:limit]
    last = shown[-1] if len(found) > limit else None
    after = f"{abs(last.amount)}:{last.account_id}:{last.movement}" if last else None
    return MovesPage(tuple(shown), after)


def _account_move(
    account_id: int,
    identifier: str,
    name: str,
    currency: str,
    movement: str,
    *told: Any,
) -> AccountMove:
    amount, times, day, start, end, reasons, rebuilt = told
    return AccountMove(
        account_id=account_id,
        identifier=identifier,
        name=name,
        currency=currency,
        movement=Movement(movement),
        amount=amount,
        times=times,
        day=day,
        start=start,
        end=end,
        reasons=tuple(reasons),
        rebuilt=rebuilt,
    )


def _place(cursor: str | None) -> tuple[str | None, int | None, str | None]:
    if cursor is None:
        return None, None, None
    size, account, kind = cursor.split(":")
    return str(Decimal(size)), int(account), Movement(kind).value
