"""The stored subscriptions, invoices and refunds of accounts, as the formulas take them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from django.db import connection
from django.db.models import F, Prefetch, Q, TextField
from django.db.models.functions import Cast

from tenure.customers.models import AccountCoupon, Allocation, Plan
from tenure.customers.models import Invoice as InvoiceRow
from tenure.metrics.inputs import (
    AddOn,
    Interval,
    Invoice,
    Payment,
    PendingChange,
    Redemption,
    Subscription,
)
from tenure.metrics.invoices import OPEN_STATES
from tenure.metrics.ledger_sql import SHARED_PAYMENTS
from tenure.sources import records

# The plan is joined for its interval, which subscriptions do not carry, by site and id: another
# site may use the same id. What has ended needs no price, so its JSON is not read. Coupons of the
# account count where it pays itself: they are not the parent's.
_SUBSCRIPTIONS = """
    SELECT s.account_id, s.site_id, s.upstream_id, s.state, s.currency, s.unit_amount, s.quantity,
           s.plan_code, s.plan_name, p.interval_unit, p.interval_length,
           CASE WHEN s.state NOT IN ('expired', 'failed') THEN s.add_ons::text END,
           s.add_ons_total, s.tax_inclusive, s.tax_rate,
           CASE WHEN s.state NOT IN ('expired', 'failed') THEN s.coupon_redemptions::text END,
           s.pending_change::text, next.interval_unit, next.interval_length,
           s.current_period_started_at, s.current_period_ends_at, s.current_term_ends_at,
           s.trial_started_at, s.trial_ends_at, s.activated_at, s.canceled_at, s.expires_at,
           s.paused_at, s.auto_renew, s.remaining_billing_cycles, s.started_with_gift,
           s.updated_at, s.account_upstream_id,
           CASE WHEN s.state NOT IN ('expired', 'failed') THEN (
               SELECT json_agg(c.redemption ORDER BY c.upstream_id)::text
               FROM customers_accountcoupon c
               WHERE c.site_id = s.site_id AND c.account_upstream_id = s.account_upstream_id
                   AND c.known_to IS NULL AND NOT EXISTS (
                       SELECT FROM customers_billingaccount b
                       WHERE b.site_id = c.site_id AND b.upstream_id = c.account_upstream_id
                           AND b.bill_to = 'parent')) END
    FROM customers_subscription s
    LEFT JOIN customers_plan p ON p.site_id = s.site_id AND p.upstream_id = s.plan_upstream_id
    LEFT JOIN customers_plan next ON next.site_id = s.site_id
        AND next.upstream_id = s.pending_change -> 'plan' ->> 'id'
"""
_OF_ACCOUNTS = """
    WHERE s.account_id = ANY(%s) AND s.removed_at IS NULL
    ORDER BY s.account_id, s.site_id, s.upstream_id
"""
_PLAIN = (
    "current_period_started_at current_period_ends_at current_term_ends_at trial_started_at"
    " trial_ends_at activated_at canceled_at expires_at paused_at auto_renew"
    " remaining_billing_cycles started_with_gift updated_at"
).split()

_add_ons = msgspec.json.Decoder(tuple[AddOn, ...], strict=False)
_redemptions = msgspec.json.Decoder(tuple[Redemption, ...], strict=False)
_pending = msgspec.json.Decoder(PendingChange, strict=False)

T = TypeVar("T")


def subscriptions_of(account_ids: Sequence[int]) -> dict[int, list[Subscription]]:
    """The live rows of these accounts' subscriptions, by account; each in a steady order."""
    found: dict[int, list[Subscription]] = {}
    with connection.cursor() as db:
        db.execute(_SUBSCRIPTIONS + _OF_ACCOUNTS, [list(account_ids)])
        for account_id, *row in db.fetchall():
            found.setdefault(account_id, []).append(_subscription(row))
    return found


def agreements(ids: Sequence[int]) -> dict[tuple[int, str], Subscription]:
    """These subscriptions (our ids) as the formulas take them, by site and upstream id."""
    with connection.cursor() as db:
        db.execute(f"{_SUBSCRIPTIONS} WHERE s.id = ANY(%s)", [list(ids)])
        return {
            (site, named): _subscription([site, named, *row])
            for _, site, named, *row in db.fetchall()
        }


def agreement(record: records.Subscription, site_id: int) -> Subscription:
    """A subscription as it just arrived, or as its newest payload has it, priced by the plans here."""
    pending = record.pending_change
    following = _plan_of(pending)
    plans = Plan.objects.filter(
        site_id=site_id, upstream_id__in=[i for i in (record.plan_upstream_id, following) if i]
    )
    known = {plan.upstream_id: (plan.interval_unit, plan.interval_length) for plan in plans}
    unit, length = known.get(record.plan_upstream_id or "", (None, None))
    row = [
        *(site_id, record.upstream_id, record.state, record.currency, record.unit_amount),
        *(record.quantity, record.plan_code, record.plan_name, unit, length),
        *(record.add_ons.decode(), record.add_ons_total, record.tax_inclusive, record.tax_rate),
        *(record.coupon_redemptions.decode(), pending.decode() if pending else None),
        *known.get(following or "", (None, None)),
        *(getattr(record, name) for name in _PLAIN),
        *(record.account_upstream_id, _coupons_of(site_id, record.account_upstream_id)),
    ]
    return _subscription(row)


def _coupons_of(site_id: int, payer: str) -> str | None:
    """The coupons of a billing account as a subscription's row has them, whoever pays for it."""
    rows = AccountCoupon.objects.filter(site=site_id, account_upstream_id=payer, known_to=None)
    held = rows.order_by("upstream_id").annotate(text=Cast("redemption", TextField()))
    return f"[{','.join(held.values_list('text', flat=True))}]"


def _plan_of(pending: bytes | None) -> str | None:
    """The plan that a pending change leads to, as the vendor's JSON names it."""
    change = msgspec.json.decode(pending) if pending else None
    plan = change.get("plan") if isinstance(change, dict) else None
    return plan.get("id") if isinstance(plan, dict) else None


def _subscription(row: Sequence[Any]) -> Subscription:
    site, upstream_id, state, currency, unit_amount, quantity, code, name, *rest = row
    unit, length, add_ons, add_ons_total, inclusive, rate, redemptions, *rest = rest
    pending, next_unit, next_length, *plain, payer, coupons = rest
    return Subscription(
        site=str(site),
        id=upstream_id,
        state=state,
        currency=currency,
        unit_amount=unit_amount,
        quantity=quantity,
        plan_code=code,
        plan_name=name,
        interval=interval_of(unit, length),
        add_ons=_fetched(_read(_add_ons, add_ons, ()), add_ons_total),
        add_ons_total=add_ons_total,
        tax_inclusive=inclusive,
        tax_rate=rate,
        redemptions=_read(_redemptions, redemptions, ()),
        payer=payer,
        account_redemptions=_read(_redemptions, coupons, ()),
        pending_change=_pending_change(pending),
        pending_interval=interval_of(next_unit, next_length),
        **dict(zip(_PLAIN, plain, strict=True)),
    )


def _fetched(add_ons: tuple[AddOn, ...] | None, total: Any) -> tuple[AddOn, ...] | None:
    """The add-ons; None when the list is empty although it comes to something: it was not fetched."""
    return None if add_ons == () and total else add_ons


def _pending_change(text: str | None) -> PendingChange | None:
    """What the next renewal changes. One that cannot be read still says that something will."""
    if text is None or text == "null":
        return None
    return _read(_pending, text, PendingChange()) or PendingChange()


def interval_of(unit: str | None, length: int | None) -> Interval | None:
    """A plan's interval; None for a unit that is neither days nor months."""
    if length and unit == "months":
        return Interval("months", length)
    return Interval("days", length) if length and unit == "days" else None


def _read(decoder: msgspec.json.Decoder[T], text: str | None, empty: T) -> T | None:
    """The vendor's JSON as typed values; None when it cannot be read, which then makes the figure
    unknown or estimated instead of wrong."""
    if text in (None, "[]", "null"):
        return empty
    try:
        return decoder.decode(text)
    except (msgspec.ValidationError, msgspec.DecodeError):
        return None


_INVOICE_COLUMNS = (
    "number type state currency origin total balance paid due_at created_at closed_at net_terms"
    " net_terms_type collection_method final_dunning_event"
).split()
_CREDIT = Q(type="credit")
_BILL = ~_CREDIT
_WHICH: Mapping[str, tuple[Q, tuple[Any, ...]]] = {
    "open": (_BILL & Q(state__in=OPEN_STATES, balance__gt=0), (F("due_at").asc(nulls_last=True),)),
    "credit": (_CREDIT & Q(state="open") & ~Q(balance=0), ("-created_at",)),
    "failed": (_BILL & Q(state="failed") & ~Q(balance=0), ("-created_at",)),
    "billed": (_BILL & ~Q(state="voided"), ("-created_at",)),
    "paid": (_BILL & ~Q(state="voided") & ~Q(paid=0), ("-created_at",)),
}


_PARTS = ("total", "balance", "paid")


def invoices_of(account_id: int, which: str, *, limit: int) -> list[Invoice]:
    """The account's live invoices of a kind: open ones by due date, others the newest first. Of an
    invoice that is shared out the amounts are the account's part."""
    condition, order = _WHICH[which]
    rows = InvoiceRow.objects.filter(condition, removed_at=None).order_by(*order, "-id")
    whole = rows.filter(account=account_id)[:limit]
    shared = rows.filter(allocations__account=account_id).prefetch_related(
        Prefetch(
            "allocations", Allocation.objects.filter(account=account_id), to_attr="parts_of_it"
        )
    )[:limit]
    found = [invoice(row, row) for row in whole]
    parts = [invoice(row, row.parts_of_it[0]) for row in shared]
    if not parts:
        return found
    return sorted([*found, *parts], key=_by_due if which == "open" else _by_age)[:limit]


def all_invoices_of(account_ids: Sequence[int]) -> dict[int, list[Invoice]]:
    """Every live invoice of these accounts, by account, the oldest first; of one that is shared out
    the account's part."""
    found: dict[int, list[Invoice]] = {}
    rows = InvoiceRow.objects.filter(account__in=account_ids, removed_at=None)
    for row in rows.order_by("account_id", "created_at", "id"):
        assert row.account_id is not None  # noqa: S101  # the filter says so
        found.setdefault(row.account_id, []).append(invoice(row, row))
    parts = Allocation.objects.filter(account__in=account_ids, invoice__removed_at=None)
    for part in parts.select_related("invoice").order_by("account_id", "invoice__created_at"):
        assert part.account_id is not None  # noqa: S101  # the filter says so
        found.setdefault(part.account_id, []).append(invoice(part.invoice, part))
    return found


_PAYMENTS = f"""
    WITH {SHARED_PAYMENTS}, mine AS (
        SELECT i.account_id, i.upstream_id AS invoice, t.id, t.amount
        FROM customers_invoice i
        JOIN customers_transaction t
            ON t.site_id = i.site_id AND t.invoice_upstream_id = i.upstream_id
        WHERE i.account_id = ANY(%(ids)s) AND i.removed_at IS NULL AND t.removed_at IS NULL
        UNION ALL
        SELECT split.account_id, t.invoice_upstream_id, split.id, split.amount
        FROM split JOIN customers_transaction t ON t.id = split.id
        WHERE split.account_id = ANY(%(ids)s)
    )
    SELECT i.account_id, i.upstream_id, c.upstream_id, 'credit', 'success', c.currency, c.amount,
           c.created_at, c.created_at
    FROM customers_invoice i
    JOIN customers_creditpayment c
        ON c.site_id = i.site_id AND c.applied_to_invoice_upstream_id = i.upstream_id
    WHERE i.account_id = ANY(%(ids)s) AND i.removed_at IS NULL AND c.removed_at IS NULL
        AND c.voided_at IS NULL AND c.action = 'payment'
    UNION ALL
    SELECT mine.account_id, mine.invoice, t.upstream_id, t.type, t.status, t.currency, mine.amount,
           t.created_at, t.collected_at
    FROM mine JOIN customers_transaction t ON t.id = mine.id
    ORDER BY 1, 8, 3
"""  # noqa: S608


def payments_of(account_ids: Sequence[int]) -> dict[int, list[tuple[str, Payment]]]:
    """Every try to move money for the invoices of these accounts, and every credit used on one (of
    type ``credit``), by account, each with the upstream id of its invoice, the oldest first."""
    found: dict[int, list[tuple[str, Payment]]] = {}
    with connection.cursor() as db:
        db.execute(_PAYMENTS, {"ids": list(account_ids)})
        for (
            account_id,
            invoice,
            key,
            kind,
            status,
            currency,
            amount,
            made,
            collected,
        ) in db.fetchall():
            payment = Payment(
                id=key,
                type=kind,
                status=status,
                currency=currency,
                amount=amount,
                created_at=made,
                collected_at=collected,
            )
            found.setdefault(account_id, []).append((invoice, payment))
    return found


def invoice(row: InvoiceRow, part: Any) -> Invoice:
    """A stored invoice as the formulas take it, with the amounts of ``part``: its own, or what an
    account has of it."""
    columns = {name: getattr(row, name) for name in _INVOICE_COLUMNS}
    amounts = {name: getattr(part, name) for name in _PARTS}
    bills = tuple(row.subscription_upstream_ids)
    return Invoice(
        site=str(row.site_id), id=row.upstream_id, subscription_ids=bills, **columns | amounts
    )


def _by_due(one: Invoice) -> Any:
    return one.due_at is None, one.due_at


def _by_age(one: Invoice) -> Any:
    return -one.created_at.timestamp() if one.created_at else 0


_REFUNDS = f"""
    WITH {SHARED_PAYMENTS}, mine AS (
        SELECT t.site_id, t.id, t.amount
        FROM customers_invoice i
        JOIN customers_transaction t
            ON t.site_id = i.site_id AND t.invoice_upstream_id = i.upstream_id
        WHERE i.account_id = ANY(%(ids)s) AND i.removed_at IS NULL AND t.removed_at IS NULL
            AND t.type = 'refund' AND t.status = 'success'
        UNION ALL
        SELECT site_id, id, amount FROM split WHERE type = 'refund' AND status = 'success'
    )
    SELECT t.site_id, t.upstream_id, t.currency, mine.amount, t.created_at, t.collected_at
    FROM mine JOIN customers_transaction t ON t.id = mine.id
    ORDER BY t.created_at DESC, t.id DESC LIMIT %(limit)s
"""  # noqa: S608


_FAILURES = f"""
    WITH {SHARED_PAYMENTS}, mine AS (
        SELECT t.id FROM customers_invoice i
        JOIN customers_transaction t
            ON t.site_id = i.site_id AND t.invoice_upstream_id = i.upstream_id
        WHERE i.account_id = ANY(%(ids)s) AND i.removed_at IS NULL AND t.removed_at IS NULL
        UNION
        SELECT id FROM split
        UNION
        SELECT t.id FROM customers_billingaccount b
        JOIN customers_transaction t
            ON t.site_id = b.site_id AND t.account_upstream_id = b.upstream_id
            AND t.invoice_upstream_id IS NULL
        WHERE b.account_id = ANY(%(ids)s) AND b.removed_at IS NULL AND t.removed_at IS NULL
    )
    SELECT t.created_at FROM mine JOIN customers_transaction t ON t.id = mine.id
    WHERE t.type IN ('purchase', 'capture') AND t.status IN ('declined', 'error')
        AND t.created_at > %(since)s AND t.created_at <= %(now)s
    ORDER BY t.created_at LIMIT %(limit)s
"""  # noqa: S608


def failures_of(account_id: int, since: datetime, now: datetime, *, limit: int) -> list[datetime]:
    """When payments of the account failed in this time, the oldest first."""
    asked: dict[str, Any] = {"ids": [account_id], "since": since, "now": now, "limit": limit}
    with connection.cursor() as db:
        db.execute(_FAILURES, asked)
        return [at for (at,) in db.fetchall()]


def refunds_of(account_id: int, *, limit: int) -> list[tuple[int, Payment]]:
    """The account's newest successful refunds, each with its site."""
    with connection.cursor() as db:
        db.execute(_REFUNDS, {"ids": [account_id], "limit": limit})
        return [
            (
                site,
                Payment(
                    id=key,
                    type="refund",
                    status="success",
                    currency=currency,
                    amount=amount,
                    created_at=made,
                    collected_at=collected,
                ),
            )
            for site, key, currency, amount, made, collected in db.fetchall()
        ]
