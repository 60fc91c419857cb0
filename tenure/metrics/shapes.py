"""An account with its figures as scripts see it, by command or API (CONTRACT section 4)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from tenure.core.clock import stamp
from tenure.core.money import Money
from tenure.customers import attributes, fields, read, shapes
from tenure.customers.models import Account, BillingAccount
from tenure.customers.values_at import values_at
from tenure.metrics import as_of
from tenure.metrics.account_rows import AccountRow
from tenure.metrics.as_of import Moment
from tenure.metrics.facts import CONVERTED
from tenure.metrics.models import Figures
from tenure.metrics.read import facts_of

MONEY = (
    "mrr arr paused_mrr trial_mrr cancelling_mrr committed_mrr past_due_mrr total_due past_due"
    " not_yet_due available_credit net_due total_paid total_refunded net_paid billed net_billed written_off"
    " failed_amount next_due last_paid"
).split()
# Columns that only serve the sorting of lists, or stand elsewhere in the document.
INTERNAL = {"account", "as_of", "updated_at", "main_currency", "mixed_currencies", "status_rank"}
INTERNAL |= {
    "id",
    "valid_from",
    "valid_to",
    "kind",
    "mrr_sort",
    "due_sort",
    "past_due_sort",
    "converted_currency",
    *CONVERTED,
}


def account(
    found: Account,
    payers: Sequence[BillingAccount],
    measured: Figures | None,
    *,
    following: Collection[str],
    now: datetime,
    moment: Moment | None = None,
) -> dict[str, Any]:
    """One account in full. ``health.shapes`` fills its place with the score. Of a past time ``known``
    says how its figures are known."""
    return {
        "identifier": found.identifier,
        "site": found.scope.subdomain if found.scope else None,
        "name": found.name,
        "owner": found.owner.email if found.owner else None,
        "state": found.state,
        "attributes": shapes.values_of(found, payers, following, now),
        "billing_accounts": [shapes.payer(payer) for payer in payers],
        "money": money(measured),
        "facts": facts(measured),
        "health": {},
        "as_of": stamp(_as_of(measured, moment)),
        "known": as_of.kind_of(measured) if moment else None,
        "updated_at": stamp(found.updated_at),
    }


def _as_of(measured: Figures | None, moment: Moment | None) -> datetime | None:
    if measured is None:
        return None
    return moment.instant if moment else getattr(measured, "as_of", None)


def accounts(
    found: Iterable[Account], now: datetime, moment: Moment | None = None
) -> list[dict[str, Any]]:
    """These accounts in full, in their order; a few queries however many there are. With ``moment``
    with the values and figures of a past time, as they were known then."""
    rows = list(found)
    ids = [row.pk for row in rows]
    payers, measured = read.payers_of(ids), _measured(ids, moment)
    if moment:
        values_at(rows, moment.instant)
    following = {one.name for one in attributes.mapped(fields.ACCOUNT)}
    return [
        account(
            row, payers[row.pk], measured.get(row.pk), following=following, now=now, moment=moment
        )
        for row in rows
    ]


def _measured(ids: list[int], moment: Moment | None) -> Mapping[int, Figures]:
    return as_of.figures_at(ids, moment) if moment else facts_of(ids)


def money(measured: Figures | None) -> dict[str, Any]:
    """Every amount of an account, one a currency, and the converted totals beside them, null while a
    rate is missing; nothing while it is not measured."""
    if measured is None:
        return {}
    own = {name: [one.as_json() for one in measured.money(name)] for name in MONEY}
    return own | {name: _total(measured.total(name)) for name in CONVERTED}


def _total(amount: Money | None) -> dict[str, str] | None:
    return None if amount is None else amount.as_json()


def facts(measured: Figures | None) -> dict[str, Any]:
    """Every other figure of an account."""
    if measured is None:
        return {}
    names = [field.name for field in measured._meta.concrete_fields]
    kept = [name for name in names if name not in INTERNAL and name not in MONEY]
    return {name: shapes.plain(getattr(measured, name)) for name in kept}


def row(one: AccountRow) -> dict[str, Any]:
    """A line of the list of accounts."""
    amounts = ("mrr", "arr", "total_due", "past_due")
    totals = ("mrr_converted", "arr_converted", "due_converted", "past_due_converted")
    other = (
        "subscription_status invoice_status plan_names total_quantity active_subscriptions"
        " next_renewal_date next_bill_date next_due_date oldest_past_due_days"
        " oldest_past_due_since last_paid_date customer_since in_dunning flags missing_rates"
    ).split()
    return {
        "identifier": one.identifier,
        "site": one.scope,
        "name": one.name,
        "owner": one.owner,
        "state": one.state,
        "sites": list(one.sites),
        "money": {
            **{name: [part.as_json() for part in getattr(one, name)] for name in amounts},
            **{name: _total(getattr(one, name)) for name in totals},
        },
        "facts": {name: shapes.plain(getattr(one, name)) for name in other},
        "as_of": stamp(one.as_of),
        "known": one.kind,
        "updated_at": stamp(one.updated_at),
    }
