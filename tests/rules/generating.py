"""Random rules over the test world: every operator, every shape, up to the limits."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from tenure.rules.catalogue import Attribute
from tenure.rules.operators import CHANGES, OPERATORS, Takes, Type, taken_by
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
    Step,
    Today,
    Value,
)
from tests.rules.world import ACCOUNT, INVOICE, NOW

_WORDS = ("Acme", "acme", "Pro", "pro", "é", "", "a_b%c", "%", "_", 'quote " \\ it', "1001", "no")
_DAYS = (1, 6, 7, 8, 29, 30, 31, 90, 400)


def rule(random: Random, depth: int = 3) -> Node:
    """A rule of at most so many levels, over accounts and their invoices."""
    return _node(random, depth, ACCOUNT, related=True)


def _node(random: Random, depth: int, attributes: tuple[Attribute, ...], *, related: bool) -> Node:
    shape = random.random()
    if depth > 1 and shape < 0.3:
        parts = random.choice((2, 2, 3))
        nodes = [_node(random, depth - 1, attributes, related=related) for _ in range(parts)]
        return Group(random.choice(("and", "or")), tuple(nodes))
    if depth > 1 and shape < 0.4:
        return Not(_node(random, depth - 1, attributes, related=related))
    if related and shape < 0.55:
        return _quantified(random, depth)
    if related and shape < 0.7:
        return _aggregate(random, depth)
    return _condition(random, attributes)


def _quantified(random: Random, depth: int) -> Node:
    quantifier = random.choice(("any", "no", "every"))
    bare = quantifier != "every" and random.random() < 0.2
    where = None if bare else _node(random, max(1, depth - 1), INVOICE, related=False)
    return Quantified(quantifier, "invoice", where)


def _aggregate(random: Random, depth: int) -> Node:
    where = None
    if random.random() < 0.6:
        where = _node(random, max(1, depth - 1), INVOICE, related=False)
    function = random.choice(("count", "sum", "min", "max"))
    if function == "count":
        operator = random.choice(("=", "!=", "<", "<=", ">", ">=", "in"))
        value: Value = Decimal(random.choice((0, 1, 2)))
        value = (value, Decimal(3)) if operator == "in" else value
        return Aggregate("count", "invoice", None, where, Predicate(operator, value))
    kinds = {Type.NUMBER, Type.MONEY} | (set() if function == "sum" else {Type.DATE})
    attribute = random.choice([one for one in INVOICE if one.type in kinds])
    name = Name(attribute.key, _currency(random, attribute))
    predicate = _predicate(random, attribute, changes=False)
    return Aggregate(function, "invoice", name, where, predicate)


def _condition(random: Random, attributes: tuple[Attribute, ...]) -> Node:
    attribute = random.choice(attributes)
    name = Name(attribute.key, _currency(random, attribute))
    predicate = _predicate(random, attribute, changes=bool(attribute.history))
    if not attribute.history or predicate.operator in CHANGES or random.random() < 0.6:
        return Condition(name, predicate)
    days = random.choice(_DAYS)
    if random.random() < 0.5:
        return Condition(name, predicate, lasting=days)
    if OPERATORS[predicate.operator].takes in (Takes.DAYS, Takes.NOTHING):
        return Condition(name, Predicate("is unknown"), ago=days)
    return Condition(name, predicate, ago=days)


def _currency(random: Random, attribute: Attribute) -> str | None:
    if attribute.type is Type.MONEY and random.random() < 0.3:
        return random.choice(("USD", "EUR", "GBP", "JPY"))
    return None


def _predicate(random: Random, attribute: Attribute, *, changes: bool) -> Predicate:
    able = [one for one in taken_by(attribute.type) if changes or one.text not in CHANGES]
    operator = random.choice(able)
    match operator.takes:
        case Takes.NOTHING:
            return Predicate(operator.text)
        case Takes.VALUE:
            return Predicate(operator.text, _literal(random, attribute))
        case Takes.VALUES:
            count = random.choice((1, 2, 3))
            return Predicate(
                operator.text, tuple(_literal(random, attribute) for _ in range(count))
            )
        case Takes.DAYS:
            return Predicate(operator.text, random.choice(_DAYS))
        case Takes.STEP:
            step = Decimal(random.choice(("0.01", "20", "50", "100")))
            percent = random.random() < 0.5
            return Predicate(operator.text, Step(step, percent, random.choice(_DAYS)))


def _literal(random: Random, attribute: Attribute) -> Literal:
    match attribute.type:
        case Type.NUMBER | Type.MONEY:
            return Decimal(
                random.choice(("0", "5", "7.5", "100", "1000", "1100", "-50", "100.010"))
            )
        case Type.DATE:
            return random.choice((Today(), _day(random)))
        case Type.BOOLEAN:
            return random.random() < 0.5
        case Type.ENUM:
            return random.choice(attribute.values)
        case _:
            return random.choice(_WORDS)


def _day(random: Random) -> date:
    return NOW.date() + timedelta(days=random.choice((-31, -30, -1, 0, 1, 2, 30)))
