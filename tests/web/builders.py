"""A customer with everything a page shows of it, and members to look at it with."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import zstandard

from tenure.access.models import Member, Role
from tenure.access.write import add_member
from tenure.connections.models import Site
from tenure.core.secrets import Secret
from tenure.customers.history import open_set
from tenure.customers.models import (
    Account,
    Attribute,
    AttributeKind,
    BillingAccount,
    Change,
    Invoice,
    LineItem,
    Origin,
)
from tenure.metrics.refresh import measure
from tenure.sync.models import (
    Plan,
    Quarantined,
    RawPayload,
    Run,
    RunState,
    Skeleton,
    StreamRun,
    StreamState,
)
from tenure.sync.payloads import skeleton_of
from tenure.sync.planning import entries
from tenure.sync.planning.entries import Entry
from tests.metrics import rows
from tests.metrics.rows import NOW, upstream

PASSWORD = "correct horse battery staple"


def a_member(role: str = Role.ADMINISTRATOR, email: str = "ada@example.com") -> Member:
    """A member with a password; an administrator unless said otherwise."""
    return add_member(email, role=role, password=Secret(PASSWORD), name="Ada Byron")


def a_customer(name: str = "Northwind Robotics", **values: Any) -> Account:
    """An account of one site with a monthly and a cancelled subscription, a paid, a late and an open
    invoice, payments, attributes with history, and raw payloads; measured at ``NOW``."""
    site = values.pop("site", None) or rows.a_site("northwind")
    kept = {
        "attributes": {"company": name, "seats": "25"},
        "sources": {"seats": {"source": "manual", "set_at": NOW.isoformat(), "set_by": "Ada"}},
    }
    account = rows.an_account(name, **(kept | values))
    payer = a_payer(account, site)
    _subscriptions(account, payer)
    _invoices(account, payer)
    _values(account)
    measure([account.pk], NOW)
    return account


def a_payer(account: Account, site: Site, **values: Any) -> BillingAccount:
    """What bills the account at a site, with the raw payload it came as."""
    found = rows.a_billing_account(account, site=site, company=account.name, **values)
    a_payload(site, "accounts", found.upstream_id, b'{"code":"x","balance":10.10}')
    return found


def _subscriptions(account: Account, payer: BillingAccount) -> None:
    plan = rows.a_plan(payer.site, code="team", name="Team (monthly)")
    common = {"site": payer.site, "account_upstream_id": payer.upstream_id}
    live = {
        "unit_amount": Decimal("49.50"),
        "quantity": 4,
        "subtotal": Decimal("198.00"),
        "auto_renew": True,
        "activated_at": NOW - timedelta(days=400),
        "current_period_ends_at": NOW + timedelta(days=12),
        "current_term_ends_at": NOW + timedelta(days=12),
    }
    rows.a_subscription(account, plan, **common, **live)
    ended = {"canceled_at": NOW - timedelta(days=40), "expires_at": NOW - timedelta(days=10)}
    rows.a_subscription(account, plan, **common, state="expired", **ended)


def _invoices(account: Account, payer: BillingAccount) -> None:
    common = {"site": payer.site, "account_upstream_id": payer.upstream_id}
    for number, state, age, paid in (
        ("1001", "paid", 90, "198.00"),
        ("1002", "past_due", 50, "0"),
        ("1003", "pending", 5, "0"),
    ):
        invoice = rows.an_invoice(
            account,
            **common,
            number=number,
            state=state,
            total=Decimal("198.00"),
            subtotal=Decimal("198.00"),
            paid=Decimal(paid),
            balance=Decimal("198.00") - Decimal(paid),
            created_at=NOW - timedelta(days=age),
            due_at=NOW - timedelta(days=age - 15),
            closed_at=NOW - timedelta(days=age - 3) if state == "paid" else None,
        )
        a_line(invoice, payer)
        status = "success" if state == "paid" else "declined"
        rows.a_payment(
            invoice,
            amount=Decimal("198.00"),
            status=status,
            success=state == "paid",
            account_upstream_id=payer.upstream_id,
            created_at=NOW - timedelta(days=age - 3),
            collected_at=NOW - timedelta(days=age - 3) if state == "paid" else None,
        )
        a_payload(payer.site, "invoices", invoice.upstream_id, b'{"total":198.00}')


def a_line(invoice: Invoice, payer: BillingAccount, **values: Any) -> LineItem:
    """A plan line over the whole invoice."""
    kept = {
        "invoice_upstream_id": invoice.upstream_id,
        "account_upstream_id": payer.upstream_id,
        "description": "Team, 4 seats",
        "currency": invoice.currency,
        "quantity": Decimal(4),
        "unit_amount": Decimal("49.50"),
        "subtotal": invoice.total,
        "amount": invoice.total,
    }
    made: LineItem = LineItem.objects.create(**(upstream(invoice.site) | kept | values))
    return made


def _values(account: Account) -> None:
    fields = (("company", "Company", "company"), ("seats", "Seats", "custom_fields.seats"))
    for name, label, field in fields:
        Attribute.objects.get_or_create(
            name=name,
            object_kind="account",
            defaults={
                "label": label,
                "kind": AttributeKind.TEXT,
                "source_field": f"account.{field}",
            },
        )
    a_change(account, {"attributes.seats": ["20", "25"]})


def a_change(account: Account, changes: dict[str, list[Any]], **values: Any) -> Change:
    """A manual change of the account's values, a day ago."""
    at = values.pop("at", NOW - timedelta(days=1))
    kept = {"object_kind": "account", "object_id": account.pk, "account_id": account.pk}
    made: Change = Change.objects.create(
        change_set=open_set(Origin.MANUAL, now=at), changes=changes, at=at, **(kept | values)
    )
    return made


def a_payload(
    site: Site, stream: str, upstream_id: str, payload: bytes, *, at: datetime = NOW
) -> RawPayload:
    """A record as it came."""
    shape = skeleton_of(payload)
    kept = zstandard.ZstdCompressionDict(shape, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    made: RawPayload = RawPayload.objects.create(
        site=site,
        stream=stream,
        upstream_id=upstream_id,
        payload=zstandard.ZstdCompressor(dict_data=kept).compress(payload),
        skeleton=Skeleton.objects.create(stream=stream, shape=shape, created_at=NOW),
        content_hash=b"0" * 16,
        fetched_at=at,
    )
    return made


def a_run(site: Site, state: str = RunState.COMPLETE, **values: Any) -> Run:
    """A run that read three of four accounts, ended unless said otherwise."""
    kept = {"requested_at": NOW, "started_at": NOW, "trigger": "manual"}
    if state not in {RunState.QUEUED, RunState.RUNNING}:
        kept["finished_at"] = NOW + timedelta(seconds=42)
    run: Run = Run.objects.create(site=site, state=state, **(kept | values))
    StreamRun.objects.create(
        run=run,
        stream="accounts",
        position=0,
        state=StreamState.READING if run.is_active else StreamState.DONE,
        expected=4,
        read=3,
        created=2,
        unchanged=1,
        requests=1,
    )
    return run


def a_quarantined(site: Site, reason: str = "It has no id.") -> Quarantined:
    """A record that could not be read."""
    made: Quarantined = Quarantined.objects.create(
        site=site,
        stream="accounts",
        upstream_id="broken-1",
        digest=b"1" * 16,
        reason=reason,
        payload=b"",
        first_seen=NOW,
        last_seen=NOW,
    )
    return made


LOST = {"source": "manual", "set_by": "ann@example.com", "set_at": "2026-02-27T10:00:00+00:00"}


def a_plan(site: Site, account: Account | None = None, **values: Any) -> Plan:
    """A plan that overrides a manual edit, makes one account and leaves the rest."""
    plan = Plan.objects.create(site=site, created_at=NOW, **values)
    place = "attributes.company"
    counts = entries.keep(
        plan,
        [
            Entry("create", "account", "acc9", None, "T-9", "Made Up", {"name": [None, "Made Up"]}),
            Entry(
                "override",
                "account",
                account_id=account.pk if account else 1,
                identifier="T-1",
                name="=cmd()",
                changes={place: ["By hand", "Source"]},
                overridden={place: LOST},
            ),
        ],
    )
    counts["objects"]["account"]["leave"] = 7
    plan.counts = counts
    plan.save()
    return plan
