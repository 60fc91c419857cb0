"""Record texts with gaps: a full record is encoded once, then filled in thousands of times.

In a record, the text ``@name@`` is a gap inside a JSON string, and ``@#name@`` as a whole value
is a gap for raw JSON (a number, true, a list).
"""

import re
from typing import Any

from tenure.simulator.table import encode
from tenure.simulator.world.shapes import Record, record


def template(made: Record) -> str:
    """The record's JSON as a ``%``-format with named gaps."""
    text = encode(made).decode().replace("%", "%%")
    text = re.sub(r'"@#(\w+)@"', r"%(\1)s", text)
    return re.sub(r"@(\w+)@", r"%(\1)s", text)


def _account_mini() -> Record:
    return record(
        "account_mini",
        id="@account_id@",
        code="@code@",
        email="@email@",
        first_name="@first@",
        last_name="@last@",
        company="@company@",
        bill_to="self",
    )


def _address(shape: str = "address", **more: Any) -> Record:
    return record(
        shape,
        street1="@street@",
        street2="",
        city="Columbus",
        region="OH",
        postal_code="43215",
        country="US",
        phone="+1 555 0100",
        **more,
    )


def _card() -> Record:
    return record(
        "payment_method",
        object="credit_card",
        card_type="Visa",
        first_six="411111",
        last_four="1111",
        last_two="11",
        exp_month=11,
        exp_year=2030,
        cc_bin_country="US",
        funding_source="credit",
    )


def account() -> Record:
    """An account with gaps."""
    return record(
        "account",
        id="@account_id@",
        state="active",
        hosted_login_token="@uuid@",  # noqa: S106 -- made up, as everything here
        has_live_subscription=True,
        has_active_subscription="@#is_active@",
        has_future_subscription=False,
        has_canceled_subscription="@#is_canceled@",
        has_paused_subscription=False,
        has_past_due_invoice="@#is_past_due@",
        created_at="@created@",
        updated_at="@updated@",
        code="@code@",
        email="@email@",
        preferred_locale="en-US",
        preferred_time_zone="America/New_York",
        first_name="@first@",
        last_name="@last@",
        company="@company@",
        tax_exempt=False,
        bill_to="self",
        address=_address(),
        billing_info=record(
            "billing_info",
            id="@billing_id@",
            account_id="@account_id@",
            first_name="@first@",
            last_name="@last@",
            company="@company@",
            address=_address(),
            valid=True,
            payment_method=_card(),
            primary_payment_method=True,
            backup_payment_method=False,
            created_at="@created@",
            updated_at="@created@",
        ),
        custom_fields=[
            {"name": "tenant_id", "value": "T-@number@"},
            {"name": "csm_email", "value": "@manager@@brightwharf.example"},
            {"name": "seats", "value": "@seats@"},
            {"name": "industry", "value": "@industry@"},
        ],
    )


def subscription(plan: Record) -> Record:
    """A subscription to ``plan`` (its small form) with gaps."""
    return record(
        "subscription",
        id="@id@",
        uuid="@uuid@",
        account=_account_mini(),
        plan=plan,
        state="@state@",
        current_period_started_at="@starts@",
        current_period_ends_at="@ends@",
        current_term_started_at="@starts@",
        current_term_ends_at="@ends@",
        remaining_billing_cycles=0,
        total_billing_cycles=1,
        renewal_billing_cycles=1,
        auto_renew=True,
        currency="@currency@",
        revenue_schedule_type="evenly",
        unit_amount="@#unit@",
        tax_inclusive=False,
        quantity="@#seats@",
        add_ons_total="@#extra@",
        subtotal="@#subtotal@",
        tax="@#tax@",
        total="@#total@",
        collection_method="automatic",
        net_terms=0,
        net_terms_type="net",
        created_at="@created@",
        updated_at="@updated@",
        activated_at="@created@",
        canceled_at="@#canceled@",
        expires_at="@#expires@",
        active_invoice_id="@invoice_id@",
        started_with_gift=False,
    )


def invoice() -> Record:
    """An invoice with gaps; its lines and its transaction are gaps for whole records."""
    return record(
        "invoice",
        id="@id@",
        uuid="@uuid@",
        type="charge",
        origin="renewal",
        state="@state@",
        account=_account_mini(),
        billing_info_id="@billing_id@",
        subscription_ids=["@subscription_id@"],
        number="@number@",
        collection_method="automatic",
        net_terms=0,
        net_terms_type="net",
        address=_address("invoice_address", company="@company@"),
        currency="@currency@",
        discount="@#nothing@",
        subtotal="@#subtotal@",
        subtotal_after_discount="@#subtotal@",
        tax="@#tax@",
        total="@#total@",
        refundable_amount="@#paid@",
        paid="@#paid@",
        balance="@#balance@",
        used_tax_service=False,
        line_items="@#lines@",
        has_more_line_items=False,
        transactions="@#payments@",
        created_at="@created@",
        updated_at="@updated@",
        due_at="@created@",
        closed_at="@#closed@",
        dunning_events_sent="@#dunning@",
        final_dunning_event=False,
    )


def line_item(origin: str, plan: Record, add_on: Record | None) -> Record:
    """A line of the plan, or of an add-on, with gaps."""
    return record(
        "line_item",
        id="@line_id@",
        uuid="@line_uuid@",
        type="charge",
        state="invoiced",
        account=_account_mini(),
        bill_for_account_id="@account_id@",
        subscription_id="@subscription_id@",
        plan_id=plan["id"],
        plan_code=plan["code"],
        add_on_id=add_on["id"] if add_on else None,
        add_on_code=add_on["code"] if add_on else None,
        invoice_id="@id@",
        invoice_number="@number@",
        origin=origin,
        accounting_code="4000",
        product_code=(add_on or plan)["code"],
        currency="@currency@",
        amount="@#line_amount@",
        description=(add_on or plan)["name"],
        quantity="@#line_quantity@",
        unit_amount="@#line_unit@",
        tax_inclusive=False,
        subtotal="@#line_subtotal@",
        discount="@#nothing@",
        tax="@#line_tax@",
        taxable=True,
        tax_exempt=False,
        refund=False,
        refunded_quantity=0,
        credit_applied="@#nothing@",
        revenue_schedule_type="evenly",
        start_date="@created@",
        end_date="@ends@",
        created_at="@created@",
        updated_at="@created@",
    )


def transaction() -> Record:
    """A payment or a refused attempt with gaps."""
    mini = record("invoice_mini", id="@id@", number="@number@", type="charge", state="@state@")
    return record(
        "transaction",
        id="@payment_id@",
        uuid="@payment_uuid@",
        account=_account_mini(),
        initiator="merchant",
        invoice=mini,
        subscription_ids=["@subscription_id@"],
        type="purchase",
        origin="recurring",
        currency="@currency@",
        amount="@#total@",
        status="@status@",
        success="@#success@",
        refunded=False,
        billing_address=_address("billing_address"),
        collection_method="automatic",
        payment_method=_card(),
        status_message="@message@",
        customer_message="@message@",
        customer_message_locale="en-US",
        payment_gateway={
            "id": "test-gateway",
            "object": "payment_gateway",
            "type": "test",
            "name": "Test Gateway",
        },
        gateway_response_values={},
        created_at="@created@",
        updated_at="@created@",
        collected_at="@#collected@",
    )
