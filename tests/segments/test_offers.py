"""Everything the catalogue offers can be asked of real accounts, and both ways of asking agree."""

from decimal import Decimal
from random import Random

import pytest
from django.db import connection

from tenure.customers.models import Attribute as Named
from tenure.rules.catalogue import Attribute, Catalogue, Scope
from tenure.rules.check import check
from tenure.rules.compile import compiled
from tenure.rules.describe import described
from tenure.rules.evaluate import evaluate
from tenure.rules.operators import CHANGES, Takes, Type, taken_by
from tenure.rules.parse import parse
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
from tenure.segments.preview import preview
from tenure.segments.question import ACCOUNTS, Question, question
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
    for held in ("add_ons", "subscription.add_ons", "subscription.coupons"):
        assert preview(question(f"{held} is not empty", TODAY)).count, held


# METRICS sections 3 and 4 by their own names; what is one figure of the whole workspace (arpa) is none
# of an account, and quantities by plan are sums over its subscriptions.
METRICS = """
    mrr arr paused_mrr trial_mrr cancelling_mrr committed_mrr past_due_mrr mrr_converted missing_rates
    subscription_status plan_names plan_codes total_quantity addon_quantity next_renewal_date
    next_bill_date term_end_date first_paid_date customer_since active_subscriptions
    total_due receivable past_due_amount past_due_count not_yet_due ageing_current ageing_1_30
    ageing_31_60 ageing_61_90 ageing_over_90 available_credit net_due total_paid total_refunded net_paid
    billed_amount net_billed written_off failed_amount last_paid_amount oldest_past_due_days
    next_due_date next_due_amount last_paid_date last_invoice_date invoice_status in_dunning
    dunning_step final_dunning payment_failures_90d on_time_rate_12m average_days_to_pay
    average_days_late dso total_amount_paid total_amount_due total_amount_billed total_amount_overdue
""".split()


@pytest.mark.django_db
def test_every_figure_of_the_definitions_can_be_asked_for() -> None:
    known = catalogue()
    assert [name for name in METRICS if known.scope.find(name) is None] == []
    check(parse("sum subscription.quantity (plan = pro and mrr > 0) > 10"), known)


@pytest.mark.django_db
def test_an_attribute_called_like_a_figure_hides_nothing_and_can_be_asked_for() -> None:
    for name in ("arr", "health", "plain"):
        Named.objects.create(name=name, label=name, kind="number")
    Named.objects.create(name="mrr", label="mrr", kind="number", object_kind="subscription")
    known = catalogue()
    assert {one.key for one in known.listed if one.group == "Attributes"} == {
        "custom_arr",
        "custom_health",
        "plain",
    }
    assert known.scope.attributes["arr"].type is Type.MONEY
    inside = known.relations["subscription"].scope.attributes
    assert (inside["mrr"].type, inside["custom_mrr"].type) == (Type.MONEY, Type.NUMBER)


@pytest.mark.django_db
def test_every_attribute_says_what_it_is_in_words() -> None:
    known = catalogue()
    for relation in (None, *known.related):
        scope = relation.scope if relation else known.scope
        for attribute in scope.attributes.values():
            assert attribute.label
            assert attribute.explains.endswith("."), attribute.key
            assert attribute.missing.endswith("."), attribute.key
            assert scope.find(attribute.key) is attribute
            test = Predicate("is known")
            one = Condition(Name(attribute.key), test)
            node = Quantified("any", relation.key, one) if relation else one
            assert "is known" in described(check(node, known), known)
