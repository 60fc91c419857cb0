"""The fields of the source that an attribute may be read from, by the object that carries them.

A field is written ``account.email``, ``account.address.city``, ``account.custom_fields.tenant_id``,
``subscription.po_number``: the object, then its path. Rows and neutral records name their columns
alike, so a stored row and a record that just arrived are read by the same function.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from tenure.customers.standard import ACCOUNT_FIELDS, ALSO, SUBSCRIPTION_FIELDS, StandardField

CUSTOM, EXTRAS = "custom_fields", "extras"
ACCOUNT, SUBSCRIPTION = "account", "subscription"
KINDS = (ACCOUNT, SUBSCRIPTION)

Read = Callable[[Any], dict[str, Any]]


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
    if named in ALSO:
        return ALSO[named]
    start = next((one for one in ALSO if one.endswith(".") and named.startswith(one)), "")
    return ALSO[start] + named.removeprefix(start) if start else named


def place(path: str) -> tuple[str, ...]:
    """The column a path is read from, and the keys within it if it is one of JSON."""
    column, *keys = path.split(".")
    if column == CUSTOM:  # a custom field's name may hold dots
        return (CUSTOM, path.removeprefix(f"{CUSTOM}."))
    return (EXTRAS, column, *keys) if column in _EXTRAS else (column, *keys)


def column_of(path: str) -> str:
    """The column that holds it."""
    return place(path)[0]


_EXTRAS = frozenset(
    one.path.partition(".")[0] for kind in STANDARD.values() for one in kind if one.is_extra
)


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
    inner: dict[str, list[tuple[str, Sequence[str], str]]] = {}
    for path in dict.fromkeys(paths):
        column, *keys = place(path)
        if keys:
            inner.setdefault(column, []).append((keys[0], keys[1:], path))
        else:
            columns.append(path)

    def read(row: Any) -> dict[str, Any]:
        values = {path: getattr(row, path, None) for path in columns}
        for column, keys in inner.items():
            held = _mapping(getattr(row, column, None))
            if held:
                for key, further, path in keys:
                    value = held.get(key)
                    values[path] = _within(value, further) if further else value
        return {
            path: value if type(value) is str else plain(value)
            for path, value in values.items()
            if value is not None and value != ""
        }

    return read


def _within(value: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


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
