"""The filter of the account list: the text is the chips is the address, and all that goes by it."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tenure.access.models import Member, Role
from tenure.customers.models import Account, Attribute, ChangeSet
from tenure.metrics import read
from tenure.rules.sql import Sql
from tenure.segments.models import View
from tenure.segments.question import TooCostly, rows
from tenure.web.accounts import listing, sums
from tests.metrics.rows import NOW, an_account
from tests.web.builders import a_customer, a_member

LIST = "/accounts/"


def names(answer: Any) -> list[str]:
    return [row.name for row in answer.context["page"].rows]


@pytest.fixture
def two(db: None) -> tuple[Account, Account]:
    """One that pays and one that does not."""
    return a_customer("Pays Ltd"), an_account("Idle Ltd", attributes={"company": "Idle Ltd"})


def test_the_rule_of_the_address_narrows_the_list(
    signed_in: Client, two: tuple[Account, Account]
) -> None:
    assert names(signed_in.get(LIST)) == ["Pays Ltd", "Idle Ltd"]
    answer = signed_in.get(LIST, {"rule": "mrr > 0"})
    assert names(answer) == ["Pays Ltd"]
    assert 'value="mrr &gt; 0"' in answer.text


def test_each_part_is_a_chip_that_leads_to_the_list_without_it(
    signed_in: Client, two: tuple[Account, Account]
) -> None:
    answer = signed_in.get(LIST, {"rule": "mrr > 0 and name contains lt", "sort": "name"})
    assert [address for _, address in answer.context["chips"]] == [
        "/accounts/?sort=name&rule=name%20contains%20lt",
        "/accounts/?sort=name&rule=mrr%20%3E%200",
    ]
    after = signed_in.get(answer.context["chips"][1][1])
    assert [chip.text for chip, _ in after.context["chips"]] == ["mrr > 0"]


def test_a_wrong_rule_in_an_address_shows_nobody_and_says_where_it_is_wrong(
    signed_in: Client, two: tuple[Account, Account]
) -> None:
    answer = signed_in.get(LIST, {"rule": "mmr > 0"})
    assert answer.status_code == 422
    assert names(answer) == []
    assert "Did you mean mrr?" in answer.text
    assert "This filter cannot be read" in answer.text


def test_a_wrong_rule_leaves_a_list_that_is_there_as_it_is(
    signed_in: Client, two: tuple[Account, Account]
) -> None:
    answer = signed_in.get(
        LIST, {"rule": "mmr > 0"}, headers={"HX-Request": "true", "HX-Target": "accounts-table"}
    )
    assert answer.headers["HX-Retarget"] == "#list-rule-said"
    assert answer.headers["HX-Push-Url"] == "false"
    assert "<table" not in answer.text


def test_the_sums_and_the_count_are_of_what_is_filtered(
    signed_in: Client, two: tuple[Account, Account]
) -> None:
    a_customer("Another Ltd")
    both = signed_in.get(reverse("accounts_totals"), {"rule": "mrr > 0"})
    one = signed_in.get(reverse("accounts_totals"), {"rule": 'mrr > 0 and name = "Another Ltd"'})
    assert both.context["totals"].accounts == 2
    assert one.context["totals"].mrr[0].amount * 2 == both.context["totals"].mrr[0].amount
    assert "2 accounts" in signed_in.get(reverse("accounts_count"), {"rule": "mrr > 0"}).text


def test_a_count_that_takes_too_long_is_estimated_and_says_so(
    signed_in: Client, two: tuple[Account, Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sums, "COUNT_SECONDS", 0.02)
    monkeypatch.setattr(read, "capped_count", lambda *_, **__: rows(Sql("SELECT pg_sleep(1)")))
    for rule, said in (("mrr > 0", "about 1 account"), ("mrr > 99999", "few accounts, if any")):
        assert said in signed_in.get(reverse("accounts_count"), {"rule": rule}).text


def test_an_answer_that_takes_too_long_is_a_sentence(
    signed_in: Client, two: tuple[Account, Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    def costly(**_asked: object) -> None:
        raise TooCostly("The answer takes longer than 5 seconds.", next_step="Narrow the rule.")

    monkeypatch.setattr(listing.by_health, "accounts_page", costly)
    answer = signed_in.get(LIST, {"rule": "mrr > 0"})
    assert answer.status_code == 504
    assert "Narrow the rule." in answer.text


def test_when_nothing_fits_the_part_that_alone_empties_it_is_offered(
    signed_in: Client, two: tuple[Account, Account]
) -> None:
    rule = {"rule": 'mrr > 0 and name = "Nobody"'}
    assert "No account fits this filter" in signed_in.get(LIST, rule).text
    answer = signed_in.get(reverse("accounts_near"), rule)
    assert [(chip.text, found) for chip, found, _ in answer.context["ways"]] == [
        ('name = "Nobody"', 1)
    ]
    assert names(signed_in.get(answer.context["ways"][0][2])) == ["Pays Ltd"]


def test_all_that_match_are_those_the_rule_lets_through(
    signed_in: Client, two: tuple[Account, Account]
) -> None:
    sent = {"all": "1", "rule": "mrr > 0", "step": "apply", "field": "company", "value": "X"}
    answer = signed_in.post(reverse("bulk"), sent | {"expected": "1"})
    assert answer.status_code == 302
    found = dict(Account.objects.values_list("name", "attributes__company"))
    assert found == {"Pays Ltd": "X", "Idle Ltd": "Idle Ltd"}


def test_nobody_is_edited_by_a_rule_that_cannot_be_read(
    signed_in: Client, two: tuple[Account, Account]
) -> None:
    sent = {"all": "1", "rule": "mmr > 0", "step": "apply", "field": "company", "value": "X"}
    answer = signed_in.post(reverse("bulk"), sent | {"expected": "2"}, follow=True)
    assert "Nothing was selected." in answer.text
    assert not Account.objects.filter(attributes__company="X").exists()


def test_all_that_stand_in_a_way_are_not_everybody(
    signed_in: Client, two: tuple[Account, Account]
) -> None:
    answer = signed_in.post(reverse("bulk"), {"all": "1", "health": "red"}, follow=True)
    assert "No account is selected" in answer.text


def test_files_honour_the_rule(signed_in: Client, two: tuple[Account, Account]) -> None:
    asked = {"rule": "mrr > 0", "columns": "status,mrr"}
    text = b"".join(signed_in.get(reverse("export_accounts"), asked)).decode()  # type: ignore[arg-type]
    assert "Pays Ltd" in text
    assert "Idle Ltd" not in text
    sent = b"".join(signed_in.get(reverse("export_accounts"), asked | {"form": "json"}))  # type: ignore[arg-type]
    found = json.loads(sent)
    assert [(one["Name"], one["MRR USD"]) for one in found] == [("Pays Ltd", "198.00")]
    assert signed_in.get(reverse("export_accounts"), {"rule": "mmr > 0"}).status_code == 422


def test_the_list_can_be_run_elsewhere(signed_in: Client, two: tuple[Account, Account]) -> None:
    answer = signed_in.get(LIST, {"rule": "mrr > 0", "sort": "-past_due", "q": "ltd"})
    assert answer.context["as_command"] == (
        "tenure accounts 'mrr > 0' --search ltd --sort=-past_due"
    )
    assert "rule=mrr+%3E+0&search=ltd&sort=-past_due" in answer.context["as_call"]


def save(client: Client, name: str, query: str, **how: str) -> Any:
    return client.post(reverse("save_view"), {"name": name, "query": query, **how}, follow=True)


def test_a_list_is_saved_under_a_name_and_opened_again(
    signed_in: Client, two: tuple[Account, Account], member: Member
) -> None:
    answer = save(signed_in, "Paying", "rule=mrr+%3E+0&sort=name&after=xyz")
    view = View.objects.get()
    assert (view.member, view.query) == (member, "rule=mrr%20%3E%200&sort=name")
    assert answer.context["views"].now == view
    assert names(answer) == ["Pays Ltd"]


def test_a_view_is_ones_own_unless_it_is_shared(
    client: Client, two: tuple[Account, Account]
) -> None:
    ada, bob = a_member(), a_member(Role.CSM, "bob@example.com")
    client.force_login(ada)
    save(client, "Mine", "q=pays")
    save(client, "Ours", "q=idle", shared="1")
    client.force_login(bob)
    seen = client.get(LIST).context["views"]
    assert [view.name for view in (*seen.own, *seen.shared)] == ["Ours"]
    mine = View.objects.get(name="Mine")
    assert client.post(reverse("change_view", args=[mine.pk]), {"act": "delete"}).status_code == 404


def test_a_viewer_saves_lists_for_nobody_else(client: Client, db: None) -> None:
    client.force_login(a_member(Role.VIEWER))
    save(client, "All", "q=x", shared="1")
    assert View.objects.get().member is not None


def test_the_list_opens_with_the_default_view_and_can_leave_it(
    signed_in: Client, two: tuple[Account, Account]
) -> None:
    save(signed_in, "Paying", "rule=mrr+%3E+0", default="1")
    assert signed_in.get(LIST).url == "/accounts/?rule=mrr%20%3E%200"
    shown = signed_in.get(LIST, {"rule": "mrr > 0"})
    cleared = signed_in.get(shown.context["cleared"])
    assert names(cleared) == ["Pays Ltd", "Idle Ltd"]


def test_a_view_is_renamed_and_deleted(signed_in: Client, two: tuple[Account, Account]) -> None:
    save(signed_in, "Paying", "rule=mrr+%3E+0")
    save(signed_in, "Other", "q=pays")
    at = reverse("change_view", args=[View.objects.get(name="Paying").pk])
    taken = signed_in.post(at, {"act": "rename", "name": "Other"}, follow=True)
    assert "There is a view “Other” already." in taken.text
    signed_in.post(at, {"act": "rename", "name": "Who pays"})
    assert set(View.objects.values_list("name", flat=True)) == {"Who pays", "Other"}
    signed_in.post(at, {"act": "delete"})
    assert View.objects.get().name == "Other"


def tagged(client: Client, step: str = "apply", **sent: Any) -> Any:
    return client.post(reverse("bulk_tags"), {"step": step, **sent}, follow=True)


def test_tags_are_given_and_taken_away_as_one_change_that_can_be_undone(
    signed_in: Client, two: tuple[Account, Account]
) -> None:
    pays, idle = two
    both = [str(pays.pk), str(idle.pk)]
    answer = tagged(signed_in, account=both, add="vip, early  bird")
    assert "Tags of 2 accounts changed." in answer.text
    attribute = Attribute.objects.get(name="tags")
    assert (attribute.kind, attribute.source_field) == ("list", "")
    seen = tagged(signed_in, "preview", account=both, remove="vip", add="late")
    assert (seen.context["reach"].gaining, seen.context["reach"].losing) == (2, 2)
    tagged(signed_in, account=[str(pays.pk)], remove="vip", add="late")
    pays.refresh_from_db()
    assert pays.attributes["tags"] == ["early bird", "late"]
    assert names(signed_in.get(LIST, {"rule": "tag = vip"})) == ["Idle Ltd"]
    newest = ChangeSet.objects.latest("pk")
    assert newest.changes.values_list("account_id", flat=True).get() == pays.pk


def test_an_attribute_of_another_kind_called_tags_is_not_touched(
    signed_in: Client, two: tuple[Account, Account]
) -> None:
    Attribute.objects.create(name="tags", label="Tags", kind="text", object_kind="account")
    answer = tagged(signed_in, account=[str(two[0].pk)], add="vip")
    assert answer.status_code == 422
    assert "cannot hold several tags" in answer.text


def test_tags_of_all_that_the_rule_lets_through(
    signed_in: Client, two: tuple[Account, Account]
) -> None:
    tagged(signed_in, all="1", rule="mrr > 0", add="vip")
    found = Account.objects.filter(attributes__tags__contains=["vip"])
    assert [one.name for one in found] == ["Pays Ltd"]
    assert found[0].sources["tags"]["set_at"] == NOW.isoformat()
