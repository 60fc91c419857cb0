"""The threshold that would have kept false alarms away without losing an alert that was a risk."""

from datetime import timedelta

import pytest

from tenure.alerts.models import Alert, AlertRule, Outcome, State
from tenure.alerts.tuning import tuning
from tests.alerts.conftest import START
from tests.metrics import rows


def a_rule(text: str) -> AlertRule:
    made: AlertRule = AlertRule.objects.create(
        name=text, rule=text, message="{name}", created_at=START, updated_at=START
    )
    return made


def closed(rule: AlertRule, condition: str, value: object, outcome: str) -> None:
    number = Alert.objects.count()
    Alert.objects.create(
        alert_rule=rule,
        version=1,
        account=rows.an_account(f"A {number}"),
        kind="risk",
        severity="low",
        state=State.CLOSED,
        cause=str(number),
        reason="x",
        evidence=[{"condition": condition, "value": value, "holds": True}],
        opened_at=START,
        ended_at=START + timedelta(days=number),
        outcome=outcome,
    )


@pytest.mark.parametrize(
    ("rule", "wrong", "right", "wanted", "gone"),
    [
        ("past_due > 100", ["110", "150", "400"], ["500"], "past_due > 400", 3),
        ("past_due > 100", ["110", "600"], ["500"], "past_due > 110", 1),  # 600 would cost the 500
        ("mrr < 1000", ["900", "700"], ["300"], "mrr < 700", 2),
        ("past_due >= 100", ["100"], ["200"], "past_due > 100", 1),
        ("past_due > 100", ["110"], [], "past_due > 110", 1),
    ],
)
def test_the_threshold_lies_beyond_false_alarms_and_before_what_was_a_risk(
    db: None, rule: str, wrong: list[str], right: list[str], wanted: str, gone: int
) -> None:
    made = a_rule(rule)
    for value in wrong:
        closed(made, rule, value, Outcome.NO_RISK)
    for value in right:
        closed(made, rule, value, Outcome.SAVED)
    found = tuning(made)
    assert found is not None
    assert (found.condition, found.rule, found.gone, found.wrong) == (
        wanted,
        wanted,
        gone,
        len(wrong),
    )


def test_only_one_condition_of_a_longer_rule_is_changed(db: None) -> None:
    made = a_rule("past_due > 100 and mrr > 0")
    closed(made, "past_due > 100", "150", Outcome.NO_RISK)
    found = tuning(made)
    assert found is not None
    assert found.rule == "past_due > 150 and mrr > 0"


@pytest.mark.parametrize(
    ("rule", "value"),
    [("health = red", "red"), ("past_due > 100", None), ("past_due > 100", True)],
)
def test_what_no_threshold_would_have_helped_gets_no_hint(
    db: None, rule: str, value: object
) -> None:
    made = a_rule(rule)
    closed(made, rule, value, Outcome.NO_RISK)
    closed(made, rule, "150", Outcome.SAVED)
    assert tuning(made) is None


def test_a_rule_nobody_has_closed_an_alert_of_gets_no_hint(db: None) -> None:
    assert tuning(a_rule("past_due > 100")) is None
