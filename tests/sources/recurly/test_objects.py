"""Each object becomes its neutral record: exact, complete, and refused when it makes no sense."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import pytest

from tenure.core.errors import PermanentError
from tenure.sources.base import Stream
from tenure.sources.records import (
    BillingAccount,
    CreditPayment,
    CustomFieldDefinition,
    Invoice,
    Plan,
    Record,
    Subscription,
    Transaction,
)
from tenure.sources.recurly.fields import digest
from tenure.sources.recurly.objects import KINDS
from tenure.sources.recurly.pages import Read, read_records
from tenure.sources.recurly.redemptions import of_account

WHEN = "2026-03-01T10:00:00Z"
TIMES = {"created_at": WHEN, "updated_at": WHEN}
ACCOUNT = {"id": "acc1", "object": "account", "code": "c-1", "state": "active", **TIMES}
SUBSCRIPTION = {
    "id": "sub1", "state": "active", "currency": "USD", "account": {"id": "acc1"}, **TIMES,
}  # fmt: skip
INVOICE = {"id": "inv1", "state": "paid", "currency": "JPY", "account": {"id": "acc1"}, **TIMES}
LEAST: Mapping[Stream, Mapping[str, Any]] = {
    Stream.CUSTOM_FIELDS: {"id": "cf1", "related_type": "account", "name": "tenant", **TIMES},
    Stream.PLANS: {"id": "p1", "code": "gold", "state": "active", **TIMES},
    Stream.ACCOUNTS: ACCOUNT,
    Stream.SUBSCRIPTIONS: SUBSCRIPTION,
    Stream.INVOICES: INVOICE,
    Stream.TRANSACTIONS: {"id": "t1", "currency": "USD", **TIMES},
    Stream.CREDIT_PAYMENTS: {"id": "cp1", "currency": "USD", **TIMES},
}
RECORDS: Mapping[Stream, type[Record]] = {
    Stream.CUSTOM_FIELDS: CustomFieldDefinition,
    Stream.PLANS: Plan,
    Stream.ACCOUNTS: BillingAccount,
    Stream.SUBSCRIPTIONS: Subscription,
    Stream.INVOICES: Invoice,
    Stream.TRANSACTIONS: Transaction,
    Stream.CREDIT_PAYMENTS: CreditPayment,
}


def read(stream: Stream, *texts: bytes) -> Read:
    return read_records(KINDS[stream], texts)


def made(stream: Stream, **fields: Any) -> Any:
    """The record of the least object with these fields; numbers are given as text in Decimal."""
    text = json.dumps({**LEAST[stream], **fields}, default=str).encode()
    found = read(stream, text)
    assert not found.rejected
    return found.records[0]


@pytest.mark.parametrize("stream", KINDS)
def test_the_least_object_is_read(stream: Stream) -> None:
    record = made(stream)
    assert isinstance(record, RECORDS[stream])
    assert record.updated_at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert len(record.content_hash) == 16
    assert json.loads(record.payload) == LEAST[stream]


@pytest.mark.parametrize(
    ("told", "goes_on"),
    [
        ({}, True),
        ({"remaining_duration": {"type": "forever"}}, True),
        ({"remaining_duration": {"type": "billing_periods", "redemptions_remaining": 2}}, True),
        ({"remaining_duration": {"type": "billing_periods", "redemptions_remaining": 0}}, False),
        ({"remaining_duration": {"type": "single_use"}}, False),
        ({"state": "inactive"}, False),
        ({"remaining_duration": "soon"}, False),
    ],
)
def test_an_invoice_tells_which_coupons_it_used_that_go_on(
    told: dict[str, Any], goes_on: bool
) -> None:
    used = {"id": "r1", "state": "active", "remaining_duration": None, **told}
    record = made(Stream.INVOICES, coupon_redemptions=[used])
    assert record.coupons_used == (("r1",) if goes_on else ())


def test_of_a_coupon_only_what_the_formulas_read_is_kept_and_that_exactly() -> None:
    coupon = {
        "id": "c1",
        "code": "PARTNER",
        "duration": "forever",
        "discount": {"type": "fixed", "currencies": [{"currency": "USD", "amount": "AMOUNT"}]},
        "applies_to_all_plans": False,
        "plans": [{"id": "p1", "code": "gold", "name": "Gold"}],
        "invoice_description": "said to the customer",
    }
    own = {"id": "r1", "state": "active", "coupon": coupon, "account": {"email": "a@b.example"}}
    other = {**own, "id": "r2", "subscription_id": "sub1"}
    ended = {"id": "r3", "state": "inactive", "removed_at": WHEN, "coupon": None}
    texts = [
        json.dumps(one).replace('"AMOUNT"', "0.10000000000000000001").encode()
        for one in (own, other, ended)
    ]
    kept = of_account(texts)
    assert [(one.upstream_id, one.active) for one in kept] == [("r1", True), ("r3", False)]
    assert b"0.10000000000000000001" in kept[0].redemption
    told = json.loads(kept[0].redemption)
    assert told["coupon"]["plans"] == [{"id": "p1", "code": "gold"}]
    assert "example" not in str(told)
    assert "said to the customer" not in str(told)
    with pytest.raises(PermanentError, match="cannot be read"):
        of_account([b'{"state": "active"}'])


@pytest.mark.parametrize("stream", KINDS)
def test_every_optional_field_may_be_null(stream: Stream) -> None:
    struct = KINDS[stream].decoder.type
    optional = {name: None for name in struct.__struct_fields__ if name not in LEAST[stream]}
    assert made(stream, **optional).upstream_id == LEAST[stream]["id"]


@pytest.mark.parametrize("stream", KINDS)
@pytest.mark.parametrize("value", [None, "", 5, "drop"])
def test_an_object_without_a_usable_id_is_rejected_and_the_page_goes_on(
    stream: Stream, value: Any
) -> None:
    bad = {**LEAST[stream], "id": value}
    if value == "drop":
        del bad["id"]
    found = read(stream, json.dumps(bad).encode(), json.dumps(LEAST[stream]).encode())
    assert [r.upstream_id for r in found.records] == [LEAST[stream]["id"]]
    assert "id" in found.rejected[0].reason


@pytest.mark.parametrize(
    ("stream", "missing"),
    [
        (Stream.SUBSCRIPTIONS, "account"),
        (Stream.SUBSCRIPTIONS, "currency"),
        (Stream.INVOICES, "account"),
        (Stream.INVOICES, "currency"),
        (Stream.ACCOUNTS, "code"),
        (Stream.ACCOUNTS, "updated_at"),
    ],
)
def test_what_a_record_cannot_be_without_is_named_when_it_lacks(
    stream: Stream, missing: str
) -> None:
    bad = {name: value for name, value in LEAST[stream].items() if name != missing}
    (rejected,) = read(stream, json.dumps(bad).encode()).rejected
    assert rejected.upstream_id == LEAST[stream]["id"]
    assert f"it lacks `{missing}`" in rejected.reason
    assert json.loads(rejected.payload) == bad


@pytest.mark.parametrize(
    "amount", ["0.1", "1e-9", "99.0", "-5.0", "0", "123456789012345678.123456789", "10.90"]
)
def test_amounts_are_exactly_what_was_written(amount: str) -> None:
    text = json.dumps(SUBSCRIPTION)[:-1] + f', "unit_amount": {amount}}}'
    (record,) = read(Stream.SUBSCRIPTIONS, text.encode()).records
    assert isinstance(record, Subscription)
    assert record.unit_amount == Decimal(amount)
    assert str(record.unit_amount) == str(Decimal(amount))


@pytest.mark.parametrize("amount", ['"NaN"', '"-Infinity"', "1e999999999", "1e-400", "true", '"x"'])
def test_what_is_no_amount_is_rejected(amount: str) -> None:
    text = json.dumps(SUBSCRIPTION)[:-1] + f', "total": {amount}}}'
    found = read(Stream.SUBSCRIPTIONS, text.encode())
    assert not found.records
    assert found.rejected[0].upstream_id == "sub1"


def test_empty_texts_are_none() -> None:
    account = made(Stream.ACCOUNTS, email="", company="", username="", preferred_locale="")
    assert (account.email, account.company, account.username) == (None, None, None)
    assert account.preferred_locale is None


def test_custom_fields_become_an_object_by_name() -> None:
    fields = [
        {"name": "tenant", "value": "t-1"},
        {"name": "empty", "value": None},
        {"name": "emoji", "value": "שלום"},
    ]
    account = made(Stream.ACCOUNTS, custom_fields=fields)
    assert json.loads(account.custom_fields) == {"tenant": "t-1", "emoji": "שלום"}


def test_an_unknown_state_and_unknown_fields_are_kept() -> None:
    account = made(Stream.ACCOUNTS, state="hibernating", brand_new={"a": [1]})
    assert account.state == "hibernating"
    assert json.loads(account.payload)["brand_new"] == {"a": [1]}


def test_a_card_is_known_by_kind_and_expiry_only() -> None:
    method = {"object": "credit_card", "card_type": "Visa", "exp_month": 4, "exp_year": 2027}
    billing = {"first_name": "Ann", "last_name": "Lee", "valid": True, "payment_method": method}
    account = made(Stream.ACCOUNTS, billing_info=billing)
    assert (account.payment_method, account.card_expires_month) == ("Visa", 4)
    assert account.billing_name == "Ann Lee"
    assert account.payment_method_valid is True


@pytest.mark.parametrize(("number", "expected"), [("FR1001", "FR1001"), (1000, "1000"), ("", None)])
def test_an_invoice_number_is_text(number: Any, expected: str | None) -> None:
    assert made(Stream.INVOICES, number=number).number == expected


def test_what_stands_in_an_invoice_becomes_records_too() -> None:
    line = {"id": "l1", "unit_amount": 3.33, "unit_amount_decimal": "3.333333333", "quantity": 2}
    invoice = made(
        Stream.INVOICES,
        line_items=[line, {"id": "l2", "currency": "USD", **TIMES}],
        transactions=[{"id": "t1", "currency": "JPY", "status": "declined", **TIMES}],
        credit_payments=[{"id": "cp1", "currency": "JPY", "amount": 5, **TIMES}],
    )
    first, second = invoice.lines
    assert (first.currency, second.currency) == ("JPY", "USD")
    assert first.unit_amount == Decimal("3.333333333")
    assert (first.invoice_upstream_id, first.account_upstream_id) == ("inv1", "acc1")
    assert first.content_hash != second.content_hash
    assert invoice.transactions[0].status == "declined"
    assert invoice.credit_payments[0].amount == 5


def test_a_transaction_has_one_digest_alone_and_in_its_invoice() -> None:
    transaction = {"id": "t1", "currency": "JPY", **TIMES}
    nested = made(Stream.INVOICES, transactions=[transaction]).transactions[0]
    alone = made(Stream.TRANSACTIONS, currency="JPY")
    assert nested.content_hash == alone.content_hash


def test_an_invoice_with_a_broken_line_is_rejected_whole() -> None:
    text = json.dumps({**INVOICE, "line_items": [{"id": "l1"}, {"id": None}]}).encode()
    found = read(Stream.INVOICES, text)
    assert not found.records
    assert found.rejected[0].upstream_id == "inv1"


@pytest.mark.parametrize(
    "fields",
    [
        {"add_ons": {}},
        {"pending_change": []},
        {"add_ons": "none"},
        {"quantity": 2**31},
        {"quantity": "3"},
        {"activated_at": "2026-03-01T10:00:00"},
        {"account": None},
    ],
)
def test_a_field_of_another_kind_is_rejected(fields: dict[str, Any]) -> None:
    found = read(Stream.SUBSCRIPTIONS, json.dumps({**SUBSCRIPTION, **fields}).encode())
    assert not found.records
    assert found.rejected


def test_nested_json_is_kept_as_it_came() -> None:
    add_ons = [{"id": "a", "quantity": 2, "unit_amount": 1.50}]
    subscription = made(Stream.SUBSCRIPTIONS, add_ons=add_ons, pending_change={"id": "x"})
    assert json.loads(subscription.add_ons) == add_ons
    assert json.loads(subscription.pending_change) == {"id": "x"}
    assert made(Stream.SUBSCRIPTIONS).pending_change is None


@pytest.mark.parametrize("size", [0, 1, 2047, 2048, 4094, 9000])
def test_a_digest_is_that_of_the_whole_however_long_it_is(size: int) -> None:
    payload = bytes(number % 251 for number in range(size))
    assert digest(payload) == blake2b(payload, digest_size=16).digest()
