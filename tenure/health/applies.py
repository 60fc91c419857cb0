"""Which definition applies to an account: the one place that decides it.

Definitions stand in order of priority; the first that is for an account applies, so two never do. The
last one is for everyone. A definition that cannot be asked whom it is for is passed over, and says so.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from functools import cached_property

from django.db import connection

from tenure.customers.write import ValueRefused
from tenure.health import capping, definitions, faults
from tenure.health.membership import EVERYONE, Who, catalogue, condition
from tenure.health.models import DefinitionVersion
from tenure.health.score import Definition as ScoreDefinition
from tenure.health.scorer import Scorer
from tenure.metrics.asking import ACCOUNTS, TooCostly, context, patient
from tenure.rules.catalogue import Catalogue
from tenure.rules.context import Context
from tenure.rules.errors import RuleRefused
from tenure.rules.sql import Sql, bound
from tenure.rules.sql import ids as listed

PATIENCE_SECONDS = 20  # for a thousand accounts, which take milliseconds


@dataclass(frozen=True, slots=True)
class InForce:
    """A definition as it applies now: its newest version, ready to score with. ``where`` holds for
    the accounts it is for, by ``a`` and ``f``; None is everyone. ``caps`` are when its caps by rule
    hold, by name."""

    version: DefinitionVersion
    scorer: Scorer
    where: Sql | None = None
    caps: Mapping[str, Sql] = field(default_factory=dict)


def who_of(version: DefinitionVersion) -> Who:
    """Whom a version is for."""
    return Who(version.rule, version.segments) if version.rule else EVERYONE


class Conditions:
    """Conditions of whom definitions are for, at one time. What they share is read once, and not at
    all where every definition is for everyone."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def __call__(self, who: Who) -> Sql | None:
        """The condition; None for everyone. Raises RuleRefused."""
        return None if who.everyone else condition(who, self._known, self._when)

    def caps(self, definition: ScoreDefinition) -> dict[str, Sql]:
        """When each cap by rule of a definition holds; those that cannot be asked are left out."""
        if not any(cap.rule for cap in definition.caps):
            return {}
        return capping.conditions(definition, self._known, self._when)

    def check_caps(self, definition: ScoreDefinition) -> None:
        """Raises ValueRefused for the first cap by rule that cannot be asked."""
        for cap in definition.caps:
            try:
                if cap.rule:
                    capping.asked(cap.rule, self._known, self._when)
            except RuleRefused as error:
                said = f"Cap “{cap.name}”: {error.message}"
                raise ValueRefused("caps", said, error.next_step) from error

    @cached_property
    def _known(self) -> Catalogue:
        return catalogue()

    @cached_property
    def _when(self) -> Context:
        return context(self._now)


def made_ready(
    versions: Sequence[DefinitionVersion], coverage: Fraction, now: datetime
) -> list[InForce]:
    """These versions in their order, each ready to score with; ``coverage`` is the workspace's. Those
    that cannot be asked whom they are for are left out."""
    found: list[InForce] = []
    made = Conditions(now)
    for one in versions:
        held = one.definition
        if held.rests_until and held.rests_until > now:
            continue
        try:
            where = made(who_of(one))
        except RuleRefused as error:
            faults.note(held, str(error))
            continue
        faults.clear(held)
        read = definitions.read(one.document)
        scorer = Scorer(read, coverage=coverage)
        found.append(InForce(one, scorer, where, made.caps(read)))
    return found


def assigned(
    account_ids: Collection[int], in_force: Sequence[InForce], now: datetime
) -> dict[int, InForce]:
    """For each account the first definition, in order of priority, that is for it: one statement for
    each definition that is not for everyone."""
    left = set(account_ids)
    found: dict[int, InForce] = {}
    for one in in_force:
        mine = left if one.where is None else left & _fitting(one, one.where, left, now)
        found |= dict.fromkeys(mine, one)
        left = left - mine
    return found


def _fitting(one: InForce, where: Sql, ids: Collection[int], now: datetime) -> set[int]:
    if not ids:
        return set()
    asked = f"SELECT a.id FROM {ACCOUNTS} AND a.id = ANY("  # noqa: S608
    statement = asked + listed(ids) + ") AND " + where
    try:
        with patient(PATIENCE_SECONDS), connection.cursor() as db:
            db.execute(statement.text, statement.values)
            return {row[0] for row in db.fetchall()}
    except TooCostly as error:
        faults.rest(one.version.definition, error.message, now)
        return set()


def first_of(in_force: Sequence[tuple[int, Sql | None]]) -> Sql:
    """The key of the first of these that is for account ``a``, in SQL; the last is for everyone."""
    found, cases = Sql("CASE"), 0
    for key, where in in_force:
        if where is None:
            last = bound(key, "bigint")
            return found + " ELSE " + last + " END" if cases else last
        found, cases = found + " WHEN " + where + " THEN " + bound(key, "bigint"), cases + 1
    return found + " END"
