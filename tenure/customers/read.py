"""Questions about one customer: what bills it, its agreements, bills, payments and history.

Every list is bounded: an account with a hundred thousand invoices is read a page at a time, along
the index of its own rows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from tenure.customers.models import (
    Account,
    Attribute,
    BillingAccount,
    Change,
    CreditPayment,
    Invoice,
    LineItem,
    Plan,
    Subscription,
    Transaction,
)

MOST_SUBSCRIPTIONS = 200
MOST_LINES = 500
STATE_ORDER = ("active", "canceled", "paused", "future", "expired", "failed")
OPEN_STATES = ("past_due", "pending", "processing", "open")


def get_account(pk: int) -> Account:
    """The account with its owner and scope. Raises Account.DoesNotExist."""
    return Account.objects.select_related("owner", "scope").get(pk=pk)


def billing_accounts(account_id: int) -> list[BillingAccount]:
    """What bills the account, in the order in which their values count (DESIGN 3.2)."""
    rows = BillingAccount.objects.filter(account_id=account_id).select_related("site")
    return list(rows.order_by("site__priority", "created_at", "id"))


def subscriptions(account_id: int, *, limit: int = MOST_SUBSCRIPTIONS) -> list[Subscription]:
    """The account's agreements with their sites, the living ones first, then the newest."""
    rows = Subscription.objects.filter(account_id=account_id, removed_at=None)
    found = list(rows.select_related("site").order_by("-created_at", "-id")[:limit])
    return sorted(found, key=_liveliness)


def _liveliness(subscription: Subscription) -> int:
    state = subscription.state
    return STATE_ORDER.index(state) if state in STATE_ORDER else len(STATE_ORDER)


def plans_of(rows: Iterable[Subscription]) -> dict[tuple[int, str], Plan]:
    """The plans of these subscriptions by (site id, upstream id): the interval stands only there."""
    wanted = {(row.site_id, row.plan_upstream_id) for row in rows if row.plan_upstream_id}
    if not wanted:
        return {}
    found = Plan.objects.filter(
        site_id__in={site for site, _ in wanted}, upstream_id__in={plan for _, plan in wanted}
    )
    return {(plan.site_id, plan.upstream_id): plan for plan in found}


@dataclass(frozen=True, slots=True)
class InvoicePlace:
    """Where in an account's invoices, newest first, a page ends."""

    created_at: datetime
    pk: int


def invoices(
    account_id: int,
    *,
    limit: int,
    after: InvoicePlace | None = None,
    before: datetime | None = None,
    only_open: bool = False,
) -> list[Invoice]:
    """The account's invoices with their sites, newest first, going on after a place or an instant."""
    rows = Invoice.objects.filter(account_id=account_id, removed_at=None).select_related("site")
    if only_open:
        rows = rows.filter(state__in=OPEN_STATES)
    if before:
        rows = rows.filter(created_at__lt=before)
    if after:
        older = Q(created_at=after.created_at, pk__lt=after.pk)
        rows = rows.filter(Q(created_at__lt=after.created_at) | older)
        rows = rows.filter(created_at__lte=after.created_at)  # lets the index seek to the place
    return list(rows.order_by("-created_at", "-id")[:limit])


def get_invoice(pk: int) -> Invoice:
    """The invoice with its site and account. Raises Invoice.DoesNotExist."""
    found: Invoice = Invoice.objects.select_related("site", "account").get(pk=pk)
    return found


def invoice_numbered(account_id: int, number: str) -> list[Invoice]:
    """The account's invoices of this number: one a site at most."""
    rows = Invoice.objects.filter(account_id=account_id, number=number, removed_at=None)
    return list(rows.select_related("site"))


def lines_of(invoice: Invoice) -> list[LineItem]:
    """The lines of an invoice in the order they were made."""
    rows = LineItem.objects.filter(
        site_id=invoice.site_id, invoice_upstream_id=invoice.upstream_id, removed_at=None
    )
    return list(rows.order_by("created_at", "id")[:MOST_LINES])


def payments_of(invoice: Invoice) -> list[Transaction]:
    """Every attempt to move money for an invoice, newest first."""
    rows = Transaction.objects.filter(
        site_id=invoice.site_id, invoice_upstream_id=invoice.upstream_id, removed_at=None
    )
    return list(rows.order_by("-created_at", "-id")[:MOST_LINES])


def credits_of(invoice: Invoice) -> list[CreditPayment]:
    """Credit used on an invoice, newest first."""
    rows = CreditPayment.objects.filter(
        site_id=invoice.site_id,
        applied_to_invoice_upstream_id=invoice.upstream_id,
        removed_at=None,
    )
    return list(rows.order_by("-created_at", "-id")[:MOST_LINES])


def payments(
    payers: Sequence[BillingAccount], *, limit: int, before: datetime | None = None
) -> list[Transaction]:
    """Attempts to take money from these payers, newest first."""
    rows = Transaction.objects.filter(_of(payers), removed_at=None)
    if before:
        rows = rows.filter(created_at__lt=before)
    return list(rows.order_by("-created_at", "-id")[:limit])


def _of(payers: Sequence[BillingAccount]) -> Q:
    condition = Q(pk__in=())
    for payer in payers:
        condition |= Q(site_id=payer.site_id, account_upstream_id=payer.upstream_id)
    return condition


def attributes() -> list[Attribute]:
    """Every attribute an account may have, in the order in which they are shown."""
    return list(Attribute.objects.filter(object_kind="account"))


def changes(account_id: int, *, limit: int, before: datetime | None = None) -> list[Change]:
    """What changed about the account and what hangs on it, newest first, with who and why."""
    rows = _changes().filter(account_id=account_id)
    if before:
        rows = rows.filter(at__lt=before)
    return list(rows.order_by("-at", "-id")[:limit])


def changes_of_field(account_id: int, field: str, *, limit: int = 100) -> list[Change]:
    """The history of one field of the account itself, newest first."""
    rows = _changes().filter(object_kind="account", object_id=account_id, changes__has_key=field)
    return list(rows.order_by("-at", "-id")[:limit])


def _changes() -> QuerySet[Change]:
    return Change.objects.select_related("change_set__member")


@dataclass(frozen=True, slots=True)
class Held:
    """How much of a site is kept here; ``accounts`` are those only this site feeds."""

    accounts: int
    shared: int
    subscriptions: int
    invoices: int


def held_of(site_id: int) -> Held:
    """What would go with a site: shown before anybody removes it."""
    fed = Account.objects.filter(billing_accounts__site_id=site_id).distinct()
    elsewhere = BillingAccount.objects.exclude(site_id=site_id).filter(account__isnull=False)
    shared = fed.filter(pk__in=elsewhere.values("account_id")).count()
    return Held(
        accounts=fed.count() - shared,
        shared=shared,
        subscriptions=Subscription.objects.filter(site_id=site_id).count(),
        invoices=Invoice.objects.filter(site_id=site_id).count(),
    )


def invoice_keys(account_id: int, upstream_ids: Iterable[str]) -> dict[tuple[int, str], int]:
    """Our own numbers of these invoices of the account, by (site id, upstream id)."""
    rows = Invoice.objects.filter(account_id=account_id, upstream_id__in=list(upstream_ids))
    return {(site, name): pk for pk, site, name in rows.values_list("pk", "site_id", "upstream_id")}
