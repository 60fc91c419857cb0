"""The pages of several definitions: listed in order, made, moved, switched, deleted, and taken back."""

import pytest
from django.test import Client

from tenure import flow
from tenure.access.models import Member, Role
from tenure.customers.models import Account
from tenure.customers.write import By
from tenure.health import ordering, versions
from tenure.health.definitions import document_of
from tenure.health.models import Definition, DefinitionVersion
from tenure.health.score import DEFAULT
from tenure.segments import deciding
from tenure.segments import write as segments
from tenure.segments.write import Draft
from tests.health.rows import NOW, a_payer, paid, scored
from tests.web.alerting import a_rule
from tests.web.builders import a_member
from tests.web.test_health import DAY, form

pytestmark = pytest.mark.django_db
DEFINERS = {Role.ADMINISTRATOR, Role.SUPER_MANAGER}
BY = By(reason="A test", name="Kim")
ADDRESS = "/health/definitions/"


@pytest.fixture
def large(db: None) -> Account:
    """An account of 5,000.00 a month with a perfect score."""
    account = a_payer("Large Ltd", price="5000")
    for days in (40, 70, 100, 130):
        paid(account, NOW - days * DAY)
    scored(account)
    return account


def defined(name: str, rule: str) -> int:
    versions.ready(NOW)
    document = document_of(DEFAULT)
    return versions.create(name, document, deciding.who(rule), BY, now=NOW).definition_id


def order() -> list[str]:
    return [one.definition.name for one in versions.listed()]


def wanted(**typed: str) -> dict[str, str]:
    return form(name="Enterprise", by="rule", rule="mrr >= 1000", reason="They differ") | typed


def test_a_definition_is_tried_made_and_listed_with_how_many_it_scores(
    signed_in: Client, large: Account
) -> None:
    page = signed_in.get(f"{ADDRESS}new/").text
    assert "It is for the accounts" in page
    unsaid = signed_in.post(f"{ADDRESS}new/preview/", wanted(rule="")).text
    assert "Say whom it is for" in unsaid
    tried = signed_in.post(f"{ADDRESS}new/preview/", wanted()).text
    assert "Scored by another definition" in tried
    assert "Enterprise" in tried
    assert not Definition.objects.filter(name="Enterprise").exists()
    made = signed_in.post(f"{ADDRESS}new/", wanted())
    assert made.headers["Location"] == ADDRESS
    assert "to be scored anew" not in signed_in.get(ADDRESS).text
    flow.catch_up(NOW)
    listed = signed_in.get(ADDRESS).text
    assert "mrr &gt;= 1000" in listed
    assert order() == ["Enterprise", "Everyone"]
    assert "every account that no other is for" in listed
    card = signed_in.get(f"/accounts/{large.pk}/health/").text
    assert "because <span" in card
    assert "this holds for it: mrr &gt;= 1000" in card


def test_what_cannot_be_made_says_why_where_it_was_typed(signed_in: Client, large: Account) -> None:
    for typed, words in (
        ({"rule": "health = red"}, "would decide what it is made of"),
        ({"rule": "mrr >"}, "ends too early"),
        ({"by": "segment", "segment": ""}, "needs a rule or a segment"),
        ({"by": "segment", "segment": "Nobody"}, "There is no segment “Nobody”"),
        ({"name": " "}, "A definition&#x27;s name has 1 to 120 characters"),
        ({"name": "everyone"}, "There is a definition “Everyone” already"),
        ({"reason": ""}, "A reason is missing"),
        ({"green": "30"}, "not below green"),
    ):
        answer = signed_in.post(f"{ADDRESS}new/", wanted(**typed))
        assert answer.status_code == 422, typed
        assert words in answer.text, typed
    assert order() == ["Everyone"]


def test_a_copy_begins_with_what_the_other_is_made_of(signed_in: Client, large: Account) -> None:
    strict = document_of(DEFAULT) | {"green": "91"}
    versions.ready(NOW)
    versions.create("Strict", strict, deciding.who("mrr > 0"), BY, now=NOW)
    copied = versions.named("Strict").definition_id
    page = signed_in.get(f"{ADDRESS}new/?like={copied}").text
    assert 'value="91"' in page
    assert "It begins with what" in page


def test_a_segment_is_chosen_and_a_later_version_can_choose_a_rule(
    signed_in: Client, large: Account
) -> None:
    segments.save(Draft("Big <Ones>", "mrr >= 1000"), now=NOW)
    sent = wanted(by="segment", segment="Big <Ones>")
    assert signed_in.post(f"{ADDRESS}new/", sent).status_code == 302
    made = versions.named("Enterprise")
    address = f"{ADDRESS}{made.definition_id}/"
    page = signed_in.get(address).text
    assert "<option selected>Big &lt;Ones&gt;</option>" in page
    tried = signed_in.post(f"{address}preview/", wanted(rule="mrr < 10")).text
    assert "<del>segment = &quot;Big &lt;Ones&gt;&quot;</del>" in tried
    flow.catch_up(NOW)
    card = signed_in.get(f"/accounts/{large.pk}/").text
    assert "it is in the segment “Big &lt;Ones&gt;”" in card
    sent = wanted(rule="mrr < 10", name="Small ones", based_on="1")
    assert signed_in.post(address, sent).status_code == 302
    newest = versions.of_definition(made.definition_id)[0]
    assert (newest.rule, newest.name, newest.segments) == ("mrr < 10", "Small ones", {})
    page = signed_in.get(address).text
    assert "<del>Enterprise</del> <ins>Small ones</ins>" in page
    old = DefinitionVersion.objects.get(definition=made.definition_id, number=1)
    signed_in.post(f"/health/versions/{old.pk}/restore/")
    assert versions.of_definition(made.definition_id)[0].rule == 'segment = "Big <Ones>"'


def test_the_order_is_changed_by_button_and_the_list_alone_comes_back_for_a_script(
    signed_in: Client, large: Account
) -> None:
    first, second = defined("First", "mrr > 10"), defined("Second", "mrr >= 1000")
    signed_in.post(f"{ADDRESS}{second}/move/", {"way": "up"})
    assert order() == ["Second", "First", "Everyone"]
    part = signed_in.post(
        f"{ADDRESS}{second}/move/", {"way": "down"}, headers={"HX-Request": "true"}
    ).text
    assert part.startswith('<section class="card" id="definitions"')
    assert "Second is number 2 of 3 now." in part
    assert f'id="up-{second}" name="way" value="up" data-move="up" autofocus' in part
    assert order() == ["First", "Second", "Everyone"]
    assert signed_in.post(f"{ADDRESS}{first}/move/", {"way": "aside"}).status_code == 404


def test_a_definition_is_switched_off_deleted_and_everything_taken_back(
    signed_in: Client, large: Account
) -> None:
    pk = defined("Enterprise", "mrr >= 1000")
    flow.catch_up(NOW)
    page = signed_in.get(f"{ADDRESS}{pk}/delete/").text
    assert "Scored by another definition" in page
    assert "Everyone" in page
    assert "?which=%5B%22switched%22%2C%20%22Enterprise%22%2C%20%22Everyone%22%5D#behind" in page
    which = {"which": '["switched", "Enterprise", "Everyone"]'}
    behind = signed_in.get(f"{ADDRESS}{pk}/delete/", which).text
    assert "From “Enterprise” to “Everyone”</h2>" in behind
    assert large.name in behind
    unknown = signed_in.get(f"{ADDRESS}{pk}/delete/", {"which": '["nothing"]'})
    assert "The preview has no such count." in unknown.text
    signed_in.post(f"{ADDRESS}{pk}/delete/", {"reason": "Not needed"})
    listed = signed_in.get(ADDRESS).text
    assert "Bring back" in listed
    assert "Not needed" in listed
    event = ordering.events()[0]
    signed_in.post(f"/health/events/{event.pk}/undo/")
    assert order() == ["Enterprise", "Everyone"]
    signed_in.post(f"{ADDRESS}{pk}/switch/", {"on": "0"})
    assert [one.name for one in versions.newest()] == ["Everyone"]
    assert "is switched off and scores no account" in signed_in.get(f"{ADDRESS}{pk}/").text
    signed_in.post(f"{ADDRESS}{pk}/switch/", {"on": "1"})
    signed_in.post(f"{ADDRESS}{pk}/delete/")
    signed_in.post(f"{ADDRESS}{pk}/back/")
    assert order() == ["Enterprise", "Everyone"]
    again = signed_in.post(f"/health/events/{event.pk}/undo/", follow=True).text
    assert "Something else was done to the definitions since" in again
    everyone = versions.named("Everyone").definition_id
    assert signed_in.get(f"{ADDRESS}{everyone}/delete/").status_code == 404
    refused = signed_in.post(f"{ADDRESS}{everyone}/switch/", {"on": "0"}, follow=True).text
    assert "comes last and cannot be switched off" in refused


def test_a_fault_stands_on_the_list_and_the_page(signed_in: Client, large: Account) -> None:
    pk = defined("Enterprise", "mrr >= 1000")
    DefinitionVersion.objects.filter(definition=pk).update(rule="gone = 1")
    scored(large)
    assert "Cannot be asked, so the next one decides: There is no attribute" in (
        signed_in.get(ADDRESS).text
    )
    assert "It cannot be asked whom it is for" in signed_in.get(f"{ADDRESS}{pk}/").text


@pytest.mark.parametrize("role", Role.values)
def test_only_those_who_may_define_health_reach_what_changes_definitions(
    client: Client, db: None, role: str
) -> None:
    pk = defined("Enterprise", "mrr >= 1000")
    event = ordering.events()[0].pk
    client.force_login(a_member(role))
    assert ("New definition" in client.get(ADDRESS).text) == (role in DEFINERS)
    assert client.get(f"{ADDRESS}new/").status_code == 200
    addresses = [f"{ADDRESS}{pk}/{act}/" for act in ("move", "switch", "delete", "back")]
    addresses += [f"/health/events/{event}/undo/", f"{ADDRESS}new/"]
    for address in addresses:
        answer = client.post(address, {"way": "up", "on": "0"})
        assert (answer.status_code == 403) == (role not in DEFINERS), address


def test_what_depends_on_a_segment_is_told_before_it_changes_and_keeps_it(
    signed_in: Client, member: Member, large: Account
) -> None:
    segment = segments.save(Draft("Big", "mrr >= 1000"), now=NOW)
    rule = a_rule(name="Big and late")
    rule.scope.add(segment)
    segments.save_view("accounts", "My big ones", "rule=segment+%3D+Big", now=NOW, member=member)
    signed_in.post(f"{ADDRESS}new/", wanted(by="segment", segment="Big"))
    sent = {"segment": str(segment.pk), "rule": "mrr >= 2000"}
    for page in (
        signed_in.post("/segments/preview/", sent).text,
        signed_in.get(f"/segments/{segment.pk}/").text,
    ):
        for name in ("Enterprise", "Big and late"):
            assert f">{name}</a>" in page
    assert ">My big ones</a>" in page
    refused = signed_in.post(f"/segments/{segment.pk}/remove/", follow=True).text
    assert "is used by the alert rule “Big and late”" in refused
    rule.scope.clear()
    refused = signed_in.post(f"/segments/{segment.pk}/remove/", follow=True).text
    assert "the health definition “Enterprise”" in refused
    ordering.delete(versions.named("Enterprise").definition_id, BY, now=NOW)
    signed_in.post(f"/segments/{segment.pk}/remove/")
    assert signed_in.get(f"/segments/{segment.pk}/").status_code == 404


def test_a_cap_by_rule_is_typed_saved_and_shown_again(signed_in: Client, large: Account) -> None:
    everyone = versions.ready(NOW)[-1]
    address = f"{ADDRESS}{everyone.definition_id}/"
    typed = {"ruled-0-rule": "mrr > 100", "ruled-0-name": "Too large", "ruled-0-most": "12"}
    sent = form(reason="A test") | typed
    tried = signed_in.post(f"{address}preview/", sent).text
    assert "Too large" in tried
    assert signed_in.post(address, sent, follow=True).status_code == 200
    flow.catch_up(NOW)
    page = signed_in.get(address).text
    assert 'value="Too large"' in page
    assert "mrr &gt; 100" in page
    assert "Too large" in signed_in.get(f"/accounts/{large.pk}/health/").text
    wrong = signed_in.post(address, sent | {"ruled-0-rule": "mmr > 100"})
    assert wrong.status_code == 422
    assert "Cap “Too large”" in wrong.text
