"""From a checked rule to SQL: one boolean expression over an account ``a`` and its figures.

Answers are true, false or null, as ``evaluate`` has True, False or None: null is the unknown. Related
rows are asked with EXISTS on the tables themselves. Values are always bound; what is text here comes
from the catalogue.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from tenure.rules.asked import tested
from tenure.rules.catalogue import Attribute, Catalogue, Relation
from tenure.rules.context import Context
from tenure.rules.operators import Type
from tenure.rules.sql import Sql, bound, joined
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
    Step,
)

PAST = "past"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
TRUE, FALSE = Sql("true"), Sql("false")


def compiled(node: Node, catalogue: Catalogue, context: Context, *, account: str = "a") -> Sql:
    """The rule as a boolean expression. It must have been checked: unknown names are a KeyError."""
    return _Compiler(catalogue, context, account).node(node, None)


def aggregated(node: Aggregate, catalogue: Catalogue, context: Context) -> Sql:
    """The same for accounts that have a row, out of all rows at once: who has none is not among them."""
    return _Compiler(catalogue, context, "a").aggregated(node)


def column(
    attribute: Attribute,
    currency: str | None,
    catalogue: Catalogue,
    context: Context,
    **aliases: str,
) -> Sql:
    """One attribute's value as SQL, for whoever shows what a rule has seen."""
    name = Name(attribute.key, currency)
    return _Compiler(catalogue, context, "a").value(attribute, name, **aliases)


class _Compiler:
    def __init__(self, catalogue: Catalogue, context: Context, account: str) -> None:
        self.catalogue, self.context, self.account = catalogue, context, account
        self._bound = {
            "zone": bound(context.zone, "text"),
            "today": bound(context.today, "date"),
            "now": bound(context.now, "timestamptz"),
            "past": TRUE if context.past else FALSE,
            "converted": _rates(context.rates),
        }

    def node(self, node: Node, relation: Relation | None) -> Sql:
        match node:
            case Group(parts=()):
                return TRUE
            case Group():
                parts = [self.node(part, relation) for part in node.parts]
                return "(" + joined(parts, f" {node.joint.upper()} ") + ")"
            case Not():
                return "(NOT " + self.node(node.part, relation) + ")"
            case Settled():
                return TRUE if node.truth else FALSE
            case Condition():
                return self.condition(node, relation)
            case Quantified():
                return self.quantified(node)
            case Aggregate():
                return self.aggregate(node)

    def condition(self, node: Condition, relation: Relation | None) -> Sql:
        scope = relation.scope if relation else self.catalogue.scope
        attribute = scope.attributes[node.name.text]
        if node.ago is not None:
            return self.ago(attribute, node)
        if node.lasting is not None:
            return self.lasting(attribute, node)
        now = self.value(attribute, node.name)
        match node.predicate:
            case Predicate("changed in", int() as days):
                return self.changed(attribute, node.name, now, days)
            case Predicate("fell by" | "rose by" as way, Step() as step):
                then = self.past(attribute, node.name, step.days)
                return _moved(now, then, step, rose=way == "rose by")
        return tested(now, attribute, node.predicate, self.context)

    def value(self, attribute: Attribute, name: Name, **aliases: str) -> Sql:
        """The attribute's value as SQL; ``aliases`` stand in for those of the live rows."""
        if self.context.past and attribute.past and not aliases:
            # What the live tables say of it was not known then.
            return self._then(self._past_value(attribute, name), attribute, 0)
        template = attribute.by_currency if name.currency else attribute.column
        made = Sql("")
        for place, piece in enumerate(_PLACEHOLDER.split(template)):
            if place % 2 == 0:
                made += piece
            elif piece in self._bound:
                made += self._bound[piece]
            elif piece == "currency":
                made += bound(name.currency, "text")
            else:
                made += aliases.get(piece, piece)
        return made

    def quantified(self, node: Quantified) -> Sql:
        relation = self.catalogue.relations[node.relation]
        holds = self.node(node.where, relation) if node.where is not None else TRUE
        if node.quantifier == "every":
            return "(NOT " + self._exists(relation, "(" + holds + ") IS NOT TRUE") + ")"
        found = self._exists(relation, holds)
        return found if node.quantifier == "any" else "(NOT " + found + ")"

    def _exists(self, relation: Relation, condition: Sql) -> Sql:
        return "EXISTS (SELECT 1 " + self._from(relation, condition) + ")"

    def _from(self, relation: Relation, condition: Sql, *, whosever: bool = False) -> Sql:
        alias = relation.alias
        rows = relation.past_rows if self.context.past and relation.past_rows else relation.rows
        whose = "TRUE" if whosever else f"{alias}.account_id = {self.account}.id"
        found = Sql(f"FROM {rows} {alias} WHERE {whose}")
        past = self.context.past and bool(relation.past_rows)
        if where := relation.past_where if past else relation.where:
            found += " AND " + self._with_now(where)
        if past:
            now = bound(self.context.now, "timestamptz")
            found += f" AND {alias}.valid_from <= " + now
            found += f" AND ({alias}.valid_to IS NULL OR {alias}.valid_to > " + now + ")"
        return found + " AND (" + condition + ")"

    def _with_now(self, condition: str) -> Sql:
        first, *rest = condition.split("{now}")
        made = Sql(first)
        for piece in rest:
            made += self._bound["now"] + piece
        return made

    def aggregate(self, node: Aggregate) -> Sql:
        relation, holds, made, attribute = self._aggregated(node)
        whole = "(SELECT " + made + " " + self._from(relation, holds) + ")"
        return tested(whole, attribute, node.predicate, self.context)

    def aggregated(self, node: Aggregate) -> Sql:
        relation, holds, made, attribute = self._aggregated(node)
        return (
            f"{self.account}.id IN (SELECT {relation.alias}.account_id "
            + self._from(relation, holds, whosever=True)
            + " GROUP BY 1 HAVING "
            + tested(made, attribute, node.predicate, self.context)
            + ")"
        )

    def _aggregated(self, node: Aggregate) -> tuple[Relation, Sql, Sql, Attribute]:
        relation = self.catalogue.relations[node.relation]
        holds = self.node(node.where, relation) if node.where is not None else TRUE
        if node.name is None:
            made, attribute = Sql("count(*)::numeric"), COUNT
        else:
            attribute = relation.scope.attributes[node.name.text]
            made = f"{node.function}(" + self.value(attribute, node.name) + ")"
            if node.function == "sum":
                made = "coalesce(" + made + ", 0)"
            if is_strict(node, attribute):
                value = self.value(attribute, node.name)
                made = "CASE WHEN count(*) = count(" + value + ") THEN " + made + " END"
        return relation, holds, made, attribute

    def past(self, attribute: Attribute, name: Name, days: int) -> Sql:
        """The value so many days ago; null when nothing was known then."""
        return self._then(self._past_value(attribute, name), attribute, days)

    def ago(self, attribute: Attribute, node: Condition) -> Sql:
        value = self._past_value(attribute, node.name)
        asked = tested(value, attribute, node.predicate, self.context)
        return self._then(asked, attribute, node.ago or 0)

    def lasting(self, attribute: Attribute, node: Condition) -> Sql:
        value = self._past_value(attribute, node.name)
        holds = tested(value, attribute, node.predicate, self.context)
        return self._throughout("(" + holds + ") IS NOT TRUE", attribute, node.lasting or 0)

    def changed(self, attribute: Attribute, name: Name, now: Sql, days: int) -> Sql:
        differs = self._past_value(attribute, name) + " IS DISTINCT FROM " + now
        never = self._throughout(differs, attribute, days)
        return "(NOT " + never + ")"

    def _past_value(self, attribute: Attribute, name: Name) -> Sql:
        alias = self.catalogue.histories[attribute.history].alias
        held = replace(attribute, column=attribute.past) if attribute.past else attribute
        return self.value(held, name, **{alias: PAST})

    def _then(self, answer: Sql, attribute: Attribute, days: int) -> Sql:
        at = bound(self.context.days_ago(days), "timestamptz")
        return (
            "(SELECT "
            + answer
            + self._versions(attribute)
            + f" AND {PAST}.valid_from <= "
            + at
            + f" AND {PAST}.valid_to > "
            + at
            # One answer, whatever the versions are like: the latest to begin counts.
            + f" ORDER BY {PAST}.valid_from DESC LIMIT 1)"
        )

    def _throughout(self, broken: Sql, attribute: Attribute, days: int) -> Sql:
        """True when no version of the last days is broken and they are known from their first."""
        start = bound(self.context.days_ago(days), "timestamptz")
        now = bound(self.context.now, "timestamptz")
        return (
            "(SELECT CASE WHEN bool_or("
            + broken
            + f") THEN false WHEN min({PAST}.valid_from) <= "
            + start
            + " THEN true END"
            + self._versions(attribute)
            + f" AND {PAST}.valid_from <= "
            + now
            + f" AND {PAST}.valid_to > "
            + start
            + ")"
        )

    def _versions(self, attribute: Attribute) -> str:
        rows = self.catalogue.histories[attribute.history].rows
        return f" FROM {rows} {PAST} WHERE {PAST}.account_id = {self.account}.id"


COUNT = Attribute("count", "The number", Type.NUMBER, "")


def is_strict(node: Aggregate, attribute: Attribute) -> bool:
    """Whether one unknown value makes the whole unknown: an amount nobody can convert is not
    nothing, while a day that has not come is left out of the latest."""
    named = node.name is not None and node.name.currency is not None
    return not named and (node.function == "sum" or attribute.type is Type.MONEY)


def _rates(rates: Mapping[str, Decimal]) -> Sql:
    """The rest of ``CASE currency …``: what one unit is worth; null for a currency without a rate."""
    cases = [
        " WHEN " + bound(currency, "text") + " THEN " + bound(rate, "numeric")
        for currency, rate in sorted(rates.items())
    ]
    return joined(cases, "") if cases else Sql(" WHEN NULL THEN NULL::numeric")


def _moved(now: Sql, then: Sql, step: Step, *, rose: bool) -> Sql:
    """Whether the value moved by at least the step; per cent of nothing or of debt is no answer."""
    sign = "+" if rose else "-"
    compare = ">=" if rose else "<="
    amount = bound(step.amount, "numeric")
    if step.percent:
        goal = f"m.former * (1 {sign} " + amount + " / 100)"
        asked = f"m.former > 0 AND m.latest {compare} " + goal
    else:
        asked = f"m.latest {compare} m.former {sign} " + amount
    return "(SELECT " + asked + " FROM (SELECT " + now + " AS latest, " + then + " AS former) m)"
