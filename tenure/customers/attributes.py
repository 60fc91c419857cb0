"""The attributes of accounts and subscriptions, and which field of the source each is read from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import connection

from tenure.connections.read import workspace
from tenure.customers import fields
from tenure.customers.models import Attribute, AttributeKind, SourceField

# An account's own fields stand beside its attributes in sources, history and edits.
RESERVED = frozenset({"name", "owner", "state", "identifier"})


@dataclass(frozen=True, slots=True)
class Mapped:
    """An attribute that follows a field: its name, its type, and the field's path on its object."""

    name: str
    kind: str
    path: str


MAPPING_LOCK = 0x7E4A_0001  # any number no other advisory lock of ours has


def hold() -> None:
    """Keep the mapping as it is until this transaction ends, together with other readers.

    Without it a page composed under the old mapping could commit after the replay of the new one
    has passed its accounts by.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [MAPPING_LOCK])


def alone() -> None:
    """Wait for everybody who holds the mapping, and keep them waiting until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [MAPPING_LOCK])


def mapped(object_kind: str) -> tuple[Mapped, ...]:
    """The mapping of one kind of object as it stands, in the order attributes are shown."""
    rows = Attribute.objects.filter(object_kind=object_kind).exclude(source_field="")
    return tuple(
        Mapped(name, kind, fields.split(field)[1])
        for name, kind, field in rows.values_list("name", "kind", "source_field")
    )


def declare_standard() -> None:
    """See that the standard fields shown from the start are attributes.

    Existing ones keep their label and type: those are the operator's once they exist.
    """
    missing = standard()
    if missing:
        Attribute.objects.bulk_create(missing, ignore_conflicts=True)


def standard() -> list[Attribute]:
    """The standard fields shown from the start, not saved; none once there are attributes."""
    if Attribute.objects.filter(object_kind=fields.ACCOUNT).exists():
        return []
    return [
        Attribute(
            name=field.name,
            label=field.label,
            kind=field.kind,
            source_field=f"account.{field.path}",
            position=position,
        )
        for position, field in enumerate(fields.ACCOUNT_FIELDS)
        if field.shown
    ]


def declare(custom_fields: Mapping[str, str | None], object_kind: str = fields.ACCOUNT) -> None:
    """Make an attribute of every custom field ``{name: label}`` that no attribute is called after,
    unless somebody has decided about the mapping: then new fields wait to be mapped."""
    declare_standard()  # before any other attribute stands there
    new = undeclared(custom_fields, object_kind)
    if new:
        Attribute.objects.bulk_create(new, ignore_conflicts=True)


def undeclared(
    custom_fields: Mapping[str, str | None], object_kind: str = fields.ACCOUNT
) -> list[Attribute]:
    """The attributes that ``declare`` would make of these custom fields, not saved."""
    known = set(Attribute.objects.filter(object_kind=object_kind).values_list("name", flat=True))
    unknown = custom_fields.keys() - known - RESERVED
    if not unknown or not workspace().maps_new_fields:
        return []
    return [
        Attribute(
            name=name,
            object_kind=object_kind,
            label=label or name.replace("_", " ").capitalize(),
            kind=AttributeKind.TEXT,
            source_field=f"{object_kind}.{fields.CUSTOM}.{name}",
            position=100,
        )
        for name, label in custom_fields.items()
        if name in unknown
    ]


def declare_met(names: Iterable[str], object_kind: str = fields.ACCOUNT) -> None:
    """``declare`` for custom fields met on records, with no label of their own."""
    declare(dict.fromkeys(names), object_kind)


def vanished_paths(object_kind: str) -> set[str]:
    """Paths of the custom fields that every site which had them has dropped since (F29)."""
    rows = SourceField.objects.filter(object_kind=object_kind)
    seen: dict[str, bool] = {}
    for name, vanished_at in rows.values_list("name", "vanished_at"):
        seen[name] = seen.get(name, True) and vanished_at is not None
    return {f"{fields.CUSTOM}.{name}" for name, is_gone in seen.items() if is_gone}
