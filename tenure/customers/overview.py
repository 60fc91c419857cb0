"""The mapping as it stands: every attribute with the field it is read from and how full it is, the custom
fields that wait to be mapped, and every field there is to choose from."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tenure.customers import attributes, fields, filling, fits
from tenure.customers.filling import Filled
from tenure.customers.models import Attribute, SourceField


@dataclass(frozen=True, slots=True)
class Listed:
    """An attribute as it stands. ``status`` is ``mapped``, ``by_hand``, or ``vanished`` when no site
    defines its field any more; ``renamed_to`` is the field's new name then, if it has one."""

    attribute: Attribute
    fill: Filled
    status: str
    vanished_at: datetime | None = None
    renamed_to: str = ""

    @property
    def note(self) -> str:
        """What a person should do about it; empty when nothing."""
        if self.status != "vanished":
            return ""
        became = f"is called {self.renamed_to} now" if self.renamed_to else "is gone at the source"
        return f"Its field {became}. Values are kept; choose another field, or remove the mapping."


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A custom field that no attribute is read from, with what one would be called and be."""

    field: str
    object_kind: str
    label: str
    fill: Filled
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A field an attribute can be read from: how full it is, and the attributes that read it."""

    field: str
    object_kind: str
    label: str
    kind: str
    fill: Filled
    is_custom: bool = False
    read_by: tuple[str, ...] = ()


def listing() -> list[Listed]:
    """Every attribute with its field, how many have a value, samples, and whether its field is gone."""
    found = list(Attribute.objects.all()) or attributes.standard()
    counted = {kind: filling.of_attributes(kind, found) for kind in fields.KINDS}
    gone = _gone()
    renamed = {kind: attributes.renames(kind) for kind in fields.KINDS}
    return [
        _listed(one, counted[one.object_kind][one.name], gone, renamed[one.object_kind])
        for one in found
    ]


def _listed(
    one: Attribute, fill: Filled, gone: Mapping[str, datetime], renamed: Mapping[str, str]
) -> Listed:
    if not one.source_field:
        return Listed(one, fill, "by_hand")
    if one.source_field not in gone:
        return Listed(one, fill, "mapped")
    name = fields.custom_name(fields.split(one.source_field)[1]) or ""
    return Listed(one, fill, "vanished", gone[one.source_field], renamed.get(name, ""))


def _gone() -> dict[str, datetime]:
    """The custom fields that no site defines any more, and since when."""
    seen: dict[str, datetime | None] = {}
    rows = SourceField.objects.order_by("vanished_at")
    for kind, name, vanished_at in rows.values_list("object_kind", "name", "vanished_at"):
        named = fields.custom(kind, name)
        seen[named] = vanished_at if seen.get(named, vanished_at) is not None else None
    return {named: since for named, since in seen.items() if since is not None}


def unmapped() -> list[Unmapped]:
    """The custom fields that sites define or records carry and no attribute reads, fullest first."""
    read = set(Attribute.objects.values_list("source_field", flat=True))
    labels = {
        fields.custom(kind, name): label
        for kind, name, label in SourceField.objects.filter(vanished_at=None).values_list(
            "object_kind", "name", "label"
        )
    }
    found = []
    for kind in fields.KINDS:
        carried = filling.of_custom_fields(kind)
        defined = {f for f in labels if fields.split(f)[0] == kind}
        for named in ({fields.custom(kind, name) for name in carried} | defined) - read:
            name = fields.custom_name(fields.split(named)[1]) or ""
            fill = carried.get(name) or Filled(0, filling.total(kind))
            found.append(_unmapped(named, kind, name, labels.get(named, ""), fill))
    return sorted(found, key=lambda one: (one.object_kind, -one.fill.share, one.field))


def _unmapped(named: str, kind: str, name: str, label: str, fill: Filled) -> Unmapped:
    return Unmapped(
        field=named,
        object_kind=kind,
        label=label or attributes.label_for(name),
        fill=fill,
        name=free_name(name, kind),
        kind=fits.suggest(named, fill.values),
    )


def choices(object_kind: str) -> list[Choice]:
    """Every field of this kind of object that an attribute can be read from, custom ones first."""
    readers: dict[str, list[str]] = defaultdict(list)
    mine = Attribute.objects.filter(object_kind=object_kind).exclude(source_field="")
    for name, read_from in mine.values_list("name", "source_field"):
        readers[read_from].append(name)
    standard = filling.of_standard(object_kind)
    return [
        *_custom_choices(object_kind, readers),
        *(
            Choice(named, object_kind, one.label, one.kind, standard[one.path], False, by)
            for one in fields.STANDARD[object_kind]
            for named in [f"{object_kind}.{one.path}"]
            for by in [tuple(readers.get(named, ()))]
        ),
    ]


def _custom_choices(object_kind: str, readers: Mapping[str, Sequence[str]]) -> list[Choice]:
    """The custom fields that sites define or records carry, and those still read, fullest first."""
    carried = filling.of_custom_fields(object_kind)
    rows = SourceField.objects.filter(object_kind=object_kind)
    labels = dict(rows.filter(vanished_at=None).values_list("name", "label"))
    gone = set(rows.exclude(vanished_at=None).values_list("name", flat=True)) - labels.keys()
    read = {fields.custom_name(fields.split(one)[1]) for one in readers} - {None}
    names = {str(name) for name in ({*carried, *labels, *read} - gone)}
    none = Filled(0, filling.total(object_kind))
    found = [
        Choice(
            field=fields.custom(object_kind, name),
            object_kind=object_kind,
            label=labels.get(name) or attributes.label_for(name),
            kind=fits.suggest(name, carried.get(name, none).values),
            fill=carried.get(name, none),
            is_custom=True,
            read_by=tuple(readers.get(fields.custom(object_kind, name), ())),
        )
        for name in names
    ]
    return sorted(found, key=lambda one: (-one.fill.share, one.field))


def free_name(custom_name: str, object_kind: str) -> str:
    """A name for an attribute read from this custom field that no attribute has yet."""
    wanted = attributes.name_for(custom_name)
    taken = {
        name.lower()
        for name in Attribute.objects.filter(object_kind=object_kind).values_list("name", flat=True)
    }
    tries = [wanted, *(f"{wanted[: attributes.LONGEST - 4]}_{n}" for n in range(2, 999))]
    return next(one for one in tries if attributes.is_free(one) and one.lower() not in taken)
