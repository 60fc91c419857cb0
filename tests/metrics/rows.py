"""Builders of stored rows: a customer with subscriptions, invoices and payments, by keyword."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from tenure.connections.models import Site
from tenure.customers.models import (
    Account,
    AccountCoupon,
    BillingAccount,
    Invoice,
    Plan,
    Subscription,
    Transaction,
)

NOW = datetime(2026, 6, 30, tzinfo=UTC)
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
_numbers = count(1)


def a_site(name: str = "acme") -> Site:
    return Site.objects.get_or_create(
        source="recurly",
        subdomain=name,
        defaults={"region": "us", "site_id": name, "key_sealed": "sealed"},
    )[0]


def an_account(name: str = "Acme", **values: Any) -> Account:
    values = {
        "identifier": f"c{next(_numbers)}",
        "created_at": LONG_AGO,
        "updated_at": LONG_AGO,
    } | values
    return Account.objects.create(
        name=name, search=f"{name} {values['identifier']}".lower(), **values
    )


def upstream(site: Site | None = None, **values: Any) -> dict[str, Any]:
    """What every upstream row needs, unless said otherwise."""
    return {
        "site": site or a_site(),
        "upstream_id": f"u{next(_numbers):06}",
        "content_hash": b"",
        "created_at": LONG_AGO,
        "updated_at": LONG_AGO,
    } | values


def a_plan(site: Site | None = None, **values: Any) -> Plan:
    kept = {"code": "pro", "name": "Pro", "state": "active"} | {"interval_unit": "months"}
    made: Plan = Plan.objects.create(**(upstream(site) | kept | {"interval_length": 1} | values))
    return made


def a_billing_account(account: Account, **values: Any) -> BillingAccount:
    kept = {"account": account, "code": account.identifier, "state": "active"}
    made: BillingAccount = BillingAccount.objects.create(**(upstream() | kept | values))
    return made


def a_subscription(account: Account, plan: Plan, **values: Any) -> Subscription:
    kept = {
        "account": account,
        "account_upstream_id": "payer",
        "plan_upstream_id": plan.upstream_id,
        "plan_code": plan.code,
        "plan_name": plan.name,
        "state": "active",
        "currency": "USD",
        "unit_amount": "100",
        "quantity": 1,
    }
    made: Subscription = Subscription.objects.create(**(upstream(plan.site) | kept | values))
    return made


def a_coupon(upstream_id: str, redemption: dict[str, Any], **values: Any) -> AccountCoupon:
    """A coupon of the billing account of all subscriptions here, not saved yet."""
    kept = {
        "site": a_site(),
        "account_upstream_id": "payer",
        "upstream_id": upstream_id,
        "active": redemption.get("state") == "active",
        "redemption": redemption,
        "asked_at": LONG_AGO,
        "known_from": LONG_AGO,
    }
    return AccountCoupon(**(kept | values))


def an_invoice(account: Account, **values: Any) -> Invoice:
    kept = {
        "account": account,
        "account_upstream_id": "payer",
        "type": "charge",
        "state": "pending",
        "currency": "USD",
        "total": "100",
        "balance": "100",
        "paid": "0",
        "collection_method": "automatic",
    }
    made: Invoice = Invoice.objects.create(**(upstream() | kept | values))
    return made


def a_payment(invoice: Invoice, **values: Any) -> Transaction:
    kept = {
        "invoice_upstream_id": invoice.upstream_id,
        "type": "purchase",
        "status": "success",
        "currency": invoice.currency,
        "amount": "100",
    }
    made: Transaction = Transaction.objects.create(**(upstream(invoice.site) | kept | values))
    return made


def a_version(table: Any, live: Any, until: datetime, **values: Any) -> Any:
    """What figures or scores were until then, since long ago: as they are now but for these values."""
    kept = {field.attname for field in table._meta.concrete_fields}
    same = {
        field.attname: getattr(live, field.attname)
        for field in live._meta.concrete_fields
        if field.attname in kept
    }
    return table.objects.create(**(same | {"valid_from": LONG_AGO, "valid_to": until} | values))
