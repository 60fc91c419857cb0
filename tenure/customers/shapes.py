"""Customers and what hangs on them as scripts see them, by command or API (CONTRACT section 4).

Amounts are text with their currency, times RFC 3339 in UTC. Billing objects keep the field names of
their source; what is an upstream id here is called so with the source's own word in front.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from tenure.core.clock import stamp
from tenure.core.money import Money
from tenure.customers.agreements import KIND
from tenure.customers.agreements import values_of as agreed_values
from tenure.customers.attributes import mapped as mapped_attributes
from tenure.customers.contacts.read import origin
from tenure.customers.convert import plain as digits
from tenure.customers.deciding import is_pinned
from tenure.customers.fields import reader
from tenure.customers.models import (
    Account,
    Allocation,
    Attribute,
    BillingAccount,
    Change,
    Contact,
    Invoice,
    Subscription,
)
from tenure.customers.provenance import Back, Provenance, of_agreed, of_attribute, policy_of

SUBSCRIPTION_FIELDS = (
    "plan_code plan_name state quantity collection_method po_number auto_renew net_terms"
    " net_terms_type total_billing_cycles remaining_billing_cycles renewal_billing_cycles"
    " expiration_reason custom_fields current_period_started_at current_period_ends_at"
    " current_term_started_at current_term_ends_at trial_started_at trial_ends_at activated_at"
    " canceled_at expires_at converted_at paused_at remaining_pause_cycles created_at updated_at"
).split()
SUBSCRIPTION_MONEY = ("unit_amount", "add_ons_total", "subtotal", "tax", "total")
INVOICE_FIELDS = (
    "number type origin state collection_method po_number net_terms net_terms_type due_at closed_at"
    " created_at updated_at"
).split()
INVOICE_MONEY = ("subtotal", "discount", "tax", "total", "paid", "balance", "refundable_amount")
BILLING_FIELDS = (
    "code state email cc_emails username first_name last_name company vat_number preferred_locale"
    " preferred_time_zone bill_to address billing_name payment_method payment_method_valid"
    " custom_fields closed_at created_at updated_at"
).split()


def address_of(account: Account | None) -> str | None:
    """How an account is addressed: its identifier, with its site in front where it is only of one."""
    if account is None:
        return None
    if account.scope is None:
        return account.identifier
    return f"{account.scope.subdomain}:{account.identifier}"


def values_of(
    account: Account,
    payers: Sequence[BillingAccount],
    following: Collection[str],
    now: dt.datetime,
) -> dict[str, dict[str, Any]]:
    """Every attribute of the account with its value, its source and the policy over it.

    ``following`` are the attributes that are read from a field of the source. A pinned value shows
    beside it what the source would have put there.
    """
    pinned = {name for name, entry in account.sources.items() if entry.get("pin")}
    names = sorted((account.attributes.keys() | pinned) - {"name", "owner", "state"})
    return {name: _value(account, name, payers, following, now) for name in names}


def _value(
    account: Account,
    name: str,
    payers: Sequence[BillingAccount],
    following: Collection[str],
    now: dt.datetime,
) -> dict[str, Any]:
    origin = of_attribute(account, name, payers)
    policy = policy_of(origin, payers) if name in following else None
    value = account.attributes.get(name)
    return _valued(value, origin, policy, account.sources.get(name, {}), now)


def agreed_sources(one: Subscription, now: dt.datetime) -> dict[str, dict[str, Any]]:
    """Of every attribute of the subscription its source and the policy over it, as of an account's;
    while it is pinned, also what the source would put there."""
    mapping = {mapped.name: mapped for mapped in mapped_attributes(KIND)}
    pinned = {name for name, entry in one.sources.items() if entry.get("pin")}
    read = reader(mapped.path for mapped in mapping.values())
    says = agreed_values(one, list(mapping.values()), read).values if pinned else {}
    found = {}
    for name in sorted(one.attributes.keys() | pinned):
        policy = one.site.subscriptions_mode if name in mapping else None
        entry = {"incoming": says.get(name), **one.sources.get(name, {})}
        found[name] = _valued(None, of_agreed(one, name), policy, entry, now)
        del found[name]["value"]
    return found


def _valued(
    value: Any,
    origin: Provenance,
    policy: str | None,
    entry: Mapping[str, Any],
    now: dt.datetime,
) -> dict[str, Any]:
    held = is_pinned(entry, now)
    document = {
        "value": value,
        "source": origin.source,
        "site": origin.site,
        "set_by": origin.set_by,
        "set_at": origin.set_at,
        "policy": policy,
        "pinned": held,
    }
    if origin.back:
        document["brought_back"] = _brought_back(origin.back)
    if held:
        document["pin"] = {key: entry["pin"].get(key) for key in ("reason", "until", "by", "at")}
        document["incoming"] = entry.get("incoming", value)
    return document


def _brought_back(back: Back) -> dict[str, Any]:
    return {"by": back.by, "at": back.at.isoformat(), "change_set": back.change_set}


def payer(one: BillingAccount) -> dict[str, Any]:
    """A billing account as far as its account's document shows it."""
    return {
        "site": one.site.subdomain,
        f"{one.site.source}_id": one.upstream_id,
        "code": one.code,
        "state": one.state,
    }


def billing_account(one: BillingAccount) -> dict[str, Any]:
    """A billing account in full."""
    return {
        **_named(one),
        "account": address_of(one.account),
        "identified_as": one.identified_as,
        **{name: plain(getattr(one, name)) for name in BILLING_FIELDS},
    }


def subscription(one: Subscription) -> dict[str, Any]:
    """A subscription."""
    return {
        **_named(one),
        "account": address_of(one.account),
        f"account_{one.site.source}_id": one.account_upstream_id,
        "currency": one.currency,
        **{name: plain(getattr(one, name)) for name in SUBSCRIPTION_FIELDS},
        **{name: _amount(getattr(one, name), one.currency) for name in SUBSCRIPTION_MONEY},
        "attributes": one.attributes,
    }


def invoice(one: Invoice, parts: Iterable[Allocation] = ()) -> dict[str, Any]:
    """An invoice. A split one has its parts; what no line gives to anyone is ``unallocated``."""
    shown = list(parts)
    rest = next((part for part in shown if part.account_id is None), None)
    return {
        **_named(one),
        "account": address_of(one.account),
        f"account_{one.site.source}_id": one.account_upstream_id,
        "currency": one.currency,
        **{name: plain(getattr(one, name)) for name in INVOICE_FIELDS},
        **{name: _amount(getattr(one, name), one.currency) for name in INVOICE_MONEY},
        "allocations": [
            {"account": address_of(part.account), **_part(part, one.currency)}
            for part in shown
            if part.account_id is not None
        ],
        "unallocated": _part(rest, one.currency) if rest else None,
    }


def _part(part: Allocation, currency: str) -> dict[str, Any]:
    return {name: _amount(getattr(part, name), currency) for name in ("total", "paid", "balance")}


def contact(one: Contact) -> dict[str, Any]:
    """A person at a customer, with where each of their values came from."""
    names = ("email", "name", "title")
    return {
        "id": one.pk,
        "account": address_of(one.account),
        "identifier": one.identifier,
        **{name: getattr(one, name) for name in names},
        "attributes": one.attributes,
        "sources": {name: _origin(one, name) for name in names if getattr(one, name)},
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
    }


def _origin(one: Contact, name: str) -> dict[str, Any]:
    kept = origin(one, name)
    return {
        "source": kept.source,
        "site": kept.site or None,
        "field": kept.field or None,
        "set_by": kept.set_by or None,
        "set_at": kept.set_at or None,
        "pinned": kept.pinned,
    }


def attribute(one: Attribute) -> dict[str, Any]:
    """What an attribute is, and the field it is read from; null when it is set by hand or API."""
    return {
        "name": one.name,
        "object": one.object_kind,
        "label": one.label,
        "type": one.kind,
        "unit": one.unit or None,
        "field": one.source_field or None,
    }


def history(change: Change, run: int | None, *, only: str | None = None) -> list[dict[str, Any]]:
    """One entry for each field that changed, or for one field; ``run`` is what made the change."""
    return [
        {
            "object": change.object_kind,
            "field": field.removeprefix("attributes."),
            "old": old,
            "new": new,
            "source": change.change_set.origin,
            "actor": change.change_set.member.email if change.change_set.member else None,
            "reason": change.change_set.reason or None,
            "change_set": change.change_set_id,
            "run": run,
            "at": stamp(change.at),
        }
        for field, (old, new) in change.changes.items()
        if only is None or field.removeprefix("attributes.") == only
    ]


def plain(value: Any) -> Any:
    """A value as JSON holds it: exact numbers as text, times in UTC."""
    match value:
        case dt.datetime():
            return stamp(value)
        case dt.date():
            return value.isoformat()
        case Decimal():
            return digits(value)
        case tuple():
            return list(value)
    return value


def _named(one: Any) -> dict[str, Any]:
    return {"site": one.site.subdomain, f"{one.site.source}_id": one.upstream_id}


def _amount(amount: Decimal | None, currency: str) -> dict[str, str] | None:
    return Money(amount, currency).as_json() if amount is not None else None
