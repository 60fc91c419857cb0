"""The attributes of accounts and subscriptions, and which field of the source each is read from."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import connection

from tenure.connections.read import workspace
from tenure.customers import fields
from tenure.customers.models import Attribute, AttributeKind, SourceField
from tenure.customers.standard import ACCOUNT_FIELDS

# An account's own fields stand beside its attributes in sources, history and edits; the other words
# are those of the rules that name attributes.
RESERVED = frozenset(
    {"name", "owner", "state", "identifier"}
    | {"and", "or", "not", "in", "is", "any", "no", "every", "was", "for"}
    | {"true", "false", "null", "unknown", "count", "sum", "min", "max"}
)
LONGEST = 80
_NAME = re.compile(rf"[A-Za-z][A-Za-z0-9_]{{0,{LONGEST - 1}}}", re.ASCII)


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
    with connection.cursor() as cursor:
        cursor.execute(_MAPPED, [object_kind])
        return tuple(Mapped(name, kind, fields.split(field)[1]) for name, kind, field in cursor)


# Asked by every page of a sync: written out, they need not be composed anew each time.
_MAPPED = (
    "SELECT name, kind, source_field FROM customers_attribute"
    " WHERE object_kind = %s AND source_field <> '' ORDER BY position, name"
)
_ANY = "SELECT EXISTS (SELECT FROM customers_attribute WHERE object_kind = %s)"


def declare_standard() -> None:
    """See that the standard fields shown from the start are attributes.

    Existing ones keep their label and type: those are the operator's once they exist.
    """
    missing = standard()
    if missing:
        Attribute.objects.bulk_create(missing, ignore_conflicts=True)


def standard() -> list[Attribute]:
    """The standard fields shown from the start, not saved; none once there are attributes."""
    with connection.cursor() as cursor:
        cursor.execute(_ANY, [fields.ACCOUNT])
        if cursor.fetchone()[0]:
            return []
    return [
        Attribute(
            name=field.name,
            label=field.label,
            kind=field.kind,
            source_field=f"account.{field.path}",
            position=position,
        )
        for position, field in enumerate(ACCOUNT_FIELDS)
        if field.shown
    ]


def declare(custom_fields: Mapping[str, str | None], object_kind: str = fields.ACCOUNT) -> None:
    """Make an attribute of every custom field ``{name: label}`` that none is read from, unless
    somebody has decided about the mapping: then new fields wait to be mapped. A field whose name is
    taken, or that is another field under a new name, waits too."""
    declare_standard()  # before any other attribute stands there
    new = undeclared(custom_fields, object_kind)
    if new:
        Attribute.objects.bulk_create(new, ignore_conflicts=True)


def undeclared(
    custom_fields: Mapping[str, str | None], object_kind: str = fields.ACCOUNT
) -> list[Attribute]:
    """The attributes that ``declare`` would make of these custom fields, not saved."""
    if not custom_fields:
        return []
    rows = Attribute.objects.filter(object_kind=object_kind).values_list("name", "source_field")
    taken, read = {name.lower() for name, _ in rows}, {field for _, field in rows}
    unknown = {
        name: label
        for name, label in custom_fields.items()
        if fields.custom(object_kind, name) not in read and name_for(name).lower() not in taken
    }
    if not unknown or not workspace().maps_new_fields:
        return []
    renamed = renames(object_kind)
    return [
        Attribute(
            name=name_for(name),
            object_kind=object_kind,
            label=label or label_for(name),
            kind=AttributeKind.TEXT,
            source_field=fields.custom(object_kind, name),
            position=100,
        )
        for name, label in unknown.items()
        if is_free(name_for(name)) and name not in renamed.values()
    ]


def declare_met(names: Iterable[str], object_kind: str = fields.ACCOUNT) -> None:
    """``declare`` for custom fields met on records, with no label of their own."""
    declare(dict.fromkeys(names), object_kind)


def is_free(name: str) -> bool:
    """Whether an attribute may be called this at all: letters, digits and underscores after a letter,
    and no word that already means something."""
    return bool(_NAME.fullmatch(name)) and name.lower() not in RESERVED


def name_for(custom_name: str) -> str:
    """What an attribute read from this custom field is called unless somebody says otherwise."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", custom_name)
    return name if name[:1].isalpha() and name.isascii() else f"field_{name}"[:LONGEST]


def label_for(custom_name: str) -> str:
    """A label for a custom field that has none."""
    return re.sub(r"[_-]+", " ", custom_name).strip().capitalize() or custom_name


def vanished_paths(object_kind: str) -> dict[str, set[str]]:
    """By site, the paths of the custom fields that it had and has no more: what an account was given
    from them stays (F29)."""
    rows = SourceField.objects.filter(object_kind=object_kind, vanished_at__isnull=False)
    found: dict[str, set[str]] = defaultdict(set)
    for site, name in rows.values_list("site__subdomain", "name"):
        found[site].add(f"{fields.CUSTOM}.{name}")
    return found


def renames(object_kind: str) -> dict[str, str]:
    """Custom fields that are gone, and under which name the same definition goes on."""
    rows = SourceField.objects.filter(object_kind=object_kind).exclude(upstream_id="")
    living = {
        (site, upstream_id): name
        for site, upstream_id, name in rows.filter(vanished_at=None).values_list(
            "site_id", "upstream_id", "name"
        )
    }
    gone = rows.filter(vanished_at__isnull=False).order_by("pk")
    return {
        name: living[site, upstream_id]
        for site, upstream_id, name in gone.values_list("site_id", "upstream_id", "name")
        if (site, upstream_id) in living
    }
