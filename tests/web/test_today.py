"""Today, and the tasks and notes of an account."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from tenure import flow
from tenure.access.models import Member, Role
from tenure.alerts.models import Alert
from tenure.alerts.write import Draft, RuleNotSaved, enable, save
from tenure.connections.models import Workspace
from tenure.core.clock import FrozenClock
from tenure.customers.models import Account
from tenure.metrics.refresh import measure
from tenure.tasks.models import Note, Task
from tenure.tasks.write import Maker, add_task, from_alerts
from tests.alerts.conftest import START, day, move_
from tests.api.conftest import Caller, reader, writer  # noqa: F401  # fixtures
from tests.health import rows as payers
from tests.metrics import rows
from tests.web.builders import a_member

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(settings: Settings) -> None:
    settings.TENURE_CLOCK = FrozenClock(START)


@pytest.fixture
def me(db: None) -> Member:
    return a_member(Role.CSM, "csm@example.com")


@pytest.fixture
def mine(me: Member) -> Account:
    """An account of mine that is late and whose term ends in ten days."""
    made = rows.an_account("Harbour <b>Lights</b>", owner=me)
    ends = (START + timedelta(days=10)).date()
    late = {"past_due": {"USD": "120"}, "past_due_sort": 120, "past_due_count": 2}
    move_(made, START, term_end_date=ends, oldest_past_due_since=START.date(), **late)
    return made


def client(member: Member) -> Client:
    found = Client()
    found.force_login(member)
    return found


def test_an_empty_day_says_so(me: Member) -> None:
    page = client(me).get("/today/?whose=mine").text
    assert "No alert is open for you." in page
    assert "Nothing is late." in page
    assert "No task is due." in page


def test_who_has_nothing_yet_sees_what_wants_anybodys_attention(me: Member) -> None:
    other = rows.an_account("Somebody else's")
    move_(other, START, past_due={"USD": "5"}, past_due_sort=5, past_due_count=1)
    page = client(me).get("/today/").text
    assert "Somebody else&#x27;s" in page
    assert "is yours yet" in page


def test_a_member_begins_with_today_once_something_is_theirs(me: Member) -> None:
    page = client(me)
    assert page.get("/").headers["Location"] == "/accounts/"
    made = rows.an_account("Nobody's")
    assert page.get("/").headers["Location"] == "/accounts/"
    task = add_task(made, "Call them", Maker(me), now=START, owner=me)
    assert page.get("/").headers["Location"] == "/today/"
    Task.objects.filter(pk=task.pk).update(done_at=START)
    assert page.get("/").headers["Location"] == "/accounts/"
    Account.objects.filter(pk=made.pk).update(owner=me)
    assert page.get("/").headers["Location"] == "/today/"


def test_what_wants_attention_is_there_and_only_mine(me: Member, mine: Account) -> None:
    other = rows.an_account("Somebody else's")
    move_(other, START, past_due={"USD": "5"}, past_due_sort=5, past_due_count=1)
    add_task(mine, "Call them", Maker(me), now=START, due=START.date(), owner=me)
    page = client(me).get("/today/").text
    assert "Harbour &lt;b&gt;Lights" in page
    assert "ends, unless somebody acts" in page
    assert "Call them" in page
    assert "Somebody else" not in page
    assert "Somebody else" in client(me).get("/today/?whose=all").text


def test_trials_that_end_and_bills_that_failed_or_fall_due_are_there(
    me: Member, mine: Account
) -> None:
    trial = {"trial_started_at": day(-5), "trial_ends_at": day(9), "plan_name": "Pro"}
    rows.a_subscription(mine, rows.a_plan(), created_at=day(-5), **trial)
    for number, state, closed, due in (
        ("F-1", "failed", day(-3), day(-40)),
        ("F-OLD", "failed", day(-70), day(-90)),
        ("D-1", "pending", None, day(4)),
        ("D-LATER", "pending", None, day(20)),
    ):
        rows.an_invoice(
            mine, number=number, state=state, closed_at=closed, due_at=due, created_at=day(-60)
        )
    measure([mine.pk], START)
    page = client(me).get("/today/").text
    assert "trial of" in page
    bills = page[page.index("Failed, or due within a week") :].split("</section>")[0]
    assert bills.index("F-1") < bills.index("D-1")
    assert "F-OLD" not in bills
    assert "D-LATER" not in bills
    other = a_member(Role.CSM, "other@example.com")
    assert "F-1" not in client(other).get("/today/?whose=mine").text


def test_whose_health_changed_is_told_with_what_did_most_of_it(me: Member) -> None:
    account = payers.a_payer("Harbour")
    Account.objects.filter(pk=account.pk).update(owner=me)
    payers.paid(account, START - timedelta(days=40))
    bill = rows.an_invoice(account, due_at=day(1))
    payers.scored(account, day(-20))
    type(bill).objects.filter(pk=bill.pk).update(
        state="past_due", balance="300", due_at=START - timedelta(days=70)
    )
    payers.scored(account, START)
    page = client(me).get("/today/").text
    moved = page[page.index("Health changed") :].split("</section>")[0]
    assert "Harbour" in moved
    (told,) = re.findall(r'· <span class="isolate" dir="auto">(.*?)</span>', moved)
    assert told == "Oldest invoice past due"


def test_looking_again_soon_is_the_same_visit_and_every_member_has_their_own(
    me: Member, settings: Settings
) -> None:
    page, since = client(me), []
    for hours in (0, 1, 30, 31, 24 * 60):
        settings.TENURE_CLOCK = FrozenClock(START + timedelta(hours=hours))
        since.append(page.get("/today/").context["since"] - START)
    week = timedelta(days=7)
    hour = timedelta(hours=1)
    assert since == [-week, hour - week, hour, hour, 24 * 60 * hour - week]
    page.force_login(a_member(Role.CSM, "other@example.com"))
    assert page.get("/today/").context["since"] == START + 24 * 60 * hour - week


def test_an_alerts_rule_makes_one_task_for_its_owner(me: Member, mine: Account) -> None:
    draft = Draft("Late", "past_due_count > 1", "{name} is late.", task="Call {name} today")
    enable(save(draft, now=day(0)), now=day(0), existing=True)
    flow.catch_up(day(0))
    assert from_alerts(day(0)) == 0
    task = Task.objects.get()
    assert (task.title, task.owner) == ("Call Harbour <b>Lights</b> today", me)
    assert task.alert == Alert.objects.get()
    assert "Harbour &lt;b&gt;Lights&lt;/b&gt; is late." in client(me).get("/today/").text


def test_a_rule_makes_a_task_and_a_note_in_the_words_of_the_moment(
    me: Member, mine: Account
) -> None:
    texts = {"task": "Call {name} about {past_due_count}", "note": "{past_due_count} were late."}
    draft = Draft("Late", "past_due_count > 1", "{name} is late.", **texts)
    Workspace.objects.update_or_create(defaults={"zone": "Pacific/Auckland"})
    enable(save(draft, now=day(0)), now=day(0), existing=True)
    move_(mine, day(0), past_due_count=9)
    assert from_alerts(day(0.5)) == 2
    assert from_alerts(day(0.5)) == 0
    task, note = Task.objects.get(), Note.objects.get()
    assert task.title == "Call Harbour <b>Lights</b> about 2"
    assert task.due == (day(0.5) + timedelta(days=1)).date()  # in Auckland it is tomorrow already
    assert (note.text, note.by, note.alert) == ("2 were late.", "Late", Alert.objects.get())
    for field in ("task", "note"):
        wrong = replace(draft, name="Other", **{field: "{name} owes {total_due}"})
        with pytest.raises(RuleNotSaved, match="does not compare “total_due”") as refused:
            save(wrong, now=day(0))
        assert refused.value.field == field


def test_a_task_and_a_note_are_made_and_finished_on_the_account(me: Member, mine: Account) -> None:
    page = client(me)
    typed = {"title": "Send the offer", "due": "2026-03-05", "owner": me.email}
    assert "Send the offer" in page.post(f"/accounts/{mine.pk}/tasks/", typed).text
    assert (
        "Met &lt;Ruth&gt;" in page.post(f"/accounts/{mine.pk}/notes/", {"text": "Met <Ruth>"}).text
    )
    task = Task.objects.get()
    page.post(f"/tasks/{task.pk}/done/")
    task.refresh_from_db()
    assert (task.done_at, task.done_by) == (START, me)
    page.post(f"/tasks/{task.pk}/done/")
    task.refresh_from_db()
    assert task.done_at is None
    assert Note.objects.get().by == "csm@example.com"


def test_tasks_are_listed_by_whose_and_which_and_changed(me: Member, mine: Account) -> None:
    other = a_member(Role.CSM, "other@example.com")
    late = add_task(mine, "Late one", Maker(me), now=START, due=day(-1).date(), owner=me)
    add_task(mine, "<b>Later</b>", Maker(me), now=START, due=day(9).date(), owner=me)
    add_task(mine, "Theirs", Maker(me), now=START, owner=other)
    page = client(me)
    shown = page.get("/tasks/").text
    assert shown.index("Late one") < shown.index("&lt;b&gt;Later")
    assert "Theirs" not in shown
    assert "Theirs" in page.get("/tasks/?whose=all").text
    assert "Every such task has an owner." in page.get("/tasks/?whose=nobody&page=x").text
    assert "Later" not in page.get("/tasks/?state=due").text
    page.post(f"/tasks/{late.pk}/", {"title": "Nobody's now", "due": "2026-03-31", "owner": ""})
    late.refresh_from_db()
    assert (late.title, str(late.due), late.owner) == ("Nobody's now", "2026-03-31", None)
    page.post(f"/tasks/{late.pk}/done/", {"next": "/tasks/"})
    assert "Nobody&#x27;s now" in page.get("/tasks/?whose=nobody&state=done").text
    viewer = client(a_member(Role.VIEWER, "viewer@example.com"))
    assert viewer.post(f"/tasks/{late.pk}/", {"title": "x"}).status_code == 403
    assert viewer.get("/tasks/4711/").status_code == 404


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"due": "31/3/2026"}, "“31/3/2026” is no day."),
        ({"owner": "who@example.com"}, "Nobody here has the e-mail who@example.com."),
    ],
)
def test_what_a_task_cannot_mean_is_refused_and_nothing_is_guessed(
    me: Member, mine: Account, sent: dict[str, str], words: str
) -> None:
    task = add_task(mine, "Call", Maker(me), now=START, owner=me)
    for address in (f"/accounts/{mine.pk}/tasks/", f"/tasks/{task.pk}/"):
        answer = client(me).post(address, {"title": "Another"} | sent)
        assert answer.status_code == 422
        assert words in answer.text
        assert "Another" in answer.text
    assert [one.title for one in Task.objects.all()] == ["Call"]


def test_a_task_is_made_from_an_alert_and_stands_in_its_history(me: Member, mine: Account) -> None:
    draft = Draft("Late", "past_due_count > 1", "{name} is late.")
    enable(save(draft, now=day(0)), now=day(0), existing=True)
    alert = Alert.objects.get()
    sent = {"action": "task", "title": "Send a reminder", "due": "2026-03-31", "owner": me.email}
    client(me).post(f"/alerts/{alert.pk}/act/", sent)
    task = Task.objects.get()
    assert (task.title, task.owner, task.account) == ("Send a reminder", me, mine)
    assert "Task: Send a reminder" in client(me).get(f"/alerts/{alert.pk}/").text
    client(me).post(f"/alerts/{alert.pk}/act/", sent | {"title": ""})
    assert (Task.objects.count(), alert.events.filter(action="note").count()) == (1, 1)


def test_an_empty_task_or_note_is_refused_with_a_sentence(me: Member, mine: Account) -> None:
    page = client(me)
    assert "The task says nothing." in page.post(f"/accounts/{mine.pk}/tasks/", {"title": " "}).text
    assert "The note is empty." in page.post(f"/accounts/{mine.pk}/notes/", {"text": ""}).text
    assert not Task.objects.exists()


def test_who_may_not_change_customers_only_reads(mine: Account) -> None:
    viewer = client(a_member(Role.VIEWER, "viewer@example.com"))
    assert 'data-new="task"' not in viewer.get(f"/accounts/{mine.pk}/follow-up/").text
    assert viewer.post(f"/accounts/{mine.pk}/tasks/", {"title": "x"}).status_code == 403
    assert viewer.get("/accounts/4711/follow-up/").status_code == 404


def test_the_api_makes_lists_and_finishes(writer: Caller, mine: Account) -> None:  # noqa: F811
    made = writer.post("tasks", {"account": mine.identifier, "title": "Call", "due": "2026-03-09"})
    assert made.status_code == 201
    number = made.json()["id"]
    done = writer.patch(f"tasks/{number}", {"done": True}).json()
    assert done["done_at"] is not None
    assert done["due"] == "2026-03-09"
    assert writer.get("tasks").json()["data"] == []
    assert len(writer.get("tasks", done="true").json()["data"]) == 1
    writer.post("notes", {"account": mine.identifier, "text": "Spoke to them."})
    notes = writer.get("notes", account=mine.identifier).json()["data"]
    assert [one["text"] for one in notes] == ["Spoke to them."]
    assert writer.post("tasks", {"account": mine.identifier, "title": " "}).status_code == 422
