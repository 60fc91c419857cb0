"""Sharing an invoice out among the accounts whose subscriptions its lines bill (DESIGN 3.2).

Only where subscriptions name the accounts. A line belongs to its subscription's account. What no
line gives to anybody is the remainder: it goes to the payer's account when all its subscriptions
are that one account's, and is otherwise shown as unallocated, never guessed. What was paid and what
is owed is shared in proportion to the lines, exactly adding up (docs/decisions/0021).
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from tenure.core.chunks import chunks
from tenure.core.money import round_to_minor
from tenure.customers.models import Account, Allocation

NOTHING = Decimal(0)
CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Bill:
    """The amounts of an invoice that are shared out."""

    currency: str
    total: Decimal
    paid: Decimal
    balance: Decimal


@dataclass(frozen=True, slots=True)
class Share:
    """One account's part of a bill; of nobody when ``account_id`` is None."""

    account_id: int | None
    total: Decimal
    paid: Decimal
    balance: Decimal


def shares(bill: Bill, lines: Mapping[int, Decimal], order: Sequence[int]) -> list[Share]:
    """The bill shared out: ``lines`` has the sum of each account's lines, ``order`` the accounts in
    the order in which odd cents are given. The unallocated part comes last, if there is one."""
    parts: list[tuple[int | None, Decimal]] = [
        (account, lines[account])
        for account in order
        if lines[account] or not (bill.total or any(lines.values()))
    ]
    remainder = bill.total - sum((amount for _, amount in parts), NOTHING)
    if remainder or not parts:
        parts.append((None, remainder))
    weights = [amount for _, amount in parts]
    paid = spread(bill.paid, weights, bill.currency)
    owed = spread(bill.balance, weights, bill.currency)
    return [
        Share(account, total, *amounts)
        for (account, total), *amounts in zip(parts, paid, owed, strict=True)
    ]


def spread(amount: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """The amount in proportion to the weights, each part in whole minor units but for what the
    amount itself has beyond them, adding up exactly. Without a weight the last part has all."""
    whole = sum(weights, NOTHING)
    spread, upto, before = [], NOTHING, NOTHING
    for place, weight in enumerate(weights, start=1):
        upto += weight
        if place == len(weights):
            bound = amount
        else:
            bound = round_to_minor(amount * upto / whole, currency) if whole else NOTHING
        spread.append(bound - before)
        before = bound
    return spread


# The account of lines that no subscription is named on: the payer's only one, when every
# subscription it has is known to be that account's.
_READ = """
    SELECT i.id, i.account_id, i.currency, coalesce(i.total, 0), coalesce(i.paid, 0),
           coalesce(i.balance, 0),
           (SELECT CASE WHEN bool_and(s.account_id IS NOT NULL)
                             AND min(s.account_id) = max(s.account_id) THEN min(s.account_id) END
            FROM customers_subscription s
            WHERE s.site_id = i.site_id AND s.account_upstream_id = i.account_upstream_id),
           (SELECT jsonb_agg(jsonb_build_array(l.account_id, l.free, l.amount::text))
            FROM (SELECT s.account_id, l.subscription_upstream_id IS NULL AS free,
                         sum(coalesce(l.amount, coalesce(l.subtotal, 0) - coalesce(l.discount, 0)
                                                + coalesce(l.tax, 0), 0)) AS amount
                  FROM customers_lineitem l
                  LEFT JOIN customers_subscription s
                      ON s.site_id = l.site_id AND s.upstream_id = l.subscription_upstream_id
                  WHERE l.site_id = i.site_id AND l.invoice_upstream_id = i.upstream_id
                      AND l.removed_at IS NULL
                  GROUP BY 1, 2) l)::text
    FROM customers_invoice i WHERE i.id = ANY(%s) ORDER BY i.id
"""


def allocate(invoices: Iterable[int]) -> set[int]:
    """Share these invoices out anew; the accounts whose part of any of them is another now."""
    ids = sorted(set(invoices))
    concerned: set[int] = set()
    for some in chunks(ids, CHUNK):
        concerned |= _allocate(some)
    return concerned


def _allocate(ids: Sequence[int]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(_READ, [list(ids)])
        rows = cursor.fetchall()
    known = {row[0]: _lines(row[3], row[6], json.loads(row[7] or "[]")) for row in rows}
    order = _order({account for lines in known.values() for account in lines})
    standing = _standing(ids)
    whole: dict[int, int | None] = {}
    split: dict[int, list[Share]] = {}
    concerned: set[int] = set()
    for invoice, owner, currency, total, paid, balance, *_ in rows:
        lines = known[invoice]
        bill = Bill(currency, total, paid, balance)
        found = shares(bill, lines, sorted(lines, key=order.__getitem__))
        alone = found[0].account_id if len(found) == 1 else None
        kept = [] if alone is not None else found
        if owner != alone:
            whole[invoice] = alone
        before = standing.get(invoice, [])
        if kept != before:
            split[invoice] = kept
        if owner != alone or kept != before:
            parties = (owner, alone, *(one.account_id for one in (*kept, *before)))
            concerned |= {account for account in parties if account is not None}
    _write(whole, split)
    return concerned


def _lines(total: Decimal, payers_own: int | None, found: Sequence[Any]) -> dict[int, Decimal]:
    """What each account's lines come to; the payer's only account has what no line explains too."""
    sums: dict[int, Decimal] = {}
    beyond = total
    for account, free, text in found:
        amount = Decimal(text)
        beyond -= amount
        whose = payers_own if free else account
        if whose is not None:
            sums[whose] = sums.get(whose, NOTHING) + amount
    if payers_own is not None:
        sums[payers_own] = sums.get(payers_own, NOTHING) + beyond
    return sums


def sharers(invoices: Iterable[int]) -> set[int]:
    """The accounts that have a part of any of these invoices."""
    rows = Allocation.objects.filter(invoice_id__in=list(invoices), account__isnull=False)
    return {account for account in rows.values_list("account_id", flat=True) if account}


def _order(accounts: Collection[int]) -> dict[int, tuple[str, int]]:
    """Accounts by identifier, which does not depend on who was here first."""
    rows = Account.objects.filter(pk__in=accounts).values_list("pk", "identifier", "scope_id")
    return {pk: (identifier, scope or 0) for pk, identifier, scope in rows}


def _standing(ids: Sequence[int]) -> dict[int, list[Share]]:
    found: dict[int, list[Share]] = {}
    rows = Allocation.objects.filter(invoice_id__in=ids).order_by("invoice_id", "pk")
    for row in rows:
        share = Share(row.account_id, row.total, row.paid, row.balance)
        found.setdefault(row.invoice_id, []).append(share)
    return found


def _write(whole: Mapping[int, int | None], split: Mapping[int, Sequence[Share]]) -> None:
    if whole:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE customers_invoice i SET account_id = v.account"
                " FROM unnest(%s::bigint[], %s::bigint[]) AS v (id, account) WHERE i.id = v.id",
                [list(whole), list(whole.values())],
            )
    if split:
        Allocation.objects.filter(invoice_id__in=split).delete()
        # In the order of the shares: by it the database gives odd cents of payments too.
        Allocation.objects.bulk_create(
            Allocation(
                invoice_id=invoice,
                account_id=one.account_id,
                total=one.total,
                paid=one.paid,
                balance=one.balance,
            )
            for invoice, parts in split.items()
            for one in parts
        )


_CONCERNED = """
    SELECT i.id FROM customers_invoice i
    WHERE i.site_id = %(site)s AND i.account_upstream_id = ANY(%(payers)s)
    UNION
    SELECT i.id FROM customers_lineitem l
    JOIN customers_invoice i ON i.site_id = l.site_id AND i.upstream_id = l.invoice_upstream_id
    WHERE l.site_id = %(site)s AND l.subscription_upstream_id = ANY(%(subscriptions)s)
"""


def invoices_of(
    site_id: int, *, subscriptions: Collection[str], payers: Collection[str]
) -> list[int]:
    """The invoices that a change of whose these subscriptions are may share out otherwise."""
    values: dict[str, Any] = {
        "site": site_id,
        "subscriptions": list(subscriptions),
        "payers": list(payers),
    }
    with connection.cursor() as cursor:
        cursor.execute(_CONCERNED, values)
        return [row[0] for row in cursor.fetchall()]
