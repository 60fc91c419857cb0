"""What was known of one account at a past instant, put under the statements that ask about now.

An explanation reads the tables of today. Within ``reading`` the records of then stand in front of
those tables (``metrics.in_front``), so that every statement of this package answers about the past
without knowing of it: there is one way to take a figure apart, and this one place that says what it
is taken apart from.

Subscriptions and invoices are those of their versions, or, of a time before anybody watched, made out
from their own dates (``rewound``). Of payments no versions are kept: those that were made and here
by then count, in the state they are in now. Coupons of an account are those known then, or, of a time
before, those redeemed by then, as they were first known. How an invoice is shared out is as it is today.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from django.db.models import Model

from tenure.customers import bills as billed
from tenure.customers import read as customers
from tenure.customers.models import (
    AccountCoupon,
    Invoice,
    InvoiceOverTime,
    Subscription,
    SubscriptionOverTime,
    Transaction,
)
from tenure.metrics import in_front, rewound
from tenure.metrics.in_front import Rows

MOST_INVOICES = 100_000
_OWN = frozenset({"valid_from", "valid_to", "removed_at"})
_UNUSED = frozenset({"content_hash"})


@dataclass(frozen=True, slots=True)
class Then:
    """Of one account what was known right before ``instant``; days are counted from ``now``.
    ``made_out`` says that nothing was kept of it yet."""

    account_id: int
    instant: datetime
    now: datetime
    made_out: bool = False


@contextmanager
def reading(then: Then | None) -> Iterator[None]:
    """Have the statements within read what was known then; with None they read what is."""
    with in_front.rows_of(_rows(then) if then else None):
        yield


def _rows(then: Then) -> Rows:
    besides = {"customers_transaction": _payments(then), "customers_accountcoupon": _coupons(then)}
    if not then.made_out:
        return Rows(_from_versions(then) | besides)
    documents = {name: msgspec.json.encode(rows).decode() for name, rows in _made_out(then).items()}
    return Rows(_FROM_DOCUMENTS | besides, documents)


@cache
def _columns(model: type[Model], *but: str) -> tuple[str, ...]:
    return tuple(
        str(field.column) for field in model._meta.concrete_fields if field.column not in but
    )


def _instant(at: datetime) -> str:
    return f"'{at.isoformat()}'::timestamptz"


def _from_versions(then: Then) -> dict[str, str]:
    """The rows that read so right before the instant: ``customers.versions.in_force``."""
    at = _instant(then.instant)
    mine = f"v.account_id = {int(then.account_id)}"
    shared = (
        "v.id IN (SELECT part.invoice_id FROM customers_allocation part"  # noqa: S608
        f" WHERE part.account_id = {int(then.account_id)})"
    )
    return {
        "customers_subscription": _in_force(SubscriptionOverTime, at, mine),
        "customers_invoice": (
            f"{_in_force(InvoiceOverTime, at, mine)} UNION ALL"
            f" {_in_force(InvoiceOverTime, at, f'v.account_id IS NULL AND {shared}')}"
        ),
    }


def _in_force(model: type[Model], at: str, whose: str) -> str:
    names = ", ".join(f"v.{name}" for name in _columns(model, *_OWN))
    return (
        f"SELECT {names}, NULL::timestamptz AS removed_at FROM {model._meta.db_table} v"  # noqa: S608
        f" WHERE {whose} AND v.valid_from < {at} AND (v.valid_to IS NULL OR v.valid_to >= {at})"
        f" AND (v.removed_at IS NULL OR v.removed_at >= {at})"
    )


# The rows of ``_made_out``; of shared invoices what the account had paid and owed of its part.
_FROM_DOCUMENTS = {
    "customers_subscription": "SELECT * FROM jsonb_populate_recordset("
    "NULL::customers_subscription, {document}::jsonb)",
    "customers_invoice": "SELECT * FROM jsonb_populate_recordset("
    "NULL::customers_invoice, {document}::jsonb)",
    "customers_allocation": "SELECT a.id, a.invoice_id, a.account_id, a.total,"
    " coalesce(part.balance, a.balance) AS balance, coalesce(part.paid, a.paid) AS paid"
    " FROM customers_allocation a LEFT JOIN jsonb_to_recordset({document}::jsonb)"
    " AS part (id bigint, balance numeric, paid numeric) USING (id)",
}


def _payments(then: Then) -> str:
    at = _instant(then.instant)
    names = ", ".join(f"t.{name}" for name in _columns(Transaction, "removed_at", "collected_at"))
    here = f"made.id IS NULL OR made.created_at < {at}"
    if then.made_out:
        here = f"coalesce(t.collected_at, t.created_at) < {at}"
    return (
        f"SELECT {names}, CASE WHEN t.removed_at < {at} THEN t.removed_at END AS removed_at,"  # noqa: S608
        f" CASE WHEN t.collected_at < {at} THEN t.collected_at END AS collected_at"
        " FROM customers_transaction t"
        " LEFT JOIN customers_changeset made ON made.id = t.created_in_id"
        f" WHERE t.created_at < {at} AND ({here})"
    )


def _coupons(then: Then) -> str:
    at = _instant(then.instant)
    names = ", ".join(f"c.{name}" for name in _columns(AccountCoupon, "known_to"))
    known = f"SELECT {names}, NULL::timestamptz AS known_to FROM customers_accountcoupon c"  # noqa: S608
    if not then.made_out:
        return f"{known} WHERE c.known_from < {at} AND (c.known_to IS NULL OR c.known_to >= {at})"
    return (
        f"{known} WHERE coalesce((c.redemption ->> 'created_at')::timestamptz < {at}, true)"
        " AND NOT EXISTS (SELECT FROM customers_accountcoupon earlier"
        " WHERE earlier.site_id = c.site_id AND earlier.upstream_id = c.upstream_id"
        " AND earlier.account_upstream_id = c.account_upstream_id"
        " AND earlier.known_from < c.known_from)"
    )


def _made_out(then: Then) -> dict[str, Sequence[Mapping[str, Any]]]:
    """The account's subscriptions, invoices and parts of shared invoices, made out from their dates."""
    pk = then.account_id
    agreed = rewound.subscriptions(customers.subscriptions(pk), then.now)
    for row in agreed:
        row.pending_change = None
    listed = billed.invoices(pk, limit=MOST_INVOICES, before=then.instant)
    bills = rewound.invoices(pk, listed, then.now)
    shares = [row.part for row in bills if row.part is not row]
    return {
        "customers_subscription": [_document(row, Subscription) for row in agreed],
        "customers_invoice": [_document(row, Invoice) for row in bills],
        "customers_allocation": [
            {"id": one.pk, "balance": one.balance, "paid": one.paid} for one in shares
        ],
    }


def _document(row: Any, model: type[Model]) -> dict[str, Any]:
    """A row as the database reads it from a document."""
    return {
        str(field.column): getattr(row, field.attname)
        for field in model._meta.concrete_fields
        if field.column not in _UNUSED
    }
