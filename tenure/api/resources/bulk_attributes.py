"""Many attributes in one request: the mapping of a whole deployment, row by row."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from pydantic import ValidationError

from tenure.api.bearer import caller
from tenure.api.resource import ADMIN
from tenure.api.resources.attributes import NewDefinition, resource
from tenure.api.rows import Results, Rows, answer, described, refusal_of
from tenure.customers import mapping
from tenure.customers.mapping import Changed
from tenure.customers.models import Attribute
from tenure.customers.upsert import Outcome
from tenure.customers.write import By, ValueRefused
from tenure.sync import replays


@resource.post("/bulk", Results, scope=ADMIN, extra=described(NewDefinition))
def bulk(request: HttpRequest, rows: Rows) -> HttpResponse:
    """Make or change up to 5,000 attributes.

    Each row makes its attribute or changes what it names of it, and has a result of its own; a row
    that is refused spoils no other. “identifier” in a result is OBJECT.NAME. What is stored follows by
    one replay, without a request to the source.
    """
    by, now = caller(request), settings.TENURE_CLOCK.now()
    outcomes, changes = [], []
    for raw in rows:
        outcome, changed = _one(raw, by, now)
        outcomes.append(outcome)
        if changed and changed.change_set:
            changes.append(changed)
    if any(_follows(one) for one in changes):
        replays.after(_together(changes), by)
    newest = changes[-1].change_set if changes else None
    return answer(outcomes, newest.pk if newest else None)


def _one(raw: Any, by: By, now: Any) -> tuple[Outcome, Changed | None]:
    named = _name_of(raw)
    try:
        sent = NewDefinition.model_validate(raw)
        with transaction.atomic():
            return _set(sent, by, now)
    except ValidationError as error:
        return Outcome("refused", named, refusal_of(error)), None
    except ValueRefused as refusal:
        return Outcome("refused", named, refusal), None


def _set(sent: NewDefinition, by: By, now: Any) -> tuple[Outcome, Changed]:
    standing = Attribute.objects.filter(name=sent.name.strip(), object_kind=sent.object).first()
    kept = standing.source_field if standing else ""
    changed = mapping.set_attribute(
        sent.name,
        sent.field if sent.field is not None else kept,
        kind=sent.type,
        label=sent.label,
        unit=sent.unit,
        object_kind=sent.object,
        by=by,
        now=now,
    )
    result = "unchanged" if not changed.change_set else "updated" if standing else "created"
    return Outcome(result, f"{sent.object}.{changed.attribute.name}", None), changed


def _name_of(raw: Any) -> str | None:
    name = raw.get("name") if isinstance(raw, Mapping) else None
    return str(name)[:80] if isinstance(name, str) else None


def _follows(changed: Changed) -> bool:
    return bool(changed.filling or changed.retyped or changed.attribute.source_field)


def _together(changes: list[Changed]) -> Changed:
    """All of it as the one change that the replay follows."""
    return Changed(
        tuple(one for changed in changes for one in changed.attributes),
        changes[-1].change_set,
        tuple(dict.fromkeys(name for changed in changes for name in changed.filling)),
        {name: kind for changed in changes for name, kind in changed.retyped.items()},
    )
