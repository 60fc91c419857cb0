"""The database and the plain formulas give one answer for whatever is stored."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tenure.customers.models import Allocation, Invoice, Transaction
from tenure.identity.allocation import spread
from tenure.metrics import inputs
from tenure.metrics.inputs import Settings
from tenure.metrics.invoices import past_due_days
from tenure.metrics.ledger import of_invoices
from tenure.metrics.ledger_sql import Books, books
from tests.metrics.rows import NOW, an_account, upstream

pytestmark = pytest.mark.django_db
# A busy machine is no reason to fail: rows are saved for every example.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

amounts = st.sampled_from([*map(Decimal, "0.01 1 20.50 300 4000 0 -7".split()), None])
# Around today, the ends of the ageing groups, a quarter and a year ago: where a slip would show.
near = st.sampled_from([-366, -365, -364, -91, -90, -61, -60, -31, -30, -1, 0, 1, 40])
instants = st.builds(
    lambda days, seconds: NOW + timedelta(days=days, seconds=seconds),
    near,
    st.sampled_from([0, 1, -1, 3600 * 5, 3600 * 22 + 1800]),
)
zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland"])
currencies = st.sampled_from(["USD", "EUR"])


def maybe(values: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return values | st.none()


invoices = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["charge", "charge", "charge", "legacy", "credit", None]),
        "state": st.sampled_from(
            "pending pending past_due past_due paid paid processing open closed failed voided odd".split()
        ),
        "currency": currencies,
        "origin": st.sampled_from(["renewal", "write_off", None]),
        "total": amounts,
        "balance": amounts,
        "paid": amounts,
        "due_at": maybe(instants),
        "created_at": instants,
        "closed_at": maybe(instants),
        "net_terms": maybe(st.sampled_from([0, 1, 29, 30, 60, 90])),
        "net_terms_type": st.sampled_from(["net", "eom", None]),
        "collection_method": st.sampled_from(["manual", "automatic", None]),
        "dunning_events_sent": maybe(st.integers(0, 5)),
        "final_dunning_event": maybe(st.booleans()),
        "subscription_ids": st.lists(st.sampled_from("abc"), max_size=2, unique=True).map(tuple),
        # What of the total is somebody else's; None when the whole invoice is the account's.
        "others": st.none()
        | st.none()
        | st.sampled_from([Decimal("0.50"), Decimal(7), Decimal(-3)]),
    }
)
payments = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["purchase", "capture", "refund", "verify", None]),
        "status": st.sampled_from(["success", "declined", "error", "void", None]),
        "currency": currencies,
        "amount": amounts,
        "created_at": instants,
        "collected_at": maybe(instants),
    }
)


def stored(
    bills: list[dict[str, Any]], paid: list[dict[str, Any]]
) -> tuple[int, list[inputs.Invoice], list[inputs.Payment]]:
    """Save both for a new account, and the same as the formulas take them."""
    account, other = an_account(), an_account()
    rows, asked, given_, weights = [], [], [], []
    allocations: list[Allocation] = []
    for bill in bills:
        kept = upstream(created_at=bill["created_at"])
        said = {k: v for k, v in bill.items() if k != "others"}
        columns = {k: v for k, v in said.items() if k not in ("subscription_ids", "created_at")}
        parts = shared_out(bill) if bill["others"] is not None else []
        row = Invoice(
            account=None if parts else account,
            subscription_upstream_ids=list(bill["subscription_ids"]),
            **kept,
            **columns,
        )
        rows.append(row)
        weights.append([part["total"] for part in parts])
        allocations += [
            Allocation(invoice=row, account=whose, **part)
            for whose, part in zip((other, account), parts, strict=False)
        ]
        mine = parts[1] if parts else {}
        key = {"site": str(kept["site"].pk), "id": kept["upstream_id"]}
        asked.append(inputs.Invoice(**key, **(said | mine)))
    Invoice.objects.bulk_create(rows)
    Allocation.objects.bulk_create(allocations)
    attempts: list[Transaction] = []
    for payment in paid if rows else ():
        kept = upstream(created_at=payment["created_at"])
        columns = {k: v for k, v in payment.items() if k != "created_at"}
        paying = len(attempts) % len(rows)
        invoice = rows[paying]
        attempts.append(Transaction(invoice_upstream_id=invoice.upstream_id, **kept, **columns))
        if weights[paying] and payment["amount"] is not None:
            mine = spread(payment["amount"], weights[paying], payment["currency"])[1]
            payment = payment | {"amount": mine}
        given_.append(inputs.Payment(id=kept["upstream_id"], **payment))
    Transaction.objects.bulk_create(attempts)
    return account.pk, asked, given_


def shared_out(bill: dict[str, Any]) -> list[dict[str, Decimal]]:
    """The amounts of the bill as two parts: somebody else's and ours."""
    whole = {name: bill[name] or Decimal(0) for name in ("total", "paid", "balance")}
    weights = [bill["others"], whole["total"] - bill["others"]]
    spreads = {
        name: spread(amount, weights, bill["currency"]) for name, amount in whole.items()
    } | {"total": weights}
    return [{name: spreads[name][place] for name in whole} for place in (0, 1)]


@settings(patient, max_examples=200)
@given(st.lists(invoices, max_size=14), st.lists(payments, max_size=8), zones)
def test_the_database_sums_what_the_formulas_sum(
    bills: list[dict[str, Any]], paid: list[dict[str, Any]], zone: str
) -> None:
    chosen = Settings(zone=ZoneInfo(zone))
    account_id, asked, attempts = stored(bills, paid)
    expected = {
        currency: ledger
        for currency, ledger in of_invoices(asked, attempts, NOW, chosen).items()
        if ledger.invoices_count or any(p.currency == currency for p in attempts)
    }
    found = books([account_id], NOW, chosen).get(account_id, Books())
    assert found.ledgers == expected
    assert found.past_due_days == past_due_days(asked, NOW, chosen.zone)


@settings(patient, max_examples=40)
@given(st.lists(invoices, min_size=1, max_size=6))
def test_no_figure_of_invoices_moves_before_the_instant_that_was_named(
    bills: list[dict[str, Any]],
) -> None:
    _, asked, _ = stored(bills, [])
    for ledger in of_invoices(asked, (), NOW).values():
        ends = ledger.changes_at or datetime(2030, 1, 1, tzinfo=UTC)
        midnight = NOW + timedelta(days=1)
        just_before = min(ends, midnight if ledger.past_due_count else ends) - timedelta(seconds=1)
        later = of_invoices(asked, (), just_before)[ledger.currency]
        assert later == ledger
