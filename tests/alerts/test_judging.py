"""From a condition to an alert and back: once a cause, frozen, calm before it resolves."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from tenure import flow
from tenure.alerts import actions, judge, mutes
from tenure.alerts.actions import Who
from tenure.alerts.models import Alert, AlertRule, Outcome, Severity, State, Watch
from tenure.alerts.write import Draft, disable, enable, save
from tenure.connections.models import Workspace
from tenure.core.errors import ConfigurationError
from tenure.customers.models import Account
from tenure.segments.write import Draft as SegmentDraft
from tenure.segments.write import save as save_segment
from tests.alerts.conftest import Move, day
from tests.metrics import rows
from tests.web.builders import a_member, a_payer

DRAFT = Draft("Late", "past_due_count > 2", "{name} has {past_due_count} overdue invoices.")


def a_rule(**more: object) -> AlertRule:
    """A rule that is switched on for what becomes true from now on."""
    draft = Draft(**{**vars_of(DRAFT), **more})  # type: ignore[arg-type]
    return enable(save(draft, now=day(0)), now=day(0), existing=False)


def vars_of(draft: Draft) -> dict[str, object]:
    return {name: getattr(draft, name) for name in Draft.__dataclass_fields__}


def states() -> list[str]:
    return list(Alert.objects.order_by("pk").values_list("state", flat=True))


def test_a_rule_fires_when_it_becomes_true_and_says_why_with_the_values_seen(
    account: Account, move: Move
) -> None:
    rule = a_rule()
    assert judge.judge([account.pk], day(1)) == 0
    move(account, day(2), past_due_count=3)
    assert judge.judge([account.pk], day(2)) == 1
    alert = Alert.objects.get()
    assert alert.reason == "Northwind Robotics has 3 overdue invoices."
    assert (alert.state, alert.version, alert.at_stake) == (State.NEW, rule.version, 1500)
    assert alert.severity == Severity.HIGH
    assert alert.evidence[0]["value"] == "3"
    assert [event.action for event in alert.events.all()] == ["open"]


def test_judging_again_opens_nothing_more_and_the_database_refuses_the_same_cause(
    account: Account, move: Move
) -> None:
    a_rule()
    move(account, day(2), past_due_count=3)
    for _ in range(3):
        judge.judge([account.pk], day(2))
        judge.judge_all(day(2))
    alert = Alert.objects.get()
    alert.pk, alert.state = None, State.CLOSED
    with pytest.raises(IntegrityError), transaction.atomic():
        alert.save()


def test_what_is_frozen_stays_as_it_was_when_the_account_changes(
    account: Account, move: Move
) -> None:
    a_rule()
    move(account, day(2), past_due_count=3)
    judge.judge([account.pk], day(2))
    move(account, day(3), past_due_count=7)
    judge.judge([account.pk], day(3))
    alert = Alert.objects.get()
    assert "3 overdue" in alert.reason
    assert alert.evidence[0]["value"] == "3"


def test_an_alert_resolves_only_after_calm_has_lasted(account: Account, move: Move) -> None:
    a_rule(settle_days=2)
    move(account, day(2), past_due_count=3)
    judge.judge([account.pk], day(2))
    move(account, day(3), past_due_count=2)
    judge.judge([account.pk], day(3))
    judge.ripen(day(4))
    assert states() == [State.NEW]
    judge.ripen(day(5))
    assert states() == [State.RESOLVED]
    assert [e.action for e in Alert.objects.get().events.order_by("pk")] == ["open", "resolve"]


def test_a_condition_that_flickers_neither_resolves_nor_fires_again(
    account: Account, move: Move
) -> None:
    a_rule(settle_days=2, cooldown_days=0)
    for number in range(2, 12):
        move(account, day(number), past_due_count=3 if number % 2 == 0 else 2)
        judge.judge([account.pk], day(number))
        judge.ripen(day(number + 0.5))
    assert states() == [State.NEW]


def test_a_rule_of_its_own_says_when_it_resolves(account: Account, move: Move) -> None:
    a_rule(resolve="past_due_count = 0", settle_days=0)
    move(account, day(2), past_due_count=3)
    judge.judge([account.pk], day(2))
    move(account, day(3), past_due_count=1)
    judge.judge([account.pk], day(3))
    assert states() == [State.NEW]
    move(account, day(4), past_due_count=0)
    judge.judge([account.pk], day(4))
    assert states() == [State.RESOLVED]


def test_what_becomes_unknown_resolves_nothing(account: Account, move: Move) -> None:
    draft = {"rule": "oldest_past_due_days > 30", "message": "{name}", "settle_days": 0}
    a_rule(**draft)
    move(account, day(2), oldest_past_due_days=31)
    judge.judge([account.pk], day(2))
    move(account, day(3), oldest_past_due_days=None)
    judge.judge([account.pk], day(3))
    assert states() == [State.NEW]


def test_true_for_days_waits_without_a_break(account: Account, move: Move) -> None:
    a_rule(for_days=3)
    move(account, day(2), past_due_count=3)
    judge.judge([account.pk], day(2))
    judge.ripen(day(4))
    move(account, day(4.5), past_due_count=0)
    judge.judge([account.pk], day(4.5))
    move(account, day(5), past_due_count=3)
    judge.judge([account.pk], day(5))
    judge.ripen(day(7))
    assert not Alert.objects.exists()
    judge.ripen(day(8))
    assert states() == [State.NEW]


def test_a_closed_alert_does_not_come_back_while_the_condition_goes_on(
    account: Account, move: Move
) -> None:
    a_rule(cooldown_days=2)
    move(account, day(2), past_due_count=3)
    judge.judge([account.pk], day(2))
    actions.close(Alert.objects.get().pk, Outcome.NO_RISK, Who(), now=day(2))
    for number in range(3, 9):
        judge.judge([account.pk], day(number))
    assert states() == [State.CLOSED]


def test_after_the_cool_down_it_fires_again(account: Account, move: Move) -> None:
    a_rule(cooldown_days=5, settle_days=0)
    for number, late in ((2, 3), (3, 0), (4, 3)):
        move(account, day(number), past_due_count=late)
        judge.judge([account.pk], day(number))
    assert states() == [State.RESOLVED]
    judge.judge([account.pk], day(9))
    assert states() == [State.RESOLVED, State.NEW]


def test_switching_on_takes_what_holds_already_as_asked_for(account: Account, move: Move) -> None:
    move(account, day(-1), past_due_count=3)
    rule = save(DRAFT, now=day(0))
    enable(rule, now=day(0), existing=False)
    judge.judge_all(day(1))
    assert not Alert.objects.exists()
    disable(rule, now=day(2))
    assert not Watch.objects.exists()
    enable(rule, now=day(2), existing=True)
    assert states() == [State.NEW]


def test_scope_limits_a_rule_to_segments(account: Account, move: Move) -> None:
    segment = save_segment(SegmentDraft("Small", "mrr < 1000"), now=day(0))
    a_rule(scope=[segment])
    move(account, day(2), past_due_count=3)
    flow.refresh([account.pk], day(2))
    assert not Alert.objects.exists()


def test_a_snoozed_alert_wakes_at_its_time_or_when_something_changes(
    account: Account, move: Move
) -> None:
    a_rule(settle_days=9)
    move(account, day(2), past_due_count=3)
    judge.judge([account.pk], day(2))
    alert = Alert.objects.get()
    actions.snooze(alert.pk, Who(), now=day(2), until=day(5))
    judge.ripen(day(4))
    assert states() == [State.SNOOZED]
    judge.ripen(day(5))
    assert states() == [State.NEW]
    actions.snooze(alert.pk, Who(), now=day(5))
    judge.judge([account.pk], day(6))
    assert states() == [State.SNOOZED]
    move(account, day(7), past_due_count=4)
    judge.judge([account.pk], day(7))
    assert states() == [State.NEW]
    assert alert.events.order_by("-pk")[0].note == "What it is about has changed."


def test_a_mute_keeps_a_rule_silent_for_one_account(account: Account, move: Move) -> None:
    a_rule(settle_days=0, cooldown_days=0)
    move(account, day(2), past_due_count=3)
    judge.judge([account.pk], day(2))
    alert = Alert.objects.get()
    mutes.mute(alert, day(20).date(), "They pay by cheque.", Who(), now=day(2))
    for number, late in ((3, 0), (4, 3)):
        move(account, day(number), past_due_count=late)
        judge.judge([account.pk], day(number))
    assert states() == [State.RESOLVED]
    judge.judge([account.pk], day(21))
    assert states() == [State.RESOLVED, State.NEW]


def test_a_mute_that_is_taken_back_lets_the_alert_open(account: Account, move: Move) -> None:
    a_rule(settle_days=0, cooldown_days=0)
    move(account, day(2), past_due_count=3)
    judge.judge([account.pk], day(2))
    alert = Alert.objects.get()
    first = mutes.mute(alert, day(9).date(), "A cheque.", Who(name="Ann"), now=day(2))
    muted = mutes.mute(alert, day(20).date(), "Many cheques.", Who(name="Ann"), now=day(2))
    assert list(mutes.standing(day(2))) == [muted]
    for number, late in ((3, 0), (4, 3)):
        move(account, day(number), past_due_count=late)
        judge.judge([account.pk], day(number))
    mutes.take_back(muted.pk, Who(name="Bea"), now=day(5))
    judge.ripen(day(5))
    assert states() == [State.RESOLVED, State.NEW]
    told = alert.events.filter(action__endswith="mute").order_by("pk")
    assert [(one.action, one.by) for one in told] == [
        ("mute", "Ann"),
        ("mute", "Ann"),
        ("unmute", "Bea"),
    ]
    for gone in (muted, first):
        with pytest.raises(ConfigurationError, match="taken back already"):
            mutes.take_back(gone.pk, Who(), now=day(5))


def test_a_mute_ends_when_the_day_of_the_workspace_does(account: Account, move: Move) -> None:
    Workspace.objects.update_or_create(pk=1, defaults={"zone": "Pacific/Auckland"})
    a_rule(settle_days=0, cooldown_days=0)
    move(account, day(2), past_due_count=3)
    judge.judge([account.pk], day(2))
    mutes.mute(Alert.objects.get(), date(2026, 3, 10), "A cheque.", Who(), now=day(2))
    for at, late in ((day(3), 0), (day(4), 3)):
        move(account, at, past_due_count=late)
        judge.judge([account.pk], at)
    midnight = datetime(2026, 3, 10, 11, 0, tzinfo=UTC)  # by the clocks of Auckland, 13 h ahead
    judge.judge([account.pk], midnight - timedelta(seconds=1))
    assert states() == [State.RESOLVED]
    judge.judge([account.pk], midnight)
    assert states() == [State.RESOLVED, State.NEW]


def test_the_owner_gets_it_and_without_one_the_fallback(account: Account, move: Move) -> None:
    fallback = a_member(email="lead@example.com")
    a_rule(fallback=fallback)
    move(account, day(2), past_due_count=3)
    judge.judge([account.pk], day(2))
    assert Alert.objects.get().owner == fallback


def test_an_alert_on_old_data_says_so(account: Account, move: Move) -> None:
    a_payer(account, rows.a_site("northwind"))
    a_rule()
    move(account, day(2), past_due_count=3)
    judge.judge([account.pk], day(2))
    assert Alert.objects.get().stale == "Billing data has not been complete ever."


def test_a_hidden_account_has_its_alerts_resolved(account: Account, move: Move) -> None:
    a_rule(settle_days=0)
    move(account, day(2), past_due_count=3)
    judge.judge([account.pk], day(2))
    Account.objects.filter(pk=account.pk).update(removed_at=day(3))
    judge.judge([account.pk], day(3))
    assert states() == [State.RESOLVED]


def test_a_rule_that_can_no_longer_be_asked_says_why_and_closes_nothing(
    account: Account, move: Move
) -> None:
    a_rule(settle_days=0)
    move(account, day(2), past_due_count=3)
    judge.judge([account.pk], day(2))
    AlertRule.objects.update(rule="gone > 3")
    judge.judge([account.pk], day(3))
    Alert.objects.update(calm_since=day(3))
    judge.ripen(day(3))
    assert "no attribute “gone”" in AlertRule.objects.get().fault
    assert states() == [State.NEW]


def test_a_resolve_condition_that_can_no_longer_be_asked_stops_its_rule_alone(
    account: Account, move: Move
) -> None:
    a_rule(resolve="past_due_count = 0")
    move(account, day(2), past_due_count=3)
    judge.judge([account.pk], day(2))
    AlertRule.objects.update(resolve="gone = 0")
    judge.judge([account.pk], day(3))
    judge.ripen(day(4))
    assert "no attribute “gone”" in AlertRule.objects.get().fault
    assert states() == [State.NEW]


def test_more_alerts_than_one_batch_holds_follow_with_the_next_tick(
    account: Account, move: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = rows.an_account("Harbour Lights")
    move(other, day(-10))
    a_rule()
    for one in (account, other):
        move(one, day(2), past_due_count=3)
    monkeypatch.setattr("tenure.alerts.firing.AT_ONCE", 1)
    judge.judge([account.pk, other.pk], day(2))
    assert states() == [State.NEW]
    judge.ripen(day(2.1))
    assert states() == [State.NEW, State.NEW]
