"""Small builders of neutral records and sites, with keyword overrides for what a test is about."""

import hashlib
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tenure.connections.models import Site
from tenure.customers.history import open_set
from tenure.customers.landing import Batch
from tenure.customers.models import Origin
from tenure.sources import records

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
EARLIER = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


def a_site(subdomain: str = "northwind-us", **overrides: Any) -> Site:
    """A saved site with no usable key."""
    values = {
        "source": "recurly",
        "subdomain": subdomain,
        "region": "us",
        "site_id": f"id-{subdomain}",
        "key_sealed": "sealed",
    }
    return Site.objects.create(**{**values, **overrides})


def a_batch(site: Site, now: datetime = NOW) -> Batch:
    """A batch of its own change set."""
    return Batch(site.pk, open_set(Origin.SYNC, now=now), now)


def _base(upstream_id: str, overrides: dict[str, Any]) -> dict[str, Any]:
    text = repr((upstream_id, sorted(overrides.items(), key=lambda item: item[0])))
    return {
        "upstream_id": upstream_id,
        "created_at": EARLIER,
        "updated_at": EARLIER,
        "payload": text.encode(),
        "content_hash": hashlib.blake2b(text.encode(), digest_size=16).digest(),
        **overrides,
    }


def a_billing_account(upstream_id: str = "acc1", **overrides: Any) -> records.BillingAccount:
    """An active billing account whose code is its id in capitals."""
    values = {"code": upstream_id.upper(), "state": "active", "company": "Acme Robotics"}
    return records.BillingAccount(**_base(upstream_id, {**values, **overrides}))


def a_subscription(upstream_id: str = "sub1", **overrides: Any) -> records.Subscription:
    """An active USD subscription of ``acc1``, three seats of 49.90."""
    values = {
        "account_upstream_id": "acc1",
        "state": "active",
        "currency": "USD",
        "unit_amount": Decimal("49.90"),
        "quantity": 3,
    }
    return records.Subscription(**_base(upstream_id, {**values, **overrides}))


def an_invoice(upstream_id: str = "inv1", **overrides: Any) -> records.Invoice:
    """A pending USD charge invoice of ``acc1`` over 149.70, nothing paid."""
    values = {
        "account_upstream_id": "acc1",
        "state": "pending",
        "type": "charge",
        "number": "1001",
        "currency": "USD",
        "total": Decimal("149.70"),
        "balance": Decimal("149.70"),
        "paid": Decimal(0),
    }
    return records.Invoice(**_base(upstream_id, {**values, **overrides}))


def a_line(upstream_id: str = "line1", **overrides: Any) -> records.LineItem:
    """A plan line of ``inv1``."""
    values = {"currency": "USD", "invoice_upstream_id": "inv1", "amount": Decimal("149.70")}
    return records.LineItem(**_base(upstream_id, {**values, **overrides}))


def a_transaction(upstream_id: str = "txn1", **overrides: Any) -> records.Transaction:
    """A declined purchase on ``inv1``."""
    values = {
        "currency": "USD",
        "account_upstream_id": "acc1",
        "invoice_upstream_id": "inv1",
        "status": "declined",
        "success": False,
        "amount": Decimal("149.70"),
    }
    return records.Transaction(**_base(upstream_id, {**values, **overrides}))
