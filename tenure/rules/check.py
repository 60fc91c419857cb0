"""A rule against the catalogue: every name known, every predicate fitting. Nothing wrong passes silently.

``check`` answers with the rule as it is meant: other names replaced by the attribute's own, and
``invoice.balance > 0`` read as ``any invoice (balance > 0)``.
"""

import difflib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from tenure.core.currencies import CODES
from tenure.rules.catalogue import Attribute, Catalogue, Relation, Scope
from tenure.rules.errors import Problem, RuleRefused
from tenure.rules.operators import CHANGES, LONGEST_DAYS, OPERATORS, Takes, Type, taken_by
from tenure.rules.tree import (
    Aggregate,
    Condition,
    Group,
    Name,
    Node,
    Not,
    Predicate,
    Quantified,
    Settled,
    Span,
    Step,
)
from tenure.rules.values import WrongType, typed

_SOME_DAY = date(2000, 1, 1)
_SUMMED = {
    "sum": frozenset({Type.NUMBER, Type.MONEY}),
    "min": frozenset({Type.NUMBER, Type.MONEY, Type.DATE}),
    "max": frozenset({Type.NUMBER, Type.MONEY, Type.DATE}),
}
_COUNT = Attribute("count", "The number", Type.NUMBER, "")


def check(node: Node, catalogue: Catalogue) -> Node:
    """The rule, resolved. Raises RuleRefused with every problem in it."""
    checker = _Checker(catalogue)
    resolved = checker.node(node, None)
    if checker.problems:
        raise RuleRefused(checker.problems)
    return resolved


class _Checker:
    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.problems: list[Problem] = []

    def node(self, node: Node, relation: Relation | None) -> Node:
        match node:
            case Group():
                return replace(node, parts=tuple(self.node(part, relation) for part in node.parts))
            case Not():
                return replace(node, part=self.node(node.part, relation))
            case Condition():
                return self.condition(node, relation)
            case Quantified():
                return self.quantified(node, relation)
            case Aggregate():
                return self.aggregate(node, relation)
            case Settled():
                return node

    def condition(self, node: Condition, relation: Relation | None) -> Node:
        scope = relation.scope if relation else self.catalogue.scope
        attribute = scope.find(node.name.text)
        if attribute is None:
            return self._related(node, scope, relation)
        self.predicate(attribute, node.name, node.predicate, node.span)
        self._time(node, attribute, relation)
        return replace(node, name=replace(node.name, text=attribute.key))

    def _related(self, node: Condition, scope: Scope, relation: Relation | None) -> Node:
        """``invoice.balance > 0`` at the account: any invoice with it."""
        head, dot, rest = node.name.text.partition(".")
        rows = self.catalogue.relation(head) if dot and relation is None else None
        if rows is None:
            self._unknown(node.name.text, scope, relation, node.span)
            return node
        inner = replace(node, name=replace(node.name, text=rest))
        return Quantified("any", rows.key, self.condition(inner, rows), node.span)

    def quantified(self, node: Quantified, relation: Relation | None) -> Node:
        rows = self._rows(node.relation, relation, node.span)
        if rows is None:
            return node
        if node.quantifier == "every" and node.where is None:
            self._add(
                node.span,
                f"“every {rows.key}” needs a condition.",
                f"Write every {rows.key} (…), or any {rows.key}.",
            )
        where = self.node(node.where, rows) if node.where is not None else None
        return replace(node, relation=rows.key, where=where)

    def aggregate(self, node: Aggregate, relation: Relation | None) -> Node:
        rows = self._rows(node.relation, relation, node.span)
        if rows is None:
            return node
        name = node.name
        if name is None:
            self._plain_test(_COUNT, node)
        else:
            attribute = rows.scope.find(name.text)
            if attribute is None:
                self._unknown(name.text, rows.scope, rows, node.span)
                return node
            self._summed(attribute, node)
            name = replace(name, text=attribute.key)
        where = self.node(node.where, rows) if node.where is not None else None
        return replace(node, relation=rows.key, name=name, where=where)

    def _summed(self, attribute: Attribute, node: Aggregate) -> None:
        if attribute.type not in _SUMMED[node.function]:
            able = "amounts and numbers" if node.function == "sum" else "amounts, numbers and dates"
            self._add(
                node.span,
                f"{attribute.label} has no {node.function}: it is {_kind(attribute)}.",
                f"{node.function} is made of {able}.",
            )
            return
        self._plain_test(attribute, node)

    def _plain_test(self, attribute: Attribute, node: Aggregate) -> None:
        if node.predicate.operator in CHANGES:
            self._add(
                node.span,
                f"“{node.predicate.operator}” cannot be asked of a {node.function}.",
                "It is asked of an attribute of the account, such as mrr.",
            )
            return
        self.predicate(attribute, node.name or Name("count"), node.predicate, node.span)

    def predicate(self, attribute: Attribute, name: Name, predicate: Predicate, span: Span) -> None:
        """Whether this may be asked of the attribute."""
        operator = OPERATORS[predicate.operator]
        if attribute.type not in operator.types:
            able = ", ".join(one.text for one in taken_by(attribute.type))
            self._add(
                span,
                f"“{predicate.operator}” cannot be asked of {attribute.label}, which is {_kind(attribute)}.",
                f"It takes {able}.",
            )
            return
        self._currency(attribute, name, span)
        match operator.takes:
            case Takes.VALUE | Takes.VALUES:
                values = (
                    predicate.value if isinstance(predicate.value, tuple) else (predicate.value,)
                )
                for value in values:
                    self._value(attribute, value, span)
            case Takes.DAYS:
                self._days(predicate.value, span)
            case Takes.STEP if isinstance(predicate.value, Step):
                self._days(predicate.value.days, span)
                if predicate.value.amount <= 0:
                    self._add(
                        span, "A rise or fall is more than nothing.", "Write rose by or fell by."
                    )

    def _value(self, attribute: Attribute, value: object, span: Span) -> None:
        try:
            held = typed(attribute, value, _SOME_DAY)  # type: ignore[arg-type]
        except WrongType as error:
            self._add(span, f"{attribute.label} is compared with {error}.", "")
            return
        if attribute.type is Type.ENUM and held not in attribute.values and not attribute.open:
            near = difflib.get_close_matches(held, attribute.values, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"It is {_either(attribute.values)}."
            self._add(span, f"{attribute.label} is never “{held}”.", hint)

    def _currency(self, attribute: Attribute, name: Name, span: Span) -> None:
        if name.currency is None:
            return
        if attribute.type is not Type.MONEY:
            self._add(span, f"{attribute.label} is {_kind(attribute)} and has no currency.", "")
        elif name.currency not in CODES:
            near = difflib.get_close_matches(name.currency.upper(), sorted(CODES), n=3)
            right = f"Do you mean {' or '.join(near)}?" if near else "Write EUR, for example."
            self._add(span, f"“{name.currency}” is not a currency.", right)
        elif not attribute.by_currency:
            self._add(span, f"{attribute.label} is kept in one currency only.", "Leave it out.")

    def _time(self, node: Condition, attribute: Attribute, relation: Relation | None) -> None:
        asks = node.ago is not None or node.lasting is not None
        changes = node.predicate.operator in CHANGES
        if asks and changes:
            self._add(node.span, f"“{node.predicate.operator}” already speaks of a time.", "")
        if not asks and not changes:
            return
        if relation is not None or not attribute.history:
            self._add(
                node.span,
                f"No past values of {attribute.label} are kept for rules.",
                "Changes can be asked of the account's figures, such as mrr.",
            )
        for days in (node.ago, node.lasting):
            if days is not None:
                self._days(days, node.span)

    def _days(self, days: object, span: Span) -> None:
        if not isinstance(days, int) or not 0 < days <= LONGEST_DAYS:
            self._add(span, f"The number of days is from 1 to {LONGEST_DAYS}.", "")

    def _rows(self, name: str, outer: Relation | None, span: Span) -> Relation | None:
        if outer is not None:
            self._add(
                span,
                f"Inside {outer.key} (…) only attributes of {_article(outer.label)} can stand.",
                "Ask for other rows outside of the parentheses.",
            )
            return None
        rows = self.catalogue.relation(name)
        if rows is None:
            known = [one.key for one in self.catalogue.related]
            near = difflib.get_close_matches(name.lower(), known, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(known)}."
            self._add(span, f"An account has no “{name}”.", hint)
        return rows

    def _unknown(self, name: str, scope: Scope, relation: Relation | None, span: Span) -> None:
        near = scope.near(name)
        of = f" of {_article(relation.label)}" if relation else ""
        hint = f"Did you mean {_either(near)}?" if near else self._elsewhere(name, relation)
        self._add(span, f"There is no attribute “{name}”{of}.", hint)

    def _elsewhere(self, name: str, relation: Relation | None) -> str:
        if relation is not None and self.catalogue.scope.find(name):
            return f"“{name}” is asked of the account: write it outside of the parentheses."
        for rows in self.catalogue.related:
            if rows is not relation and rows.scope.find(name):
                return f"It is {_article(rows.label)}'s: write any {rows.key} ({name} …)."
        return "The attributes are listed under Segments › Attributes of rules."

    def _add(self, span: Span, message: str, hint: str) -> None:
        self.problems.append(Problem(span, message, hint))


_KINDS = {
    Type.TEXT: "a text",
    Type.ENUM: "one of a few words",
    Type.NUMBER: "a number",
    Type.MONEY: "an amount of money",
    Type.DATE: "a day",
    Type.BOOLEAN: "a yes or no",
    Type.LIST: "a list",
}


def _kind(attribute: Attribute) -> str:
    return _KINDS[attribute.type]


def _article(label: str) -> str:
    return f"{'an' if label[:1].lower() in 'aeiou' else 'a'} {label.lower()}"


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
