"""Caps by rule: which of them hold for which accounts.

A rule of a cap is asked of what stands below health, as the rule of whom a definition is for is. A cap
holds where its rule is true; where that cannot be told it does not. A cap that cannot be asked (its
attribute is gone, it takes too long) holds nobody back; the definition's page says so.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from django.db import connection

from tenure.health.membership import Who, condition, segments_named
from tenure.health.score import Definition
from tenure.metrics.asking import ACCOUNTS, TooCostly, patient
from tenure.rules.catalogue import Catalogue
from tenure.rules.context import Context
from tenure.rules.errors import RuleRefused, refuse
from tenure.rules.sql import Sql, bound, joined
from tenure.rules.sql import ids as listed
from tenure.rules.tree import Span

if TYPE_CHECKING:
    from tenure.health.applies import InForce

Conditions = Mapping[str, Sql]
PATIENCE_SECONDS = 20  # for a thousand accounts, which take milliseconds
_log = logging.getLogger(__name__)


def asked(rule: str, known: Catalogue, when: Context) -> Sql:
    """When a cap holds, on account ``a`` and figures ``f``. Raises RuleRefused."""
    named = list(segments_named(rule).values())
    if named:
        message = f"A cap cannot ask for the segment “{named[0]}”."
        raise refuse(Span(0, len(rule)), message, "Write the segment's own rule.")
    return condition(Who(rule), known, when)


def conditions(definition: Definition, known: Catalogue, when: Context) -> dict[str, Sql]:
    """The caps by rule of a definition that can be asked, by name."""
    found = {}
    for cap in definition.caps:
        if not cap.rule:
            continue
        try:
            found[cap.name] = asked(cap.rule, known, when)
        except RuleRefused as error:
            _log.warning("The cap “%s” cannot be asked: %s", cap.name, error)
    return found


def holding(applies: Mapping[int, "InForce"]) -> dict[int, frozenset[str]]:
    """The caps by rule that hold for each account, by the definition that applies to it; accounts that
    none holds for are left out. One statement for each definition that has such caps."""
    found: dict[int, frozenset[str]] = {}
    several = {id(one): one for one in applies.values() if one.caps}
    for one in several.values():
        mine = [pk for pk, applied in applies.items() if applied is one]
        found |= _holding(one.caps, mine)
    return found


def _holding(caps: Conditions, ids: Collection[int]) -> dict[int, frozenset[str]]:
    statement = "SELECT a.id, " + names(caps.items())
    statement += f" FROM {ACCOUNTS} AND a.id = ANY(" + listed(ids) + ")"
    try:
        with patient(PATIENCE_SECONDS), connection.cursor() as db:
            db.execute(statement.text, statement.values)
            return {pk: frozenset(held) for pk, held in db.fetchall() if held}
    except TooCostly as error:
        _log.warning("Caps by rule hold nobody back: %s", error.message)
        return {}


def names(caps: Iterable[tuple[str, Sql]]) -> Sql:
    """The names of those that hold for account ``a``, in SQL, as a list of texts."""
    parts: Sequence[Sql] = [
        "CASE WHEN (" + where + ") IS TRUE THEN " + bound(name, "text") + " END"
        for name, where in caps
    ]
    return "array_remove(ARRAY[" + joined(parts, ", ") + "]::text[], NULL)"


def differing(caps: Conditions) -> Sql:
    """Whether another set of these holds for account ``a`` than its score ``h`` was made with."""
    stood = "coalesce(h.explanation -> 'ruled', '[]'::jsonb)"
    parts = [
        "((" + where + f") IS TRUE) <> ({stood} ? " + bound(name, "text") + ")"
        for name, where in caps.items()
    ]
    return "(" + joined(parts, " OR ") + ")"
