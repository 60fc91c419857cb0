"""The order of definitions, and which of them are used: moved, switched off and on, deleted, brought
back. Every step is recorded and can be taken back; nothing is destroyed, because past scores stand on
past versions."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from django.db import transaction

from tenure.customers.write import By, ValueRefused
from tenure.health import placing, versions
from tenure.health.models import Definition, DefinitionEvent, DefinitionVersion, Step

SHOWN = 20


def move(definition_id: int, place: int, by: By, *, now: datetime) -> DefinitionEvent | None:
    """Put a definition at a place of the order, 0 the first; beyond the last it is the last before
    the fallback. None when it stands there already. Raises ValueRefused for the fallback."""
    with transaction.atomic():
        held, before = _held(definition_id), _order()
        refuse_fallback(held, "moved")
        after = [one for one in before if one != definition_id]
        after.insert(max(0, min(place, len(after))), definition_id)
        if after == before:
            return None
        _put(after)
        return _record(held, Step.MOVED, before, by, now)


def arrange(names: Sequence[str], by: By, *, now: datetime) -> list[DefinitionEvent]:
    """Put all definitions in this order, the fallback left out or last. Raises ValueRefused when one
    is missing, unknown or named twice."""
    with transaction.atomic():
        versions.alone()
        rows = versions.listed()
        keys = {one.definition.name.lower(): one.definition for one in rows}
        folded = [name.strip().lower() for name in names]
        wanted = [keys[name] for name in folded if name in keys]
        if wanted and wanted[-1].is_fallback:
            folded, wanted = folded[:-1], wanted[:-1]
        expected = {name for name, one in keys.items() if not one.is_fallback}
        if len(folded) != len(set(folded)) or set(folded) != expected:
            named = ", ".join(one.definition.name for one in rows if not one.definition.is_fallback)
            raise ValueRefused(
                "order",
                "The order names every definition once, the one for everyone left out or last.",
                f"There are {named}." if named else "There is no other definition yet.",
            )
        found = [move(one.pk, place, by, now=now) for place, one in enumerate(wanted)]
    return [one for one in found if one]


def switch(definition_id: int, by: By, *, on: bool, now: datetime) -> DefinitionEvent | None:
    """Use a definition, or do not; None when that is so already. Raises ValueRefused for the fallback."""
    with transaction.atomic():
        held = _held(definition_id)
        if held.is_on == on:
            return None
        refuse_fallback(held, "switched off")
        Definition.objects.filter(pk=held.pk).update(is_on=on)
        return _record(held, Step.ON if on else Step.OFF, _order(), by, now)


def delete(definition_id: int, by: By, *, now: datetime) -> DefinitionEvent | None:
    """Take a definition away; its versions stay behind the scores made by them, and it can be brought
    back. None when it is gone already. Raises ValueRefused for the fallback."""
    with transaction.atomic():
        held = _held(definition_id)
        if held.retired_at:
            return None
        refuse_fallback(held, "deleted")
        before = _order()
        Definition.objects.filter(pk=held.pk).update(retired_at=now)
        return _record(held, Step.DELETED, before, by, now)


def bring_back(definition_id: int, by: By, *, now: datetime) -> DefinitionEvent | None:
    """Use a deleted definition again, at the place it had; None when it is there."""
    with transaction.atomic():
        held = _held(definition_id)
        if held.retired_at is None:
            return None
        Definition.objects.filter(pk=held.pk).update(retired_at=None)
        return _record(held, Step.BACK, _order(), by, now)


def events(limit: int = SHOWN) -> list[DefinitionEvent]:
    """What was done, the newest first."""
    rows = DefinitionEvent.objects.select_related("definition", "member")
    return list(rows.order_by("-pk")[:limit])


def undo(event_id: int, by: By, *, now: datetime) -> DefinitionEvent:
    """Take the newest step back. Raises ValueRefused for an older one, and for one taken back."""
    with transaction.atomic():
        versions.alone()
        last = DefinitionEvent.objects.filter(undone_at=None).order_by("-pk").first()
        if last is None or last.pk != event_id:
            raise ValueRefused(
                "event",
                "Something else was done to the definitions since, or this was taken back already.",
                "Look at the list as it is now.",
            )
        _BACK[Step(last.step)](last, by, now)
        DefinitionEvent.objects.filter(pk__gte=event_id, undone_at=None).update(undone_at=now)
        last.undone_at = now
        placing.ask()
    return last


def _put_back(event: DefinitionEvent, _by: By, _now: datetime) -> None:
    present = _order()
    kept = [one for one in event.order if one in present]
    _put([*kept, *(one for one in present if one not in kept)])


_BACK: Mapping[Step, Callable[[DefinitionEvent, By, datetime], object]] = {
    Step.MADE: lambda event, by, now: delete(event.definition_id, by, now=now),
    Step.MOVED: _put_back,
    Step.OFF: lambda event, by, now: switch(event.definition_id, by, on=True, now=now),
    Step.ON: lambda event, by, now: switch(event.definition_id, by, on=False, now=now),
    Step.DELETED: lambda event, by, now: bring_back(event.definition_id, by, now=now),
    Step.BACK: lambda event, by, now: delete(event.definition_id, by, now=now),
}


def next_of(version: DefinitionVersion) -> list[DefinitionVersion]:
    """The definitions that may take over a definition's accounts, in their order."""
    rows = versions.newest()
    places = [one.definition_id for one in rows]
    if version.definition_id not in places:
        return rows
    return rows[places.index(version.definition_id) + 1 :]


def _held(definition_id: int) -> Definition:
    versions.alone()
    return Definition.objects.get(pk=definition_id)


def _order() -> list[int]:
    rows = Definition.objects.filter(is_fallback=False, retired_at=None)
    return list(rows.order_by("priority", "pk").values_list("pk", flat=True))


def _put(order: Sequence[int]) -> None:
    for place, pk in enumerate(order, start=1):
        Definition.objects.filter(pk=pk).update(priority=place * 10)


def refuse_fallback(definition: Definition, what: str) -> None:
    """Raises ValueRefused for the definition that is for everyone."""
    if definition.is_fallback:
        raise ValueRefused(
            "definition",
            f"“{definition.name}” is for every account that no other definition is for, so it comes"
            f" last and cannot be {what}.",
            "Change what it is made of instead.",
        )


def _record(
    definition: Definition, step: Step, before: Sequence[int], by: By, now: datetime
) -> DefinitionEvent:
    placing.ask()
    return DefinitionEvent.objects.create(
        definition=definition,
        step=step,
        order=list(before),
        member=by.member,
        made_by=by.signature,
        reason=by.reason.replace("\x00", "").strip()[:2_000],
        at=now,
    )
