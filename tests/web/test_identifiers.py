"""Settings › Identifiers: the candidates, one in detail, who is left out, and choosing."""

import pytest
from django.test import Client

from tenure.access.models import Member, Role
from tenure.connections.models import IdentifierRule
from tenure.customers.models import BillingAccount
from tenure.sync.models import Replay
from tests.metrics.rows import a_billing_account, a_site, an_account, upstream
from tests.web.builders import a_member

PAGE = "/settings/identifiers/"
TENANT = "account.custom_fields.tenant_id"
TERMS = {"truth": "tenant", "sites": "join"}


def stored(*tenants: str | None) -> None:
    """Billing accounts of one site that make no account yet, with their tenants."""
    for number, tenant in enumerate(tenants):
        BillingAccount.objects.create(
            **upstream(a_site()),
            code=f"C-{number}",
            state="active",
            company="=cmd()" if number == 0 else "Acme",
            custom_fields={} if tenant is None else {"tenant_id": tenant},
        )


def test_the_recommended_field_comes_first_with_its_reason(signed_in: Client, db: None) -> None:
    stored(*(f"T-{number}" for number in range(12)))
    answer = signed_in.get(PAGE)
    assert answer.context["lines"][0].candidate.field == TENANT
    assert "It names every billing account" in answer.text
    assert "until somebody chooses" in answer.text


def test_warnings_are_said_in_words(signed_in: Client, db: None) -> None:
    stored("T-1", "t-1", "T-2", "T-2")
    line = next(x for x in signed_in.get(PAGE).context["lines"] if x.candidate.field == TENANT)
    assert line.warnings == ("1 shared by several", "1 nearly equal")


def test_contacts_are_recognised_by_another_field_and_taken_from_fewer_places(
    signed_in: Client, db: None
) -> None:
    stored("T-1")
    text = signed_in.get(PAGE).text
    assert "A contact is recognised by" in text
    told = {"contact_field": "account.username", "contact_sources": ["shipping"]}
    answer = signed_in.post(f"{PAGE}contacts/", told, follow=True)
    assert "Contacts are recognised by account.username." in answer.text
    rule = IdentifierRule.objects.get()
    assert (rule.contact_field, rule.contact_sources) == ("account.username", ["shipping"])
    assert (rule.field, rule.joins) == ("account.code", False)
    signed_in.post(f"{PAGE}field/{TENANT}/choose/", TERMS)
    newest = IdentifierRule.objects.latest("pk")
    assert (newest.field, newest.contact_field) == (TENANT, "account.username")


def test_a_field_that_identifies_nobody_is_refused_for_contacts(
    signed_in: Client, db: None
) -> None:
    answer = signed_in.post(f"{PAGE}contacts/", {"contact_field": "account.company"}, follow=True)
    assert "identifies no contact" in answer.text
    assert not IdentifierRule.objects.exists()


def test_contacts_that_exist_follow_by_a_replay(signed_in: Client, db: None) -> None:
    an_account("Acme")
    signed_in.post(f"{PAGE}contacts/", {"contact_field": "account.username"})
    assert Replay.objects.count() == 1


def test_a_page_without_records_says_what_to_do(signed_in: Client, db: None) -> None:
    assert "No records are here yet" in signed_in.get(PAGE).text


def test_one_candidate_shows_the_values_that_speak_against_it(signed_in: Client, db: None) -> None:
    stored(None, "T-1", "t-1", " T-9", "T-9")
    text = signed_in.get(f"{PAGE}field/{TENANT}/").text
    assert "Nearly equal: upper and lower case" in text
    assert "Already read as one: blanks around it" in text
    assert "is not filled." in text


def test_what_is_told_from_some_of_the_values_says_so(
    signed_in: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored("T-1", "T-2", "T-3")
    assert "is told from" not in signed_in.get(PAGE).text
    monkeypatch.setattr("tenure.identity.report.figures.LOOKED_AT", 2)
    assert "What a field looks like is told from 2 of its values" in signed_in.get(PAGE).text
    assert "told from 2 of the values" in signed_in.get(f"{PAGE}field/{TENANT}/").text


def test_those_left_out_are_exported_safe_for_a_spreadsheet(signed_in: Client, db: None) -> None:
    stored(None, "T-1", " ")
    answer = signed_in.get(f"{PAGE}field/{TENANT}/left-out.csv")
    lines = answer.getvalue().decode("utf-8-sig").splitlines()
    assert lines[0] == "site,object,id,code,name,email,reason"
    assert [line.split(",")[3:5] for line in lines[1:]] == [["C-0", "'=cmd()"], ["C-2", "Acme"]]
    assert "attachment" in answer["Content-Disposition"]


def test_a_field_is_chosen_with_its_source_of_truth(signed_in: Client, member: Member) -> None:
    stored("T-1")
    answer = signed_in.post(f"{PAGE}field/{TENANT}/choose/", {**TERMS, "fold_case": "on"})
    assert answer.url == PAGE
    rule = IdentifierRule.objects.get()
    assert (rule.field, rule.truth, rule.joins, rule.fold_case) == (TENANT, "tenant", True, True)
    assert rule.member == member
    assert signed_in.get(PAGE).context["lines"][0].chosen


def test_a_field_that_people_change_cannot_be_chosen(signed_in: Client, db: None) -> None:
    stored("T-1")
    assert "recognises nobody by it" in signed_in.get(f"{PAGE}field/account.email/").text
    answer = signed_in.post(f"{PAGE}field/account.email/choose/", TERMS)
    assert answer.status_code == 400
    assert not IdentifierRule.objects.exists()


@pytest.mark.parametrize("name", ["account.nothing", "invoice.number", "account.custom_fields.no"])
def test_a_field_that_nobody_has_is_not_found(signed_in: Client, db: None, name: str) -> None:
    assert signed_in.get(f"{PAGE}field/{name}/").status_code == 404


def test_only_those_who_manage_sites_may_choose(client: Client, db: None) -> None:
    stored("T-1")
    client.force_login(a_member(Role.CSM))
    assert "Only administrators and developers" in client.get(f"{PAGE}field/{TENANT}/").text
    assert client.post(f"{PAGE}field/{TENANT}/choose/", TERMS).status_code == 403


def test_accounts_that_are_there_are_not_renamed_unseen(signed_in: Client, db: None) -> None:
    account = an_account("Acme")
    a_billing_account(account, custom_fields={"tenant_id": "T-1"})
    signed_in.post(f"{PAGE}field/{TENANT}/choose/", TERMS)
    account.refresh_from_db()
    assert account.identifier != "T-1"


def test_accounts_that_are_there_are_rekeyed_once_the_preview_was_seen(
    signed_in: Client, db: None
) -> None:
    account = an_account("Acme")
    a_billing_account(account, custom_fields={"tenant_id": "T-1"})
    address = f"{PAGE}field/{TENANT}/choose/"
    text = signed_in.post(address, TERMS).text
    assert "re-key 1 account;" in text
    assert "Re-key the accounts" in text
    assert not IdentifierRule.objects.exists()
    answer = signed_in.post(address, {**TERMS, "seen": "1"}, follow=True)
    assert "Accounts re-keyed: 1" in answer.text
    account.refresh_from_db()
    assert account.identifier == "T-1"
