"""The inbox of alerts: what it lists, what one alert shows, and what people do there."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from tenure.access.models import Member, Role
from tenure.access.write import add_member
from tenure.alerts import actions, mutes
from tenure.alerts.actions import Who
from tenure.alerts.models import Alert, AlertRule, Mute, State
from tenure.core.secrets import Secret
from tests.metrics.rows import NOW
from tests.web.alerting import a_rule, an_alert, debtors
from tests.web.builders import PASSWORD, a_member

TRIAGERS = {Role.ADMINISTRATOR, Role.SUPER_MANAGER, Role.CSM}
HTMX = {"HX-Request": "true"}


def act(client: Client, alert: Alert, action: str, **given: str) -> str:
    answer = client.post(f"/alerts/{alert.pk}/act/", {"action": action, **given}, headers=HTMX)
    assert answer.status_code == 200
    alert.refresh_from_db()
    return answer.text


def test_the_inbox_lists_what_to_work_on_with_the_largest_mrr_first(
    signed_in: Client, db: None
) -> None:
    debtors(3)
    a_rule()
    text = signed_in.get("/alerts/").text
    places = [text.index(f">Debtor {number:02}<") for number in (3, 2, 1)]
    assert places == sorted(places)
    assert "Debtor 03 has 1 overdue invoices." in text
    assert "<strong>3 alerts</strong>" in text
    assert "600.00" in text  # 100 + 200 + 300 of MRR at stake


def test_an_alert_shows_what_was_seen_then_beside_what_is_seen_now(
    signed_in: Client, db: None
) -> None:
    alert = an_alert()
    alert.evidence[0]["value"] = "7"
    alert.save()
    text = signed_in.get(f"/alerts/?alert={alert.pk}").text
    row = text[text.index("then-now") : text.index("</tbody>")]
    assert (
        row.index(">7 ") < row.index(">1 ") if ">7 " in row else row.index(">7<") < row.index(">1<")
    )
    assert 'class="moved"' in row
    assert "past_due_count &gt; 0" in row
    assert "version 2" in text
    assert "Invoice 1002" in text  # the one that is overdue


def test_an_alert_has_an_address_of_its_own(signed_in: Client, db: None) -> None:
    alert = an_alert()
    assert alert.reason in signed_in.get(f"/alerts/{alert.pk}/").text
    missing = signed_in.get("/alerts/999/")
    assert missing.status_code == 404
    assert "There is no such alert" in missing.text


def test_filters_stand_in_the_address(signed_in: Client, member: Member, db: None) -> None:
    debtors(2)
    rule = a_rule()
    mine = Alert.objects.get(account__name="Debtor 01")
    actions.assign(mine.pk, member, Who(member), now=NOW)
    expected = {
        "whose=mine": {"Debtor 01"},
        "whose=nobody": {"Debtor 02"},
        f"rule={rule.pk}": {"Debtor 01", "Debtor 02"},
        "rule=999": set(),
        "type=upsell": set(),
        "type=risk": {"Debtor 01", "Debtor 02"},
        f"account={mine.account_id}": {"Debtor 01"},
        "state=snoozed": set(),
        f"severity={mine.severity}": set(
            Alert.objects.filter(severity=mine.severity).values_list("account__name", flat=True)
        ),
        "state=nonsense&severity=nonsense&rule=x": {"Debtor 01", "Debtor 02"},
    }
    for query, names in expected.items():
        text = signed_in.get(f"/alerts/?{query}").text
        listed = text[text.index('id="alert-list"') : text.index('id="alert-detail"')]
        assert {name for name in ("Debtor 01", "Debtor 02") if name in listed} == names, query


def test_acting_answers_with_the_row_or_takes_it_out_of_the_list(
    signed_in: Client, member: Member, db: None
) -> None:
    alert = an_alert()
    text = act(signed_in, alert, "acknowledge", pane="1")
    assert (alert.state, alert.owner) == (State.ACKNOWLEDGED, member)
    assert f'hx-swap-oob="outerHTML:#alert-{alert.pk}"' in text
    assert 'hx-swap-oob="outerHTML:#alert-detail"' in text
    text = act(signed_in, alert, "close", outcome="not-a-risk", note="They always pay")
    assert (alert.state, alert.outcome, alert.note) == (
        State.CLOSED,
        "not-a-risk",
        "They always pay",
    )
    assert f'<li id="alert-{alert.pk}" hx-swap-oob="delete">' in text
    assert "Closed: not a risk." in text
    assert "Reopen" in text
    act(signed_in, alert, "reopen")
    assert alert.state == State.NEW
    assert signed_in.get(f"/alerts/{alert.pk}/").text.count("Reopen") == 1  # in its history


@pytest.mark.parametrize(
    ("until", "days"), [("tomorrow", 1), ("week", 7), ("month", 30), ("day", 12)]
)
def test_a_snooze_ends_in_the_morning_of_a_day(
    signed_in: Client, db: None, until: str, days: int
) -> None:
    alert = an_alert()
    day = (NOW + timedelta(days=days)).date()
    act(signed_in, alert, "snooze", until=until, day=day.isoformat() if until == "day" else "")
    assert alert.snoozed_until is not None
    assert (alert.snoozed_until.date(), alert.snoozed_until.hour) == (day, 8)


def test_a_snooze_until_something_changes_has_no_day(signed_in: Client, db: None) -> None:
    alert = an_alert()
    act(signed_in, alert, "snooze", until="change")
    assert (alert.state, alert.snoozed_until) == (State.SNOOZED, None)
    assert alert.snoozed_seen is not None
    assert "until something changes" in signed_in.get(f"/alerts/{alert.pk}/").text
    act(signed_in, alert, "wake")
    assert alert.state == State.NEW


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"action": "close", "outcome": "nonsense"}, "is not an outcome"),
        ({"action": "snooze", "until": "day", "day": "soon"}, "Choose a day"),
        ({"action": "snooze", "until": "2020-01-01"}, "passed already"),
        ({"action": "assign", "owner": "nobody@example.com"}, "no such member"),
        ({"action": "note", "note": " "}, "The note is empty"),
        ({"action": "mute", "until": "2030-01-01"}, "needs a reason"),
        ({"action": "reopen"}, "cannot be reopened"),
        ({"action": "dance"}, "not clear what to do"),
        ({}, "not clear what to do"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(
    signed_in: Client, db: None, given: dict[str, str], words: str
) -> None:
    alert = an_alert()
    before = (alert.state, alert.events.count())
    text = signed_in.post(f"/alerts/{alert.pk}/act/", given, headers=HTMX).text
    assert words in text
    alert.refresh_from_db()
    assert (alert.state, alert.events.count(), Mute.objects.count()) == (*before, 0)


def test_without_javascript_a_form_leads_back_to_the_page_it_stood_on(
    signed_in: Client, db: None
) -> None:
    alert = an_alert()
    given = {"action": "acknowledge", "next": "/alerts/?state=all"}
    answer = signed_in.post(f"/alerts/{alert.pk}/act/", given)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/alerts/?state=all")
    elsewhere = signed_in.post(
        f"/alerts/{alert.pk}/act/", {"action": "note", "note": "x", "next": "https://evil.example/"}
    )
    assert elsewhere.headers["Location"] == "/alerts/"


def test_a_mute_needs_a_day_and_a_reason_and_is_shown(signed_in: Client, db: None) -> None:
    alert = an_alert()
    until = (NOW + timedelta(days=30)).date().isoformat()
    act(signed_in, alert, "mute", until=until, reason="Pays by cheque")
    mute = Mute.objects.get()
    assert (mute.reason, mute.alert) == ("Pays by cheque", alert)
    assert "Pays by cheque" in signed_in.get(f"/alerts/{alert.pk}/").text


def test_mutes_are_listed_and_taken_back(client: Client, db: None) -> None:
    alert = an_alert("Pays <b>late</b>")
    muted = mutes.mute(alert, date(2035, 1, 1), "Pays by cheque", Who(name="nightly"), now=NOW)
    client.force_login(a_member(Role.VIEWER, "viewer@example.com"))
    page = client.get("/alerts/mutes/").text
    assert "Pays &lt;b&gt;late" in page
    assert "1 Jan 2035" in page
    assert "nightly" in page
    address = f"/alerts/mutes/{muted.pk}/take-back/"
    assert address not in page
    assert client.post(address).status_code == 403
    client.force_login(a_member(Role.CSM, "csm@example.com"))
    assert address in client.get("/alerts/mutes/").text
    assert "speaks of Pays" in client.post(address, follow=True).text
    assert "Nothing is muted" in client.get("/alerts/mutes/").text
    assert "taken back already" in client.post(address, follow=True).text
    muted.refresh_from_db()
    assert (muted.ended_at, muted.ended_by) == (NOW, "csm@example.com")
    assert "Unmute" in client.get(f"/alerts/{alert.pk}/").text


def test_all_of_a_rule_are_closed_with_one_outcome_and_no_other(
    signed_in: Client, db: None
) -> None:
    debtors(4)
    rule = a_rule()
    other = a_rule(name="Other", rule="past_due_count > 0 and mrr > 0", message="{name}")
    given = {"all": "1", "rule": str(rule.pk), "action": "close", "outcome": "duplicate"}
    answer = signed_in.post("/alerts/bulk/", given, follow=True)
    assert "4 alerts closed as duplicate." in answer.text
    closed = Alert.objects.filter(state=State.CLOSED)
    assert set(closed.values_list("alert_rule", "outcome")) == {(rule.pk, "duplicate")}
    assert Alert.objects.filter(alert_rule=other, state=State.NEW).count() == 4


def test_those_picked_are_given_to_somebody(signed_in: Client, db: None) -> None:
    debtors(3)
    a_rule()
    bea = add_member("bea@example.com", role=Role.CSM, password=Secret(PASSWORD), name="Bea")
    picked = list(Alert.objects.values_list("pk", flat=True)[:2])
    given = {"alert": [str(pk) for pk in picked], "action": "assign", "owner": bea.email}
    assert "2 alerts assigned to Bea." in signed_in.post("/alerts/bulk/", given, follow=True).text
    assert set(Alert.objects.filter(owner=bea).values_list("pk", flat=True)) == set(picked)


def test_those_picked_are_snoozed_and_acknowledged(signed_in: Client, db: None) -> None:
    debtors(3)
    a_rule()
    assert 'value="snooze"' in signed_in.get("/alerts/").text
    picked = [str(pk) for pk in Alert.objects.values_list("pk", flat=True)[:2]]
    given = {"alert": picked, "action": "snooze", "until": "week"}
    assert "2 alerts snoozed." in signed_in.post("/alerts/bulk/", given, follow=True).text
    asleep = Alert.objects.filter(state=State.SNOOZED)
    assert {str(one.pk) for one in asleep} == set(picked)
    assert {one.snoozed_until - NOW > timedelta(days=6) for one in asleep} == {True}
    signed_in.post("/alerts/bulk/", {"alert": picked, "action": "acknowledge"})
    assert Alert.objects.filter(state=State.ACKNOWLEDGED).count() == 2


def test_closing_many_needs_an_outcome_and_some_alerts(signed_in: Client, db: None) -> None:
    alert = an_alert()
    for given, words in (
        ({"alert": str(alert.pk), "action": "close"}, "Closing needs an outcome"),
        ({"action": "acknowledge"}, "No alert was selected"),
    ):
        assert words in signed_in.post("/alerts/bulk/", given, follow=True).text
    alert.refresh_from_db()
    assert alert.state == State.NEW


@pytest.mark.parametrize("role", Role.values)
def test_only_those_who_may_triage_are_offered_it_and_can(
    client: Client, db: None, role: str
) -> None:
    alert = an_alert()
    client.force_login(a_member(role))
    assert ("data-alert-act" in client.get("/alerts/").text) == (role in TRIAGERS)
    answer = client.post(f"/alerts/{alert.pk}/act/", {"action": "acknowledge"}, headers=HTMX)
    many = client.post("/alerts/bulk/", {"alert": alert.pk, "action": "acknowledge"})
    alert.refresh_from_db()
    if role in TRIAGERS:
        assert (answer.status_code, many.status_code) == (200, 302)
        assert alert.state == State.ACKNOWLEDGED
    else:
        assert (answer.status_code, many.status_code) == (403, 403)
        assert alert.state == State.NEW


def test_an_alert_on_old_data_or_held_back_says_so(signed_in: Client, db: None) -> None:
    alert = an_alert()
    Alert.objects.update(stale="Billing data has not been complete since Monday.", held_back=True)
    text = signed_in.get("/alerts/").text
    assert text.count("On old data") >= 1
    assert text.count("Held back") >= 1
    assert "Billing data has not been complete since Monday." in text
    assert "limit of messages" in text
    assert alert.reason in text


def test_empty_it_teaches_what_to_do_next(signed_in: Client, db: None) -> None:
    assert "Accept a suggestion" in signed_in.get("/alerts/").text
    a_rule()
    assert "All worked on" in signed_in.get("/alerts/").text
    assert "No alert fits" in signed_in.get("/alerts/?state=closed").text


def test_a_page_of_the_inbox_asks_the_database_a_bounded_number_of_times(
    signed_in: Client, db: None, django_assert_max_num_queries: object
) -> None:
    debtors(12)
    a_rule()
    with django_assert_max_num_queries(45):  # type: ignore[operator]
        signed_in.get("/alerts/")


def test_the_rule_of_an_alert_may_have_gone_wrong(signed_in: Client, db: None) -> None:
    alert = an_alert()
    AlertRule.objects.update(rule="gone_attribute > 1", fault="There is no attribute.")
    text = signed_in.get(f"/alerts/{alert.pk}/").text
    assert "The rule cannot be asked now" in text
    assert "Not asked any more" in text
    assert alert.at_stake == Decimal("198.000000")
