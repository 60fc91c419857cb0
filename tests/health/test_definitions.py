"""Several definitions of health: which one applies to an account, in which order, and what moves it."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest

from tenure import flow
from tenure.core.errors import ConfigurationError
from tenure.customers.models import Account
from tenure.customers.models import Attribute as Named
from tenure.customers.write import By, ValueRefused, edit
from tenure.health import (
    applies,
    ordering,
    placing,
    preview,
    previewed,
    read,
    scoring,
    shapes,
    versions,
)
from tenure.health.applies import InForce, assigned
from tenure.health.changes import split
from tenure.health.definitions import document_of
from tenure.health.membership import Who, catalogue, in_segment
from tenure.health.models import Definition, DefinitionVersion, HealthScore, HealthVersion
from tenure.health.score import DEFAULT
from tenure.metrics.asking import patient
from tenure.metrics.settings import current
from tenure.rules.evaluate import evaluate
from tenure.rules.sql import Sql
from tenure.segments import catalogue as lists
from tenure.segments import deciding
from tenure.segments import write as segments
from tenure.segments.models import Segment
from tenure.segments.question import question
from tenure.segments.subject import StoredAccount
from tenure.segments.write import Draft, SegmentRefused
from tests.health.rows import NOW, a_payer, paid, scored
from tests.metrics.rows import an_invoice

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
BY = By(reason="A test", name="Kim")
STRICT = document_of(DEFAULT) | {"green": "95", "amber": "90"}


def defined(name: str, rule: str, document: Any = STRICT) -> DefinitionVersion:
    """A definition for the accounts of a rule, the last before the one for everyone."""
    versions.ready(NOW)
    return versions.create(name, document, deciding.who(rule), BY, now=NOW)


def by(account: Account) -> str:
    """The name and version of the definition the account is scored by."""
    version = HealthScore.objects.get(pk=account.pk).version
    return f"{version.definition.name} {version.number}"


@pytest.fixture
def large(db: None) -> Account:
    return payer("Large Ltd", "5000")


@pytest.fixture
def small(db: None) -> Account:
    return payer("Small Ltd", "50")


def scored_again(account: Account) -> Account:
    scoring.score([account.pk], NOW)
    return account


def payer(name: str, price: str) -> Account:
    """An account that pays, with an invoice twenty days past due, scored."""
    account = a_payer(name, price=price)
    for days in (40, 70, 100, 130):
        paid(account, NOW - days * DAY)
    an_invoice(account, state="past_due", balance="10", due_at=NOW - 20 * DAY)
    scored(account)
    return account


def test_the_first_definition_that_is_for_an_account_applies(
    large: Account, small: Account
) -> None:
    defined("Enterprise", "mrr >= 1000")
    defined("Paying", "mrr > 10")
    assert flow.catch_up(NOW) == 2
    assert (by(large), by(small)) == ("Enterprise 1", "Paying 1")
    ordering.move(versions.named("Paying").definition_id, 0, BY, now=NOW)
    flow.catch_up(NOW + DAY)
    assert (by(large), by(small)) == ("Paying 1", "Paying 1")


def test_an_edit_moves_an_account_and_what_changed_is_the_definition(
    large: Account, small: Account
) -> None:
    heavy = document_of(DEFAULT) | {"green": "95", "amber": "90"}
    heavy["measures"][0]["weight"] = "90"
    defined("Enterprise", 'name contains "Large"', heavy)
    flow.catch_up(NOW)
    assert (by(large), by(small)) == ("Enterprise 1", "Everyone 1")
    before = HealthScore.objects.get(pk=large.pk)
    later = NOW + timedelta(hours=1)
    edit([large.pk], {"name": "Renamed Ltd"}, BY, now=later)
    flow.catch_up(later)
    after = HealthScore.objects.select_related("version__definition").get(pk=large.pk)
    assert by(large) == "Everyone 1"
    assert before.band != after.band
    past = HealthVersion.objects.filter(account=large).latest("valid_to")
    assert (past.version.name, past.valid_to) == ("Enterprise", later)
    assert read.scores_at([large.pk], NOW)[large.pk].version.name == "Enterprise"
    lines = split(shapes.side(past, current()), shapes.side(after, current())).lines
    assert {line.kind for line in lines} <= {"definition", "rounding"}
    assert next(line.points for line in lines if line.kind == "definition")


def test_a_day_alone_moves_an_account(large: Account) -> None:
    defined("New", "created in last 10 days")
    Account.objects.filter(pk=large.pk).update(created_at=NOW - 9 * DAY)
    flow.catch_up(NOW)
    assert by(large) == "New 1"
    assert flow.catch_up(NOW + timedelta(hours=1)) == 0
    flow.catch_up(NOW + 3 * DAY)
    assert by(large) == "Everyone 1"


def test_a_segment_decides_and_hands_its_changes_down(large: Account, small: Account) -> None:
    segment = segments.save(Draft("Big Ones", "mrr >= 1000"), now=NOW)
    segments.save(Draft("Chosen", 'segment = "big ones" and not name contains "zz"'), now=NOW)
    made = defined("Enterprise", in_segment("Chosen"))
    flow.catch_up(NOW)
    assert (by(large), by(small)) == ("Enterprise 1", "Everyone 1")
    said = shapes.health(HealthScore.objects.get(pk=large.pk))["definition"]
    assert said["because"] == "it is in the segment “Chosen”"
    segments.save(Draft("Big Ones", "mrr < 1000"), now=NOW + DAY, segment=segment)
    newest = versions.of_definition(made.definition_id)[0]
    assert newest.reason == "The segment “Big Ones” changed to version 2."
    assert newest.document == made.document
    flow.catch_up(NOW + DAY)
    assert (by(large), by(small)) == ("Everyone 1", "Enterprise 2")


def test_a_segment_in_use_keeps_its_name_and_stays(large: Account) -> None:
    segment = segments.save(Draft("Big", "mrr >= 1000"), now=NOW)
    defined("Enterprise", in_segment("Big"))
    with pytest.raises(SegmentRefused, match="the health definition “Enterprise”"):
        segments.remove(segment)
    with pytest.raises(SegmentRefused, match="so it keeps its name"):
        segments.save(Draft("Bigger", "mrr >= 1000"), now=NOW, segment=segment)
    ordering.delete(versions.named("Enterprise").definition_id, BY, now=NOW)
    segments.remove(segment)
    assert not Segment.objects.exists()


def test_health_cannot_decide_which_definition_of_health_applies(large: Account) -> None:
    with pytest.raises(ValueRefused, match="would decide what it is made of"):
        defined("Red ones", "mrr > 0 and health = red")
    risky = segments.save(Draft("Risky", "health_score < 40"), now=NOW)
    with pytest.raises(ValueRefused, match="The segment “Risky” cannot be used"):
        defined("Red ones", in_segment("Risky"))
    segments.save(Draft("Risky", "past_due > 0"), now=NOW, segment=risky)
    defined("Late ones", in_segment("Risky"))
    with pytest.raises(SegmentRefused, match="decides which accounts the health definition"):
        segments.save(Draft("Risky", "health = red"), now=NOW, segment=risky)
    risky.refresh_from_db()
    assert risky.rule == "past_due > 0"


def test_an_attribute_of_the_workspace_is_called_in_a_definition_as_in_every_list(
    large: Account, small: Account
) -> None:
    for name in ("health", "segment", "score", "mrr", "plain"):
        Named.objects.create(name=name, label=name, kind="text")
    everywhere = {one.key for one in lists.catalogue().listed if one.group == "Attributes"}
    below = {one.key for one in catalogue().listed if one.group == "Attributes"}
    assert (
        everywhere == below >= {"custom_health", "custom_segment", "custom_mrr", "score", "plain"}
    )
    values = {"health": "good", "segment": "A", "score": "high"}
    Account.objects.filter(pk=large.pk).update(attributes=values)
    rule = 'custom_health = good and custom_segment = "A" and score = high'
    defined("Good ones", rule)
    assert (by(scored_again(large)), by(scored_again(small))) == ("Good ones 1", "Everyone 1")
    assert question(rule, NOW).text == rule
    with pytest.raises(ValueRefused, match="would decide what it is made of"):
        defined("Other", "health = good")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("", "needs a rule or a segment"),
        ("wealth > 3", "no attribute"),
        ('segment = "Nobody"', "There is no segment “Nobody”"),
        ("segment is empty", "which segments an account is in now"),
        ("mrr >", "ends too early"),
    ],
)
def test_a_rule_that_cannot_be_asked_is_not_saved(db: None, rule: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        defined("Odd", rule)
    assert not Definition.objects.filter(name="Odd").exists()


def test_what_cannot_be_asked_is_passed_over_until_it_can(large: Account) -> None:
    made = defined("Enterprise", "mrr >= 1000")
    defined("Paying", "mrr > 10")
    flow.catch_up(NOW)
    assert by(large) == "Enterprise 1"
    DefinitionVersion.objects.filter(pk=made.pk).update(rule="gone = 1")
    scored(large, NOW + timedelta(hours=1))
    assert by(large) == "Paying 1"
    held = Definition.objects.get(name="Enterprise")
    assert "gone" in held.fault
    DefinitionVersion.objects.filter(pk=made.pk).update(rule="mrr >= 1000")
    flow.catch_up(NOW + DAY)
    held.refresh_from_db()
    assert (by(large), held.fault) == ("Enterprise 1", "")


def test_what_takes_too_long_is_passed_over_for_a_day(
    large: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, last = defined("Slow", "mrr >= 1000"), versions.newest()[-1]
    ready = versions.in_force(NOW, current())
    asked = [InForce(slow, ready[0].scorer, Sql("pg_sleep(0.3) IS NOT NULL")), ready[-1]]
    monkeypatch.setattr(applies, "PATIENCE_SECONDS", 0.05)
    assert assigned([large.pk], asked, NOW)[large.pk].version == last
    held = Definition.objects.get(name="Slow")
    assert "takes longer than" in held.fault
    assert [one.version for one in versions.in_force(NOW + DAY / 2, current())] == [last]
    again = versions.in_force(NOW + 2 * DAY, current())
    assert [one.version for one in again] == [slow, last]
    monkeypatch.setattr(placing, "PATIENCE_SECONDS", 0.3)
    assert placing.place(asked, NOW + 2 * DAY, current()) == 0
    held.refresh_from_db()
    assert held.fault


def test_the_patience_within_leaves_the_one_around_it(db: None) -> None:
    from django.db import connection  # noqa: PLC0415

    def timeout() -> str:
        with connection.cursor() as db:
            db.execute("SHOW statement_timeout")
            return str(db.fetchone()[0])

    with patient(7):
        with patient(3):
            assert timeout() == "3s"
        assert timeout() == "7s"
    assert timeout() == "0"


def test_every_step_can_be_taken_back(large: Account) -> None:
    first, second = defined("First", "mrr >= 1000"), defined("Second", "mrr > 10")

    def order() -> list[str]:
        return [one.name for one in versions.newest()]

    ordering.move(second.definition_id, 0, BY, now=NOW)
    assert order() == ["Second", "First", "Everyone"]
    ordering.switch(first.definition_id, BY, on=False, now=NOW)
    ordering.delete(second.definition_id, BY, now=NOW)
    assert order() == ["Everyone"]
    flow.catch_up(NOW)
    assert by(large) == "Everyone 1"
    old = ordering.events()[2]
    with pytest.raises(ValueRefused, match="Something else was done"):
        ordering.undo(old.pk, BY, now=NOW)
    for _ in range(3):
        newest = next(one for one in ordering.events() if one.undone_at is None)
        ordering.undo(newest.pk, BY, now=NOW)
    assert order() == ["First", "Second", "Everyone"]
    flow.catch_up(NOW)
    assert by(large) == "First 1"


def test_the_definition_for_everyone_stays_last(large: Account) -> None:
    everyone = versions.newest()[-1]
    for act in (
        lambda: ordering.delete(everyone.definition_id, BY, now=NOW),
        lambda: ordering.switch(everyone.definition_id, BY, on=False, now=NOW),
        lambda: ordering.move(everyone.definition_id, 0, BY, now=NOW),
    ):
        with pytest.raises(ValueRefused, match="comes last and cannot be"):
            act()
    with pytest.raises(ValueRefused, match="has no rule"):
        versions.save(everyone.definition_id, STRICT, BY, now=NOW, who=deciding.who("mrr > 0"))


def test_a_preview_says_what_saving_then_does(large: Account, small: Account) -> None:
    defined("Paying", "mrr > 10")
    flow.catch_up(NOW)
    who = deciding.who("mrr >= 1000")
    seen = preview.preview(None, document_of(DEFAULT), now=NOW, who=who, name="Enterprise")
    assert not seen.switched  # “Paying” stands before it
    made = versions.create("Enterprise", document_of(DEFAULT), who, BY, now=NOW)
    paying = versions.named("Paying")
    seen = preview.without(paying, now=NOW)
    assert seen.switched == {("Paying", "Enterprise"): 1, ("Paying", "Everyone"): 1}
    bands = HealthScore.objects.in_bulk([large.pk, small.pk])
    ordering.delete(paying.definition_id, BY, now=NOW)
    flow.catch_up(NOW)
    after = HealthScore.objects.in_bulk([large.pk, small.pk])
    assert (by(large), by(small)) == ("Enterprise 1", "Everyone 1")
    assert seen.moved == sum(bands[pk].band != after[pk].band for pk in bands)
    seen = preview.preview(made, STRICT, now=NOW, who=deciding.who("mrr < 1000"))
    assert seen.switched == {("Enterprise", "Everyone"): 1, ("Everyone", "Enterprise"): 1}


def test_behind_each_count_of_a_preview_stand_as_many_accounts(
    large: Account, small: Account
) -> None:
    versions.ready(NOW)
    paused = payer("Held Ltd", "70")
    who = deciding.who("mrr > 1000")
    whole = preview.preview(None, STRICT, now=NOW, who=who, name="Large")
    wide = preview.preview(versions.newest()[-1], STRICT, now=NOW)
    for found, base, whom in ((whole, None, who), (wide, versions.newest()[-1], None)):
        order = preview.order_with(base, STRICT, now=NOW, who=whom, name="Large" if whom else "")
        counts: dict[previewed.Which, int] = {
            ("all",): found.accounts,
            ("kept",): found.kept,
            ("changed",): found.changed,
            ("moved",): found.moved,
            **{("now", band): count for band, count in found.before.items()},
            **{("then", band): count for band, count in found.after.items()},
            **{("between", *pair): count for pair, count in found.between.items()},
            **{("switched", *pair): count for pair, count in found.switched.items()},
        }
        for which, count in counts.items():
            behind = previewed.behind(order, which)
            assert (behind.count, len(behind.moves)) == (count, count), which
    assert whole.switched == {("Everyone", "Large"): 1}
    order = preview.order_with(versions.newest()[-1], STRICT, now=NOW)
    named = [one.account_id for one in previewed.behind(order, ("all",)).moves]
    assert named[:2] == [large.pk, paused.pk]


def test_only_accounts_that_go_to_another_definition_are_due(
    large: Account, small: Account
) -> None:
    defined("Enterprise", "mrr >= 1000")
    assert scoring.begin_day(NOW) == 1
    assert scoring.due(NOW) == [large.pk]
    scoring.score([large.pk], NOW)
    assert scoring.begin_day(NOW) == 0


def test_the_database_and_the_reference_agree_on_who_is_meant(db: None) -> None:
    random = Random(5)
    accounts = [
        a_payer(f"{random.choice('ABC')} {n}", price=str(random.choice([5, 50, 500, 5000])))
        for n in range(12)
    ]
    for account in accounts[::3]:
        an_invoice(account, state="past_due", balance="10", due_at=NOW - 20 * DAY)
    for account in accounts[1:]:
        scored(account)  # the first one has no figures
    segments.save(Draft("Rich", "mrr >= 500"), now=NOW)
    segments.save(Draft("Late rich", 'segment = "Rich" and past_due > 0'), now=NOW)
    everyone = versions.in_force(NOW, current())[-1]
    asked = applies.Conditions(NOW)
    seen = set()
    for _ in range(25):
        rules = [_a_rule(random, 2) for _ in range(3)]
        order = [InForce(everyone.version, everyone.scorer, asked(deciding.who(r))) for r in rules]
        found = assigned([one.pk for one in accounts], [*order, everyone], NOW)
        for account in accounts:
            first = next(
                (n for n, rule in enumerate(rules) if _holds(deciding.who(rule).rule, account)), 3
            )
            assert found[account.pk] is [*order, everyone][first], (rules, account.name)
            seen.add(first)
    assert seen == {0, 1, 2, 3}


def _holds(rule: str, account: Account) -> bool:
    asked = question(rule, NOW)
    subject = StoredAccount(account.pk, asked)
    return evaluate(asked.meant, subject, asked.catalogue, asked.context).truth is True


def _a_rule(random: Random, depth: int) -> str:
    if not depth or random.random() < 0.3:
        return random.choice(
            [
                "mrr >= 500", "mrr < 50", "past_due > 0", 'name contains "a"',
                'segment = "Rich"', 'segment != "rich"', 'segment in ("Rich", "Late rich")',
                'segment not in ("Late rich")', 'segment has all ("Rich", "Late rich")',
                "any invoice (balance > 5)", "next_renewal_date is unknown",
            ]
        )  # fmt: skip
    parts = [_a_rule(random, depth - 1) for _ in range(2)]
    joint = random.choice([" and ", " or "])
    whole = joint.join(f"({part})" for part in parts)
    return f"not ({whole})" if random.random() < 0.4 else f"({whole})"


def test_who_is_told_as_a_segment_only_where_it_is_one() -> None:
    assert Who(in_segment('Odd "one" \\')).segment == 'Odd "one" \\'
    assert Who('segment = "A" and mrr > 0').segment == ""
    assert Who().everyone
