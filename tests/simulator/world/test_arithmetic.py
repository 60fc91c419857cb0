"""Every amount on every invoice adds up, whatever the seed."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.core.money import minor_digits, round_to_minor
from tenure.simulator.store import Record
from tenure.simulator.world import World, build
from tests.simulator.world.conftest import EU, START, US

worlds = st.integers(0, 10_000).map(
    lambda seed: build(
        [US, EU], seed=seed, accounts=14, start=START, until=START + timedelta(days=300)
    )
)
some_worlds = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def all_of(world: World, kind: str) -> Iterator[Record]:
    for store in world.sites.values():
        yield from store.all(kind)


@some_worlds
@given(worlds)
def test_a_line_is_quantity_times_unit_less_discount_plus_tax(world: World) -> None:
    for line in all_of(world, "line_items"):
        unit = Decimal(line["unit_amount_decimal"] or line["unit_amount"])
        assert line["subtotal"] == round_to_minor(unit * line["quantity"], line["currency"])
        assert line["amount"] == line["subtotal"] - line["discount"] + line["tax"]
        assert line["discount"] == sum(cut["discount_amount"] for cut in line["discounts"])


@some_worlds
@given(worlds)
def test_an_invoice_is_the_sum_of_its_lines(world: World) -> None:
    for invoice in all_of(world, "invoices"):
        lines = invoice["line_items"]
        for name in ("subtotal", "discount", "tax"):
            assert invoice[name] == sum(line[name] for line in lines)
        assert invoice["total"] == invoice["subtotal"] - invoice["discount"] + invoice["tax"]
        assert invoice["total"] == sum(line["amount"] for line in lines)
        assert invoice["discount"] == sum(c["discounted"] for c in invoice["coupon_redemptions"])


@some_worlds
@given(worlds)
def test_what_a_charge_leaves_open_is_its_total_less_money_and_credit(world: World) -> None:
    for invoice in all_of(world, "invoices"):
        if invoice["type"] != "charge":
            continue
        money = sum(t["amount"] for t in invoice["transactions"] if t["success"])
        credit = sum(payment["amount"] for payment in invoice["credit_payments"])
        assert invoice["paid"] == money
        assert invoice["balance"] == invoice["total"] - money - credit
        assert invoice["balance"] >= 0
        assert (invoice["balance"] == 0) == (invoice["state"] == "paid") or (
            invoice["state"] == "failed"
        )


@some_worlds
@given(worlds)
def test_a_credit_is_negative_until_it_is_used_up(world: World) -> None:
    for invoice in all_of(world, "invoices"):
        if invoice["type"] != "credit":
            continue
        used = sum(payment["amount"] for payment in invoice["credit_payments"])
        assert invoice["total"] < 0
        assert invoice["refundable_amount"] is None
        if invoice["state"] != "voided":
            assert invoice["balance"] == invoice["total"] + used
        assert (invoice["state"] == "open") == (invoice["balance"] < 0)


@some_worlds
@given(worlds)
def test_money_never_has_more_decimals_than_its_currency(world: World) -> None:
    for kind in ("invoices", "line_items", "transactions", "credit_payments", "subscriptions"):
        for record in all_of(world, kind):
            for name in ("amount", "subtotal", "tax", "total", "balance", "unit_amount"):
                value = record.get(name)
                if isinstance(value, Decimal):
                    exponent = value.as_tuple().exponent
                    assert isinstance(exponent, int)
                    assert -exponent <= minor_digits(record["currency"]), (kind, name, value)


@some_worlds
@given(worlds)
def test_a_subscription_states_what_its_parts_cost(world: World) -> None:
    for made in all_of(world, "subscriptions"):
        assert made["total"] == made["subtotal"] + made["tax"]
        gross = made["unit_amount"] * made["quantity"] + made["add_ons_total"]
        inclusive = made["tax_inclusive"] and made["tax"]
        assert (made["total"] if inclusive else made["subtotal"]) == gross


@some_worlds
@given(worlds)
def test_money_given_back_never_exceeds_what_was_paid(world: World) -> None:
    for invoice in all_of(world, "invoices"):
        if invoice["type"] == "charge":
            assert 0 <= invoice["refundable_amount"] <= invoice["paid"]


@pytest.mark.parametrize("currency", ["USD", "EUR", "GBP", "JPY", "KWD"])
def test_the_business_bills_in_every_currency(business: World, currency: str) -> None:
    assert any(i["currency"] == currency for i in all_of(business, "invoices"))
