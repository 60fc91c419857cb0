"""The lists across accounts as rows of a file, of any length: read a page at a time, never built whole.

Every row has one currency, so amounts stand in columns of their own with the currency beside them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import ModuleType
from typing import Any

from tenure.core.money import Money
from tenure.customers.models import Account
from tenure.metrics.lists import invoices, shapes, subscriptions
from tenure.metrics.lists.filters import Wanted
from tenure.metrics.lists.found import LONGEST_PAGE

ATTRIBUTE = "attributes."


@dataclass(frozen=True, slots=True)
class Cell:
    """A column of the file: the list's column it belongs to, its head, its value in a row."""

    key: str
    head: str
    value: Callable[[Any], Any]


def _money(found: Money | None) -> Decimal | None:
    return found.rounded().amount if found is not None else None


def _of(name: str) -> Callable[[Any], Any]:
    return lambda one: getattr(one.row, name)


def _fact(name: str) -> Callable[[Any], Any]:
    return lambda one: getattr(one.facts, name) if one.facts else None


def _amount(name: str) -> Callable[[Any], Any]:
    def value(one: Any) -> Decimal | None:
        found = getattr(one.row, name)
        return None if found is None else _money(Money(found, one.row.currency))

    return value


def _account(name: str) -> Callable[[Any], Any]:
    def value(one: Any) -> Any:
        account: Account | None = one.row.account
        return getattr(account, name) if account else None

    return value


WHO = (
    Cell("", "Identifier", _account("identifier")),
    Cell("", "Account", _account("name")),
    Cell("", "Site", lambda one: one.row.site.subdomain),
    Cell("", "Id at the source", _of("upstream_id")),
    Cell("", "Currency", _of("currency")),
)
SUBSCRIPTION_CELLS = (
    Cell("plan_code", "Plan code", _of("plan_code")),
    Cell("", "Plan", _of("plan_name")),
    Cell("status", "Status", _fact("status")),
    Cell("mrr", "MRR", lambda one: _money(one.mrr)),
    Cell("quantity", "Quantity", _of("quantity")),
    Cell("unit", "Unit price", _amount("unit_amount")),
    Cell("interval", "Interval unit", lambda one: one.plan.interval_unit if one.plan else None),
    Cell("interval", "Interval length", lambda one: one.plan.interval_length if one.plan else None),
    Cell("next_renewal", "Next renewal", _fact("renews_on")),
    Cell("ends", "Ends", _fact("ends_on")),
    Cell("period", "Period began", _of("current_period_started_at")),
    Cell("period", "Period ends", _of("current_period_ends_at")),
    Cell("term_left", "Term ends", _of("current_term_ends_at")),
    Cell("next_bill", "Next bill", _fact("bills_on")),
    Cell("add_ons", "Add-ons", lambda one: [_add_on(item) for item in one.row.add_ons or ()]),
    Cell("trial", "Trial began", _of("trial_started_at")),
    Cell("trial", "Trial ends", _of("trial_ends_at")),
    Cell("renews", "Renews itself", _of("auto_renew")),
    Cell("paused", "Paused", _of("paused_at")),
    Cell("paused", "Resumes", _of("resume_at")),
    Cell("canceled", "Cancelled", _of("canceled_at")),
    Cell("started", "Started", _fact("started_on")),
    Cell("po", "PO number", _of("po_number")),
    Cell("fields", "Custom fields", lambda one: [f"{k}: {v}" for k, v in one.row.custom_fields.items()]),
)  # fmt: skip
INVOICE_CELLS = (
    Cell("", "Number", _of("number")),
    Cell("status", "Status", lambda one: one.status),
    Cell("issued", "Issued", _of("created_at")),
    Cell("due", "Due", lambda one: one.stands.due_day),
    Cell("late", "Days late", lambda one: one.stands.days),
    Cell("total", "Total", _amount("total")),
    Cell("paid", "Paid", _amount("paid")),
    Cell("balance", "Balance", _amount("balance")),
    Cell("attempts", "Attempts", lambda one: one.attempts.number),
    Cell("attempts", "Failed attempts", lambda one: one.attempts.failed),
    Cell("attempts", "Last failure", lambda one: one.attempts.last_failure),
    Cell("paid_on", "Closed", _of("closed_at")),
    Cell("type", "Type", _of("type")),
    Cell("origin", "Origin", _of("origin")),
    Cell("dunning", "Dunning notices", _of("dunning_events_sent")),
    Cell("refunded", "Refunded", lambda one: _money(Money(one.attempts.refunded, one.row.currency))),
    Cell("credited", "Credit used", lambda one: _money(Money(one.credited, one.row.currency))),
    Cell("plans", "Subscriptions", lambda one: list(one.plans)),
    Cell("po", "PO number", _of("po_number")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exported:
    """A list that can be written out: where it is read, its columns, its documents."""

    source: ModuleType
    cells: Sequence[Cell]
    shape: Callable[[Any], dict[str, Any]]


LISTS: Mapping[str, Exported] = {
    "subscriptions": Exported(subscriptions, SUBSCRIPTION_CELLS, shapes.subscription),
    "invoices": Exported(invoices, INVOICE_CELLS, shapes.invoice),
}


def rows(
    name: str,
    asked: Wanted,
    *,
    sort: str,
    columns: Sequence[str] = (),
    attributes: Sequence[tuple[str, str]] = (),
) -> Iterator[list[Any]]:
    """The rows that match, the head first; ``columns`` name the list's columns, all when none is
    named. ``attributes`` are names and heads of values to add. Raises UnusablePage before anything
    is read, for an unknown sort."""
    what = LISTS[name]
    wanted = [
        *WHO,
        *(cell for cell in what.cells if not columns or not cell.key or cell.key in columns),
        *(Cell("", head, _attribute(attribute)) for attribute, head in attributes),
    ]
    first = what.source.page(asked, sort=sort, limit=LONGEST_PAGE)
    return _rows(what, asked, sort, wanted, first)


def documents(name: str, asked: Wanted, *, sort: str) -> Iterator[dict[str, Any]]:
    """The rows that match as the API describes them, of any length."""
    what = LISTS[name]
    page = what.source.page(asked, sort=sort, limit=LONGEST_PAGE)
    return (what.shape(one) for one in _walked(what, asked, sort, page))


def _rows(
    what: Exported, asked: Wanted, sort: str, wanted: Sequence[Cell], first: Any
) -> Iterator[list[Any]]:
    yield [cell.head for cell in wanted]
    for one in _walked(what, asked, sort, first):
        yield [cell.value(one) for cell in wanted]


def _walked(what: Exported, asked: Wanted, sort: str, page: Any) -> Iterator[Any]:
    while True:
        yield from page.rows
        if page.next is None:
            return
        page = what.source.page(asked, sort=sort, cursor=page.next, limit=LONGEST_PAGE)


def _attribute(name: str) -> Callable[[Any], Any]:
    return lambda one: one.row.attributes.get(name)


def _add_on(item: Any) -> str:
    """An add-on in a word: its code and how many."""
    if not isinstance(item, dict):
        return ""
    kind = item.get("add_on")
    code = kind.get("code") if isinstance(kind, dict) else None
    return f"{code or 'add-on'} × {item.get('quantity') or 1}"
