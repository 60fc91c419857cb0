"""Everything the catalogue offers can be asked of real accounts, and both ways of asking agree."""

from decimal import Decimal
from random import Random

import pytest
from django.db import connection

from tenure.rules.catalogue import Attribute, Catalogue, Scope
from tenure.rules.check import check
from tenure.rules.compile import compiled
from tenure.rules.describe import described
from tenure.rules.evaluate import evaluate
from tenure.rules.operators import CHANGES, Takes, Type, taken_by
from tenure.rules.sql import Sql, joined
from tenure.rules.text import text_of
from tenure.rules.tree import (
    Aggregate,
    Condition,
    Group,
    Literal,
    Name,
    Node,
    Predicate,
    Quantified,
    Step,
    Today,
)
from tenure.segments.catalogue import catalogue, context
from tenure.segments.question import ACCOUNTS, Question
from tenure.segments.subject import StoredAccount
from tests.flows.conftest import TODAY


def literal(random: Random, attribute: Attribute) -> Literal:
    match attribute.type:
        case Type.NUMBER | Type.MONEY:
            return Decimal(random.choice((0, 1, 25, 100, 1000)))
        case Type.DATE:
            return Today()
        case Type.BOOLEAN:
            return random.random() < 0.5
        case Type.ENUM:
            return random.choice(attribute.values)
        case _:
            return random.choice(("a", "Team", "brightwharf-us", "USD", "1001"))


def predicates(random: Random, attribute: Attribute, *, changes: bool) -> list[Predicate]:
    """One predicate of each operator that the attribute takes."""
    found = []
    for operator in taken_by(attribute.type):
        if operator.text in CHANGES and not changes:
            continue
        match operator.takes:
            case Takes.NOTHING:
                found.append(Predicate(operator.text))
            case Takes.VALUE:
                found.append(Predicate(operator.text, literal(random, attribute)))
            case Takes.VALUES:
                values = (literal(random, attribute), literal(random, attribute))
                found.append(Predicate(operator.text, values))
            case Takes.DAYS:
                found.append(Predicate(operator.text, random.choice((1, 30, 400))))
            case Takes.STEP:
                step = Step(Decimal(10), random.random() < 0.5, random.choice((7, 90)))
                found.append(Predicate(operator.text, step))
    return found


def conditions(random: Random, scope: Scope, *, related: bool) -> list[Node]:
    """Every attribute of a scope with every operator, money in one currency too."""
    found: list[Node] = []
    for attribute in scope.attributes.values():
        names = [Name(attribute.key)]
        if attribute.type is Type.MONEY:
            names.append(Name(attribute.key, "EUR"))
        for name in names:
            changes = bool(attribute.history) and not related
            found += [
                Condition(name, one) for one in predicates(random, attribute, changes=changes)
            ]
        if attribute.history and not related:
            found += [
                Condition(names[-1], Predicate("is known"), lasting=7),
                Condition(names[-1], Predicate("is unknown"), ago=30),
            ]
    return found


def rules(random: Random, known: Catalogue) -> list[Node]:
    found = conditions(random, known.scope, related=False)
    for relation in known.related:
        inside = conditions(random, relation.scope, related=True)
        found += [
            Quantified(random.choice(("any", "no", "every")), relation.key, one) for one in inside
        ]
        found.append(Aggregate("count", relation.key, None, None, Predicate(">", Decimal(1))))
        for attribute in relation.scope.attributes.values():
            if attribute.type in (Type.NUMBER, Type.MONEY):
                test = Predicate(">", Decimal(10))
                found.append(Aggregate("sum", relation.key, Name(attribute.key), None, test))
            if attribute.type is Type.DATE:
                test = Predicate("in last", 400)
                found.append(Aggregate("max", relation.key, Name(attribute.key), None, test))
    return [check(one, known) for one in found]


def test_every_attribute_takes_its_operators_and_both_ways_of_asking_agree(
    both: list[int],
) -> None:
    random = Random(3)
    known, when = catalogue(), context(TODAY)
    asked = rules(random, known)
    assert len(asked) > 400
    chosen = random.sample(both, 6)
    seen: set[bool | None] = set()
    for start in range(0, len(asked), 40):
        part = asked[start : start + 40]
        columns = joined([compiled(one, known, when) for one in part], ", ")
        statement = Sql("SELECT a.id, ") + columns + f" FROM {ACCOUNTS} ORDER BY a.id"
        with connection.cursor() as db:
            db.execute(statement.text, statement.values)
            said = {row[0]: row[1:] for row in db.fetchall()}
        assert sorted(said) == both
        whole = Question(Group("and", ()), Group("and", tuple(part)), known, when)
        for account_id in chosen:
            subject = StoredAccount(account_id, whole)
            for one, answer in zip(part, said[account_id], strict=True):
                meant = evaluate(one, subject, known, when).truth
                assert answer == meant, (account_id, text_of(one))
                seen.add(answer)
    assert seen == {True, False, None}


@pytest.mark.django_db
def test_every_attribute_says_what_it_is_in_words() -> None:
    known = catalogue()
    for relation in (None, *known.related):
        scope = relation.scope if relation else known.scope
        for attribute in scope.attributes.values():
            assert attribute.label
            assert scope.find(attribute.key) is attribute
            test = Predicate("is known")
            one = Condition(Name(attribute.key), test)
            node = Quantified("any", relation.key, one) if relation else one
            assert "is known" in described(check(node, known), known)
