"""What of a rule an account's brief tells: a condition over the brief ``b`` alone.

Most of what rules ask stands in one narrow row an account, so that it is looked at for hundreds of
thousands of them before anything else of an account is read. What is made here holds wherever the rule
does. Where it tells all of the rule, nothing else need be asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from tenure.rules.asked import tested
from tenure.rules.catalogue import Attribute, Catalogue
from tenure.rules.compile import FALSE, TRUE, column
from tenure.rules.context import Context
from tenure.rules.indexes import Column
from tenure.rules.narrow import narrowed
from tenure.rules.operators import CHANGES
from tenure.rules.sql import Sql, bound, joined, together
from tenure.rules.tree import Condition, Group, Node, Not, Predicate, Settled, Step


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
        case Condition():
            return _of_before(node, catalogue, context)
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
    if not attribute.brief or node.name.currency:
        return NOTHING
    if node.predicate.operator in CHANGES:
        return _moved(node, attribute, catalogue, context)
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


def _of_before(node: Condition, catalogue: Catalogue, context: Context) -> Told:
    """What held all the time holds now; what was so once is so now, or it changed since."""
    now = _condition(replace(node, ago=None, lasting=None), catalogue, context)
    if not now.holds or node.ago is None:
        return Told(now.holds)
    changed = _since(catalogue.scope.attributes[node.name.text], node.ago, context)
    return Told("(" + now.holds + " OR " + changed + ")") if changed else NOTHING


def _moved(node: Condition, attribute: Attribute, catalogue: Catalogue, context: Context) -> Told:
    """Who differs from what was there then has changed since; who rose from nothing or more by so much
    has at least that."""
    match node.predicate.value:
        case Step(amount=amount, days=days) if amount > 0:
            goal = _reached(node.predicate, attribute)
            now = _condition(replace(node, predicate=goal), catalogue, context) if goal else NOTHING
            return Told(together((_since(attribute, days, context), now.holds)))
        case int() as days:
            return Told(_since(attribute, days, context))
    return NOTHING


def _reached(predicate: Predicate, attribute: Attribute) -> Predicate | None:
    """What is there now, at least, of a figure that rose; per cent are of more than nothing."""
    step = predicate.value
    if predicate.operator != "rose by" or not isinstance(step, Step):
        return None
    if step.percent:
        return Predicate(">", Decimal(0))
    return Predicate(">=", step.amount) if attribute.from_zero else None


def _since(attribute: Attribute, days: int, context: Context) -> Sql | None:
    if not attribute.changed:
        return None
    return f"{attribute.changed} > " + bound(context.days_ago(days), "timestamptz")
