"""Definitions as they were saved: the ones in force, a new version, an earlier one brought back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import OuterRef, Subquery

from tenure.core.errors import ConfigurationError
from tenure.customers.write import By, ValueRefused
from tenure.health import definitions
from tenure.health.applies import InForce, made_ready
from tenure.health.models import Definition, DefinitionVersion, HealthScore, State
from tenure.health.score import DEFAULT
from tenure.metrics.inputs import Settings

EVERYONE = "Everyone"
FIRST_REASON = "The definition Tenure starts with."
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('tenure.health.definitions'))"


def newest() -> list[DefinitionVersion]:
    """The version in force of each definition that is used, in order of priority."""
    last = DefinitionVersion.objects.filter(definition=OuterRef("definition")).order_by("-number")
    rows = (
        DefinitionVersion.objects.filter(definition__retired_at=None)
        .filter(pk=Subquery(last.values("pk")[:1]))
        .select_related("definition", "member")
    )
    return list(rows.order_by("definition__priority", "definition_id"))


def in_force(now: datetime, settings: Settings) -> list[InForce]:
    """The definitions in force, ready to score with; the first time the one Tenure starts with."""
    return made_ready(newest() or [_first(now)], settings.min_coverage)


def of_definition(definition_id: int) -> list[DefinitionVersion]:
    """Every version of a definition, the newest first."""
    rows = DefinitionVersion.objects.filter(definition_id=definition_id)
    return list(rows.select_related("definition", "member", "restores").order_by("-number"))


def named(name: str) -> DefinitionVersion:
    """The newest version of the definition of this name. Raises ConfigurationError."""
    for version in newest():
        if version.definition.name == name:
            return version
    raise ConfigurationError(
        f"There is no health definition “{name}”.",
        next_step=f"There are {', '.join(one.definition.name for one in newest()) or 'none yet'}.",
    )


def save(
    definition_id: int,
    document: Any,
    by: By,
    *,
    now: datetime,
    based_on: int | None = None,
    restores: DefinitionVersion | None = None,
) -> DefinitionVersion:
    """A new version of a definition, made from a document; the accounts under it are due at once.

    ``based_on`` is the number the writer had before them: when another has been saved since, nothing
    is overwritten. Raises ValueRefused for that, for a document that cannot be used, and for one
    that changes nothing.
    """
    read = definitions.read(document)
    reason = by.reason.replace("\x00", "").strip()[:2_000]
    if not reason:
        raise ValueRefused(
            "reason", "A reason is missing.", "Say why the definition changes; it stays with it."
        )
    by = By(by.origin, by.member, reason, by.name)
    with transaction.atomic():
        _alone()
        last = of_definition(definition_id)[0]
        if based_on is not None and based_on != last.number:
            raise ValueRefused(
                "definition",
                f"Version {last.number} was saved by {last.made_by or 'somebody'} while this was"
                f" written, which began with version {based_on}.",
                "Look at the newer version and make the change again on top of it.",
            )
        if definitions.read(last.document) == read:
            raise ValueRefused(
                "definition", f"Nothing differs from version {last.number}, so none was saved."
            )
        made = _add(
            last.definition, last.number + 1, definitions.document_of(read), by, now, restores
        )
        _make_due(now)
        return made


def restore(version: DefinitionVersion, by: By, *, now: datetime) -> DefinitionVersion:
    """Save an earlier version's document anew as the newest. Raises ValueRefused as ``save`` does."""
    reason = by.reason.strip() or f"Brings version {version.number} back."
    because = By(by.origin, by.member, reason, by.name)
    return save(version.definition_id, version.document, because, now=now, restores=version)


def waiting(definition_id: int) -> int:
    """How many accounts of the definition still have a score by an older version."""
    newest_number = of_definition(definition_id)[0].number
    return (
        HealthScore.objects.filter(
            version__definition=definition_id, version__number__lt=newest_number
        )
        .exclude(state=State.ENDED)
        .count()
    )


def make_all_due(now: datetime) -> int:
    """Make every account due for scoring; how many."""
    return HealthScore.objects.update(next_change_at=now)


def _make_due(now: datetime) -> None:
    # An account that another definition would take in now may stand under any of them.
    HealthScore.objects.exclude(state=State.ENDED).update(next_change_at=now)


def _first(now: datetime) -> DefinitionVersion:
    with transaction.atomic():
        _alone()
        known: Sequence[DefinitionVersion] = newest()
        if known:
            return known[0]
        made = Definition.objects.create(name=EVERYONE, created_at=now)
        by = By(reason=FIRST_REASON, name="Tenure")
        return _add(made, 1, definitions.document_of(DEFAULT), by, now, None)


def _add(
    definition: Definition,
    number: int,
    document: Mapping[str, Any],
    by: By,
    now: datetime,
    restores: DefinitionVersion | None,
) -> DefinitionVersion:
    return DefinitionVersion.objects.create(
        definition=definition,
        number=number,
        document=document,
        reason=by.reason,
        member=by.member,
        made_by=by.signature,
        made_at=now,
        restores=restores,
    )


def _alone() -> None:
    """Only one changes definitions at a time."""
    with connection.cursor() as db:
        db.execute(_LOCK)
