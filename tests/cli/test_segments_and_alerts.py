"""Segments and alerts on the command line."""

import json
from contextlib import nullcontext
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from pytest_django import Settings

from tenure.access.models import Member, Role
from tenure.alerts import judge
from tenure.alerts.models import AlertRule
from tenure.cli import alerts, database, mutes, segments
from tenure.core.clock import FrozenClock
from tenure.core.errors import TenureError
from tenure.customers.models import Account
from tenure.notify.models import Route
from tenure.segments.models import Segment
from tenure.tasks.models import Task
from tests.alerts.conftest import day, move_
from tests.metrics import rows
from tests.web.builders import a_member

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _database_is_open(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(database, "opened", nullcontext)
    settings.TENURE_CLOCK = FrozenClock(day(5))


@pytest.fixture
def account(db: None) -> Account:
    made = rows.an_account("Northwind Robotics")
    Account.objects.filter(pk=made.pk).update(created_at=day(-100))
    move_(made, day(-50))
    move_(made, day(1), past_due_count=3)
    return made


def run(command: click.Command, *words: str) -> Result:
    return CliRunner().invoke(command, list(words))


def told(command: click.Command, *words: str) -> Any:
    done = run(command, *words, "--json")
    assert done.exit_code == 0, (done.output, done.exception)
    return json.loads(done.stdout)


def test_a_segment_is_previewed_saved_and_explained(account: Account) -> None:
    seen = told(segments.segment, "set", "Large", "--rule", "mrr > 1000", "--plan")
    assert seen["count"] == 1
    assert told(segments.segments) == []
    saved = told(segments.segment, "set", "Large", "--rule", "mrr > 1000")
    assert (saved["version"], saved["members"]) == (1, 1)
    assert told(segments.segments)[0]["name"] == "Large"
    late = ("set", "Late", "--rule", "segment = large and past_due > 0", "--message", "{name}")
    assert run(alerts.alert, *late).exit_code == 0
    assert "Late" in run(segments.segments).output
    told(segments.segment, "set", "Paying", "--rule", "mrr > 0", "--priority", "200")
    (shared,) = told(segments.segment, "overlaps", "paying")
    assert (shared["decides"], shared["accounts"]) == ("Large", 1)
    assert shared["mrr"] == [{"amount": "1500.00", "currency": "USD"}]
    assert told(segments.segment, "before", "Paying", "Large") == {"changed": 1}
    assert told(segments.segment, "overlaps")[0]["decides"] == "Paying"
    why = run(segments.segment, "explain", "large", account.identifier)
    assert "Northwind Robotics is in “Large”" in why.output
    shown = run(segments.segment, "show", "Large").output
    assert "MRR is above 1,000" in shown
    assert "entered" in shown


def test_a_segment_is_changed_where_something_is_said_and_stays_otherwise(account: Account) -> None:
    ann = a_member(Role.CSM, "ann@example.com")
    how = ("--description", "The large ones", "--priority", "10", "--owner", ann.email)
    told(segments.segment, "set", "Large", "--rule", "mrr > 1000", *how)
    told(segments.segment, "set", "large", "--rule", "mrr > 1400")
    found = Segment.objects.get()
    assert (found.name, found.rule, found.description) == ("Large", "mrr > 1400", "The large ones")
    assert (found.priority, found.owner) == (10, ann)
    told(segments.segment, "set", "Large", "--owner", "nobody", "--description", "")
    found.refresh_from_db()
    assert (found.rule, found.description, found.owner) == ("mrr > 1400", "", None)
    assert run(segments.segment, "set", "New", "--priority", "3").exit_code == 2
    assert told(segments.segment, "set", "Large", "--plan")["count"] == 1


def test_a_wrong_rule_ends_with_a_sentence(account: Account) -> None:
    done = run(segments.segment, "set", "Large", "--rule", "mmr > 1000")
    assert isinstance(done.exception, TenureError)
    assert "There is no attribute “mmr”. Did you mean mrr?" in str(done.exception)


def test_a_rule_is_tried_accepted_switched_on_and_its_alert_closed(account: Account) -> None:
    made = told(
        alerts.alert, "set", "Late", "--rule", "past_due_count > 2", "--message", "{name} is late."
    )
    assert made["enabled"] is False
    tried = told(alerts.alert, "backtest", "Late", "--since", "2026-02-20")
    assert (tried["firings"], tried["accounts"]) == (1, 1)
    assert (
        "1 for 1 accounts" in run(alerts.alert, "backtest", "Late", "--since", "2026-02-20").output
    )
    assert told(alerts.alert, "enable", "Late", "--existing")["enabled"] is True
    opened = told(alerts.alerts)
    assert [one["reason"] for one in opened] == ["Northwind Robotics is late."]
    number = str(opened[0]["id"])
    muted = told(mutes.mutes, "add", number, "--until", "2026-05-01", "--reason", "A cheque.")
    assert told(mutes.mutes, "list") == [muted]
    assert told(mutes.mutes, "remove", str(muted["id"]))["ended_at"] is not None
    assert "Nothing is muted." in run(mutes.mutes, "list").output
    assert "Northwind Robotics" in run(alerts.alert, "show", number).output
    assert told(alerts.alert, "close", number, "--outcome", "not-a-risk")["state"] == "closed"
    assert told(alerts.alerts) == []
    assert len(told(alerts.alerts, "--all")) == 1
    assert told(alerts.alert, "disable", "Late")["enabled"] is False
    Route.objects.update(enabled=False)
    assert "Nobody is told of its alerts" in run(alerts.alert, "enable", "Late").output


def test_a_rule_is_changed_where_something_is_said_and_stays_otherwise(account: Account) -> None:
    ann = a_member(Role.CSM, "ann@example.com")
    told(segments.segment, "set", "Large", "--rule", "mrr > 1000")
    made = (
        "--rule", "past_due_count > 2", "--message", "{name} is late.", "--scope", "large",
        "--task", "Call {name}", "--note", "Late.", "--fallback", ann.email, "--type", "renewal",
        "--thresholds", "10,20,30", "--for-days", "3", "--resolve", "past_due_count = 0",
    )  # fmt: skip
    first = told(alerts.alert, "set", "Late", *made)
    changed = told(alerts.alert, "set", "late", "--cooldown-days", "9")
    stays = first.keys() - {"cooldown_days", "version", "told"}
    assert {name: changed[name] for name in stays} == {name: first[name] for name in stays}
    assert (first["task"], first["scope"], first["thresholds"]) == (
        "Call {name}", ["Large"], ["10", "20", "30"],
    )  # fmt: skip
    assert (changed["cooldown_days"], changed["version"]) == (9, 2)
    emptied = ("--everyone", "--task", "", "--thresholds", "", "--fallback", "nobody")
    last = told(alerts.alert, "set", "Late", *emptied)
    assert [last[name] for name in ("scope", "task", "thresholds", "fallback", "note")] == [
        [], None, [], None, "Late.",
    ]  # fmt: skip
    versions = AlertRule.objects.get().versions.order_by("number")
    assert [one.by for one in versions] == ["command line"] * 3
    for words in (("New", "--rule", "mrr > 1"), ("Late", "--everyone", "--scope", "Large")):
        assert run(alerts.alert, "set", *words).exit_code == 2
    wrong = run(alerts.alert, "set", "Late", "--thresholds", "a,b,c")
    assert "'a' is not an amount." in str(wrong.exception)


@pytest.fixture
def number(account: Account) -> str:
    """The number of an open alert."""
    told(
        alerts.alert, "set", "Late", "--rule", "past_due_count > 2", "--message", "{name} is late."
    )
    told(alerts.alert, "enable", "Late", "--existing")
    return str(told(alerts.alerts)[0]["id"])


def test_everything_a_page_does_with_an_alert_is_a_command(number: str) -> None:
    ann = a_member(Role.CSM, "ann@example.com")

    def do(*words: str) -> Any:
        return told(alerts.alert, words[0], number, *words[1:])

    assert do("acknowledge", "--note", "Called them.")["state"] == "acknowledged"
    again = run(alerts.alert, "acknowledge", number)
    assert "that is acknowledged cannot be acknowledged again. It can be snoozed, " in str(
        again.exception
    )
    assert do("assign", "ANN@example.com")["owner"] == "ann@example.com"
    asleep = do("snooze", "--until", "2026-03-20")
    assert (asleep["state"], asleep["snoozed_until"]) == ("snoozed", "2026-03-20T08:00:00Z")
    assert do("wake")["state"] == "new"
    timed = do("snooze", "--until", "2026-03-20T14:30+02:00")
    assert timed["snoozed_until"] == "2026-03-20T12:30:00Z"
    changing = do("snooze", "--until", "change")
    assert (changing["state"], changing["snoozed_until"]) == ("snoozed", None)
    do("note", "They answered.")
    task = do("task", "Call  them", "--due", "2026-03-09", "--owner", "ann@example.com")
    assert (task["title"], task["due"], task["owner"]) == ("Call them", "2026-03-09", ann.email)
    do("close", "--outcome", "duplicate")
    assert do("reopen", "--note", "It was none.")["state"] == "new"
    assert do("assign", "nobody")["owner"] is None
    steps = [(one["action"], one["note"], one["by"]) for one in do("show")["history"][1:]]
    assert {by for *_, by in steps} == {"command line"}
    assert [(action, note) for action, note, _ in steps] == [
        ("acknowledge", "Called them."),
        ("assign", "to Ada Byron"),
        ("snooze", None),
        ("wake", None),
        ("snooze", None),
        ("snooze", None),
        ("note", "They answered."),
        ("note", "Task: Call them"),
        ("close", None),
        ("reopen", "It was none."),
        ("assign", "to nobody"),
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("wake",),
            "An alert that is new cannot be woken. It can be acknowledged, snoozed, assigned or closed.",
        ),
        (("reopen",), "An alert that is new cannot be reopened."),
        (("snooze", "--until", "soon"), "“soon” is no day. Choose a day as 2026-03-31"),
        (("snooze", "--until", "2026-01-01"), "The time has passed already. Choose a later one."),
        (("assign", "gone@example.com"), "There is no member 'gone@example.com'."),
        (("assign", "off@example.com"), "Ada Byron can no longer log in. Choose somebody"),
        (("note", " "), "The note is empty. Write a word first."),
        (("task", " "), "The task says nothing. Write what is to be done."),
        (("task", "Call", "--due", "Friday"), "“Friday” is no day. Write it like 2026-03-31"),
        (("task", "Call", "--owner", "off@example.com"), "Ada Byron can no longer log in."),
    ],
)
def test_what_cannot_be_done_with_an_alert_is_told_in_a_sentence(
    number: str, words: tuple[str, ...], sentence: str
) -> None:
    off = a_member(Role.CSM, "off@example.com")
    Member.objects.filter(pk=off.pk).update(is_active=False)
    done = run(alerts.alert, words[0], number, *words[1:])
    assert isinstance(done.exception, TenureError), done.output
    assert sentence in str(done.exception)
    assert told(alerts.alert, "show", number)["state"] == "new"
    assert not Task.objects.exists()


def test_alerts_are_listed_by_everything_the_api_lists_them_by(
    number: str, account: Account
) -> None:
    def found(*words: str) -> list[str]:
        return [str(one["id"]) for one in told(alerts.alerts, *words)]

    identifier = account.identifier
    for words in (
        ("--state", "new", "--type", "risk", "--rule", "late", "--account", identifier),
        ("--owner", "nobody", "--severity", "high", "--sort=-opened"),
    ):
        assert found(*words) == [number], words
    for words in (("--state", "closed"), ("--type", "upsell"), ("--severity", "low")):
        assert found(*words) == [], words
    a_member(Role.CSM, "ann@example.com")
    told(alerts.alert, "assign", number, "ann@example.com")
    assert (found("--owner", "nobody"), found("--owner", "ann@example.com")) == ([], [number])
    for words in (("--rule", "None"), ("--account", "none"), ("--owner", "none@example.com")):
        assert "There is no" in str(run(alerts.alerts, *words).exception)
    assert run(alerts.alerts, "--all", "--state", "new").exit_code == 2


def test_suggestions_are_listed_until_accepted(account: Account) -> None:
    before = told(alerts.alert, "rules")
    assert "overdue-large" in {one["key"] for one in before["suggested"]}
    told(alerts.alert, "accept", "overdue-large")
    after = told(alerts.alert, "rules")
    assert "overdue-large" not in {one["key"] for one in after["suggested"]}
    assert after["rules"][0]["enabled"] is False
    assert judge.judge([account.pk], day(5)) == 0


def test_an_unknown_alert_or_rule_ends_with_a_sentence(account: Account) -> None:
    ended = [(alerts.alert, (one, "4711")) for one in ("acknowledge", "wake", "reopen")]
    for command, words in (
        *ended,
        (alerts.alert, ("snooze", "4711", "--until", "week")),
        (alerts.alert, ("show", "4711")),
        (mutes.mutes, ("remove", "4711")),
        (alerts.alert, ("enable", "Nothing")),
        (segments.segment, ("show", "Nothing")),
    ):
        done = run(command, *words)
        assert isinstance(done.exception, TenureError)
        assert "There is no" in str(done.exception)
