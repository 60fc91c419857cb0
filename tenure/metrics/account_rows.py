"""One line of the account list: an account with what a list shows of it, now or at a past time."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL

from tenure.core.money import Money
from tenure.customers import read as customers
from tenure.customers.models import Account
from tenure.customers.values_at import values_at
from tenure.metrics import as_of
from tenure.metrics.as_of import Moment
from tenure.metrics.models import Figures, as_money
from tenure.metrics.paging import ACCOUNT, FACTS


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One line of the account list. Money is one amount a currency, sorted by currency code; a
    converted total is None while a rate is missing.

    ``scope`` is the site its identifier is limited to, if any; ``sites`` are those that bill it.
    ``as_of`` is None while the account has not been measured: its figures are then unknown. Of a
    past time ``kind`` says how they are known (``VersionKind``).
    ``attributes`` and ``sources``, as on the account, are there only when they were asked for.
    """

    id: int
    identifier: str
    scope: str | None
    name: str
    state: str
    owner: str | None
    sites: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    as_of: datetime | None = None
    kind: str | None = None
    mrr: tuple[Money, ...] = ()
    arr: tuple[Money, ...] = ()
    total_due: tuple[Money, ...] = ()
    past_due: tuple[Money, ...] = ()
    mrr_converted: Money | None = None
    arr_converted: Money | None = None
    due_converted: Money | None = None
    past_due_converted: Money | None = None
    missing_rates: tuple[str, ...] = ()
    subscription_status: str | None = None
    invoice_status: str | None = None
    plan_names: tuple[str, ...] = ()
    total_quantity: int | None = None
    active_subscriptions: int | None = None
    next_renewal_date: date | None = None
    next_bill_date: date | None = None
    next_due_date: date | None = None
    oldest_past_due_days: int | None = None
    oldest_past_due_since: date | None = None
    last_paid_date: date | None = None
    customer_since: date | None = None
    in_dunning: bool = False
    flags: tuple[str, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    sources: Mapping[str, Any] = field(default_factory=dict)


_MONEY = ("mrr", "arr", "total_due", "past_due")
_LISTS = ("plan_names", "flags", "missing_rates")
_TOTALS_OF = ("mrr_converted", "arr_converted", "due_converted", "past_due_converted")
_PLAIN = (
    "as_of subscription_status invoice_status total_quantity active_subscriptions next_renewal_date"
    " next_bill_date next_due_date oldest_past_due_days oldest_past_due_since last_paid_date"
    " customer_since in_dunning"
).split()
_COLUMNS = "identifier name state created_at updated_at".split()
_VALUES = ("attributes", "sources")


def rows_of(
    account_ids: Sequence[int], *, with_values: bool = False, moment: Moment | None = None
) -> tuple[AccountRow, ...]:
    """The accounts with what a list shows of them, in the order of the ids."""
    ids = list(account_ids)
    found = _past(ids, moment, with_values) if moment else _present(ids, with_values)
    return tuple(found[pk] for pk in ids if pk in found)


def _present(ids: list[int], with_values: bool) -> dict[int, AccountRow]:
    """By one statement and without objects of models: a page is asked for very often."""
    values = _VALUES if with_values else ()
    figures = (*_MONEY, *_LISTS, *_TOTALS_OF, *_PLAIN, "converted_currency")
    columns = [f"a.{name}" for name in (*_COLUMNS, *values)] + [f"f.{name}" for name in figures]
    with connection.cursor() as db:
        db.execute(_PRESENT.format(columns=", ".join(columns)), [ids])
        return {
            row[0]: _of_now(row[0], row[1:5], dict(zip((*_COLUMNS, *values, *figures), row[5:], strict=True)))
            for row in db.fetchall()
        }  # fmt: skip


_PRESENT = f"""
    SELECT a.id, scope.subdomain, coalesce(nullif(m.name, ''), m.email), {customers.sites_feeding("a.id")},
           f.account_id IS NOT NULL, {{columns}}
    FROM {ACCOUNT} a LEFT JOIN {FACTS} f ON f.account_id = a.id
    LEFT JOIN connections_site scope ON scope.id = a.scope_id
    LEFT JOIN access_member m ON m.id = a.owner_id
    WHERE a.id = ANY(%s)
"""  # noqa: S608 - names of ours


def _of_now(pk: int, beside: Sequence[Any], row: dict[str, Any]) -> AccountRow:
    scope, owner, sites, measured = beside
    currency = row.pop("converted_currency")
    for name in _VALUES:
        if name in row:
            row[name] = json.loads(row[name])
    if measured:
        row |= {name: as_money(json.loads(row[name])) for name in _MONEY}
        row |= {name: _total(row[name], currency) for name in _TOTALS_OF}
        row |= {name: tuple(row[name]) for name in _LISTS}
    else:
        row = {name: value for name, value in row.items() if name in (*_COLUMNS, *_VALUES)}
    return AccountRow(id=pk, scope=scope, owner=owner, sites=tuple(sites), **row)


def _total(amount: Any, currency: str) -> Money | None:
    return None if amount is None else Money(amount, currency)


def _past(ids: list[int], moment: Moment, with_values: bool) -> dict[int, AccountRow]:
    sites = RawSQL(customers.sites_feeding(f"{ACCOUNT}.id"), [])  # noqa: S611 - names of ours
    rows = Account.objects.select_related("owner", "scope")
    columns = [*_COLUMNS, *(_VALUES if with_values else ())]
    columns += ["scope__subdomain", "owner__name", "owner__email"]
    accounts: Mapping[int, Account] = rows.only(*columns).annotate(billed_by=sites).in_bulk(ids)
    figures = as_of.figures_at(ids, moment)
    values_at(accounts.values(), moment.instant, with_attributes=with_values)
    return {
        pk: _of_then(account, figures.get(pk), moment, with_values)
        for pk, account in accounts.items()
    }


def _of_then(account: Any, facts: Figures | None, moment: Moment, with_values: bool) -> AccountRow:
    figures: dict[str, Any] = {}
    if facts:
        figures |= {name: facts.money(name) for name in _MONEY}
        figures |= {name: facts.total(name) for name in _TOTALS_OF}
        figures |= {name: tuple(getattr(facts, name)) for name in _LISTS}
        figures |= {name: getattr(facts, name) for name in _PLAIN if name != "as_of"}
        figures |= {"as_of": moment.instant, "kind": as_of.kind_of(facts)}
    if with_values:
        figures |= {name: getattr(account, name) for name in _VALUES}
    return AccountRow(
        id=account.id,
        scope=account.scope.subdomain if account.scope else None,
        owner=(account.owner.name or account.owner.email) if account.owner else None,
        sites=tuple(account.billed_by),
        **{name: getattr(account, name) for name in _COLUMNS},
        **figures,
    )
