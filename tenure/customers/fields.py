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
    StandardField("created_at", "Created in billing", _DATE),
    StandardField("closed_at", "Closed in billing", _DATE),
)
SUBSCRIPTION_FIELDS = (
    StandardField("plan_code", "Plan code"),
    StandardField("plan_name", "Plan"),
    StandardField("quantity", "Quantity", _NUMBER),
    StandardField("unit_amount", "Unit amount", AttributeKind.MONEY),
    StandardField("currency", "Currency"),
    StandardField("po_number", "Purchase order"),
    StandardField("collection_method", "Collection method"),
    StandardField("auto_renew", "Renews by itself", _BOOL),
    StandardField("net_terms", "Net terms", _NUMBER),
    StandardField("total_billing_cycles", "Billing cycles", _NUMBER),
    StandardField("activated_at", "Activated", _DATE),
    StandardField("current_term_ends_at", "Term ends", _DATE),
    StandardField("expiration_reason", "Expiration reason"),
)
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


def is_known(field: str) -> bool:
    """Whether an attribute may be read from this field; custom fields may have any name."""
    kind, path = split(field)
    name = custom_name(path)
    if name is not None:
        return kind in KINDS and bool(name)
    return any(standard.path == path for standard in STANDARD.get(kind, ()))


def reader(paths: Iterable[str]) -> Read:
    """A function that takes a row or a neutral record to its non-empty values by path."""
    plain: list[str] = []
    inner: dict[str, list[tuple[str, str]]] = {}
    for path in dict.fromkeys(paths):
        column, _, key = path.partition(".")
        if key:
            inner.setdefault(column, []).append((key, path))
        else:
            plain.append(path)

    def read(row: Any) -> dict[str, Any]:
        values = {path: getattr(row, path, None) for path in plain}
        for column, keys in inner.items():
            held = _mapping(getattr(row, column, None))
            if held:
                values.update((path, held.get(key)) for key, path in keys)
        return {
            path: value if type(value) is str else _plain(value)
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


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value
