"""Every invoice across accounts: how each stands now, what was tried, and what is owed on it.

The conditions are the definitions of ``metrics.invoices``, row by row: a test holds the two equal.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from tenure.core.money import Money
from tenure.customers.models import Allocation, Invoice, InvoiceOverTime, Subscription
from tenure.customers.versions import in_force
from tenure.metrics import inputs
from tenure.metrics.invoices import Standing, standing
from tenure.metrics.lists import filters
from tenure.metrics.lists.filters import At, Clause, Filter, Wanted, wanted
from tenure.metrics.lists.found import (
    Page,
    Sums,
    count,
    in_order,
    keys,
    summed,
    then,
    whose,
    with_whose,
)
from tenure.metrics.lists.keyset import Order, Part, order_of
from tenure.metrics.lists.subscriptions import SITE
from tenure.metrics.paging import number

_ROWS = "customers_invoice"
_LIVE = "i.removed_at IS NULL"
# What was known at the end of a past day in place of the rows of now.
THEN = then("customers_invoice")


# Nearly every bill has a balance of nothing: those lie in the order of their ids, and few others do not.
_PIECES = {"balance": ("i.balance > 0", "i.balance = 0", "i.balance < 0")}


def _by(rows: str, live: str, key: str, column: str, parse: Any, *, nullable: bool = True) -> Order:
    known = Part(
        f"{rows} i", "i.id", "i", f"i.{column}",
        f"{live} AND i.{column} IS NOT NULL" if nullable else live,
        cased=column == "created_at", pieces=_PIECES.get(column, ()),
    )  # fmt: skip
    unknown = Part(f"{rows} i", "i.id", "i", condition=f"{live} AND i.{column} IS NULL")
    return Order(key, parse, (known, unknown) if nullable else (known,))


def _orders(rows: str, live: str) -> Mapping[str, Order]:
    of = (rows, live)
    orders = (
        _by(*of, "issued", "created_at", datetime.fromisoformat, nullable=False),
        _by(*of, "due", "due_at", datetime.fromisoformat),
        _by(*of, "paid_on", "closed_at", datetime.fromisoformat),
        _by(*of, "total", "total", number),
        _by(*of, "balance", "balance", number),
        Order("id", int, (Part(f"{rows} i", "i.id", "i", condition=live),)),
    )
    return {order.key: order for order in orders}


ORDERS = _orders(_ROWS, _LIVE)
PAST_ORDERS = _orders(THEN, "TRUE")
DEFAULT = "-issued"

_BILL = "i.type IS DISTINCT FROM 'credit'"
# As the index of what is owed has it, so that it can be used.
_OPEN = "i.state IN ('open', 'past_due', 'pending', 'processing') AND i.balance > 0"
OWED = f"{_OPEN} AND {_BILL}"
_DUE = """(CASE WHEN i.due_at IS NOT NULL OR i.net_terms IS NULL THEN i.due_at ELSE
    ((i.created_at AT TIME ZONE %(zone)s) + make_interval(days => i.net_terms
        + CASE WHEN i.net_terms_type = 'eom' THEN
            extract(day FROM date_trunc('month', i.created_at AT TIME ZONE %(zone)s)
                    + interval '1 month - 1 day')::int
            - extract(day FROM i.created_at AT TIME ZONE %(zone)s)::int ELSE 0 END)
    ) AT TIME ZONE %(zone)s END)"""
_PASSED = f"""(i.state = 'past_due' OR i.state IN ('pending', 'open') AND %(now)s >= {_DUE}
    + CASE WHEN i.collection_method = 'manual' THEN interval '24 hours' ELSE interval '0' END)"""
LATE = f"{OWED} AND coalesce({_PASSED}, FALSE)"
DAYS = f"greatest(1, coalesce(%(today)s - ({_DUE} AT TIME ZONE %(zone)s)::date, 1))"

STANDINGS = {
    "open": ("Owed", OWED),
    "past_due": ("Past due", LATE),
    "due": ("Due", f"{OWED} AND i.state <> 'processing' AND NOT coalesce({_PASSED}, FALSE)"),
    "processing": ("Processing", f"{OWED} AND i.state = 'processing'"),
    "paid": ("Paid", f"i.state IN ('paid', 'closed') AND {_BILL}"),
    "failed": ("Failed", f"i.state = 'failed' AND {_BILL}"),
    "voided": ("Voided", "i.state = 'voided'"),
    "credit": ("Credit to use", "i.type = 'credit' AND i.state = 'open'"),
}
# As the index of these few has it, so that it can be used.
_CLOSED = "i.state = 'closed' AND NOT (i.type = 'credit' AND i.type IS NOT NULL)"
# Each with an index by issue; the source closes credits alone, so hardly any bill is closed.
_STATES = {
    "paid": (f"i.state = 'paid' AND {_BILL}", _CLOSED),
    "failed": (STANDINGS["failed"][1],),
    "voided": (STANDINGS["voided"][1],),
}
TYPES = {
    "charge": ("Charge", "i.type = 'charge'"),
    "credit": ("Credit", "i.type = 'credit'"),
    "legacy": ("Legacy", "i.type = 'legacy'"),
}
DUNNING = {
    "yes": ("In dunning", f"{LATE} AND i.dunning_events_sent > 0"),
    "final": ("After the last notice", f"{LATE} AND i.final_dunning_event"),
}
WHOSE = {
    "one": ("Of one account", "i.account_id IS NOT NULL"),
    "several": ("Of several accounts", "i.account_id IS NULL AND EXISTS (SELECT 1 FROM customers_allocation p WHERE p.invoice_id = i.id)"),
    "nobody": ("Of nobody known", "i.account_id IS NULL AND NOT EXISTS (SELECT 1 FROM customers_allocation p WHERE p.invoice_id = i.id)"),
}  # fmt: skip


def _words(text: str, _at: At) -> Clause:
    return whose(text, _numbered(text.removeprefix("#")))


def _numbered(text: str) -> list[int]:
    """Our ids of the invoices of this number or id, at whatever site."""
    every = "site_id = ANY(SELECT id FROM connections_site)"
    with connection.cursor() as db:
        db.execute(
            f"SELECT id FROM {_ROWS} WHERE {every} AND number = %(text)s UNION"  # noqa: S608
            f" SELECT id FROM {_ROWS} WHERE {every} AND upstream_id = %(text)s LIMIT 1000",
            {"text": text},
        )
        return [row[0] for row in db.fetchall()]


def _site(text: str, _at: At) -> Clause:
    return Clause(SITE, {"site": filters.listed("site", text)})


def _billed(text: str, at: At) -> Clause:
    """What days of sales outstanding are days of: bills of the last so many times 24 hours."""
    since = at.now - timedelta(days=filters.a_whole("billed_within", text, most=3660))
    within = "i.created_at > %(billed_within)s AND i.created_at <= %(now)s"
    return Clause(f"{_BILL} AND i.state <> 'voided' AND {within}", {"billed_within": since})


_ACCOUNT = (
    "i.account_id = %(account)s OR i.account_id IS NULL AND i.id IN"
    " (SELECT p.invoice_id FROM customers_allocation p WHERE p.account_id = %(account)s)"
)
FILTERS: tuple[Filter, ...] = (
    Filter("q", "Search", "words", _words, told="Words of the account, or an invoice's number."),
    filters.choice("status", "Status", STANDINGS, cases=_STATES),
    filters.choice("type", "Type", TYPES),
    Filter("site", "Site", "text", _site, told="Subdomains."),
    filters.text("currency", "Currency", "i.currency", "ISO 4217 codes."),
    filters.within("due_within", "Due within", "i.due_at", instant=True),
    filters.day("due_from", "Due from", "i.due_at", ">=", instant=True),
    filters.day("due_to", "Due to", "i.due_at", "<=", instant=True),
    filters.day("issued_from", "Issued from", "i.created_at", ">=", instant=True),
    filters.day("issued_to", "Issued to", "i.created_at", "<=", instant=True),
    Filter("billed_within", "Billed within", "days", _billed, told="A number of days up to now."),
    filters.day("paid_from", "Closed from", "i.closed_at", ">=", instant=True),
    filters.day("paid_to", "Closed to", "i.closed_at", "<=", instant=True),
    filters.amount("total_from", "Total from", "i.total", ">="),
    filters.amount("total_to", "Total to", "i.total", "<="),
    filters.amount("balance_from", "Balance from", "i.balance", ">="),
    filters.amount("balance_to", "Balance to", "i.balance", "<="),
    filters.whole("late_from", "Days late from", f"{DAYS} >= %(late_from)s", first=LATE),
    filters.whole("late_to", "Days late to", f"{DAYS} <= %(late_to)s", first=LATE),
    filters.choice("dunning", "Dunning", DUNNING),
    filters.choice("whose", "Whose", WHOSE),
    filters.whole("account", "Account", _ACCOUNT),
    filters.text("state", "State at the source", "i.state", "The source's own words.", cased=True),
)


@dataclass(frozen=True, slots=True)
class Attempts:
    """What was tried to collect an invoice: how often, and the last that failed with its words."""

    number: int = 0
    failed: int = 0
    last_failed_at: datetime | None = None
    last_failure: str = ""
    refunded: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One line: the bill as it came, how it stands, and what hangs on it."""

    row: Invoice
    stands: Standing
    attempts: Attempts
    credited: Decimal
    plans: Sequence[str]
    parts: Sequence[Allocation]

    @property
    def status(self) -> str:
        """How it stands in a word: by the calendar where it is owed, else its state."""
        if self.stands.kind in ("past_due", "due", "processing"):
            return self.stands.kind
        return self.row.state

    def money(self, name: str) -> Money | None:
        """One of its amounts; None when the source does not say it."""
        value = getattr(self.row, name)
        return None if value is None else Money(value, self.row.currency)


def asked_for(given: Mapping[str, Any], at: At) -> Wanted:
    """What these values of FILTERS ask for. Raises UnusableFilter."""
    return wanted(FILTERS, given, at)


def page(
    asked: Wanted, *, sort: str = DEFAULT, cursor: str | None = None, limit: int = 50
) -> Page[InvoiceRow]:
    """One page of invoices, stable while others are added. Raises UnusablePage."""
    order = order_of(sort, PAST_ORDERS if asked.at.then else ORDERS, "Invoices")
    ids, following, previous = keys(order, asked, cursor, limit)
    return Page(rows_at(ids, asked.at), following, previous)


def capped_count(asked: Wanted, *, cap: int = 10_000) -> int:
    """How many match, counting no further than ``cap``: the answer ``cap`` means or more."""
    return count([f"{rows_of(asked.at)} WHERE {_condition(asked)}"], asked.values, cap)


def sums(asked: Wanted) -> Sums:
    """How many match and their total, paid and balance, by currency, as the source says them: a
    credit's amounts are negative, and what was voided adds nothing."""
    return summed(
        f"SELECT i.currency, count(*), {_SUMS} FROM {rows_of(asked.at)}"  # noqa: S608
        f" WHERE {_condition(asked)} GROUP BY 1 ORDER BY 1",
        asked.values,
    )


_SUMS = ", ".join(
    f"coalesce(sum(i.{name}) FILTER (WHERE i.state <> 'voided'), 0)"
    for name in ("total", "paid", "balance")
)


def rows_of(at: At) -> str:
    """The invoices there are, or were then, as ``i``."""
    return f"{THEN} i" if at.then else f"{_ROWS} i"


def _condition(asked: Wanted) -> str:
    chosen = asked.condition("i", "i.id")
    return chosen if asked.at.then else f"{_LIVE} AND {chosen}"


def get(pk: int, at: At) -> InvoiceRow:
    """One invoice with how it stands. Raises Invoice.DoesNotExist."""
    found = rows_at([pk], at)
    if not found:
        raise Invoice.DoesNotExist(pk)
    return found[0]


def as_input(row: Invoice) -> inputs.Invoice:
    """A bill as the formulas take it."""
    return inputs.Invoice(
        site=str(row.site_id), id=row.upstream_id, **{name: getattr(row, name) for name in _INPUTS}
    )


_INPUTS = (
    "number type state currency origin total balance paid due_at created_at closed_at net_terms"
    " net_terms_type collection_method dunning_events_sent final_dunning_event"
).split()


def rows_at(ids: Sequence[int], at: At) -> list[InvoiceRow]:
    """These invoices, in this order, as they are or were known then."""
    rows: Any = Invoice.objects.filter(pk__in=ids)
    if at.then:
        rows = InvoiceOverTime.objects.filter(in_force(at.then), pk__in=ids)
    found: list[Invoice] = in_order(with_whose(rows), ids)
    tried, credited = _attempts(found, at.then), _credited(found, at.then)
    # Whoever a bill is of as a whole shares it with nobody; of a past day that may be otherwise since.
    shared = [row.pk for row in found if at.then or row.account_id is None]
    plans, parts = _plans(found), _parts(shared) if shared else {}
    return [
        InvoiceRow(
            row,
            standing(as_input(row), at.now, at.zone),
            tried.get(_key(row), Attempts()),
            credited.get(_key(row), Decimal(0)),
            plans.get(_key(row), ()),
            parts.get(row.pk, ()),
        )
        for row in found
    ]


def _parts(ids: Sequence[int]) -> dict[int, list[Allocation]]:
    """How invoices are shared out, which is told as it is known today."""
    found: dict[int, list[Allocation]] = {}
    rows = Allocation.objects.filter(invoice_id__in=ids).select_related("account__scope")
    for part in rows.order_by("pk"):
        found.setdefault(part.invoice_id, []).append(part)
    return found


Key = tuple[int, str]


def _key(row: Invoice) -> Key:
    return row.site_id, row.upstream_id


_ATTEMPTS = """
    SELECT t.site_id, t.invoice_upstream_id,
           count(*) FILTER (WHERE t.type IN ('purchase', 'capture')),
           count(*) FILTER (WHERE t.type IN ('purchase', 'capture') AND t.status IN ('declined', 'error')),
           max(t.created_at) FILTER (WHERE t.status IN ('declined', 'error')),
           (array_agg(coalesce(t.status_message, t.status_code, t.status)
                ORDER BY t.created_at DESC, t.id DESC)
                FILTER (WHERE t.status IN ('declined', 'error')))[1],
           coalesce(sum(t.amount) FILTER (WHERE t.type = 'refund' AND t.status = 'success'), 0)
    FROM customers_transaction t
    JOIN unnest(%s::bigint[], %s::text[]) AS i (site_id, upstream_id)
        ON t.site_id = i.site_id AND t.invoice_upstream_id = i.upstream_id
    WHERE t.removed_at IS NULL AND (%s::timestamptz IS NULL OR t.created_at < %s) GROUP BY 1, 2
"""
_CREDITED = """
    SELECT c.site_id, c.applied_to_invoice_upstream_id, coalesce(sum(c.amount), 0)
    FROM customers_creditpayment c
    JOIN unnest(%s::bigint[], %s::text[]) AS i (site_id, upstream_id)
        ON c.site_id = i.site_id AND c.applied_to_invoice_upstream_id = i.upstream_id
    WHERE c.removed_at IS NULL AND (%s::timestamptz IS NULL OR c.created_at < %s)
        AND c.voided_at IS NULL GROUP BY 1, 2
"""


def _asked(statement: str, rows: Sequence[Invoice], then: datetime | None) -> list[tuple[Any, ...]]:
    keys = [row.site_id for row in rows], [row.upstream_id for row in rows]
    with connection.cursor() as db:
        db.execute(statement, [*keys, then, then])
        return list(db.fetchall())


def _attempts(rows: Sequence[Invoice], then: datetime | None) -> dict[Key, Attempts]:
    return {
        (site, name): Attempts(tries, failed, at, why or "", refunded)
        for site, name, tries, failed, at, why, refunded in _asked(_ATTEMPTS, rows, then)
    }


def _credited(rows: Sequence[Invoice], then: datetime | None) -> dict[Key, Decimal]:
    return {(site, name): amount for site, name, amount in _asked(_CREDITED, rows, then)}


def _plans(rows: Iterable[Invoice]) -> dict[Key, list[str]]:
    """The plans of the subscriptions each invoice bills, without repetition."""
    named = {(row.site_id, name) for row in rows for name in row.subscription_upstream_ids}
    found = Subscription.objects.filter(
        site_id__in={site for site, _ in named}, upstream_id__in={name for _, name in named}
    ).values_list("site_id", "upstream_id", "plan_name", "plan_code")
    plans = {(site, name): plan or code or "" for site, name, plan, code in found}
    return {
        _key(row): list(
            dict.fromkeys(
                plans.get((row.site_id, name), "") or name for name in row.subscription_upstream_ids
            )
        )
        for row in rows
    }
