"""``tenure mapping``: which field of the source each attribute is read from, and as what type."""

from collections.abc import Sequence
from typing import Any

import click
from django.db import transaction

from tenure.cli import asking, replaying
from tenure.cli.command import NEEDS_ATTENTION, Group, now
from tenure.cli.screen import Column, Screen, table
from tenure.connections.read import workspace
from tenure.core.errors import ConfigurationError
from tenure.customers import fields, fits, mapping, overview, shapes
from tenure.customers.filling import Filled
from tenure.customers.mapping import Changed
from tenure.customers.models import AttributeKind, Origin
from tenure.customers.write import By
from tenure.sync import replays
from tenure.sync.models import Replay

KINDS = click.Choice(AttributeKind.values)
OBJECTS = click.Choice(fields.KINDS)


@click.group("mapping", cls=Group)
def mapping_() -> None:
    """Which field of the source each attribute is read from."""


@mapping_.command("list")
@click.pass_context
def list_(ctx: click.Context) -> None:
    """List attributes with their fields, and the custom fields that wait to be mapped."""
    screen: Screen = ctx.obj
    listed, waiting = overview.listing(), overview.unmapped()
    document = {
        "attributes": [_as_json(one) for one in listed],
        "unmapped": [_waiting_as_json(one) for one in waiting],
        "maps_new_fields": workspace().maps_new_fields,
    }
    screen.answer(document, _page(listed))
    _say_what_waits(screen, waiting)
    for one in listed:
        if one.note:
            screen.note(f"{one.attribute.label}: {one.note}")
    if any(one.status == "vanished" for one in listed):
        ctx.exit(NEEDS_ATTENTION)


@mapping_.command("fields")
@click.option("--object", "object_kind", type=OBJECTS, help="Only fields of this kind of object.")
@click.option("--filled", is_flag=True, help="Only fields that some record has a value in.")
@click.pass_obj
def fields_(screen: Screen, object_kind: str | None, filled: bool) -> None:
    """List every field an attribute can be read from, and how full each is."""
    kinds = (object_kind,) if object_kind else fields.KINDS
    found = [one for kind in kinds for one in overview.choices(kind)]
    shown = [one for one in found if one.fill.count or not filled]
    columns: list[Column | str] = ["Field", "Label", "Type", Column("Filled", number=True)]
    columns += ["For example", "Read by"]
    rows = [
        (
            one.field,
            one.label,
            one.kind,
            _filled(one.fill),
            ", ".join(text[:40] for text in one.fill.samples),
            ", ".join(one.read_by),
        )
        for one in shown
    ]
    page = table(columns, rows, empty="No record has been read yet.")
    screen.answer({"fields": [_choice_as_json(one) for one in shown]}, page)


@mapping_.command("set")
@click.argument("attribute")
@click.argument("field", metavar="OBJECT.FIELD")
@click.option("--type", "kind", type=KINDS, help="The type of its values; guessed when left out.")
@click.option("--label", help="What pages call it.")
@click.option("--unit", help="What its values are in: a currency for money, else any short word.")
@click.option("--anyway", is_flag=True, help="Also when some values cannot be read as this type.")
@click.option("--preview", is_flag=True, help="Only say how the field fits; save nothing.")
@click.pass_context
def set_(
    ctx: click.Context,
    attribute: str,
    field: str,
    kind: str | None,
    label: str | None,
    unit: str | None,
    anyway: bool,
    preview: bool,
) -> None:
    """Read ATTRIBUTE from OBJECT.FIELD, such as account.custom_fields.tier, from now on.

    Everything that is stored is composed again at once, without a request to the source.
    """
    screen: Screen = ctx.obj
    fit = _fit(attribute, field, kind)
    if preview:
        screen.answer(_fit_as_json(fit), fit.sentence)
        return
    if fit.unreadable and not anyway:
        _ask(screen, fit)
    elif fit.total:
        screen.note(fit.sentence)
    with transaction.atomic():
        changed = mapping.set_attribute(
            attribute, field, kind=fit.kind, label=label, unit=unit, by=_by(), now=now()
        )
        replay = replays.after(changed, _by()) if changed.change_set else None
    _answer(screen, changed, replay)


@mapping_.command("remove")
@click.argument("attribute")
@click.option("--object", "object_kind", type=OBJECTS, default="account", show_default=True)
@click.pass_obj
def remove(screen: Screen, attribute: str, object_kind: str) -> None:
    """Read ATTRIBUTE from nothing any more. Its values stay, to be changed by hand."""
    changed = mapping.remove(attribute, object_kind, _by(), now())
    document = {"attribute": shapes.attribute(changed.attribute), "replay": None}
    screen.answer(
        document, f"{changed.attribute.label} is no longer read from a field; its values stay."
    )


@mapping_.command("auto")
@click.argument("switch", type=click.Choice(["on", "off"]))
@click.pass_obj
def auto(screen: Screen, switch: str) -> None:
    """Whether custom fields that appear become attributes by themselves."""
    with transaction.atomic():
        changed = mapping.map_new_fields(on=switch == "on", by=_by(), now=now())
        replay = replays.after(changed, _by()) if changed.attributes else None
    done = replaying.carry_out(screen, replay) if replay else None
    document = {
        "maps_new_fields": switch == "on",
        "attributes": [shapes.attribute(one) for one in changed.attributes],
        "replay": replaying.as_json(done) if done else None,
    }
    mapped = ", ".join(one.label for one in changed.attributes)
    word = "become attributes by themselves" if switch == "on" else "wait to be mapped"
    screen.answer(
        document, f"New custom fields {word}.{f' Mapped now: {mapped}.' if mapped else ''}"
    )


def _fit(attribute: str, field: str, kind: str | None) -> fits.Fit:
    """How the field suits the type that was asked for, that it has, or that it seems to have."""
    named = fields.canonical(field)
    if not fields.is_known(named):
        return fits.Fit(named, kind or AttributeKind.TEXT)  # refused with a sentence when set
    known = next((o for o in overview.listing() if _is(o, attribute, named)), None)
    return fits.fit(named, kind or (known.attribute.kind if known else fits.suggestion(named)))


def _is(one: overview.Listed, name: str, field: str) -> bool:
    return one.attribute.name == name and one.attribute.object_kind == fields.split(field)[0]


def _ask(screen: Screen, fit: fits.Fit) -> None:
    if not screen.may_ask:
        raise ConfigurationError(
            f"Nothing was changed. {fit.sentence}",
            next_step="Choose another --type, or say --anyway.",
        )
    screen.note(fit.sentence)
    asking.confirm(screen, f"Map it as {fit.kind} all the same?")


def _answer(screen: Screen, changed: Changed, replay: Replay | None) -> None:
    kept = changed.attribute
    done = replaying.carry_out(screen, replay) if replay else None
    document = {
        "attribute": shapes.attribute(kept),
        "replay": replaying.as_json(done) if done else None,
    }
    said = f"{kept.label} ({kept.kind}) is read from {kept.source_field}."
    screen.answer(document, f"{said} {replaying.sentence(done) if done else 'Nothing changed.'}")


def _by() -> By:
    return By(Origin.MANUAL, name="command line")


def _page(listed: Sequence[overview.Listed]) -> Any:
    columns: list[Column | str] = ["Attribute", "Label", "Type", "Unit", "Read from"]
    columns += [Column("Filled", number=True), "For example", ""]
    rows = [
        (
            one.attribute.name,
            one.attribute.label,
            one.attribute.kind,
            one.attribute.unit,
            one.attribute.source_field or "by hand",
            _filled(one.fill),
            ", ".join(one.fill.samples),
            "vanished" if one.status == "vanished" else "",
        )
        for one in listed
    ]
    return table(columns, rows, empty="No attributes yet.")


def _say_what_waits(screen: Screen, waiting: Sequence[overview.Unmapped]) -> None:
    for one in waiting:
        screen.note(
            f"Not mapped: {one.field}, filled on {_filled(one.fill)}."
            f" Map it with tenure mapping set {one.name} {one.field} --type {one.kind}"
        )


def _filled(fill: Filled) -> str:
    about = "about " if fill.about else ""
    return f"{about}{fill.count:,} of {fill.total:,}"


def _as_json(one: overview.Listed) -> dict[str, Any]:
    vanished_at = one.vanished_at.isoformat() if one.vanished_at else None
    return {
        **shapes.attribute(one.attribute),
        **_fill_as_json(one.fill),
        "status": one.status,
        "vanished_at": vanished_at,
        "renamed_to": one.renamed_to or None,
    }


def _waiting_as_json(one: overview.Unmapped) -> dict[str, Any]:
    return {
        "field": one.field,
        "object": one.object_kind,
        "label": one.label,
        "suggested_name": one.name,
        "suggested_type": one.kind,
        **_fill_as_json(one.fill),
    }


def _choice_as_json(one: overview.Choice) -> dict[str, Any]:
    return {
        "field": one.field,
        "object": one.object_kind,
        "label": one.label,
        "type": one.kind,
        "custom": one.is_custom,
        "attributes": list(one.read_by),
        **_fill_as_json(one.fill),
    }


def _fill_as_json(fill: Filled) -> dict[str, Any]:
    return {
        "filled": fill.count,
        "of": fill.total,
        "estimated": fill.about,
        "samples": list(fill.samples),
    }


def _fit_as_json(fit: fits.Fit) -> dict[str, Any]:
    return {
        "field": fit.field,
        "type": fit.kind,
        "of": fit.total,
        "filled": fit.filled,
        "unreadable": fit.unreadable,
        "samples": fit.samples,
        "problems": [
            {"value": p.value, "count": p.count, "reason": p.reason} for p in fit.problems
        ],
    }
