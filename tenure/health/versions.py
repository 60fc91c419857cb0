"""Definitions as they were saved: those there are, a new one, a new version, what one changes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import OuterRef, QuerySet, Subquery

from tenure.core.errors import ConfigurationError
from tenure.customers.write import By, ValueRefused
from tenure.health import definitions, placing
from tenure.health.applies import Conditions, InForce, made_ready
from tenure.health.membership import EVERYONE as FOR_EVERYONE
from tenure.health.membership import Who
from tenure.health.models import Definition, DefinitionEvent, DefinitionVersion, Step
from tenure.health.score import DEFAULT
from tenure.metrics.inputs import Settings
from tenure.rules.errors import RuleRefused
from tenure.rules.parse import parse
from tenure.rules.text import text_of

EVERYONE = "Everyone"
FIRST_REASON = "The definition Tenure starts with."
LONGEST_NAME = 120
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('tenure.health.definitions'))"


def newest() -> list[DefinitionVersion]:
    """The version in force of each definition that is used, in order of priority."""
    return list(_newest().filter(definition__is_on=True))


def listed() -> list[DefinitionVersion]:
    """The newest version of each definition, in order of priority, those switched off too."""
    return list(_newest())


def deleted() -> list[DefinitionVersion]:
    """The newest version of each deleted definition, the one deleted last first."""
    return list(_last().exclude(definition__retired_at=None).order_by("-definition__retired_at"))


def _last() -> QuerySet[DefinitionVersion]:
    last = DefinitionVersion.objects.filter(definition=OuterRef("definition")).order_by("-number")
    rows = DefinitionVersion.objects.filter(pk=Subquery(last.values("pk")[:1]))
    return rows.select_related("definition", "member")


def _newest() -> QuerySet[DefinitionVersion]:
    rows = _last().filter(definition__retired_at=None)
    return rows.order_by("definition__is_fallback", "definition__priority", "definition_id")


def in_force(now: datetime, settings: Settings) -> list[InForce]:
    """The definitions in force, ready to score with; the first time the one Tenure starts with."""
    return made_ready(newest() or [_first(now)], settings.min_coverage, now)


def ready(now: datetime) -> list[DefinitionVersion]:
    """The newest version of every definition; the first time the one Tenure starts with is made."""
    return listed() or [_first(now)]


def of_definition(definition_id: int) -> list[DefinitionVersion]:
    """Every version of a definition, the newest first."""
    rows = DefinitionVersion.objects.filter(definition_id=definition_id)
    return list(rows.select_related("definition", "member", "restores").order_by("-number"))


def named(name: str) -> DefinitionVersion:
    """The newest version of the definition of this name. Raises ConfigurationError."""
    rows = listed()
    for version in rows:
        if version.definition.name.lower() == name.strip().lower():
            return version
    raise ConfigurationError(
        f"There is no health definition “{name}”.",
        next_step=f"There are {', '.join(one.definition.name for one in rows) or 'none yet'}.",
    )


def create(
    name: str, document: Any, who: Who, by: By, *, now: datetime, enabled: bool = True
) -> DefinitionVersion:
    """A new definition, the last one before the fallback. Raises ValueRefused."""
    read, by = definitions.read(document), _because(by)
    with transaction.atomic():
        alone()
        who = _checked_who(who, now)
        Conditions(now).check_caps(read)
        rows = Definition.objects.filter(is_fallback=False).order_by("-priority")
        last = rows.values_list("priority", flat=True).first()
        order = [one.definition_id for one in listed()]
        made = _named(Definition(priority=(last or 0) + 10, created_at=now, is_on=enabled), name)
        DefinitionEvent.objects.create(
            definition=made, step=Step.MADE, order=order, member=by.member,
            made_by=by.signature, reason=by.reason, at=now,
        )  # fmt: skip
        placing.ask()
        return _add(made, 1, definitions.document_of(read), who, by, now, None)


def save(
    definition_id: int,
    document: Any,
    by: By,
    *,
    now: datetime,
    who: Who | None = None,
    name: str | None = None,
    based_on: int | None = None,
    restores: DefinitionVersion | None = None,
) -> DefinitionVersion:
    """A new version of a definition, made from a document; the accounts under it are due at once, and
    those that another definition applies to now with the next tick. Without ``who`` or ``name`` it
    stays for whom it was and is called as it was.

    ``based_on`` is the number the writer had before them: when another has been saved since, nothing
    is overwritten. Raises ValueRefused for that, for a document that cannot be used, and for one
    that changes nothing.
    """
    read, by = definitions.read(document), _because(by)
    with transaction.atomic():
        alone()
        last = of_definition(definition_id)[0]
        held, before = last.definition, Who(last.rule, last.segments)
        _refuse_outdated(last, based_on)
        who = _checked_who(before if who is None else who, now, fallback=held.is_fallback)
        Conditions(now).check_caps(read)
        if name is not None and name.strip() != held.name:
            held = _named(held, name)
        same = definitions.read(last.document) == read
        if same and who == before and held.name == last.name:
            raise ValueRefused(
                "definition", f"Nothing differs from version {last.number}, so none was saved."
            )
        if who != before:
            Definition.objects.filter(pk=held.pk).update(fault="", rests_until=None)
        placing.ask()
        if not same:
            placing.make_due(definition_id, now)
        whole = definitions.document_of(read)
        return _add(held, last.number + 1, whole, who, by, now, restores)


def _because(by: By) -> By:
    reason = by.reason.replace("\x00", "").strip()[:2_000]
    if not reason:
        raise ValueRefused(
            "reason", "A reason is missing.", "Say why the definition changes; it stays with it."
        )
    return By(by.origin, by.member, reason, by.name)


def _refuse_outdated(last: DefinitionVersion, based_on: int | None) -> None:
    if based_on is not None and based_on != last.number:
        raise ValueRefused(
            "definition",
            f"Version {last.number} was saved by {last.made_by or 'somebody'} while this was"
            f" written, which began with version {based_on}.",
            "Look at the newer version and make the change again on top of it.",
        )


def _checked_who(who: Who, now: datetime, *, fallback: bool = False) -> Who:
    """Whom it is for, with the rule in its one way of writing. Raises ValueRefused."""
    if fallback and not who.everyone:
        raise ValueRefused(
            "rule",
            "This definition is for every account that no other is for, so it has no rule.",
            "Make a new definition for some of the accounts.",
        )
    if fallback:
        return FOR_EVERYONE
    if who.everyone:
        raise ValueRefused(
            "rule",
            "A definition beside the one for everyone needs a rule or a segment.",
            "Say whom it is for, as in mrr >= 5000.",
        )
    try:
        Conditions(now)(who)
        return Who(text_of(parse(who.rule)), dict(who.segments))
    except RuleRefused as error:
        raise ValueRefused("rule", error.message, error.next_step) from error


def _named(definition: Definition, wanted: str) -> Definition:
    name = " ".join(wanted.replace("\x00", "").split())
    if not name or len(name) > LONGEST_NAME:
        raise ValueRefused("name", f"A definition's name has 1 to {LONGEST_NAME} characters.")
    taken = Definition.objects.filter(name__iexact=name).exclude(pk=definition.pk).first()
    if taken:
        gone = "A deleted definition has this name." if taken.retired_at else ""
        raise ValueRefused(
            "name",
            gone or f"There is a definition “{taken.name}” already.",
            "Bring it back, or choose another name." if gone else "Choose another name.",
        )
    definition.name = name
    try:
        with transaction.atomic():
            definition.save()
    except IntegrityError as error:
        raise ValueRefused("name", f"“{name}” is taken.", "Choose another name.") from error
    return definition


def _first(now: datetime) -> DefinitionVersion:
    with transaction.atomic():
        alone()
        known: Sequence[DefinitionVersion] = listed()
        if known:
            return known[-1]
        made = Definition.objects.create(name=EVERYONE, is_fallback=True, created_at=now)
        by = By(reason=FIRST_REASON, name="Tenure")
        return _add(made, 1, definitions.document_of(DEFAULT), FOR_EVERYONE, by, now, None)


def _add(
    definition: Definition,
    number: int,
    document: Mapping[str, Any],
    who: Who,
    by: By,
    now: datetime,
    restores: DefinitionVersion | None,
) -> DefinitionVersion:
    return DefinitionVersion.objects.create(
        definition=definition,
        number=number,
        name=definition.name,
        rule=who.rule,
        segments=dict(who.segments),
        document=document,
        reason=by.reason,
        member=by.member,
        made_by=by.signature,
        made_at=now,
        restores=restores,
    )


def alone() -> None:
    """Only one changes definitions at a time."""
    with connection.cursor() as db:
        db.execute(_LOCK)
