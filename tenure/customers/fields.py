"""The fields of the source that an attribute may be read from, by the object that carries them.

A field is written ``account.email``, ``account.address.city``, ``account.custom_fields.tenant_id``,
``subscription.po_number``: the object, then its path. Rows and neutral records name their columns
alike, so a stored row and a record that just arrived are read by the same function.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from tenure.customers.models import AttributeKind

CUSTOM = "custom_fields"
ACCOUNT, SUBSCRIPTION = "account", "subscription"
KINDS = (ACCOUNT, SUBSCRIPTION)

Read = Callable[[Any], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class StandardField:
    """A field every object of a kind has. ``path`` is a column, or a column and a key within it.
    ``shown`` fields are attributes from the start."""

    path: str
    label: str
    kind: str = AttributeKind.TEXT
    shown: bool = False

    @property
    def name(self) -> str:
        """What an attribute read from it is called unless somebody says otherwise."""
        return self.path.replace(".", "_")


_DATE, _NUMBER, _BOOL = AttributeKind.DATE, AttributeKind.NUMBER, AttributeKind.BOOLEAN
_MONEY = AttributeKind.MONEY

ACCOUNT_FIELDS = (
    StandardField("email", "E-mail", shown=True),
    StandardField("company", "Company", shown=True),
    StandardField("first_name", "First name", shown=True),
    StandardField("last_name", "Last name", shown=True),
    StandardField("username", "Username", shown=True),
    StandardField("cc_emails", "Copies to", shown=True),
    StandardField("vat_number", "VAT number", shown=True),
    StandardField("preferred_locale", "Locale", shown=True),
    StandardField("preferred_time_zone", "Time zone", shown=True),
    StandardField("bill_to", "Billed to", shown=True),
    StandardField("code", "Account code"),
    StandardField("billing_name", "Billing name"),
    StandardField("payment_method", "Payment method"),
    StandardField("payment_method_valid", "Payment method valid", _BOOL),
    StandardField("card_expires_year", "Card expires in year", _NUMBER),
    StandardField("card_expires_month", "Card expires in month", _NUMBER),
    StandardField("parent_upstream_id", "Parent account"),
    StandardField("address.street1", "Street"),
    StandardField("address.city", "City"),
    StandardField("address.region", "Region"),
    StandardField("address.postal_code", "Postal code"),
    StandardField("address.country", "Country"),
    StandardField("address.phone", "Phone"),
    StandardField("upstream_id", "Account id"),
    StandardField("state", "State in billing"),
    StandardField("has_live_subscription", "Has a live subscription", _BOOL),
    StandardField("has_past_due_invoice", "Has a past-due invoice", _BOOL),
    StandardField("created_at", "Created in billing", _DATE),
    StandardField("updated_at", "Changed in billing", _DATE),
    StandardField("closed_at", "Closed in billing", _DATE),
)
SUBSCRIPTION_FIELDS = (
    StandardField("plan_code", "Plan code"),
    StandardField("plan_name", "Plan"),
    StandardField("quantity", "Quantity", _NUMBER),
    StandardField("unit_amount", "Unit amount", _MONEY),
    StandardField("currency", "Currency"),
    StandardField("po_number", "Purchase order"),
    StandardField("collection_method", "Collection method"),
    StandardField("auto_renew", "Renews by itself", _BOOL),
    StandardField("net_terms", "Net terms", _NUMBER),
    StandardField("net_terms_type", "Net terms type"),
    StandardField("total_billing_cycles", "Billing cycles", _NUMBER),
    StandardField("remaining_billing_cycles", "Billing cycles left", _NUMBER),
    StandardField("renewal_billing_cycles", "Billing cycles after renewal", _NUMBER),
    StandardField("add_ons_total", "Total of add-ons", _MONEY),
    StandardField("subtotal", "Subtotal", _MONEY),
    StandardField("tax", "Tax", _MONEY),
    StandardField("tax_rate", "Tax rate", _NUMBER),
    StandardField("tax_inclusive", "Tax included", _BOOL),
    StandardField("total", "Total", _MONEY),
    StandardField("started_with_gift", "Started with a gift card", _BOOL),
    StandardField("state", "State in billing"),
    StandardField("expiration_reason", "Expiration reason"),
    StandardField("upstream_id", "Subscription id"),
    StandardField("uuid", "Subscription UUID"),
    StandardField("account_upstream_id", "Billed account id"),
    StandardField("plan_upstream_id", "Plan id"),
    StandardField("created_at", "Created in billing", _DATE),
    StandardField("updated_at", "Changed in billing", _DATE),
    StandardField("activated_at", "Activated", _DATE),
    StandardField("trial_started_at", "Trial started", _DATE),
    StandardField("trial_ends_at", "Trial ends", _DATE),
    StandardField("current_period_started_at", "Period started", _DATE),
    StandardField("current_period_ends_at", "Period ends", _DATE),
    StandardField("current_term_started_at", "Term started", _DATE),
    StandardField("current_term_ends_at", "Term ends", _DATE),
    StandardField("canceled_at", "Cancelled", _DATE),
    StandardField("expires_at", "Expires", _DATE),
    StandardField("converted_at", "Converted from trial", _DATE),
    StandardField("paused_at", "Paused", _DATE),
    StandardField("resume_at", "Resumes", _DATE),
    StandardField("remaining_pause_cycles", "Paused cycles left", _NUMBER),
)
# How the source's own documents, and the identifier rule, call some of them.
_ALSO = {
    "account.id": "account.upstream_id",
    "account.parent_account_id": "account.parent_upstream_id",
    "subscription.id": "subscription.upstream_id",
    "subscription.account_id": "subscription.account_upstream_id",
    "subscription.account.id": "subscription.account_upstream_id",
    "subscription.plan.id": "subscription.plan_upstream_id",
    "subscription.plan.code": "subscription.plan_code",
    "subscription.plan.name": "subscription.plan_name",
}
STANDARD: Mapping[str, Sequence[StandardField]] = {
    ACCOUNT: ACCOUNT_FIELDS,
    SUBSCRIPTION: SUBSCRIPTION_FIELDS,
}


def split(field: str) -> tuple[str, str]:
    """``account.custom_fields.x`` as object and path."""
    kind, _, path = field.partition(".")
    return kind, path


def custom_name(path: str) -> str | None:
    """The custom field's name in a path such as ``custom_fields.x``; None for a standard field."""
    start = f"{CUSTOM}."
    return path.removeprefix(start) if path.startswith(start) else None


def custom(object_kind: str, name: str) -> str:
    """The field that holds a custom field of this kind of object."""
    return f"{object_kind}.{CUSTOM}.{name}"


def canonical(field: str) -> str:
    """The field under the name we keep it by."""
    named = field.strip()
    return _ALSO.get(named, named)


def standard(field: str) -> StandardField | None:
    """The standard field of this name; None for a custom or unknown one."""
    kind, path = split(field)
    return next((one for one in STANDARD.get(kind, ()) if one.path == path), None)


def is_known(field: str) -> bool:
    """Whether an attribute may be read from this field; custom fields may have any name."""
    kind, path = split(field)
    name = custom_name(path)
    if name is not None:
        return kind in KINDS and bool(name)
    return standard(field) is not None


def reader(paths: Iterable[str]) -> Read:
    """A function that takes a row or a neutral record to its non-empty values by path."""
    columns: list[str] = []
    inner: dict[str, list[tuple[str, str]]] = {}
    for path in dict.fromkeys(paths):
        column, _, key = path.partition(".")
        if key:
            inner.setdefault(column, []).append((key, path))
        else:
            columns.append(path)

    def read(row: Any) -> dict[str, Any]:
        values = {path: getattr(row, path, None) for path in columns}
        for column, keys in inner.items():
            held = _mapping(getattr(row, column, None))
            if held:
                values.update((path, held.get(key)) for key, path in keys)
        return {
            path: value if type(value) is str else plain(value)
            for path, value in values.items()
            if value is not None and value != ""
        }

    return read


def custom_names(rows: Iterable[Any]) -> set[str]:
    """The names of the custom fields that these rows or records carry."""
    return {name for row in rows for name in _mapping(getattr(row, CUSTOM, None))}


def _mapping(value: Any) -> Mapping[str, Any]:
    """A JSON column of a row, or the bytes of a record."""
    if isinstance(value, bytes | str):
        value = msgspec.json.decode(value)
    return value if isinstance(value, Mapping) else {}


def plain(value: Any) -> Any:
    """A column's value as JSON would hold it: what attributes are made of."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value
