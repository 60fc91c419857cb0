"""The list of accounts as health sees it: sorted by score, or only those that stand in one way."""

from decimal import Decimal
from typing import Any

from tenure.health.models import HealthScore
from tenure.metrics import paging, read
from tenure.metrics.paging import Order
from tenure.metrics.read import AccountsPage
from tenure.rules.sql import Sql, joined

TABLE = HealthScore._meta.db_table
STANDINGS = ("green", "amber", "red", "unknown", "ended")


def _score(value: Any) -> Decimal:
    number = Decimal(value)
    if not number.is_finite() or not 0 <= number <= 100:
        raise ValueError(value)
    return number


ORDERS = {**paging.ORDERS, "health": Order("health", TABLE, "score", _score)}


def accounts_page(**asked: Any) -> AccountsPage:
    """``metrics.read.accounts_page`` with ``health`` among the orders."""
    return read.accounts_page(**asked, orders=ORDERS)


def standing(way: str) -> Sql | None:
    """The condition on account ``a`` that it stands in a band; ``ended`` are those whose
    subscriptions are over, which stand in none of the others. None for any other word."""
    scored = f"SELECT 1 FROM {TABLE} k WHERE k.account_id = a.id"  # noqa: S608
    if way == "ended":
        return Sql(f"EXISTS ({scored} AND k.state = 'ended')")
    if way == "unknown":
        return Sql(f"NOT EXISTS ({scored} AND (k.band <> 'unknown' OR k.state = 'ended'))")
    if way in STANDINGS:
        return Sql(f"EXISTS ({scored} AND k.band = %s AND k.state <> 'ended')", (way,))
    return None


def both(one: Sql | None, other: Sql | None) -> Sql | None:
    """Two conditions at once, either of which may be none."""
    given = [Sql("(") + condition + ")" for condition in (one, other) if condition]
    return joined(given, " AND ") if given else None
