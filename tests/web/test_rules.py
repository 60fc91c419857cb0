"""The rule input: what it is told while somebody types."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tenure.access.models import Role
from tenure.customers.models import Account
from tenure.segments import values
from tests.metrics.rows import an_account
from tests.web.builders import a_customer, a_member


def offers(client: Client, before: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.post(reverse("suggest_rule"), {"before": before}).json()[
        "offers"
    ]
    return found


def test_a_rule_that_holds_is_said_in_words(signed_in: Client) -> None:
    answer = signed_in.post(reverse("check_rule"), {"rule": "mrr > 500 and past_due > 0"})
    assert answer.status_code == 200
    said = answer.context["said"]
    assert said.words in answer.text.replace("&gt;", ">")
    assert said.places == "[]"
    assert "take away" not in answer.text


def test_its_parts_are_chips_where_they_are_asked_for(signed_in: Client) -> None:
    rule = {"rule": "mrr > 500 and past_due > 0", "chips": "1"}
    answer = signed_in.post(reverse("check_rule"), rule)
    assert 'data-rule-becomes="past_due &gt; 0"' in answer.text
    assert 'data-rule-becomes="mrr &gt; 500"' in answer.text


@pytest.mark.parametrize(
    ("rule", "goes_on"),
    [
        ("", ""),
        ("mrr > 500", "mrr &gt; 500 and "),
        ("mrr > 500 or past_due > 0", "(mrr &gt; 500 or past_due &gt; 0) and "),
    ],
)
def test_one_more_condition_goes_on_from_the_whole_rule(
    signed_in: Client, rule: str, goes_on: str
) -> None:
    answer = signed_in.post(reverse("check_rule"), {"rule": rule, "chips": "1"})
    assert f'data-rule-goes-on="{goes_on}"' in answer.text


def test_a_wrong_rule_is_told_with_its_place_and_what_would_be_right(signed_in: Client) -> None:
    answer = signed_in.post(reverse("check_rule"), {"rule": "mmr > 500"})
    assert "There is no attribute “mmr”." in answer.text
    assert "Did you mean mrr?" in answer.text
    assert "&quot;start&quot;: 0, &quot;end&quot;: 9" in answer.text
    assert not answer.context["said"].is_begun


def test_a_rule_that_only_goes_on_is_not_scolded(signed_in: Client) -> None:
    answer = signed_in.post(reverse("check_rule"), {"rule": "mrr > 500 and "})
    assert answer.context["said"].is_begun
    assert 'class="error"' not in answer.text


def test_a_rule_cannot_break_out_of_the_page(signed_in: Client) -> None:
    answer = signed_in.post(reverse("check_rule"), {"rule": 'name = "<script>" and "'})
    assert "<script>" not in answer.text


def test_attributes_are_offered_by_what_was_begun(signed_in: Client) -> None:
    found = offers(signed_in, "pas")
    assert {"kind", "insert", "label", "detail", "start", "count", "about"} == found[0].keys()
    assert "past_due" in [one["insert"] for one in found]


def test_what_follows_a_text_that_has_ended_is_offered(signed_in: Client) -> None:
    assert "and" in [one["insert"] for one in offers(signed_in, 'company = "One \\" Co" ')]
    named = offers(signed_in, 'company = "One Co" and mr')
    assert (named[0]["insert"], named[0]["start"]) == ("mrr", 23)


def test_operators_follow_an_attribute(signed_in: Client) -> None:
    assert ">=" in [one["insert"] for one in offers(signed_in, "mrr ")]


def test_values_come_from_the_data_with_how_many_accounts_have_each(signed_in: Client) -> None:
    a_customer("One Co")
    a_customer("Two Co")
    a_customer("One Co")
    found = offers(signed_in, 'company = "o')
    assert [(one["insert"], one["count"], one["about"]) for one in found] == [
        ('"One Co"', 2, False),
        ('"Two Co"', 1, False),
    ]


def test_words_of_a_status_are_counted_too(signed_in: Client) -> None:
    a_customer()
    found = {one["insert"]: one["count"] for one in offers(signed_in, "subscription_status = ")}
    assert found["active"] == 1
    assert found["paused"] is None


def test_values_of_related_rows_count_their_accounts(signed_in: Client) -> None:
    a_customer()
    found = offers(signed_in, "any invoice (state = ")
    counts = {one["insert"]: one["count"] for one in found}
    assert counts["past_due"] == 1


def test_values_of_lists_are_counted_one_by_one(signed_in: Client) -> None:
    a_customer()
    found = offers(signed_in, "site = ")
    assert [(one["insert"], one["count"]) for one in found] == [("northwind", 1)]


def test_of_very_many_accounts_a_part_is_looked_at_and_the_counts_say_so(
    signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_customer()
    monkeypatch.setattr(values, "_share", lambda: 0.9999)
    assert all(one["about"] for one in offers(signed_in, "company = ") if one["count"])


def test_removed_accounts_are_not_counted(signed_in: Client) -> None:
    gone = an_account("Gone", attributes={"company": "Gone"})
    a_customer("Here")
    Account.objects.filter(pk=gone.pk).update(removed_at=gone.created_at)
    assert "Gone" not in [one["label"] for one in offers(signed_in, "company = ")]


def test_a_viewer_may_write_rules(client: Client, db: None) -> None:
    client.force_login(a_member(Role.VIEWER))
    assert client.post(reverse("check_rule"), {"rule": "mrr > 1"}).status_code == 200
    assert client.get(reverse("suggest_rule"), {"before": "m"}).json()["offers"]
