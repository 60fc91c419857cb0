"""A rule in plain words, made from the catalogue's labels."""

from datetime import date
from decimal import Decimal

from tenure.rules.catalogue import Attribute, Catalogue, Relation
from tenure.rules.compile import COUNT
from tenure.rules.operators import OPERATORS, Type
from tenure.rules.tree import (
    Aggregate,
    Condition,
    Group,
    Literal,
    Name,
    Node,
    Not,
    Predicate,
    Quantified,
    Settled,
    Step,
    Today,
)


def described(node: Node, catalogue: Catalogue) -> str:
    """The checked rule as a sentence without its full stop: “MRR is at least 500 and …”."""
    return _Words(catalogue).node(node, None) or "every account"


class _Words:
    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue

    def node(self, node: Node, relation: Relation | None) -> str:
        match node:
            case Group(parts=()):
                return "every account"
            case Group():
                comma = "," if any(isinstance(part, Group) for part in node.parts) else ""
                parts = [self._part(part, relation) for part in node.parts]
                return f"{comma} {node.joint} ".join(parts)
            case Not(part=Condition(ago=None, lasting=None) as part):
                return self.opposite(part, relation)
            case Not():
                return f"not ({self.node(node.part, relation)})"
            case Condition():
                return self.condition(node, relation)
            case Quantified():
                return self.quantified(node)
            case Aggregate():
                return self.aggregate(node)
            case Settled():
                return "this holds" if node.truth else "this does not hold"

    def _part(self, node: Node, relation: Relation | None) -> str:
        words = self.node(node, relation)
        if isinstance(node, Group):
            return f"{'either ' if node.joint == 'or' else 'both '}{words}"
        return words

    def condition(self, node: Condition, relation: Relation | None) -> str:
        label, words = self.said(node, relation)
        if node.ago is not None:
            was = words.replace("is ", "was ", 1) if words.startswith("is ") else f"had: {words}"
            return f"{label} {was} {_days(node.ago)} ago"
        lasting = f" for {_days(node.lasting)} without a break" if node.lasting is not None else ""
        return f"{label} {words}{lasting}"

    def opposite(self, node: Condition, relation: Relation | None) -> str:
        """A condition that must not hold; “is” and “was” are turned round within the sentence."""
        label, words = self.said(node, relation)
        verb, _, rest = words.partition(" ")
        return f"{label} {verb} not {rest}" if verb in ("is", "was") else f"not ({label} {words})"

    def said(self, node: Condition, relation: Relation | None) -> tuple[str, str]:
        """What a condition looks at, and what it asks of it."""
        scope = relation.scope if relation else self.catalogue.scope
        attribute = scope.attributes[node.name.text]
        label = _label(attribute, node.name, first=relation is None)
        return label, predicate_words(attribute, node.predicate, node.name.currency)

    def quantified(self, node: Quantified) -> str:
        relation = self.catalogue.relations[node.relation]
        label, plural = relation.label.lower(), relation.plural.lower()
        if node.where is None:
            return f"there {'is at least one' if node.quantifier == 'any' else 'is no'} {label}"
        where = self.node(node.where, relation)
        match node.quantifier:
            case "any":
                return f"there is at least one {label} whose {where}"
            case "no":
                return f"there is no {label} whose {where}"
            case _:
                return f"of all {plural}, each one's {where}"

    def aggregate(self, node: Aggregate) -> str:
        relation = self.catalogue.relations[node.relation]
        plural = relation.plural.lower()
        whose = f" whose {self.node(node.where, relation)}" if node.where is not None else ""
        if node.name is None:
            return f"the number of {plural}{whose} {predicate_words(COUNT, node.predicate, None)}"
        attribute = relation.scope.attributes[node.name.text]
        made = {"sum": "sum of", "min": "lowest", "max": "highest"}[node.function]
        if attribute.type is Type.DATE:
            made = {"min": "earliest", "max": "latest"}[node.function]
        label = _label(attribute, node.name, first=False)
        words = predicate_words(attribute, node.predicate, node.name.currency)
        return f"the {made} {label} of {plural}{whose} {words}"


def predicate_words(attribute: Attribute, predicate: Predicate, currency: str | None) -> str:
    """What is asked of a value, in words."""
    words = OPERATORS[predicate.operator].words
    if attribute.type is Type.LIST:
        words = _LIST_WORDS.get(predicate.operator, words)
    value = predicate.value
    match value:
        case None:
            return words
        case tuple():
            return words.format(_either([_value(attribute, one, currency) for one in value]))
        case Step():
            by = f"{_number(value.amount)} %" if value.percent else _money(value.amount, currency)
            return f"{words.format(f'at least {by}')} in {_days(value.days)}"
        case int() if not isinstance(value, bool):
            return words.format(value).replace(" days", " day" if value == 1 else " days")
        case _:
            return words.format(_value(attribute, value, currency))


_LIST_WORDS = {
    "=": "has {}",
    "!=": "does not have {}",
    "in": "has one of {}",
    "not in": "has none of {}",
}


def _value(attribute: Attribute, value: Literal, currency: str | None) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case Decimal():
            if attribute.unit == "share":
                return f"{_number(value * 100)} %"
            unit = f" {attribute.unit}" if attribute.unit and attribute.type is Type.NUMBER else ""
            return f"{_money(value, currency)}{unit}"
        case Today():
            return "today"
        case date():
            return f"{value.day} {value:%B %Y}"
    return attribute.label_of(value) if attribute.type is Type.ENUM else f"“{value}”"


def _label(attribute: Attribute, name: Name, *, first: bool) -> str:
    own = attribute.label
    lowered = own[:1].lower() + own[1:] if own[1:2].islower() else own
    label = own if first else lowered
    return f"{label} in {name.currency}" if name.currency else label


def _number(value: Decimal) -> str:
    return f"{value:,f}"


def _money(value: Decimal, currency: str | None) -> str:
    return f"{_number(value)} {currency}" if currency else _number(value)


def _days(days: int | None) -> str:
    return f"{days} {'day' if days == 1 else 'days'}"


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
