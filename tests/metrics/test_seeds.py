"""The sample tables of dbt_recurly through the stored path, where they are at hand.

What differs from that package's own figures, and why, is in docs/develop/seeds.md.
"""

import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tenure.metrics.inputs import DEFAULTS
from tests.metrics import seeds
from tools import stored_vectors

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "dbt_recurly_seeds"
DIRECTORY = Path(os.environ.get("TENURE_TEST_SEEDS", BESIDE))
AS_OF = datetime(2022, 8, 30, 12, tzinfo=UTC)
ONE, OTHER = "51bccf87e2571558b3da93688e17469f", "4458762633d912919d7ff692cab13b69"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not DIRECTORY.exists(), reason="name the folder of the tables in TENURE_TEST_SEEDS"
    ),
]


def figures(account: str, function: str) -> Any:
    given = seeds.accounts_of(DIRECTORY)[account]
    return stored_vectors.ANSWERS[function](given, AS_OF, DEFAULTS)


def test_every_record_is_read_and_counted_once() -> None:
    found = seeds.accounts_of(DIRECTORY)
    counts = {
        kind: sum(len(kinds.get(kind, ())) for kinds in found.values())
        for kind in ("subscriptions", "invoices", "transactions")
    }
    assert counts == {"subscriptions": 4, "invoices": 5, "transactions": 5}


def test_a_monthly_plan_is_its_price() -> None:
    found = figures(ONE, "account_rollup")
    assert found["mrr"] == {"USD": Decimal("99.00")}
    assert found["subscription_status"] == "active"
    assert str(found["customer_since"]) == "2015-02-11"


def test_add_ons_that_are_not_in_the_sample_come_from_their_total() -> None:
    found = figures(OTHER, "account_rollup")
    assert found["mrr"] == {"USD": Decimal("5596.00")}  # 2,999 and 2,597 of add-ons
    assert "addons_estimated" in found["flags"]
    assert found["active_subscriptions"] == 1


def test_an_invoice_with_several_attempts_is_paid_once() -> None:
    found = figures(ONE, "receivables")
    money = found["USD"]
    assert (money["total_paid"], money["billed_amount"]) == (302, 302)  # 5 + 3 × 99
    assert (money["total_due"], found["past_due_count"], found["invoice_status"]) == (0, 0, "paid")


def test_totals_are_those_of_the_tables_themselves() -> None:
    for account in (ONE, OTHER):
        bills = seeds.accounts_of(DIRECTORY)[account]["invoices"]
        money = figures(account, "receivables")["USD"]
        assert money["total_paid"] == sum(Decimal(one["paid"]) for one in bills)
        assert money["total_due"] == sum(Decimal(one["balance"]) for one in bills)


def test_an_attempt_that_was_voided_or_verified_a_card_is_no_payment() -> None:
    assert str(figures(OTHER, "receivables")["last_paid_date"]) == "None"
    assert str(figures(ONE, "receivables")["last_paid_date"]) == "2015-02-11"
