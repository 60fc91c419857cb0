"""The mapping: which field of the source each attribute is read from, as what type, and who said so.

Every change is a change set with its old and new values, which is the mapping's version history.
It changes no customer: what is stored is composed again by a replay (``sync.replay``). Removing a
mapping leaves the values where they are; from then on they are changed by hand only.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from tenure.connections import read as connections
from tenure.connections import write as connecting
from tenure.core.errors import ConfigurationError
from tenure.customers import attributes, fields, filling, fits
from tenure.customers.history import open_set
from tenure.customers.models import Attribute, AttributeKind, Change, ChangeSet, SourceField
from tenure.customers.overview import Unmapped, unmapped
from tenure.customers.write import By, ValueRefused

KEPT = ("label", "kind", "unit", "source_field")
LONGEST_LABEL, LONGEST_UNIT, LONGEST_FIELD = 120, 20, 120


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of a change of the mapping. ``change_set`` is None when nothing differed.

    ``filling`` are attributes that follow a field or type they did not follow before, ``retyped`` those of
    another type than they had (``OBJECT.NAME``), with the type they had: a replay needs both.
    """

    attributes: tuple[Attribute, ...]
    change_set: ChangeSet | None = None
    filling: tuple[str, ...] = ()
    retyped: Mapping[str, str] = field(default_factory=dict)

    @property
    def attribute(self) -> Attribute:
        """The one attribute that was changed."""
        return self.attributes[0]


def history(limit: int = 50) -> list[Change]:
    """The newest changes of the mapping, with who and when."""
    rows = Change.objects.filter(object_kind="attribute").select_related("change_set__member")
    return list(rows.order_by("-at", "-pk")[:limit])


def set_attribute(
    name: str,
    source_field: str,
    *,
    kind: str | None = None,
    label: str | None = None,
    unit: str | None = None,
    object_kind: str | None = None,
    by: By,
    now: datetime,
) -> Changed:
    """Read this attribute from this field from now on, as this type; it is made when it is not there.

    What is left out stays as it is, or is guessed from the field. "" as the field makes an attribute
    that is only set by hand. Raises ValueRefused, with nothing changed, for a name, field, type or
    unit that cannot be. Values of accounts follow with a replay.
    """
    named = fields.canonical(source_field)
    of = _checked_field(named, object_kind)
    with transaction.atomic():
        attributes.alone()
        attributes.declare_standard()
        kept = _existing(name, of) or Attribute(
            name=_checked_name(name), object_kind=of, position=200
        )
        before = _state(kept)
        kept.source_field = named
        kept.kind = _checked_kind(kind or kept.kind or _guess(named))
        kept.label = _checked_text("label", label or kept.label or _label(kept), LONGEST_LABEL)
        kept.unit = _checked_unit(kept, unit)
        change_set = _save(kept, before, by, now)
        connecting.map_new_fields(on=False)
    return _changed(kept, before, change_set)


def map_each(wanted: Iterable[Unmapped], *, by: By, now: datetime) -> Changed:
    """Map these custom fields as suggested, as one change."""
    with transaction.atomic():
        done = [
            set_attribute(one.name, one.field, kind=one.kind, label=one.label, by=by, now=now)
            for one in wanted
        ]
    return Changed(
        attributes=tuple(one.attribute for one in done),
        change_set=done[0].change_set if done else None,
        filling=tuple(name for one in done for name in one.filling),
    )


def remove(name: str, object_kind: str, by: By, now: datetime) -> Changed:
    """Read the attribute from nothing any more. Its values stay, to be changed by hand from now on; an
    attribute that nobody has a value of is gone. Raises ValueRefused when it is not mapped."""
    with transaction.atomic():
        attributes.alone()
        attributes.declare_standard()
        kept = Attribute.objects.filter(name=name, object_kind=object_kind).first()
        if kept is None or (not kept.source_field and filling.is_used(kept)):
            raise ValueRefused(
                "name",
                f"No {object_kind} attribute {name!r} is mapped.",
                "See tenure mapping list for those that are.",
            )
        before = _state(kept)
        kept.source_field = ""
        change_set = _save(kept, before, by, now)
        if not filling.is_used(kept):
            Attribute.objects.filter(pk=kept.pk).delete()
        connecting.map_new_fields(on=False)
    return Changed((kept,), change_set)


def map_new_fields(*, on: bool, by: By, now: datetime) -> Changed:
    """Whether every custom field that appears becomes an attribute by itself. Turning it on also maps
    those that wait."""
    with transaction.atomic():
        attributes.alone()
        was = connections.workspace().maps_new_fields
        done = map_each(unmapped(), by=by, now=now) if on else Changed(())
        connecting.map_new_fields(on=on)
        if was != on:
            change_set = done.change_set or open_set(
                by.origin, now=now, member=by.member, reason=by.reason
            )
            Change.objects.create(
                change_set=change_set,
                object_kind="attribute",
                object_id=0,
                changes={"maps_new_fields": [was, on]},
                at=now,
            )
    return done


def _existing(name: str, object_kind: str) -> Attribute | None:
    found = Attribute.objects.filter(name__iexact=name.strip(), object_kind=object_kind).first()
    if found and found.name != name.strip():
        raise ValueRefused(
            "name",
            f"There is an attribute {found.name!r} already; names differ by more than their case.",
            f"Use {found.name}, or choose another name.",
        )
    return found


def _checked_name(name: str) -> str:
    named = name.strip()
    if named.lower() in attributes.RESERVED:
        raise ValueRefused(
            "name", f"{named!r} means something else here.", "Choose another name for it."
        )
    if not attributes.is_free(named):
        raise ValueRefused(
            "name",
            f"{named[:40]!r} cannot be a name: letters, digits and underscores, after a letter.",
            f"For example {attributes.name_for(named)[:40] or 'tier'}.",
        )
    return named


def _checked_field(named: str, object_kind: str | None) -> str:
    """The kind of object the field belongs to."""
    if not named:
        if object_kind not in (None, *fields.KINDS):
            raise ValueRefused("object", f"{object_kind!r} is neither account nor subscription.")
        return object_kind or fields.ACCOUNT
    kind = fields.split(named)[0]
    if not fields.is_known(named) or len(named) > LONGEST_FIELD:
        raise ValueRefused(
            "field",
            f"There is no field {named[:80]!r} to read an attribute from.",
            "A field is account.NAME or subscription.NAME, as account.email, or a custom one:"
            " account.custom_fields.NAME.",
        )
    if object_kind not in (None, kind):
        raise ValueRefused("field", f"{named} is not a field of an {object_kind}.")
    return kind


def _checked_kind(kind: str) -> str:
    if kind not in AttributeKind.values:
        raise ValueRefused(
            "type", f"{kind!r} is not a type.", f"Choose one of {', '.join(AttributeKind.values)}."
        )
    return kind


def _checked_text(name: str, text: str, longest: int) -> str:
    said = " ".join(text.split())
    if not said or len(said) > longest or not said.isprintable():
        raise ValueRefused(name, f"A {name} has 1 to {longest} printable characters.")
    return said


def _checked_unit(kept: Attribute, unit: str | None) -> str:
    """The unit: a currency for money; that of the first site when none is named. An amount of a
    subscription is in the subscription's own currency."""
    said = kept.unit if unit is None else unit.strip()
    if kept.kind == AttributeKind.MONEY:
        said = said.upper() or _currency(kept.source_field)
        if said and not (len(said) == 3 and said.isalpha() and said.isascii()):
            raise ValueRefused(
                "unit", f"{said[:20]!r} is no currency.", "Name one by its code, such as USD."
            )
    return _checked_text("unit", said, LONGEST_UNIT) if said else ""


def _currency(source_field: str) -> str:
    if fields.standard(source_field) is not None:
        return ""
    return next((s.default_currency for s in connections.sites() if s.default_currency), "")


def _guess(named: str) -> str:
    return fits.suggestion(named) if named else AttributeKind.TEXT


def _label(kept: Attribute) -> str:
    known = fields.standard(kept.source_field)
    if known is not None:
        return known.label
    kind, path = fields.split(kept.source_field)
    rows = SourceField.objects.filter(object_kind=kind, name=fields.custom_name(path) or "")
    found = rows.exclude(label="").order_by("site__priority").values_list("label", flat=True)
    return found.first() or attributes.label_for(kept.name)


def _state(kept: Attribute) -> dict[str, Any]:
    if kept._state.adding:
        return dict.fromkeys(KEPT)
    return {name: getattr(kept, name) for name in KEPT}


def _save(kept: Attribute, before: Mapping[str, Any], by: By, now: datetime) -> ChangeSet | None:
    differing = {n: [before[n], getattr(kept, n)] for n in KEPT if before[n] != getattr(kept, n)}
    if not differing:
        return None
    kept.save()
    reason = by.reason or f"{kept.label}: mapping changed"
    change_set = open_set(by.origin, now=now, member=by.member, reason=reason)
    Change.objects.create(
        change_set=change_set,
        object_kind="attribute",
        object_id=kept.pk,
        changes={"name": [kept.name, kept.name], "object": [kept.object_kind] * 2, **differing},
        at=now,
    )
    return change_set


def _changed(kept: Attribute, before: Mapping[str, Any], change_set: ChangeSet | None) -> Changed:
    follows_anew = kept.source_field and before["source_field"] != kept.source_field
    retyped = before["kind"] not in (None, kept.kind)
    return Changed(
        attributes=(kept,),
        change_set=change_set,
        # What could not be read before may be read now.
        filling=(kept.name,) if follows_anew or (retyped and kept.source_field) else (),
        retyped={f"{kept.object_kind}.{kept.name}": before["kind"]} if retyped else {},
    )


def named(names: Collection[str], object_kind: str) -> list[Attribute]:
    """The attributes of these names. Raises ConfigurationError for one that is not there."""
    found = list(Attribute.objects.filter(object_kind=object_kind, name__in=names))
    missing = set(names) - {one.name for one in found}
    if missing:
        raise ConfigurationError(f"There is no attribute {min(missing)!r}.")
    return found
