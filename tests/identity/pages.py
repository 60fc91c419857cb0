"""Pages as a sync applies them, and a rule to read them by."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.db import transaction

from tenure.connections.models import IdentifierRule, Site
from tenure.sources.base import Stream
from tenure.sources.records import Record
from tenure.sync.streams import Outcome, land_page
from tests.builders import EARLIER, NOW, a_batch, a_billing_account, a_subscription

TENANT = "account.custom_fields.tenant_id"
SUBSCRIPTION_TENANT = "subscription.custom_fields.tenant_id"
_ticks = count(1)


def a_rule(field: str = TENANT, **values: Any) -> IdentifierRule:
    """The rule in force from now on."""
    return IdentifierRule.objects.create(field=field, created_at=NOW, **values)


def bring(site: Site, stream: Stream, *page: Record) -> Outcome:
    """Apply one page of a stream as a run does."""
    with transaction.atomic():
        return land_page(stream, site, page, a_batch(site))


def later() -> datetime:
    """An instant after every one before, so that a record is newer than it was."""
    return EARLIER + timedelta(minutes=next(_ticks))


def tenant(value: str | None) -> bytes:
    """The custom fields of a record with this tenant, or without any."""
    return f'{{"tenant_id": "{value}"}}'.encode() if value is not None else b"{}"


def payer(upstream_id: str, value: str | None = None, **values: Any) -> Record:
    """A billing account that says it is this tenant."""
    kept = {"custom_fields": tenant(value), "company": f"Company {upstream_id}"}
    return a_billing_account(upstream_id, **({"updated_at": later()} | kept | values))


def subscription(upstream_id: str, of: str, value: str | None = None, **values: Any) -> Record:
    """A subscription of a billing account that says it is this tenant's."""
    kept = {"custom_fields": tenant(value), "account_upstream_id": of}
    return a_subscription(upstream_id, **({"updated_at": later()} | kept | values))


def accounts(site: Site, *page: Record) -> Outcome:
    return bring(site, Stream.ACCOUNTS, *page)


def subscriptions(site: Site, *page: Record) -> Outcome:
    return bring(site, Stream.SUBSCRIPTIONS, *page)


def invoices(site: Site, *page: Record) -> Outcome:
    return bring(site, Stream.INVOICES, *page)


def links(model: Any) -> dict[str, str | None]:
    """Which account (by identifier) each row of a table belongs to, by upstream id."""
    rows: Sequence[tuple[str, str | None]] = model.objects.values_list(
        "upstream_id", "account__identifier"
    )
    return dict(rows)
