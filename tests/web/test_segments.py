"""The pages of segments: listed, looked at, tried before they are saved, changed and deleted."""

import json
import re
from dataclasses import replace
from functools import partial
from html import unescape
from unittest.mock import Mock
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.test import Client
from pytest_django import Settings

from tenure.access.models import Member, Role
from tenure.alerts.write import Draft as AlertDraft
from tenure.alerts.write import save as save_rule
from tenure.core.clock import FrozenClock
from tenure.customers.models import Account
from tenure.metrics.models import AccountFacts
from tenure.segments import read
from tenure.segments.models import Segment, View
from tenure.segments.question import TooCostly
from tenure.segments.write import Draft, save
from tests.alerts.conftest import START, move_
from tests.metrics import rows
from tests.web.builders import a_member

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(settings: Settings) -> None:
    settings.TENURE_CLOCK = FrozenClock(START)


@pytest.fixture
def large(db: None) -> Account:
    """An account of 1,500.00 USD a month."""
    made = rows.an_account("Harbour <b>Lights</b>")
    move_(made, START)
    return made


@pytest.fixture
def small(db: None) -> Account:
    """An account of 10.00 USD a month."""
    made = rows.an_account("Small & Co")
    move_(made, START, mrr={"USD": "10"}, mrr_sort=10, mrr_converted=10)
    return made


def client(role: str = Role.CSM) -> Client:
    found = Client()
    known = Member.objects.filter(role=role).first()
    found.force_login(known or a_member(role, f"{role}@example.com"))
    return found


def form(**typed: str) -> dict[str, str]:
    return {"name": "Large", "rule": "mrr > 1000", "priority": "50", **typed}


def test_an_empty_list_offers_to_begin(db: None) -> None:
    page = client().get("/segments/").text
    assert "No segments yet" in page
    assert "/segments/new/?rule=past_due" in page


def test_a_segment_is_made_and_shows_who_is_in(large: Account, small: Account) -> None:
    made = client().post("/segments/new/", form())
    found = Segment.objects.get()
    assert made.headers["Location"] == f"/segments/{found.pk}/"
    page = client(Role.VIEWER).get(f"/segments/{found.pk}/").text
    assert "Harbour &lt;b&gt;Lights" in page
    assert "Small &amp; Co" not in page
    assert "MRR is above 1,000." in page
    assert "1 account<" in page
    assert re.search(r">entered</span>.*Harbour &lt;b&gt;", page)
    found.crossings.update(entered=False, seen=[{"condition": "<i>", "value": None}])
    page = client(Role.VIEWER).get(f"/segments/{found.pk}/").text
    assert re.search(r">left</span>.*&lt;i&gt; \(unknown\)", page)
    sums = unescape(re.findall(r'hx-get="(/accounts/totals/[^"]*)"', page)[0])
    assert ">1<" in client(Role.VIEWER).get(sums).text
    assert f"/segments/{found.pk}/edit/" not in page
    assert "Large" in client(Role.DEVELOPER).get("/segments/").text


def test_what_somebody_else_saved_meanwhile_is_not_replaced_unread(large: Account) -> None:
    client().post("/segments/new/", form())
    found = Segment.objects.get()
    address = f"/segments/{found.pk}/edit/"
    opened = form(rule="mrr > 7", version="1")
    client(Role.ADMINISTRATOR).post(address, form(rule="mrr > 5", version="1"))
    answer = client().post(address, opened)
    assert answer.status_code == 422
    assert "was changed by administrator@example.com while you had it open" in answer.text
    assert "mrr &gt; 7" in answer.text
    assert 'name="version" value="2"' in answer.text
    found.refresh_from_db()
    assert found.rule == "mrr > 5"
    client().post(address, opened | {"version": "2"})
    found.refresh_from_db()
    assert (found.rule, found.version) == ("mrr > 7", 3)


def test_the_mrr_of_very_large_segments_is_brought_after_the_list(
    large: Account, small: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    for sent in (form(), form(name="All", rule="mrr > 0"), form(name="None", rule="mrr > 9000")):
        client().post("/segments/new/", sent)
    pk = {one.name: one.pk for one in Segment.objects.all()}
    at_once = client().get("/segments/").text
    assert "/mrr/" not in at_once
    assert "1,510.00" in at_once
    few = partial(read.mrr_of, most=1)
    monkeypatch.setattr(read, "mrr_of", few)
    page = client().get("/segments/").text
    assert f'hx-get="/segments/{pk["All"]}/mrr/"' in page
    assert page.count("/mrr/") == 1
    cell = page.split('/mrr/"', 1)[1].split(">", 1)[0]
    assert 'hx-target="this" hx-swap="innerHTML"' in cell  # the cell stays a cell
    assert "1,500.00" in page
    assert "1,510.00" in client().get(f"/segments/{pk['All']}/mrr/").text
    assert "–" in client().get(f"/segments/{pk['None']}/mrr/").text
    assert client().get("/segments/4711/mrr/").status_code == 404
    AccountFacts.objects.filter(pk=small.pk).update(mrr_converted=None, missing_rates=["CHF"])
    assert "rate missing" in client().get(f"/segments/{pk['All']}/mrr/").text
    slow = Mock(side_effect=TooCostly("It takes too long."))
    monkeypatch.setattr(read, "mrr_of_one", slow)
    assert "on its page" in client().get(f"/segments/{pk['All']}/mrr/").text


def test_the_list_tells_the_mrr_and_everything_that_uses_a_segment(
    large: Account, small: Account
) -> None:
    """Another segment, an alert rule by its scope and one by its condition, a saved list."""
    client().post("/segments/new/", form())
    client().post("/segments/new/", form(name="Larger", rule='segment = "LARGE" and mrr > 2000'))
    found = Segment.objects.get(name="Large")
    draft = AlertDraft("Scoped", "past_due > 0", "{name}", scope=[found])
    save_rule(draft, now=START)
    asks = replace(draft, name="Asking", rule='segment = "Large" and past_due > 0', scope=())
    save_rule(asks, now=START)
    View.objects.create(
        page="accounts", name="Mine", query="rule=segment+%3D+Large", created_at=START
    )
    page = client().get("/segments/").text
    row = page[page.index(f'href="/segments/{found.pk}/"') :].split("</tr>")[0]
    assert "1,500.00" in row
    used = row[row.index("Used by") :]
    assert [name for name in ("Larger", "Scoped", "Asking", "Mine") if name in used] == [
        "Larger",
        "Scoped",
        "Asking",
        "Mine",
    ]


def test_the_attributes_that_rules_may_name_are_listed_and_found(db: None) -> None:
    page = client(Role.VIEWER).get("/segments/attributes/").text
    for written in ("oldest_past_due_days", "subscription.mrr", "invoice.days_overdue"):
        assert f">{written}</code>" in page
    assert "Unknown while nothing is late." in page
    few = client().get("/segments/attributes/?q=Days+overdue").text
    assert ">invoice.days_overdue</code>" in few
    assert "mrr</code>" not in few
    assert "No attribute has “x&lt;y”" in client().get("/segments/attributes/?q=x%3Cy").text


@pytest.mark.parametrize(
    ("typed", "message", "field"),
    [
        ({"rule": "mmr > 5"}, "There is no attribute “mmr”.", "rule"),
        ({"priority": "first"}, "“first” is no priority.", "priority"),
        ({"priority": "²"}, "“²” is no priority.", "priority"),
        ({"priority": "10001"}, "It is from 0 to 10,000.", "priority"),
        ({"priority": "000000000" * 3 + "10"}, "is no priority", "priority"),
        ({"owner": "who@example.com"}, "Nobody here has the e-mail who@example.com.", "owner"),
        ({"rule": ""}, "needs at least one condition", "rule"),
        ({"name": " "}, "1 to 80 characters", "name"),
    ],
)
def test_what_cannot_be_saved_is_told_and_nothing_typed_is_lost(
    large: Account, typed: dict[str, str], message: str, field: str
) -> None:
    answer = client().post("/segments/new/", form(description="Kept words", **typed))
    assert answer.status_code == 422
    assert message in answer.text
    assert "Kept words" in answer.text
    assert f'id="{field}" name="{field}"' in answer.text
    assert not Segment.objects.exists()


def test_a_rule_is_tried_before_it_is_saved(large: Account, small: Account) -> None:
    found = save(Draft("Large", "mrr > 1000"), now=START)
    typed = {"rule": "mrr < 100 and name contains co", "segment": str(found.pk)}
    part = client().post("/segments/preview/", typed).text
    assert "1 account<" in part
    door = unescape(re.findall(r'href="(/accounts/[^"]*rule[^"]*)"', part)[0])
    assert parse_qs(urlsplit(door).query) == {"rule": [typed["rule"]]}
    assert "1 enter" in part
    assert "1 leave" in part
    near = client().post("/segments/preview/", {"rule": "mrr > 1000 and mrr < 1200"}).text
    assert "Nearly in" in near
    assert "mrr &lt; 1200" in near
    assert Segment.objects.get().rule == "mrr > 1000"


def test_a_wrong_rule_is_told_once_where_it_is_written(large: Account) -> None:
    wrong = {"rule": "mrr > 5 and seats contains 3"}
    part = client().post("/segments/preview/", wrong).text
    assert "cannot be asked yet" in part
    assert "seats" not in part
    page = client().post("/segments/new/", form(**wrong)).text
    assert page.count('class="error"') == 1
    assert "Nothing was saved" in page
    places = json.loads(unescape(re.findall(r'data-problems="([^"]*)"', page)[0]))
    assert [wrong["rule"][one["start"] : one["end"]] for one in places] == ["seats contains 3"]


def test_an_account_is_explained(large: Account, small: Account) -> None:
    found = save(Draft("Large", "mrr > 1000 and name is known"), now=START)
    address = f"/segments/{found.pk}/?account={quote(small.identifier)}"
    page = client().get(address).text
    assert "is <strong>not in</strong>" in page
    assert "this alone keeps it out" in page
    assert "There is no account" in client().get(f"/segments/{found.pk}/?account=nobody").text


def test_only_those_who_may_change_and_delete(large: Account) -> None:
    found = save(Draft("Large", "mrr > 1000"), now=START)
    for role in (Role.VIEWER, Role.DEVELOPER):
        assert client(role).post("/segments/new/", form(name="Other")).status_code == 403
        assert client(role).post(f"/segments/{found.pk}/remove/").status_code == 403
    other = save(Draft("Larger", "segment = Large"), now=START)
    client().post(f"/segments/{found.pk}/remove/")
    assert Segment.objects.count() == 2
    client().post(f"/segments/{other.pk}/remove/")
    client().post(f"/segments/{found.pk}/remove/")
    assert not Segment.objects.exists()


def test_a_segment_whose_rule_can_no_longer_be_asked_says_so(large: Account) -> None:
    found = save(Draft("Large", "mrr > 1000"), now=START)
    Segment.objects.update(rule="gone > 3", fault="There is no attribute “gone”.")
    assert "can no longer be asked" in client().get(f"/segments/{found.pk}/").text
    assert "Cannot be asked" in client().get("/segments/").text
    assert client().get("/segments/4711/").status_code == 404


def test_accounts_in_two_segments_are_shown_with_who_decides_and_put_in_order(
    large: Account, small: Account
) -> None:
    one = save(Draft("Large", "mrr > 1000"), now=START)
    two = save(Draft("Paying <all>", "mrr > 0"), now=START)
    page = client().get("/segments/conflicts/").text
    assert "1 account is in more than one" in page
    assert "the same: only the name decides" in page
    assert "Paying &lt;all&gt;" in page
    assert "1,500.00" in page
    both = client().get(f"/segments/conflicts/{two.pk}/{one.pk}/").text
    assert "Harbour &lt;b&gt;Lights" in both
    assert "Small &amp; Co" not in both
    rule = parse_qs(
        urlsplit(unescape(re.findall(r'href="(/accounts/\?rule=[^"]*)"', both)[0])).query
    )
    assert rule == {"rule": ['segment = "Large" and segment = "Paying <all>"']}
    swap = {"segment": str(two.pk), "before": str(one.pk)}
    answer = client().post("/segments/order/", swap, follow=True)
    assert "“Paying &lt;all&gt;” decides before “Large” now." in answer.text
    assert list(Segment.objects.values_list("name", "priority")) == [
        ("Paying <all>", 100),
        ("Large", 101),
    ]
    client().post("/segments/order/", {"segment": str(one.pk), "how": "up"})
    assert Segment.objects.first() == one
    for odd in ({}, {"segment": "4711"}, {"segment": str(one.pk), "how": "up"}):
        assert "not there any more" in client().post("/segments/order/", odd, follow=True).text
    assert client(Role.VIEWER).post("/segments/order/", swap).status_code == 403
    assert "/segments/order/" not in client(Role.VIEWER).get("/segments/conflicts/").text
