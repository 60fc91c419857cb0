"""The text of an alert is made of the rule's own operands and cannot contradict its condition."""

from decimal import Decimal

import pytest

from tenure.alerts.suggested import SUGGESTED, accept, open_suggestions
from tenure.alerts.write import Draft, RuleNotSaved, save
from tenure.rules.errors import RuleRefused
from tests.alerts.conftest import day

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("draft", "field", "message"),
    [
        (Draft("", "past_due > 5", "{name}"), "name", "1 to 120"),
        (Draft("A", "", "{name}"), "rule", "needs a condition"),
        (Draft("A", "past_due > 50000", "{name} owes {mrr}"), "message", "not compare “mrr”"),
        (
            Draft("A", "past_due > 50000", "{name} owes over 5,000"),
            "message",
            "The text says 5,000",
        ),
        (Draft("A", "past_due > 5", ""), "message", "needs a text"),
        (Draft("A", "past_due > 5", "{name} owes {past_due"), "message", "“{” stands alone"),
        (Draft("A", "past_due > 5", "{name}", note="it }"), "note", "“}” stands alone"),
        (Draft("A", "past_due > 5", "{name}", for_days=999), "for_days", "0 to 365"),
        (Draft("A", "past_due > 5", "{name}", kind="odd"), "type", "not a type"),
        (Draft("A", "past_due > 5", "{name}", severity="odd"), "severity", "no severity"),
        (
            Draft("A", "past_due > 5", "{name}", thresholds=[Decimal(5), Decimal(1), Decimal(2)]),
            "thresholds",
            "three amounts that rise",
        ),
    ],
)
def test_a_rule_that_cannot_be_saved_names_the_field(
    draft: Draft, field: str, message: str
) -> None:
    with pytest.raises(RuleNotSaved, match=message) as refused:
        save(draft, now=day(0))
    assert refused.value.field == field


def test_a_wrong_resolve_condition_is_refused() -> None:
    with pytest.raises(RuleRefused, match="no attribute “mmr”"):
        save(Draft("A", "past_due > 5", "{name}", resolve="mmr > 1"), now=day(0))


def test_figures_that_the_rule_says_may_stand_in_the_text() -> None:
    saved = save(
        Draft("A", "past_due > 50000 and on_time_rate_12m < 80 %", "Over 50,000 and below 80 %."),
        now=day(0),
    )
    assert saved.version == 1


@pytest.mark.parametrize("key", sorted(SUGGESTED))
def test_every_suggestion_can_be_accepted_once_and_is_off(key: str) -> None:
    rule = accept(key, now=day(0))
    assert not rule.enabled
    assert key not in open_suggestions()
