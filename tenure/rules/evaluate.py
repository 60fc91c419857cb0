"""The plain reference: one rule, one account, and why. ``compile`` must agree with it.

Answers are True, False or None for the unknown, put together as in SQL: what is unknown does not
hold, and its negation does not hold either.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tenure.rules.catalogue import Attribute, Catalogue, Relation
from tenure.rules.compile import COUNT, is_strict
from tenure.rules.context import Context
from tenure.rules.seen import PREDICATES, Truth
from tenure.rules.subject import Subject, Version
from tenure.rules.tree import (
    Aggregate,
    Condition,
    Group,
    Node,
    Not,
    Predicate,
    Quantified,
    Settled,
    Step,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of one part and what it rests on: the value seen (and the one before it, for a
    change), the parts of a group, or the rows that decided a quantifier."""

    node: Node
    truth: Truth
    value: Any = None
    former: Any = None
    parts: "tuple[Verdict, ...]" = ()
    rows: tuple[Subject, ...] = ()


def evaluate(node: Node, subject: Subject, catalogue: Catalogue, context: Context) -> Verdict:
    """The verdict on a checked rule for this subject."""
    return _Evaluator(catalogue, context).node(node, subject, None)


class _Evaluator:
    def __init__(self, catalogue: Catalogue, context: Context) -> None:
        self.catalogue, self.context = catalogue, context

    def node(self, node: Node, subject: Subject, relation: Relation | None) -> Verdict:
        match node:
            case Group():
                parts = tuple(self.node(part, subject, relation) for part in node.parts)
                both = all_of if node.joint == "and" else any_of
                return Verdict(node, both(part.truth for part in parts), parts=parts)
            case Not():
                part = self.node(node.part, subject, relation)
                return Verdict(node, opposite(part.truth), parts=(part,))
            case Settled():
                return Verdict(node, node.truth)
            case Condition():
                return self.condition(node, subject, relation)
            case Quantified():
                return self.quantified(node, subject)
            case Aggregate():
                return self.aggregate(node, subject)

    def condition(self, node: Condition, subject: Subject, relation: Relation | None) -> Verdict:
        scope = relation.scope if relation else self.catalogue.scope
        attribute = scope.attributes[node.name.text]
        if node.ago is not None:
            return self._ago(node, attribute, subject, node.ago)
        value = subject.value(attribute, node.name.currency)
        if node.lasting is not None:
            return Verdict(node, self._lasting(node, attribute, subject, node.lasting), value)
        match node.predicate:
            case Predicate("changed in", int() as days):
                differs = self._throughout(
                    subject, attribute, node, days, lambda then: not _same(then, value)
                )
                return Verdict(node, opposite(differs), value)
            case Predicate("fell by" | "rose by" as way, Step() as step):
                then = self._then(subject, attribute, node, step.days)
                former = then.value if then else None
                return Verdict(node, moved(value, former, step, way == "rose by"), value, former)
        return Verdict(node, self.asked(value, attribute, node.predicate), value)

    def asked(self, value: Any, attribute: Attribute, predicate: Predicate) -> Truth:
        """One predicate of one value."""
        return PREDICATES[predicate.operator](value, attribute, predicate, self.context)

    def quantified(self, node: Quantified, subject: Subject) -> Verdict:
        relation = self.catalogue.relations[node.relation]
        held = self._rows(relation, node.where, subject)
        if node.quantifier == "every":
            broken = tuple(row for row in subject.rows(relation) if row not in held)
            return Verdict(node, not broken, len(held), rows=broken)
        return Verdict(node, bool(held) == (node.quantifier == "any"), len(held), rows=held)

    def _rows(
        self, relation: Relation, where: Node | None, subject: Subject
    ) -> tuple[Subject, ...]:
        rows = subject.rows(relation)
        if where is None:
            return tuple(rows)
        return tuple(row for row in rows if self.node(where, row, relation).truth is True)

    def aggregate(self, node: Aggregate, subject: Subject) -> Verdict:
        relation = self.catalogue.relations[node.relation]
        rows = self._rows(relation, node.where, subject)
        if node.name is None:
            value: Any = Decimal(len(rows))
            return Verdict(node, self.asked(value, COUNT, node.predicate), value, rows=rows)
        attribute = relation.scope.attributes[node.name.text]
        values = [row.value(attribute, node.name.currency) for row in rows]
        value = _made(node, attribute, values)
        return Verdict(node, self.asked(value, attribute, node.predicate), value, rows=rows)

    def _ago(self, node: Condition, attribute: Attribute, subject: Subject, days: int) -> Verdict:
        then = self._then(subject, attribute, node, days)
        if then is None:
            return Verdict(node, None)
        return Verdict(node, self.asked(then.value, attribute, node.predicate), then.value)

    def _lasting(self, node: Condition, attribute: Attribute, subject: Subject, days: int) -> Truth:
        return self._throughout(
            subject,
            attribute,
            node,
            days,
            lambda value: self.asked(value, attribute, node.predicate) is not True,
        )

    def _then(
        self, subject: Subject, attribute: Attribute, node: Condition, days: int
    ) -> Version | None:
        at = self.context.days_ago(days)
        held = [
            version
            for version in subject.versions(attribute, node.name.currency)
            if version.start <= at and (version.end is None or version.end > at)
        ]
        return max(held, key=lambda version: version.start, default=None)

    def _throughout(
        self,
        subject: Subject,
        attribute: Attribute,
        node: Condition,
        days: int,
        broken: Callable[[Any], bool],
    ) -> Truth:
        start, now = self.context.days_ago(days), self.context.now
        seen = [
            version
            for version in subject.versions(attribute, node.name.currency)
            if version.start <= now and (version.end is None or version.end > start)
        ]
        if any(broken(version.value) for version in seen):
            return False
        return True if seen and min(version.start for version in seen) <= start else None


def all_of(truths: Iterable[Truth]) -> Truth:
    """False when one is, else unknown when one is, else True."""
    found = list(truths)
    return False if False in found else None if None in found else True


def any_of(truths: Iterable[Truth]) -> Truth:
    """True when one is, else unknown when one is, else False."""
    found = list(truths)
    return True if True in found else None if None in found else False


def opposite(truth: Truth) -> Truth:
    """What does not hold; the unknown stays unknown."""
    return None if truth is None else not truth


def moved(value: Any, former: Any, step: Step, rose: bool) -> Truth:
    """Whether a figure moved by at least the step; per cent of nothing or of debt is no answer."""
    if former is None:
        return None
    if step.percent and former <= 0:
        return False
    if value is None:
        return None
    sign = 1 if rose else -1
    by = former * step.amount / 100 if step.percent else step.amount
    return bool((value - former) * sign >= by)


def _made(node: Aggregate, attribute: Attribute, values: Sequence[Any]) -> Any:
    known = [value for value in values if value is not None]
    if is_strict(node, attribute) and len(known) < len(values):
        return None
    match node.function:
        case "sum":
            return sum(known, Decimal(0))
        case "min":
            return min(known, default=None)
        case _:
            return max(known, default=None)


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)
