"""Accounts with figures that a test can move by hand, at a time of its own."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tenure.customers.models import Account
from tenure.metrics.models import AccountFacts
from tenure.metrics.write import save
from tests.metrics import rows

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
Move = Callable[..., None]


def day(number: float) -> datetime:
    """So many days after the start."""
    return START + timedelta(days=number)


@pytest.fixture
def account(db: None) -> Account:
    """An account that pays 1,500.00 a month and owes nothing late."""
    made = rows.an_account("Northwind Robotics")
    Account.objects.filter(pk=made.pk).update(created_at=day(-400))
    move_(made, day(-10))
    return made


@pytest.fixture
def move() -> Move:
    """Set figures of an account as of an instant, keeping the ones before as a version."""
    return move_


def move_(account: Account, at: datetime, **figures: Any) -> None:
    found = AccountFacts.objects.filter(pk=account.pk).values().first()
    row: dict[str, Any] = found or {
        **{field.name: field.get_default() for field in AccountFacts._meta.concrete_fields},
        "account_id": account.pk,
        "mrr": {"USD": "1500"},
        "mrr_sort": 1500,
        "mrr_converted": 1500,
        "converted_currency": "USD",
        "main_currency": "USD",
    }
    row.pop("account", None)
    save([row | {"as_of": at, "updated_at": at} | figures])
