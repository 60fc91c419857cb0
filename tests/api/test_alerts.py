"""Alert rules and alerts over the API: made, tried on history, switched on, worked through."""

import pytest
from pytest_django import Settings

from tenure.access.models import Member, Role
from tenure.alerts import judge
from tenure.core.clock import FrozenClock
from tenure.customers.models import Account
from tenure.notify.models import Route
from tenure.notify.write import add_channel
from tests.alerts.conftest import day, move_
from tests.api.conftest import Caller
from tests.metrics import rows
from tests.web.builders import a_member

pytestmark = pytest.mark.django_db
BODY = {"name": "Late", "rule": "past_due_count > 2", "message": "{name}: {past_due_count} late."}


@pytest.fixture(autouse=True)
def _time(settings: Settings) -> None:
    settings.TENURE_CLOCK = FrozenClock(day(5))


@pytest.fixture
def account(db: None) -> Account:
    made = rows.an_account("Northwind Robotics")
    Account.objects.filter(pk=made.pk).update(created_at=day(-100))
    move_(made, day(-50))
    return made


@pytest.fixture
def alert(writer: Caller, account: Account) -> int:
    """The number of an open alert."""
    writer.post("alert-rules", BODY)
    writer.post("alert-rules/Late/enable", {})
    move_(account, day(5), past_due_count=3)
    judge.judge([account.pk], day(5))
    return int(writer.get("alerts").json()["data"][0]["id"])


def test_a_rule_is_made_off_and_switched_on(writer: Caller, account: Account) -> None:
    move_(account, day(1), past_due_count=3)
    made = writer.post("alert-rules", BODY)
    assert (made.status_code, made.json()["enabled"]) == (201, False)
    assert writer.post("alert-rules/Late/enable", {"existing": True}).json()["enabled"]
    assert len(writer.get("alerts", rule="Late").json()["data"]) == 1
    assert not writer.post("alert-rules/Late/disable").json()["enabled"]
    changed = writer("PUT", "alert-rules/Late", BODY | {"cooldown_days": 3}).json()
    assert changed["cooldown_days"] == 3


def test_a_rule_names_the_channels_its_alerts_are_told_in(
    admin: Caller, writer: Caller, account: Account
) -> None:
    for name in ("Team", "Ops"):
        add_channel(name, "email", f"{name.lower()}@example.com", now=day(0))
    assert writer.post("alert-rules", BODY).json()["channels"] == []
    named = BODY | {"channels": ["team", "Ops"]}
    assert admin("PUT", "alert-rules/Late", named).json()["channels"] == ["Ops", "Team"]
    assert writer("PUT", "alert-rules/Late", BODY).json()["channels"] == ["Ops", "Team"]
    assert admin("PUT", "alert-rules/Late", BODY | {"channels": ["Team"]}).status_code == 200
    (one,) = writer.get("alert-rules").json()["data"]
    assert one["channels"] == ["Team"]
    assert Route.objects.get(channel__name="Team").alert_rule.name == "Late"
    refused = admin.post("alert-rules", BODY | {"name": "Other", "channels": ["Teem"]})
    assert (refused.status_code, refused.json()["field"]) == (422, "channels")
    assert "Other" not in writer.get("alert-rules").text
    assert writer("PUT", "alert-rules/Late", named).status_code == 403


def test_a_rule_says_who_is_told_of_its_alerts(writer: Caller, account: Account) -> None:
    told = writer.post("alert-rules", BODY).json()["told"]
    assert told[0] == {
        "whom": "The alert's owner",
        "when": "alerts on accounts that have an owner",
        "route": "Owners hear of their own alerts",
    }
    assert writer.get("alert-rules").json()["data"][0]["told"] == told
    Route.objects.update(enabled=False)
    assert writer.get("alert-rules/Late").json()["told"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"message": "{name} owes {mrr}"}, "message"),
        ({"message": "over 9,000"}, "message"),
        ({"thresholds": ["5", "x", "7"]}, "thresholds"),
        ({"rule": "mmr > 1"}, "rule"),
        ({"name": " "}, "name"),
    ],
)
def test_what_is_wrong_with_a_rule_names_its_field(
    writer: Caller, change: dict[str, object], field: str
) -> None:
    answer = writer.post("alert-rules", BODY | change)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert not writer.get("alert-rules").json()["data"]


def test_two_rules_are_tried_side_by_side(reader: Caller, account: Account) -> None:
    move_(account, day(1), past_due_count=3)
    body = {"rules": ["past_due_count > 2", "past_due_count > 5"], "since": "2026-02-20"}
    one, two = reader.post("alert-rules/backtest", body).json()["data"]
    assert (one["firings"], two["firings"]) == (1, 0)
    assert one["list"] == [{"account": account.identifier, "day": day(1).date().isoformat()}]
    assert one["at_stake"] == {"amount": "1500.00", "currency": "USD"}


def test_an_alert_is_worked_through_and_every_step_is_kept(writer: Caller, alert: int) -> None:
    shown = writer.get(f"alerts/{alert}").json()
    assert (shown["state"], shown["reason"]) == ("new", "Northwind Robotics: 3 late.")
    assert shown["holds_now"] is True
    writer.post(f"alerts/{alert}/acknowledge", {"note": "Called them."})
    writer.post(f"alerts/{alert}/snooze", {"until": day(9).isoformat()})
    writer.post(f"alerts/{alert}/wake")
    closed = writer.post(f"alerts/{alert}/close", {"outcome": "not-a-risk", "note": "Paid."})
    assert (closed.json()["state"], closed.json()["outcome"]) == ("closed", "not-a-risk")
    again = writer.post(f"alerts/{alert}/close", {"outcome": "duplicate"})
    assert again.status_code == 409
    actions = [one["action"] for one in writer.get(f"alerts/{alert}").json()["history"]]
    assert actions == ["open", "acknowledge", "snooze", "wake", "close"]
    assert writer.post(f"alerts/{alert}/reopen", {}).json()["state"] == "new"


def test_a_task_is_made_of_an_alert_and_its_history_tells_of_it(
    writer: Caller, alert: int, account: Account
) -> None:
    body = {"title": "Call them", "due": "2026-03-09"}
    made = writer.post(f"alerts/{alert}/task", body)
    assert (made.status_code, made.json()["account"]) == (201, account.identifier)
    history = writer.get(f"alerts/{alert}").json()["history"]
    assert history[-1]["note"] == "Task: Call them"
    assert writer.post("alerts/4711/task", body).status_code == 404
    empty = writer.post(f"alerts/{alert}/task", {"title": " "})
    assert (empty.status_code, empty.json()["field"]) == (422, "title")


def test_an_alert_goes_to_nobody_who_cannot_log_in(writer: Caller, alert: int) -> None:
    off = a_member(Role.CSM, "off@example.com")
    Member.objects.filter(pk=off.pk).update(is_active=False)
    for path, body in (
        (f"alerts/{alert}/assign", {"owner": off.email}),
        (f"alerts/{alert}/task", {"title": "Call", "owner": off.email}),
    ):
        answer = writer.post(path, body)
        assert (answer.status_code, answer.json()["field"]) == (422, "owner"), path
        assert "can no longer log in" in answer.json()["detail"]


def test_lists_are_by_severity_and_of_nobody(writer: Caller, alert: int) -> None:
    (one,) = writer.get("alerts", severity="high", owner="nobody").json()["data"]
    assert one["id"] == alert
    assert not writer.get("alerts", severity="low").json()["data"]


def test_lists_are_by_state_and_account(writer: Caller, alert: int, account: Account) -> None:
    assert len(writer.get("alerts", account=account.identifier).json()["data"]) == 1
    assert not writer.get("alerts", state="closed").json()["data"]
    assert writer.get("alerts", state="all", type="risk").json()["data"][0]["id"] == alert


def test_a_snooze_into_the_past_and_a_mute_without_a_reason_are_refused(
    writer: Caller, alert: int
) -> None:
    past = writer.post(f"alerts/{alert}/snooze", {"until": day(1).isoformat()})
    assert (past.status_code, past.json()["field"]) == (422, "until")
    early = {"until": "2026-01-01", "reason": "No."}
    assert writer.post(f"alerts/{alert}/mute", early).status_code == 422
    assert writer.post(f"alerts/{alert}/mute", early | {"until": "2026-05-01"}).status_code == 200


def test_mutes_are_listed_and_taken_back(writer: Caller, alert: int, account: Account) -> None:
    writer.post(f"alerts/{alert}/mute", {"until": "2026-05-01", "reason": "Pays by cheque."})
    (one,) = writer.get("mutes").json()["data"]
    assert (one["account"], one["alert"], one["until"], one["reason"]) == (
        account.identifier,
        alert,
        "2026-05-01",
        "Pays by cheque.",
    )
    assert writer("DELETE", f"mutes/{one['id']}").json()["ended_at"] is not None
    assert writer("DELETE", f"mutes/{one['id']}").status_code == 404
    assert writer.get("mutes").json()["data"] == []
