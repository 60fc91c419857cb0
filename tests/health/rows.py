"""Builders of accounts with figures and scores."""

from datetime import datetime
from typing import Any

from tenure.customers.models import Account
from tenure.health import scoring
from tenure.health.models import HealthScore
from tenure.metrics import refresh
from tests.metrics.rows import (
    NOW,
    a_billing_account,
    a_plan,
    a_subscription,
    an_account,
    an_invoice,
)

__all__ = ["NOW", "a_payer", "score_again", "scored"]


def a_payer(name: str = "Acme", *, price: str = "100", **subscription: Any) -> Account:
    """An account with one monthly subscription and a billing account."""
    account = an_account(name)
    a_billing_account(account)
    a_subscription(account, a_plan(), unit_amount=price, **subscription)
    return account


def paid(account: Account, day: datetime, **values: Any) -> None:
    """An invoice due and paid on this day."""
    an_invoice(
        account, **{"state": "paid", "due_at": day, "closed_at": day, "created_at": day,
                    "balance": "0", "paid": "100", **values},
    )  # fmt: skip


def scored(account: Account, now: datetime = NOW) -> HealthScore:
    """The account's score after measuring and scoring it."""
    refresh.measure([account.pk], now)
    return score_again(account, now)


def score_again(account: Account, now: datetime = NOW) -> HealthScore:
    """The account's score after scoring it again."""
    scoring.score([account.pk], now)
    return HealthScore.objects.get(pk=account.pk)
