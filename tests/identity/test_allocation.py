"""Invoices shared out by line: to the cent, whatever the currency and the order of arrival."""

from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.customers.models import Account, Allocation, BillingAccount, Invoice, Subscription
from tenure.customers.timeline import newest
from tenure.identity.allocation import Bill, Share, shares, spread
from tenure.metrics.inputs import Settings
from tenure.metrics.ledger_sql import books
from tests.builders import NOW, a_line, a_site, an_invoice
from tests.identity.pages import (
    SUBSCRIPTION_TENANT,
    a_rule,
    accounts,
    invoices,
    links,
    payer,
    subscription,
    subscriptions,
)

D = Decimal
A, B, C = 1, 2, 3


def worked(currency: str, total: str, paid: str, lines: dict[int, str]) -> list[tuple[Any, ...]]:
    bill = Bill(currency, D(total), D(paid), D(total) - D(paid))
    found = shares(bill, {k: D(v) for k, v in lines.items()}, sorted(lines))
    return [(one.account_id, str(one.total), str(one.paid), str(one.balance)) for one in found]


GOLDEN = [
    # One account has every line: the whole invoice.
    ("USD", "100.00", "100.00", {A: "100.00"}, [(A, "100.00", "100.00", "0.00")]),
    # A third of 10.00 each, bounds 3.33, 6.67 and 10.00: the middle one has the odd cent.
    (
        "USD",
        "30.00",
        "10.00",
        {A: "10.00", B: "10.00", C: "10.00"},
        [(A, "10.00", "3.33", "6.67"), (B, "10.00", "3.34", "6.66"), (C, "10.00", "3.33", "6.67")],
    ),
    # Yen have no decimals: 1000 of 3000 in thirds is 333, 334, 333.
    (
        "JPY",
        "3000",
        "1000",
        {A: "1000", B: "1000", C: "1000"},
        [(A, "1000", "333", "667"), (B, "1000", "334", "666"), (C, "1000", "333", "667")],
    ),
    # Dinars have three: 1.000 of 3.000 in thirds is 0.333, 0.334, 0.333.
    (
        "KWD",
        "3.000",
        "1.000",
        {A: "1.000", B: "1.000", C: "1.000"},
        [
            (A, "1.000", "0.333", "0.667"),
            (B, "1.000", "0.334", "0.666"),
            (C, "1.000", "0.333", "0.667"),
        ],
    ),
    # 25.00 that no line explains stays nobody's, with its share of what was paid.
    (
        "USD",
        "100.00",
        "50.00",
        {A: "75.00"},
        [(A, "75.00", "37.50", "37.50"), (None, "25.00", "12.50", "12.50")],
    ),
    # No line of anybody: all of it is nobody's.
    ("EUR", "9.99", "0.00", {}, [(None, "9.99", "0.00", "9.99")]),
    # A credit invoice is negative, and shared alike.
    (
        "USD",
        "-30.00",
        "0.00",
        {A: "-20.00", B: "-10.00"},
        [(A, "-20.00", "0.00", "-20.00"), (B, "-10.00", "0.00", "-10.00")],
    ),
    # A free line makes nobody a party to somebody else's bill.
    ("USD", "10.00", "10.00", {A: "10.00", B: "0"}, [(A, "10.00", "10.00", "0.00")]),
]


@pytest.mark.parametrize(("currency", "total", "paid", "lines", "expected"), GOLDEN)
def test_an_invoice_is_shared_out_as_worked_by_hand(
    currency: str, total: str, paid: str, lines: dict[int, str], expected: list[Any]
) -> None:
    assert worked(currency, total, paid, lines) == expected


cents = st.integers(-100_000, 100_000)


@given(
    st.sampled_from(["USD", "JPY", "KWD"]),
    cents,
    cents,
    st.dictionaries(st.integers(1, 6), cents, max_size=6),
)
def test_the_parts_of_an_invoice_add_up_exactly(
    currency: str, total: int, paid: int, lines: dict[int, int]
) -> None:
    unit = {"USD": D("0.01"), "JPY": D(1), "KWD": D("0.001")}[currency]
    bill = Bill(currency, total * unit, paid * unit, (total - paid) * unit)
    found = shares(bill, {k: v * unit for k, v in lines.items()}, sorted(lines))
    assert sum(one.total for one in found) == bill.total
    assert sum(one.paid for one in found) == bill.paid
    assert sum(one.balance for one in found) == bill.balance


def test_without_a_weight_the_last_part_has_all() -> None:
    assert spread(D("5.00"), [D(3), D(-3)], "USD") == [D(0), D("5.00")]


def split_invoice(**values: Any) -> Any:
    """100.00, of which 60.00 are sub1's, 30.00 sub2's, and 10.00 a fee of nobody's; half paid."""
    lines = (
        a_line("line1", amount=D("60.00"), subscription_upstream_id="sub1"),
        a_line("line2", amount=D("30.00"), subscription_upstream_id="sub2"),
        a_line("line3", amount=D("10.00"), subscription_upstream_id=None),
    )
    kept = {"total": D("100.00"), "paid": D("50.00"), "balance": D("50.00"), "lines": lines}
    return an_invoice(**(kept | values))


def allocated() -> list[tuple[str | None, Decimal, Decimal, Decimal]]:
    rows = Allocation.objects.order_by("invoice__upstream_id", "pk")
    return list(rows.values_list("account__identifier", "total", "paid", "balance"))


SPLIT = [
    ("T-1", D("60.00"), D("30.00"), D("30.00")),
    ("T-2", D("30.00"), D("15.00"), D("15.00")),
    (None, D("10.00"), D("5.00"), D("5.00")),
]


@pytest.mark.django_db
@pytest.mark.parametrize("order", list(permutations(["payer", "sub1", "sub2", "invoice"])))
def test_an_invoice_is_shared_out_alike_whatever_arrived_first(order: tuple[str, ...]) -> None:
    site = a_site()
    a_rule(SUBSCRIPTION_TENANT)
    bring = {
        "payer": lambda: accounts(site, payer("acc1")),
        "sub1": lambda: subscriptions(site, subscription("sub1", "acc1", "T-1")),
        "sub2": lambda: subscriptions(site, subscription("sub2", "acc1", "T-2")),
        "invoice": lambda: invoices(site, split_invoice()),
    }
    for what in order:
        bring[what]()
    assert allocated() == SPLIT
    assert links(Subscription) == {"sub1": "T-1", "sub2": "T-2"}
    assert links(BillingAccount) == {"acc1": None}
    assert links(Invoice) == {"inv1": None}


@pytest.mark.django_db
def test_an_account_counts_its_part_and_all_parts_add_up() -> None:
    site = a_site()
    a_rule(SUBSCRIPTION_TENANT)
    accounts(site, payer("acc1"))
    subscriptions(site, subscription("sub1", "acc1", "T-1"), subscription("sub2", "acc1", "T-2"))
    outcome = invoices(site, split_invoice())
    found = books(sorted(outcome.accounts), NOW, Settings())
    billed = [one.ledgers["USD"].billed for one in found.values()]
    assert sorted(billed) == [D("30.00"), D("60.00")]
    unallocated = Allocation.objects.get(account=None)
    assert sum(billed) + unallocated.total == D("100.00")


@pytest.mark.django_db
def test_a_subscription_identified_later_has_its_part_from_then_on() -> None:
    site = a_site()
    a_rule(SUBSCRIPTION_TENANT)
    accounts(site, payer("acc1"))
    subscriptions(site, subscription("sub1", "acc1", "T-1"), subscription("sub2", "acc1", None))
    invoices(site, split_invoice())
    assert allocated() == [
        ("T-1", D("60.00"), D("30.00"), D("30.00")),
        (None, D("40.00"), D("20.00"), D("20.00")),
    ]
    subscriptions(site, subscription("sub2", "acc1", "T-2"))
    assert allocated() == SPLIT


@pytest.mark.django_db
def test_a_fee_belongs_to_the_only_account_its_payer_feeds() -> None:
    site = a_site()
    a_rule(SUBSCRIPTION_TENANT)
    accounts(site, payer("acc1"))
    subscriptions(site, subscription("sub1", "acc1", "T-1"), subscription("sub2", "acc1", "T-1"))
    invoices(site, split_invoice())
    assert allocated() == []
    assert links(Invoice) == {"inv1": "T-1"}
    assert links(BillingAccount) == {"acc1": "T-1"}


def test_shares_of_nothing_are_nothing() -> None:
    bill = Bill("USD", D(0), D(0), D(0))
    assert shares(bill, {A: D(0), B: D(0)}, [A, B]) == [
        Share(A, D(0), D(0), D(0)),
        Share(B, D(0), D(0), D(0)),
    ]


@pytest.mark.django_db
def test_the_timeline_of_each_account_has_its_part_of_a_shared_invoice() -> None:
    site = a_site()
    a_rule(SUBSCRIPTION_TENANT)
    accounts(site, payer("acc1"))
    subscriptions(site, subscription("sub1", "acc1", "T-1"), subscription("sub2", "acc1", "T-2"))
    invoices(site, split_invoice())
    told = {}
    for account in Account.objects.all():
        found, more = newest(account.pk, kind="invoice", after=None, limit=10, now=NOW)
        assert more is None
        (event,) = found
        assert event.amount
        told[account.identifier] = event.amount.amount
        assert newest(account.pk, kind="invoice", after=event.place, limit=10, now=NOW)[0] == []
    assert told == {"T-1": D("60.00"), "T-2": D("30.00")}
