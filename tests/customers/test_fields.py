"""Every field the API documents of accounts and subscriptions can be read, from a record and from its row."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tenure.customers import fields, filling, fits, overview
from tenure.customers.models import BillingAccount, Subscription
from tenure.simulator.expected_keys import EXPECTED_KEYS
from tenure.sources import records, registry
from tenure.sources.base import Stream
from tests.builders import a_site
from tests.sync.landed import land_accounts, land_subscriptions

WHEN = "2026-03-01T10:00:00Z"
ADDRESS = {
    "phone": "+44 1", "street1": "1 Mill Lane", "street2": "Yard 2", "city": "Leeds", "region": "WY",
    "postal_code": "LS1", "country": "GB", "geo_code": "G7",
}  # fmt: skip
ACCOUNT: dict[str, Any] = {
    "id": "acc1", "object": "account", "state": "active", "created_at": WHEN, "updated_at": WHEN,
    "deleted_at": WHEN, "code": "C1", "username": "ada", "email": "ada@x.example", "first_name": "Ada",
    "last_name": "Byron", "company": "Acme", "cc_emails": "b@x.example", "vat_number": "GB1",
    "preferred_locale": "en-GB", "preferred_time_zone": "Europe/London", "parent_account_id": "acc0",
    "bill_to": "parent", "has_live_subscription": True, "has_active_subscription": True,
    "has_future_subscription": False, "has_canceled_subscription": False, "has_paused_subscription": True,
    "has_past_due_invoice": False, "override_business_entity_id": "be1", "tax_exempt": False,
    "exemption_certificate": "EX-1", "entity_use_code": "I", "dunning_campaign_id": "dun1",
    "invoice_template_id": "tpl1", "bill_date": WHEN, "address": ADDRESS,
    "billing_info": {
        "id": "bi1", "object": "billing_info", "account_id": "acc1", "first_name": "Eve", "last_name": "Payer",
        "company": "Payers", "vat_number": "GB2", "valid": True, "primary_payment_method": True,
        "backup_payment_method": False, "created_at": WHEN, "updated_at": WHEN,
        "address": {**ADDRESS, "city": "Hull"}, "updated_by": {"ip": "192.0.2.7", "country": "IE"},
        "fraud": {"score": 12, "decision": "approve"},
        "payment_method": {
            "object": "credit_card", "card_type": "Visa", "exp_month": 4, "exp_year": 2030,
            "gateway_code": "gw1", "username": "pal", "cc_bin_country": "FR", "funding_source": "debit",
            "card_network_preference": "cartes", "routing_number_bank": "Bank", "name_on_account": "Eve P",
            "account_type": "checking",
        },
    },
}  # fmt: skip
SUBSCRIPTION: dict[str, Any] = {
    "id": "sub1", "object": "subscription", "uuid": "u1", "account": {"id": "acc1"}, "state": "active",
    "plan": {"id": "p1", "code": "gold", "name": "Gold"}, "currency": "USD", "unit_amount": 9.5, "quantity": 2,
    "created_at": WHEN, "updated_at": WHEN, "activated_at": WHEN, "canceled_at": WHEN, "expires_at": WHEN,
    "trial_started_at": WHEN, "trial_ends_at": WHEN, "current_period_started_at": WHEN,
    "current_period_ends_at": WHEN, "current_term_started_at": WHEN, "current_term_ends_at": WHEN,
    "paused_at": WHEN, "resume_at": WHEN, "converted_at": WHEN, "bank_account_authorized_at": WHEN,
    "remaining_pause_cycles": 1, "remaining_billing_cycles": 3, "total_billing_cycles": 4,
    "renewal_billing_cycles": 5, "auto_renew": True, "started_with_gift": False, "tax_inclusive": False,
    "add_ons_total": 1.25, "subtotal": 19, "tax": 1.9, "total": 20.9, "collection_method": "manual",
    "po_number": "PO-1", "net_terms": 30, "net_terms_type": "net", "expiration_reason": "canceled",
    "revenue_schedule_type": "evenly", "terms_and_conditions": "Ours", "customer_notes": "Thanks",
    "gateway_code": "gw1", "billing_info_id": "bi1", "active_invoice_id": "inv1", "business_entity_id": "be1",
    "price_segment_id": "seg1", "credit_application_policy": {"mode": "all"},
    "tax_info": {"type": "vat", "region": "GB", "rate": 0.2},
    "shipping": {
        "amount": 5.25, "method": {"id": "m1", "code": "post", "name": "Post"},
        "address": {
            **ADDRESS, "nickname": "Depot", "first_name": "Flo", "last_name": "Dock", "company": "Docks",
            "email": "flo@x.example", "vat_number": "GB3",
        },
    },
    "pending_change": {
        "activate_at": WHEN, "next_bill_date": WHEN, "quantity": 7, "unit_amount": 8.75, "created_at": WHEN,
        "revenue_schedule_type": "never", "plan": {"code": "platinum", "name": "Platinum"},
    },
}  # fmt: skip
SAMPLES = {"account": ACCOUNT, "subscription": SUBSCRIPTION}
STREAMS = {"account": Stream.ACCOUNTS, "subscription": Stream.SUBSCRIPTIONS}
# What is documented beside single values: lists, secrets, and what says only which object this is.
NO_VALUES = {
    "account": {
        "shipping_addresses", "external_accounts", "custom_fields", "hosted_login_token",
        "billing_info.account_id", "billing_info.payment_gateway_references",
        "billing_info.fraud.risk_rules_triggered",
        *(f"billing_info.payment_method.{key}" for key in (
            "first_six", "last_four", "last_two", "gateway_token", "gateway_attributes",
            "billing_agreement_id", "routing_number",
        )),
    },
    "subscription": {
        "coupon_redemptions", "add_ons", "ramp_intervals", "custom_fields", "action_result",
        "tax_info.tax_details", "credit_application_policy.allowed_origins", "shipping.address.account_id",
        "shipping.address.id", "shipping.address.created_at", "shipping.address.updated_at",
    },
}  # fmt: skip
# An embedded summary is not believed but for its id; a pending change is told by what it changes.
SUMMARIES = {"subscription.account", "subscription.plan", "subscription.pending_change"}


def documented(kind: str, path: str = "", of: str = "") -> Iterator[str]:
    """The paths the API documents of an object, those within others included."""
    for key, inner in EXPECTED_KEYS[of or kind].items():
        named = f"{path}{key}"
        if key == "object" or named in NO_VALUES[kind] or f"{kind}.{named}" in SUMMARIES:
            continue
        if inner:
            yield from documented(kind, f"{named}.", inner)
        else:
            yield named


def read_of(kind: str) -> Any:
    """The full sample as a record."""
    payload = json.dumps(SAMPLES[kind]).encode()
    (record,) = registry.source("recurly").read(STREAMS[kind], [payload])
    return record


def at(sample: Any, path: str) -> Any:
    for key in path.split("."):
        sample = sample[key]
    return sample


@pytest.mark.parametrize("kind", fields.KINDS)
def test_every_documented_value_can_be_mapped(kind: str) -> None:
    record, paths = read_of(kind), list(documented(kind))
    assert len(paths) > 40
    for path in paths:
        named = fields.canonical(f"{kind}.{path}")
        assert fields.is_known(named), path
        own = fields.split(named)[1]
        said = fields.reader([own])(record)[own]
        wanted = at(SAMPLES[kind], path)
        if wanted == WHEN:
            assert str(said)[:10] == "2026-03-01", path
        else:
            assert str(said) == str(wanted), path


@pytest.mark.parametrize("kind", fields.KINDS)
def test_every_standard_field_of_a_full_record_has_a_value(kind: str) -> None:
    paths = [one.path for one in fields.STANDARD[kind]]
    assert fields.reader(paths)(read_of(kind)).keys() == set(paths)


@pytest.mark.django_db
def test_a_stored_row_says_what_its_record_said() -> None:
    site = a_site()
    land_accounts(site, [read_of("account")])
    land_subscriptions(site, [read_of("subscription")])
    for kind, row in (
        ("account", BillingAccount.objects.get()),
        ("subscription", Subscription.objects.get()),
    ):
        read = fields.reader(one.path for one in fields.STANDARD[kind])
        assert read(row) == read(read_of(kind))


@pytest.mark.django_db
def test_every_standard_field_tells_how_full_it_is() -> None:
    site = a_site()
    land_accounts(site, [read_of("account")])
    land_subscriptions(site, [read_of("subscription")])
    for kind in fields.KINDS:
        found = [one for one in overview.choices(kind) if not one.is_custom]
        assert {(one.fill.count, one.fill.total) for one in found} == {(1, 1)}
        assert all(one.fill.samples and one.label for one in found)
        for one in found:
            fit = fits.fit(one.field, one.kind)
            assert (fit.filled, fit.unreadable) == (1, 0), one.field


@pytest.mark.django_db
def test_what_no_record_says_is_empty() -> None:
    site = a_site()
    land_accounts(site, [records_without_anything()])
    fill = filling.of_standard("account")
    assert fill["tax_exempt"].count == fill["billing_address.city"].count == 0
    assert fill["code"].count == 1


def records_without_anything() -> records.BillingAccount:
    least = {key: ACCOUNT[key] for key in ("id", "code", "state", "created_at", "updated_at")}
    empty = {"billing_info": None, "address": None, "tax_exempt": None}
    (record,) = registry.source("recurly").read(
        Stream.ACCOUNTS, [json.dumps({**least, **empty}).encode()]
    )
    assert isinstance(record, records.BillingAccount)
    return record


@pytest.mark.parametrize("kind", fields.KINDS)
def test_no_two_fields_of_a_kind_share_a_path_or_a_label(kind: str) -> None:
    paths = [one.path for one in fields.STANDARD[kind]]
    labels = [one.label for one in fields.STANDARD[kind]]
    assert len(paths) == len({*paths})
    assert len(labels) == len({*labels})


def test_what_a_record_has_besides_is_what_can_be_mapped() -> None:
    kept = {"account": records.AccountExtras, "subscription": records.SubscriptionExtras}
    for kind, struct in kept.items():
        extras = {one.path.partition(".")[0] for one in fields.STANDARD[kind] if one.is_extra}
        assert extras == {*struct.__struct_fields__}
        columns = {f.name for f in fits.MODELS[kind]._meta.fields}
        assert not extras & columns
