"""Pages of alert rules: their record, the editor, the back-test, switching on, suggestions."""

from datetime import timedelta

import pytest
from django.test import Client

from tenure.access.models import Member, Role
from tenure.alerts import actions, suggested
from tenure.alerts.actions import Who
from tenure.alerts.models import Alert, AlertRule, Outcome
from tenure.notify.models import Route, To
from tenure.notify.write import add_route
from tests.metrics.rows import NOW
from tests.web.alerting import a_rule, an_alert, debtors
from tests.web.builders import a_member

EDITORS = {Role.ADMINISTRATOR, Role.SUPER_MANAGER}
FIELDS = {
    "name": "Late",
    "kind": "risk",
    "rule": "past_due_count > 0",
    "message": "{name} has {past_due_count} overdue invoices.",
    "severity": "auto",
    "for_days": "0",
    "settle_days": "1",
    "cooldown_days": "7",
}


def test_a_rule_is_saved_switched_off_and_each_change_is_a_version(
    signed_in: Client, db: None
) -> None:
    answer = signed_in.post("/alerts/rules/new/", {**FIELDS, "do": "save"}, follow=True)
    rule = AlertRule.objects.get()
    assert "Saved “Late” as version 1. It is off until you switch it on." in answer.text
    assert not rule.enabled
    more = {"rule": "past_due_count > 1", "for_days": "3", "medium_from": "10"}
    levels = {"high_from": "20.50", "critical_from": "1,000"}
    address = f"/alerts/rules/{rule.pk}/"
    signed_in.post(address, {**FIELDS, **more, **levels, "do": "save"})
    rule.refresh_from_db()
    assert (rule.version, rule.for_days) == (2, 3)
    assert rule.thresholds == ["10", "20.50", "1000"]
    text = signed_in.get(f"{address}versions/").text
    assert "past_due_count &gt; 0</del>" in text
    assert "past_due_count &gt; 1</ins>" in text
    assert "Ada Byron" in text


def test_a_rule_that_somebody_else_saved_meanwhile_is_not_replaced_unread(
    signed_in: Client, db: None
) -> None:
    signed_in.post("/alerts/rules/new/", {**FIELDS, "do": "save"})
    rule = AlertRule.objects.get()
    address, opened = f"/alerts/rules/{rule.pk}/", {**FIELDS, "do": "save", "version": "1"}
    signed_in.post(address, {**opened, "for_days": "4"})
    answer = signed_in.post(address, {**opened, "for_days": "9"})
    assert answer.status_code == 422
    assert "while you had it open: it is version 2 now." in answer.text
    assert 'name="version" value="2"' in answer.text
    rule.refresh_from_db()
    assert rule.for_days == 4
    signed_in.post(address, {**opened, "for_days": "9", "version": "2"})
    rule.refresh_from_db()
    assert (rule.for_days, rule.version) == (9, 3)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"rule": "past_du > 1"}, "past_du"),
        ({"rule": ""}, "An alert needs a condition."),
        ({"scope": "999"}, "A segment that was ticked is not there any more."),
        ({"message": "Owes {mrr}"}, "does not compare “mrr”"),
        ({"message": "More than 50 invoices"}, "The text says 50"),
        ({"message": ""}, "The alert needs a text."),
        ({"name": " "}, "1 to 120 characters"),
        ({"for_days": "many"}, "from 0 to 365"),
        ({"resolve": "past_due ("}, "Resolve condition"),
        ({"medium_from": "300", "high_from": "200", "critical_from": "100"}, "amounts that rise"),
        ({"medium_from": "x"}, "three amounts"),
        ({"fallback": "gone@example.com"}, "There is no member"),
        ({"kind": "party"}, "not a type of alert"),
    ],
)
def test_what_is_wrong_with_a_rule_is_said_and_what_was_typed_is_kept(
    signed_in: Client, db: None, more: dict[str, str], words: str
) -> None:
    answer = signed_in.post(
        "/alerts/rules/new/", {**FIELDS, "task": "Call them", "do": "save", **more}
    )
    assert answer.status_code == 422
    assert words in answer.text
    assert "The rule was not saved." in answer.text
    assert "Call them" in answer.text
    assert not AlertRule.objects.exists()


def test_everything_that_is_wrong_with_a_rule_is_said_at_once(signed_in: Client, db: None) -> None:
    wrong = {"name": "", "rule": "mmr > 1", "message": " ", "for_days": "x", "medium_from": "y"}
    text = signed_in.post("/alerts/rules/new/", {**FIELDS, **wrong, "do": "save"}).text
    for words in ("1 to 120", "“mmr”", "needs a text", "from 0 to 365", "three amounts"):
        assert words in text, words
    assert (
        text.count("The number of days is from 0 to 365.") == 2
    )  # above the form and at the field
    bare = signed_in.post("/alerts/rules/new/", {"do": "save"}).text
    for words in ("1 to 120", "An alert needs a condition.", "needs a text"):
        assert words in bare, words


def test_a_name_is_taken_only_once(signed_in: Client, db: None) -> None:
    a_rule(name="Late")
    answer = signed_in.post("/alerts/rules/new/", {**FIELDS, "do": "save"})
    assert (answer.status_code, AlertRule.objects.count()) == (422, 1)
    assert "There is a rule “Late” already." in answer.text


def test_while_one_types_the_text_is_checked_and_shown_for_an_account(
    signed_in: Client, db: None
) -> None:
    debtors(3)
    check = {"HX-Request": "true", "HX-Target": "message-check"}
    good = signed_in.post("/alerts/rules/new/", FIELDS, headers=check).text
    assert "Debtor 01 has 1 overdue invoices." in good
    assert "<strong>3</strong> accounts" in good
    assert "600.00" in good
    assert 'data-placeholder="past_due_count"' in good
    wrong = {**FIELDS, "message": "{name} owes {total_due}, 9 times"}
    bad = signed_in.post("/alerts/rules/new/", wrong, headers=check).text
    assert "does not compare “total_due”" in bad
    assert "The text says 9" in bad
    unread = signed_in.post("/alerts/rules/new/", {**FIELDS, "rule": "mrr >"}, headers=check).text
    assert "cannot be asked yet" in unread


def test_the_editor_says_who_is_told_while_the_rule_is_written(signed_in: Client, db: None) -> None:
    add_route("Ada of the worst", To.MEMBER, member=Member.objects.get(), least_severity="high")
    text = signed_in.get("/alerts/rules/new/").text
    assert "of alerts of high or critical severity, by the route “" in text
    assert "alerts on accounts that have an owner" in text
    part = {"HX-Request": "true", "HX-Target": "told"}
    more = {**FIELDS, "severity": "low", "fallback": Member.objects.get().email}
    low = signed_in.post("/alerts/rules/new/", more, headers=part).text
    assert "Ada of the worst" not in low
    assert "The alert&#x27;s owner, Ada Byron where the account has none" in low
    assert "<form" not in low
    wrong = {**FIELDS, "severity": "none", "medium_from": "x", "fallback": "gone@example.com"}
    assert "Ada of the worst" in signed_in.post("/alerts/rules/new/", wrong, headers=part).text


def test_a_rule_nobody_is_told_of_says_so_with_a_way_to_change_it(
    signed_in: Client, db: None
) -> None:
    rule = a_rule()
    assert "Nobody is told" not in signed_in.get("/alerts/rules/").text
    Route.objects.update(enabled=False)
    assert "Nobody is told of its alerts." in signed_in.get("/alerts/rules/").text
    text = signed_in.get(f"/alerts/rules/{rule.pk}/").text
    assert "Nobody is told: no route that is on takes alerts of this rule." in text
    assert "it is switched off" in text
    assert "Nobody is told of its alerts" in signed_in.get(f"/alerts/rules/{rule.pk}/on/").text
    door = f"/settings/notifications/?rule={rule.pk}&amp;add#add-route"
    assert door in text
    form = signed_in.get(f"/settings/notifications/?rule={rule.pk}&add").text
    assert '<details class="body" id="add-route" open>' in form
    assert f'<option value="{rule.pk}" selected>' in form
    assert signed_in.get("/settings/notifications/?rule=none&add").status_code == 200


def test_two_conditions_are_tried_side_by_side_and_nothing_is_saved(
    signed_in: Client, db: None
) -> None:
    debtors(1)
    given = {**FIELDS, "compare": "past_due_count > 5", "do": "trial", "days": "30"}
    text = signed_in.post("/alerts/rules/new/", given).text
    assert text.count('<section class="trial"') == 2
    assert "past_due_count &gt; 5" in text
    assert text.count("Alerts in 31 days") == 2
    table = text[text.index("Both side by side") :].split("</table>")[0]
    for words in ("This rule", "The other condition", "Accounts", "Churn followed", "missed"):
        assert words in table
    assert not AlertRule.objects.exists()
    broken = signed_in.post("/alerts/rules/new/", {**given, "compare": "mrr >> 1"}).text
    assert "note is-warn" in broken[broken.index('id="trials"') :]


def test_switching_on_says_for_how_many_it_holds_and_asks_about_them(
    signed_in: Client, db: None
) -> None:
    debtors(3)
    rule = a_rule(on=False)
    text = signed_in.get(f"/alerts/rules/{rule.pk}/on/").text
    assert "It holds already for <strong>3</strong> accounts" in text
    assert "Nobody" in text
    signed_in.post(f"/alerts/rules/{rule.pk}/on/")  # without an answer nothing happens
    rule.refresh_from_db()
    assert not rule.enabled
    signed_in.post(f"/alerts/rules/{rule.pk}/on/", {"existing": "no"})
    rule.refresh_from_db()
    assert (rule.enabled, Alert.objects.count()) == (True, 0)
    assert (
        "Its open alerts stay" in signed_in.post(f"/alerts/rules/{rule.pk}/off/", follow=True).text
    )
    answer = signed_in.post(f"/alerts/rules/{rule.pk}/on/", {"existing": "yes"}, follow=True)
    assert "3 alerts opened." in answer.text
    assert Alert.objects.count() == 3


def test_a_rule_is_deleted_once_what_goes_with_it_was_seen(signed_in: Client, db: None) -> None:
    alert = an_alert()
    address = f"/alerts/rules/{alert.alert_rule_id}/delete/"
    assert "1 alert, 1 of them open" in signed_in.get(address).text
    assert AlertRule.objects.exists()
    signed_in.post(address)
    assert not AlertRule.objects.exists()
    assert not Alert.objects.exists()


def test_the_list_shows_what_came_of_each_rule(signed_in: Client, db: None) -> None:
    debtors(22)
    rule = a_rule()
    AlertRule.objects.filter(pk=rule.pk).update(fault="")
    for number, alert in enumerate(Alert.objects.order_by("pk")[:20]):
        outcome = Outcome.SAVED if number < 5 else Outcome.NO_RISK
        actions.close(alert.pk, outcome, Who(), now=NOW + timedelta(days=2))
    text = signed_in.get("/alerts/rules/").text
    assert "25.0 % were a risk" in text
    assert "15 not a risk, 5 acted, customer saved" in text
    assert ">2.0<" in text  # days to close
    assert "Most of its last 20 closures were no risk." in text
    assert f'href="/alerts/?rule={rule.pk}">2<' in text
    assert f"/alerts/rules/{rule.pk}/?do=trial" in text
    AlertRule.objects.update(fault="There is no attribute “x”.")
    assert "Cannot be asked: There is no attribute" in signed_in.get("/alerts/rules/").text


def test_suggestions_wait_with_what_they_would_have_done_until_accepted(
    signed_in: Client, db: None
) -> None:
    text = signed_in.get("/alerts/suggestions/").text
    assert text.count("Accept<") == len(suggested.SUGGESTED)
    trial = signed_in.get("/alerts/suggestions/overdue-large/trial/").text
    assert "Alerts in 91 days" in trial
    assert signed_in.get("/alerts/suggestions/nonsense/trial/").status_code == 404
    answer = signed_in.post("/alerts/suggestions/overdue-large/accept/")
    rule = AlertRule.objects.get()
    assert answer.headers["Location"] == f"/alerts/rules/{rule.pk}/on/"
    assert (rule.rule, rule.enabled, rule.suggested) == ("past_due > 50000", False, "overdue-large")
    text = signed_in.get("/alerts/suggestions/").text
    assert text.count("Accept<") == len(suggested.SUGGESTED) - 1


@pytest.mark.parametrize("role", Role.values)
def test_only_those_who_may_change_rules_do(client: Client, db: None, role: str) -> None:
    rule = a_rule()
    client.force_login(a_member(role))
    refused = "Only administrators and super managers may change alert rules."
    for address, given in (
        (f"/alerts/rules/{rule.pk}/", {**FIELDS, "name": "Changed", "do": "save"}),
        ("/alerts/rules/new/", {**FIELDS, "name": "Made", "do": "save"}),
        ("/alerts/suggestions/paid-large/accept/", {}),
        (f"/alerts/rules/{rule.pk}/off/", {}),
        (f"/alerts/rules/{rule.pk}/on/", {"existing": "no"}),
        (f"/alerts/rules/{rule.pk}/delete/", {}),
    ):
        answer = client.post(address, given)
        if role in EDITORS:
            assert answer.status_code == 302
        else:
            assert answer.status_code == 403
            assert refused in answer.text
    if role not in EDITORS:
        found = AlertRule.objects.get()
        assert (found.name, found.version, found.enabled) == (rule.name, rule.version, True)
        assert client.get(f"/alerts/rules/{rule.pk}/").status_code == 200
        assert 'value="save"' not in client.get(f"/alerts/rules/{rule.pk}/").text


def test_a_rule_that_is_gone_is_said_to_be(signed_in: Client, db: None) -> None:
    answer = signed_in.get("/alerts/rules/999/")
    assert answer.status_code == 404
    assert "There is no such rule" in answer.text
