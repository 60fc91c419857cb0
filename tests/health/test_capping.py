"""Caps by rule: a score is held down while a rule holds, in every road that scores."""

from datetime import timedelta
from typing import Any

import pytest

from tenure import flow
from tenure.customers.models import Account
from tenure.customers.write import By, ValueRefused, edit
from tenure.health import preview, shapes, versions
from tenure.health.advice import advice
from tenure.health.changes import split
from tenure.health.definitions import document_of
from tenure.health.definitions import read as definition_of
from tenure.health.differing import differences
from tenure.health.models import HealthScore, HealthVersion
from tenure.health.score import DEFAULT
from tenure.metrics.settings import current
from tests.health.rows import NOW, a_payer, paid, scored
from tests.metrics.rows import an_invoice

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
BY = By(reason="A test", name="Kim")
DUE = {"name": "Due over 50,000", "rule": "total_due > 50000", "most": "39"}


def with_caps(*caps: dict[str, str]) -> dict[str, Any]:
    document = document_of(DEFAULT)
    return document | {"caps": [*document["caps"], *caps]}


def saved(*caps: dict[str, str]) -> None:
    last = versions.ready(NOW)[-1]
    versions.save(last.definition_id, with_caps(*caps), BY, now=NOW)
    flow.catch_up(NOW)


def owing(name: str, balance: str) -> Account:
    """A punctual payer with an invoice that is not late yet, scored."""
    account = a_payer(name, price="9000")
    for days in (40, 70, 100, 130):
        paid(account, NOW - days * DAY)
    an_invoice(account, state="pending", balance=balance, due_at=NOW + 20 * DAY)
    scored(account)
    return account


def score(account: Account) -> HealthScore:
    return HealthScore.objects.select_related("version").get(pk=account.pk)


@pytest.fixture
def debtor(db: None) -> Account:
    return owing("Debtor Ltd", "50000.01")


def test_total_due_over_50_000_is_poor_financial_health(debtor: Account) -> None:
    just = owing("Just below Ltd", "50000")
    assert (score(debtor).band, score(just).band) == ("green", "green")
    saved(DUE)
    assert (score(debtor).band, score(debtor).caps) == ("red", ["Due over 50,000"])
    assert (score(just).band, score(just).caps) == ("green", [])
    told = shapes.health(score(debtor))
    assert told["caps"] == [{"cap": DUE["name"], "label": DUE["name"], "most": "39.0"}]


def test_an_edit_that_ends_the_rule_ends_the_cap_and_what_changed_is_the_cap(
    debtor: Account,
) -> None:
    saved({"name": "On watch", "rule": 'name contains "Debtor"', "most": "20"})
    assert score(debtor).score == 20
    later = NOW + timedelta(hours=1)
    edit([debtor.pk], {"name": "Another Ltd"}, BY, now=later)
    flow.catch_up(later)
    assert score(debtor).band == "green"
    past = HealthVersion.objects.filter(account=debtor).latest("valid_to")
    found = split(shapes.side(past, current()), shapes.side(score(debtor), current()))
    assert {line.kind for line in found.lines} <= {"cap", "rounding"}
    assert sum(line.points for line in found.lines) == found.total


def test_a_cap_that_only_the_new_definition_has_is_the_definitions_doing(debtor: Account) -> None:
    before = score(debtor)
    saved(DUE)
    found = split(shapes.side(before, current()), shapes.side(score(debtor), current()))
    assert {line.kind for line in found.lines} <= {"definition", "rounding"}
    assert sum(line.points for line in found.lines) == found.total


def test_a_day_alone_makes_a_cap_hold(debtor: Account) -> None:
    Account.objects.filter(pk=debtor.pk).update(created_at=NOW - 9 * DAY)
    saved({"name": "Old", "rule": "not created in last 10 days", "most": "10"})
    assert score(debtor).band == "green"
    flow.catch_up(NOW + 2 * DAY)
    assert (score(debtor).band, score(debtor).caps) == ("red", ["Old"])


def test_a_preview_counts_what_a_cap_would_do_and_what_it_no_longer_would(debtor: Account) -> None:
    last = versions.ready(NOW)[-1]
    tried = preview.preview(last, with_caps(DUE), now=NOW)
    assert dict(tried.between) == {("green", "red"): 1}
    saved(DUE)
    last = versions.ready(NOW)[-1]
    assert preview.preview(last, with_caps(DUE), now=NOW).moved == 0
    milder = DUE | {"rule": "total_due > 90000"}
    assert dict(preview.preview(last, with_caps(milder), now=NOW).between) == {("red", "green"): 1}


def test_the_way_to_green_names_the_rule_that_has_to_end(debtor: Account) -> None:
    saved(DUE)
    told = advice(debtor.pk, score(debtor), NOW, current()).why_not
    assert "“Due over 50,000” holds (total_due > 50000) and allows at most 39" in told


@pytest.mark.parametrize(
    ("cap", "said"),
    [
        ({"rule": "mmr > 5"}, "Cap “Due over 50,000”: "),
        ({"rule": "mrr >"}, "Cap “Due over 50,000”: "),
        ({"rule": 'segment = "Large"'}, "cannot ask for the segment “Large”"),
        ({"rule": "health = red"}, "the score would decide what it is made of"),
        ({"name": "past_due_60"}, "two caps “past_due_60”"),
        ({"name": ""}, "has a name of 1 to 80"),
        ({"most": "101"}, "not a number from 0 to 100"),
    ],
)
def test_a_cap_that_cannot_be_is_refused_with_its_name(cap: dict[str, str], said: str) -> None:
    last = versions.ready(NOW)[-1]
    with pytest.raises(ValueRefused, match=said):
        versions.save(last.definition_id, with_caps(DUE | cap), BY, now=NOW)
    assert versions.ready(NOW)[-1].number == last.number


def test_what_differs_between_versions_names_the_rule() -> None:
    before, after = (definition_of(with_caps(*caps)) for caps in ((), (DUE,)))
    assert differences(before, after) == [
        ("Cap: Due over 50,000", "off", "at most 39 while total_due > 50000")
    ]
    assert definition_of(document_of(after)) == after
