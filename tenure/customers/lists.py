"""The lists of what hangs on accounts, as rows to be paged and never all at once."""

from datetime import datetime
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from tenure.customers.models import (
    Account,
    Allocation,
    BillingAccount,
    Contact,
    Invoice,
    InvoiceOverTime,
    Subscription,
    SubscriptionOverTime,
)
from tenure.customers.versions import in_force

Rows = QuerySet[Any, Any]


def billing_accounts(*, site: int | None, account: int | None, state: str | None) -> Rows:
    """Who the sites bill, the unidentified included."""
    return _chosen(BillingAccount.objects.all(), site, account, state)


def subscriptions(
    *, site: int | None, account: int | None, state: str | None, at: datetime | None = None
) -> Rows:
    """Agreements, those of nobody known included; with ``at`` as they were known at that instant."""
    rows = SubscriptionOverTime.objects if at else Subscription.objects
    return _chosen(rows.all(), site, account, state, at)


def invoices(
    *, site: int | None, account: int | None, state: str | None, at: datetime | None = None
) -> Rows:
    """Bills, each with its parts where it is split; of one account also those it has a part of. With
    ``at`` as they were known at that instant, with the parts of today."""
    if at:
        rows = _chosen(InvoiceOverTime.objects.all(), site, None, state, at)
    else:
        parts = Allocation.objects.select_related("account__scope").order_by("pk")
        rows = _chosen(Invoice.objects.all(), site, None, state)
        rows = rows.prefetch_related(Prefetch("allocations", parts))
    if account is None:
        return rows
    shared = Allocation.objects.filter(account_id=account).values("invoice_id")
    whole = Invoice.objects.filter(account_id=account).values("pk")
    return rows.filter(pk__in=whole.union(shared, all=True))


def contacts(*, account: int | None, email: str | None) -> Rows:
    """People at customers."""
    rows = Contact.objects.filter(removed_at=None, account__removed_at=None)
    rows = rows.select_related("account__scope")
    if account is not None:
        rows = rows.filter(account_id=account)
    return rows.filter(email__iexact=email) if email is not None else rows


def contact(account: Account, identifier: str) -> Contact | None:
    """The contact of this account by its identifier."""
    rows = Contact.objects.filter(account=account, identifier=identifier, removed_at=None)
    return rows.select_related("account__scope").first()


def named(rows: Rows, site_id: int, upstream_id: str) -> Any:
    """One billing object by its site and its id there; None when there is none."""
    return rows.filter(site_id=site_id, upstream_id=upstream_id).first()


def _chosen(
    rows: Rows,
    site: int | None,
    account: int | None,
    state: str | None,
    at: datetime | None = None,
) -> Rows:
    there = in_force(at) if at else Q(removed_at=None)
    rows = rows.filter(there).select_related("site", "account__scope")
    if site is not None:
        rows = rows.filter(site_id=site)
    if account is not None:
        rows = rows.filter(account_id=account)
    return rows.filter(state=state) if state is not None else rows
