"""Questions about one customer: what bills it, its agreements, bills, payments and history.

Every list is bounded: an account with a hundred thousand invoices is read a page at a time, along
the index of its own rows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.functions import Coalesce

from tenure.connections.models import Site
from tenure.customers import payers
from tenure.customers.models import (
    Account,
    Allocation,
    Attribute,
    BillingAccount,
    Change,
    ChangeSet,
    CreditPayment,
    Invoice,
    InvoiceOverTime,
    LineItem,
    Plan,
    Subscription,
    SubscriptionOverTime,
    Transaction,
)
from tenure.customers.versions import in_force

MOST_SUBSCRIPTIONS = 200
MOST_LINES = 500
STATE_ORDER = ("active", "canceled", "paused", "future", "expired", "failed")
OPEN_STATES = ("past_due", "pending", "processing", "open")


def get_account(pk: int) -> Account:
    """The account with its owner and scope. Raises Account.DoesNotExist."""
    return Account.objects.select_related("owner", "scope").get(pk=pk)


def ids_after(last: int, limit: int) -> list[int]:
    """The next accounts beyond an id, in order."""
    rows = Account.objects.filter(pk__gt=last, removed_at=None).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:limit])


def owns_any(member: Any) -> bool:
    """True when this member owns an account."""
    return Account.objects.filter(owner=member, removed_at=None).exists()


def billing_accounts(account_id: int) -> list[BillingAccount]:
    """What bills the account, in the order in which their values count (DESIGN 3.2)."""
    rows = BillingAccount.objects.filter(pk__in=payers.of_account(account_id))
    return list(rows.select_related("site").order_by("site__priority", "created_at", "id"))


def sites_feeding(account: str) -> str:
    """In SQL: the sites that bill the account whose id this column is, as a list of their names."""
    fed = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} b WHERE b.account_id = {account} AND b.site_id = fed.id"  # noqa: S608
        f" AND b.removed_at IS NULL{whose})"
        for table, whose in (
            ("customers_billingaccount", ""),
            ("customers_subscription", " AND b.identified_as IS NOT NULL"),
        )
    )
    return f"ARRAY(SELECT fed.subdomain FROM connections_site fed WHERE {fed} ORDER BY 1)"  # noqa: S608


def accounts_in_order(ids: Iterable[int]) -> list[Account]:
    """These accounts with owner and scope, in the order of their ids; the missing are left out."""
    wanted = list(ids)
    found = Account.objects.select_related("owner", "scope").in_bulk(wanted)
    return [found[pk] for pk in wanted if pk in found]


def payers_of(account_ids: Iterable[int]) -> dict[int, list[BillingAccount]]:
    """What bills each of these accounts, in the order in which their values count."""
    found: dict[int, list[BillingAccount]] = {pk: [] for pk in account_ids}
    rows = BillingAccount.objects.filter(account_id__in=list(found)).select_related("site")
    for row in rows.order_by("site__priority", "created_at", "id"):
        found[row.account_id or 0].append(row)
    return found


def subscriptions(
    account_id: int, *, limit: int = MOST_SUBSCRIPTIONS, at: datetime | None = None
) -> list[Subscription]:
    """The account's agreements with their sites, the living ones first, then the newest; with ``at``
    as they were known at that instant. Each has what its plan bills by as ``every_unit`` and
    ``every_length``, None where the plan is not known: the interval stands only there."""
    rows: Any = Subscription.objects.filter(account_id=account_id, removed_at=None)
    if at:
        rows = SubscriptionOverTime.objects.filter(in_force(at), account_id=account_id)
    plan = Plan.objects.filter(site=OuterRef("site_id"), upstream_id=OuterRef("plan_upstream_id"))
    rows = rows.select_related("site", "created_in").annotate(
        every_unit=Subquery(plan.values("interval_unit")[:1]),
        every_length=Subquery(plan.values("interval_length")[:1]),
    )
    return sorted(rows.order_by("-created_at", "-id")[:limit], key=_liveliness)


def get_subscription(pk: int) -> Subscription:
    """The subscription with its site, its account and what made it. Raises
    Subscription.DoesNotExist."""
    rows = Subscription.objects.filter(removed_at=None)
    found: Subscription = rows.select_related("site", "account", "created_in").get(pk=pk)
    return found


def changes_of_subscription(pk: int, *, field: str | None = None, limit: int = 100) -> list[Change]:
    """What changed about a subscription, or about one field of it, the newest first."""
    rows = _changes().filter(object_kind="subscription", object_id=pk)
    if field is not None:
        rows = rows.filter(changes__has_key=field)
    return list(rows.order_by("-at", "-id")[:limit])


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
    at: datetime | None = None,
) -> list[Invoice]:
    """The account's invoices with their sites, newest first, going on after a place or an instant;
    of those it shares with other accounts, ``share`` is its part. With ``at`` as they were known at
    that instant; the parts are those of today."""
    wanted = in_force(at) if at else Q(removed_at=None)
    if only_open:
        wanted &= Q(state__in=OPEN_STATES)
    if before:
        wanted &= Q(created_at__lt=before)
    if after:
        older = Q(created_at=after.created_at, pk__lt=after.pk)
        wanted &= Q(created_at__lt=after.created_at) | older
        wanted &= Q(created_at__lte=after.created_at)  # lets the index seek to the place
    table: Any = InvoiceOverTime if at else Invoice
    rows = table.objects.filter(wanted, account_id=account_id).select_related("site")
    whole = list(rows.order_by("-created_at", "-id")[:limit])
    found = [*whole, *_shared(account_id, wanted, limit, table)]
    return sorted(found, key=lambda one: (one.created_at, one.pk), reverse=True)[:limit]


def _shared(account_id: int, wanted: Q, limit: int, table: Any = Invoice) -> list[Invoice]:
    """The invoices of which the account has a part, each with that part."""
    mine = Allocation.objects.filter(account_id=account_id).values("invoice_id")
    rows = table.objects.filter(wanted, pk__in=mine)
    found = rows.select_related("site").order_by("-created_at", "-id")[:limit]
    return with_shares(account_id, found)


def with_shares(account_id: int, rows: Iterable[Invoice]) -> list[Invoice]:
    """These invoices, each with the account's part of it."""
    found = list(rows)
    ids = [invoice.pk for invoice in found]
    parts = Allocation.objects.filter(account_id=account_id, invoice_id__in=ids) if found else ()
    shares = {part.invoice_id: part for part in parts}
    for invoice in found:
        invoice.share = shares.get(invoice.pk)
    return found


def allocations_of(invoice: Invoice) -> list[Allocation]:
    """How an invoice is shared out, the unallocated part last; empty when it is one account's."""
    return list(invoice.allocations.select_related("account").order_by("pk"))


def get_invoice(pk: int, *, at: datetime | None = None) -> Invoice:
    """The invoice with its site and account; with ``at`` as it was known at that instant. Raises
    Invoice.DoesNotExist."""
    rows: Any = InvoiceOverTime.objects.filter(in_force(at)) if at else Invoice.objects.all()
    found: Invoice | None = rows.select_related("site", "account").filter(pk=pk).first()
    if found is None:
        raise Invoice.DoesNotExist(pk)
    return found


def invoice_numbered(account_id: int, number: str) -> list[Invoice]:
    """The account's invoices of this number: one a site at most."""
    wanted = Q(number=number, removed_at=None)
    rows = Invoice.objects.filter(wanted, account_id=account_id).select_related("site")
    return [*rows, *_shared(account_id, wanted, MOST_LINES)]


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


def attributes_of_both() -> tuple[list[Attribute], list[Attribute]]:
    """Those of accounts and those of subscriptions, by one query."""
    rows = list(Attribute.objects.filter(object_kind__in=("account", "subscription")))
    return (
        [one for one in rows if one.object_kind == "account"],
        [one for one in rows if one.object_kind == "subscription"],
    )


def attributes_of_subscriptions() -> list[Attribute]:
    """Every attribute a subscription may have, in the order in which they are shown."""
    return list(Attribute.objects.filter(object_kind="subscription"))


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


def history_of(
    account_id: int, *, field: str | None, after: int | None, limit: int
) -> list[Change]:
    """What changed about the account itself and what hangs on it, the newest first; ``field`` is an
    attribute's name or one of the account's own fields, ``after`` a change's number."""
    rows = _changes().filter(account_id=account_id)
    if field is not None:
        rows = rows.filter(changes__has_any_keys=[field, f"attributes.{field}"])
    if after is not None:
        rows = rows.filter(pk__lt=after)
    return list(rows.order_by("-pk")[:limit])


def get_change_set(pk: int) -> ChangeSet:
    """The change set with who made it and what it undoes. Raises ChangeSet.DoesNotExist."""
    return ChangeSet.objects.select_related("member", "undoes").get(pk=pk)


def changes_in(change_set_id: int, *, limit: int, after: int = 0) -> list[Change]:
    """What a change set changed, in the order it did."""
    rows = Change.objects.filter(change_set_id=change_set_id, pk__gt=after)
    return list(rows.order_by("pk")[:limit])


def named(account_ids: Iterable[int]) -> dict[int, Account]:
    """These accounts by id, as far as a link needs them."""
    return Account.objects.only("pk", "name", "identifier").in_bulk(list(account_ids))


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
    fed = Account.objects.filter(payers.fed_by([site_id]))
    others = Site.objects.exclude(pk=site_id).values_list("pk", flat=True)
    shared = fed.filter(payers.fed_by(others)).count()
    return Held(
        accounts=fed.count() - shared,
        shared=shared,
        subscriptions=Subscription.objects.filter(site_id=site_id).count(),
        invoices=Invoice.objects.filter(site_id=site_id).count(),
    )


def invoice_keys(account_id: int, upstream_ids: Iterable[str]) -> dict[tuple[int, str], int]:
    """Our own numbers of these invoices of the account, by (site id, upstream id)."""
    ids = list(upstream_ids)
    whole = Invoice.objects.filter(account_id=account_id, upstream_id__in=ids)
    shared = Invoice.objects.filter(allocations__account_id=account_id, upstream_id__in=ids)
    rows = whole.union(shared)
    return {(site, name): pk for pk, site, name in rows.values_list("pk", "site_id", "upstream_id")}


def invoices_due(
    account_id: int, now: datetime, *, limit: int, at: datetime | None = None
) -> list[Invoice]:
    """The account's open invoices that fall due from now on, the soonest first; with ``at`` those
    known at that instant."""
    table: Any = InvoiceOverTime if at else Invoice
    rows = table.objects.filter(
        in_force(at) if at else Q(removed_at=None),
        account_id=account_id,
        state__in=OPEN_STATES,
        balance__gt=0,
        due_at__gt=now,
    )
    return list(rows.order_by("due_at", "pk")[:limit])


@dataclass(frozen=True, slots=True)
class Failure:
    """Why payments failed: the source's words, how often, and when last."""

    reason: str
    times: int
    last_at: datetime


def payment_failures(
    payers: Sequence[BillingAccount], *, since: datetime, until: datetime | None = None
) -> list[Failure]:
    """Failed attempts to take money from these payers since an instant, up to another or to now, by
    their reason, the most frequent first."""
    if not payers:
        return []
    rows = Transaction.objects.filter(
        _of(payers),
        removed_at=None,
        type__in=("purchase", "capture"),
        status__in=("declined", "error"),
        created_at__gt=since,
    )
    if until:
        rows = rows.filter(created_at__lte=until)
    reason = Coalesce("status_message", "status_code", "status", output_field=TextField())
    told = rows.annotate(reason=reason).values("reason").annotate(Count("pk"), Max("created_at"))
    found = [Failure(one["reason"] or "", one["pk__count"], one["created_at__max"]) for one in told]
    return sorted(found, key=lambda one: (-one.times, one.reason))


def subscription_keys(account_id: int, upstream_ids: Iterable[str]) -> dict[tuple[int, str], int]:
    """Our own numbers of these subscriptions of the account, by (site id, upstream id)."""
    rows = Subscription.objects.filter(account_id=account_id, upstream_id__in=list(upstream_ids))
    return {(site, name): pk for pk, site, name in rows.values_list("pk", "site_id", "upstream_id")}


def first_of_sites(site_ids: Iterable[int], limit: int) -> list[Account]:
    """The oldest accounts that these sites feed: the first ones to open while others are made."""
    rows = Account.objects.filter(payers.fed_by(site_ids), removed_at=None)
    return list(rows.order_by("pk")[:limit])


@dataclass(frozen=True, slots=True)
class Staged:
    """How many records of some sites are here."""

    accounts: int
    subscriptions: int
    invoices: int


def staged_counts(site_ids: Sequence[int]) -> Staged:
    """What was read of these sites, whether or not accounts were made of it."""
    tables = (BillingAccount, Subscription, Invoice)
    return Staged(
        *(t.objects.filter(site_id__in=site_ids, removed_at=None).count() for t in tables)
    )


def accounts_of_sites(site_ids: Sequence[int]) -> int:
    """How many accounts these sites feed."""
    return Account.objects.filter(payers.fed_by(site_ids), removed_at=None).count()


def unlinked_of_sites(site_ids: Sequence[int]) -> int:
    """How many billing accounts of these sites belong to no account."""
    rows = BillingAccount.objects.filter(site_id__in=site_ids, account=None, removed_at=None)
    return rows.count()
