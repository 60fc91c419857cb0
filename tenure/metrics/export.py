"""The list of accounts as rows of a file, of any length: read a page at a time, never built whole.

Amounts of different currencies are never one number, so each currency has a column of its own.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tenure.core.money import Money
from tenure.customers import provenance
from tenure.customers.models import Account, Attribute, AttributeKind, BillingAccount, Origin
from tenure.customers.values_at import values_at
from tenure.metrics import read
from tenure.metrics.account_rows import AccountRow
from tenure.metrics.as_of import Moment
from tenure.metrics.paging import ORDERS, Order
from tenure.metrics.read import LONGEST_PAGE
from tenure.rules.sql import Sql

NUMBERS = {AttributeKind.NUMBER.value, AttributeKind.MONEY.value}


@dataclass(frozen=True, slots=True)
class Figure:
    """A column of the file: its head, its cell of a row, and the name of the list's column it is."""

    head: str
    cell: Callable[[AccountRow], Any]
    key: str = ""


WHO = (
    Figure("Identifier", lambda row: row.identifier),
    Figure("Site", lambda row: row.scope),
    Figure("Name", lambda row: row.name),
)
KNOWN = Figure("Known", lambda row: row.kind)
_PLAIN = (
    Figure("Status", lambda row: row.subscription_status, "status"),
    Figure("Plans", lambda row: "; ".join(row.plan_names), "plans"),
    Figure("Quantity", lambda row: row.total_quantity, "quantity"),
    Figure("Next renewal", lambda row: row.next_renewal_date, "next_renewal"),
    Figure("Overdue since", lambda row: row.oldest_past_due_since, "past_due"),
    Figure("Invoices", lambda row: row.invoice_status, "invoices"),
    Figure("Billed by", lambda row: "; ".join(row.sites), "sites"),
    Figure("Changed", lambda row: row.updated_at, "changed"),
    Figure("Subscriptions", lambda row: row.active_subscriptions, "subscriptions"),
    Figure("Next bill", lambda row: row.next_bill_date, "next_bill"),
    Figure("Last paid", lambda row: row.last_paid_date, "last_paid"),
    Figure("Customer since", lambda row: row.customer_since, "customer_since"),
    Figure("Account state", lambda row: row.state, "state"),
    Figure("Created", lambda row: row.created_at, "created"),
)
_MONEY = (("MRR", "mrr"), ("ARR", "arr"), ("Due", "total_due"), ("Overdue", "past_due"))
OWNER = "owner"
ATTRIBUTE = "attributes."


def rows(
    *,
    search: str = "",
    sort: str = "-mrr",
    figures: bool = True,
    attributes: bool = True,
    sources: bool = False,
    columns: Sequence[str] = (),
    where: Sql | None = None,
    moment: Moment | None = None,
    orders: Mapping[str, Order] = ORDERS,
) -> Iterator[list[Any]]:
    """The accounts that match, in the order asked for, the head first; ``where`` is a rule's condition. ``figures`` are what the
    list shows, ``attributes`` the values, and ``sources`` puts beside each value where it came from.
    ``columns`` are names of the list's columns: then those alone, beside who the account is. With
    ``moment`` figures and values are those known at the end of a past day, with how they are known.
    ``orders`` are those the list has.

    Raises UnusablePage, before anything is read, for an unknown sort.
    """
    asked: dict[str, Any] = {"search": search, "sort": sort, "where": where, "moment": moment}
    asked["orders"] = orders
    page = read.accounts_page(limit=LONGEST_PAGE, **asked)
    shown = [*WHO, *((KNOWN,) if moment else ())]
    shown += _picked(_figures(moment), columns) if figures else ()
    valued = _attributes() if attributes else []
    if columns:
        valued = [(head, one) for head, one in _attributes() if f"{ATTRIBUTE}{one.name}" in columns]
    owned = OWNER in columns or not columns
    return _rows(page, shown, valued, owned, asked, sources=sources)


def _picked(figures: Sequence[Figure], columns: Sequence[str]) -> list[Figure]:
    """The figures of these columns in their order; all of them when none is named."""
    if not columns:
        return list(figures)
    return [figure for name in columns for figure in figures if figure.key == name]


def _rows(
    page: read.AccountsPage,
    shown: Sequence[Figure],
    valued: Sequence[tuple[str, Attribute]],
    owned: bool,
    asked: dict[str, Any],
    *,
    sources: bool,
) -> Iterator[list[Any]]:
    heads = [figure.head for figure in shown]
    values = [h for head, _ in valued for h in ((head, f"{head} source") if sources else (head,))]
    yield [*heads, *(["Owner"] if owned else []), *values]
    while True:
        held = _held(page, asked["moment"], with_payers=sources and bool(valued))
        for row in page.rows:
            account, payers = held[row.id]
            cells = [figure.cell(row) for figure in shown]
            if owned:
                cells.append(account.owner.email if account.owner else None)
            past = asked["moment"] is not None
            yield [*cells, *_values(account, payers, valued, sources=sources, past=past)]
        if page.next is None:
            return
        page = read.accounts_page(cursor=page.next, limit=LONGEST_PAGE, **asked)


def _figures(moment: Moment | None) -> list[Figure]:
    totals = read.totals_at(moment) if moment else read.totals()
    amounts = (*totals.mrr, *totals.total_due, *totals.past_due)
    currencies = sorted({money.currency for money in amounts})
    money = [
        Figure(f"{label} {currency}", _amount(name, currency), name)
        for label, name in _MONEY
        for currency in currencies
    ]
    return [*money, *_PLAIN]


def _amount(name: str, currency: str) -> Callable[[AccountRow], Decimal | None]:
    def cell(row: AccountRow) -> Decimal | None:
        found: Sequence[Money] = getattr(row, name)
        return next((one.rounded().amount for one in found if one.currency == currency), None)

    return cell


def _attributes() -> list[tuple[str, Attribute]]:
    """Every attribute of accounts with its head: its label, or its name where a label is taken."""
    found = list(Attribute.objects.filter(object_kind="account"))
    times = Counter(one.label.casefold() for one in found)
    times.update(figure.head.casefold() for figure in (*WHO, *_PLAIN))
    times["owner"] += 1
    return [(one.label if times[one.label.casefold()] == 1 else one.name, one) for one in found]


Held = Mapping[int, tuple[Account, Sequence[BillingAccount]]]


def _held(page: read.AccountsPage, moment: Moment | None, *, with_payers: bool) -> Held:
    ids = [row.id for row in page.rows]
    accounts = Account.objects.select_related("owner").in_bulk(ids)
    if moment:
        values_at(accounts.values(), moment.instant)
    payers: dict[int, list[BillingAccount]] = defaultdict(list)
    if with_payers:
        rows = BillingAccount.objects.filter(account_id__in=ids).select_related("site")
        for payer in rows.order_by("site__priority", "created_at", "id"):
            payers[payer.account_id or 0].append(payer)
    return {pk: (account, payers[pk]) for pk, account in accounts.items()}


def _values(
    account: Account,
    payers: Sequence[BillingAccount],
    valued: Sequence[tuple[str, Attribute]],
    *,
    sources: bool,
    past: bool,
) -> Iterator[Any]:
    """The values; of a past one that has been replaced since it is not known where it came from."""
    for _, attribute in valued:
        value = account.attributes.get(attribute.name)
        is_number = value is not None and attribute.kind in NUMBERS
        yield Decimal(value) if is_number else value
        if sources:
            known = value is not None and not (past and attribute.name not in account.sources)
            yield _source(account, attribute.name, payers) if known else None


def _source(account: Account, name: str, payers: Sequence[BillingAccount]) -> str:
    origin = provenance.of_attribute(account, name, payers)
    return origin.site or Origin(origin.source).label
