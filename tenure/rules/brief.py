"""What of a rule an account's brief tells: a condition over the brief ``b`` alone.

Most of what rules ask stands in one narrow row an account, so that it is looked at for hundreds of
thousands of them before anything else of an account is read. What is made here holds wherever the rule
does. Where it tells all of the rule, nothing else need be asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tenure.rules.asked import tested
from tenure.rules.catalogue import Catalogue
from tenure.rules.compile import FALSE, TRUE, column
from tenure.rules.context import Context
from tenure.rules.indexes import Column
from tenure.rules.narrow import narrowed
from tenure.rules.sql import Sql, joined
from tenure.rules.tree import Condition, Group, Node, Not, Settled


@dataclass(frozen=True, slots=True)
class Told:
    """``holds`` is true wherever the rule is, ``fails`` wherever it is false; none where the brief
    says nothing of that. Where it is ``exact`` they are so nowhere else."""

    holds: Sql | None = None
    fails: Sql | None = None
    exact: bool = False


NOTHING = Told()


def told(node: Node, catalogue: Catalogue, context: Context) -> Told:
    """What the brief tells of a checked rule of now; of a past instant it tells nothing."""
    if context.past:
        return NOTHING
    match node:
        case Settled():
            return Told(TRUE, FALSE, True) if node.truth else Told(FALSE, TRUE, True)
        case Not():
            inner = told(node.part, catalogue, context)
            return Told(inner.fails, inner.holds, inner.exact)
        case Group(parts=()):
            return Told(TRUE, FALSE, True)
        case Group():
            return _grouped(node, [told(part, catalogue, context) for part in node.parts])
        case Condition(ago=None, lasting=None):
            return _condition(node, catalogue, context)
    return NOTHING


def _grouped(node: Group, parts: Sequence[Told]) -> Told:
    exact = all(part.exact for part in parts)
    holds, fails = [one.holds for one in parts], [one.fails for one in parts]
    if node.joint == "and":
        return Told(_all(holds), _any(fails), exact)
    return Told(_any(holds), _all(fails), exact)


def _all(said: Sequence[Sql | None]) -> Sql | None:
    """Of parts that are all so each that says something counts."""
    known = [one for one in said if one]
    return "(" + joined(known, " AND ") + ")" if known else None


def _any(said: Sequence[Sql | None]) -> Sql | None:
    """Of parts of which one is so nothing is known, unless each says something."""
    known = [one for one in said if one]
    return "(" + joined(known, " OR ") + ")" if len(known) == len(said) else None


def _condition(node: Condition, catalogue: Catalogue, context: Context) -> Told:
    attribute = catalogue.scope.attributes[node.name.text]
    if not attribute.brief or node.name.currency or node.predicate.operator in _OVER_TIME:
        return NOTHING
    index = attribute.index
    if isinstance(index, Column) and index.known:
        # The column itself, of which the planner knows how often what occurs.
        found = narrowed(node, catalogue, context)
        if found:
            known = f" AND {index.known})"
            return Told("(" + found + known, "((" + found + ") IS NOT TRUE" + known, True)
    here = replace(attribute, column=attribute.brief, past="")
    test = tested(column(here, None, catalogue, context), here, node.predicate, context)
    return Told(test, "(NOT " + test + ")", True)


_OVER_TIME = frozenset({"changed in", "fell by", "rose by"})
