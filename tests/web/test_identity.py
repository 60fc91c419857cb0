"""Pages about whose records are: conflicts and their resolution, the unidentified, merges."""

import pytest
from django.test import Client

from tenure.access.models import Member, Role
from tenure.connections.models import Site
from tenure.customers.models import Account, BillingAccount, ChangeSet
from tenure.identity.models import Conflict, Merge
from tests.builders import a_site
from tests.identity.pages import (
    SUBSCRIPTION_TENANT,
    a_rule,
    accounts,
    invoices,
    links,
    payer,
    subscription,
    subscriptions,
)
from tests.identity.test_allocation import split_invoice
from tests.web.builders import a_member


@pytest.fixture
def site(db: None) -> Site:
    """A site with a changed, a vanished and a doubly claimed identifier, and one that never was."""
    site = a_site()
    a_rule()
    accounts(site, *(payer(f"acc{n}", f"T-{n}") for n in range(1, 5)), payer("acc5", None))
    accounts(site, payer("acc1", "T-9"), payer("acc2", None), payer("acc3", "T-4"))
    return site


def number(upstream_id: str) -> int:
    return Conflict.objects.get(upstream_id=upstream_id).pk


def test_sync_leads_to_what_waits_for_a_person(signed_in: Client, site: Site) -> None:
    text = signed_in.get("/sync/").text
    assert "3 conflicts" in text
    assert "1 unidentified" in text


def test_conflicts_are_listed_with_what_was_and_what_is_said(signed_in: Client, site: Site) -> None:
    text = signed_in.get("/sync/conflicts/").text
    for words in ("Changed", "Vanished", "Claimed twice", "Company acc1", "T-9"):
        assert words in text


def test_every_resolution_is_explained_before_it_is_chosen(signed_in: Client, site: Site) -> None:
    text = signed_in.get(f"/sync/conflicts/{number('acc1')}/").text
    assert "says T-9 now." in text
    assert "is recognised by T-9 from now on" in text
    assert "becomes a customer of its own" in text
    vanished = signed_in.get(f"/sync/conflicts/{number('acc2')}/").text
    assert "Not possible: The record says no identifier" in vanished


def test_a_conflict_is_resolved_with_who_and_why(
    signed_in: Client, site: Site, member: Member
) -> None:
    address = f"/sync/conflicts/{number('acc1')}/resolve/"
    answer = signed_in.post(address, {"resolution": "rekey", "reason": "renamed"}, follow=True)
    assert "Resolved: re-key with history. 2 more wait for you." in answer.text
    found = Conflict.objects.get(upstream_id="acc1")
    assert (found.resolution, found.member) == ("rekey", member)
    assert ChangeSet.objects.get(pk=found.change_set_id).reason == "renamed"
    assert Account.objects.get(identifier="T-9").facts is not None
    assert "Ada Byron" in signed_in.get("/sync/conflicts/?show=resolved").text


def test_a_refused_resolution_says_why_and_changes_nothing(signed_in: Client, site: Site) -> None:
    address = f"/sync/conflicts/{number('acc2')}/resolve/"
    answer = signed_in.post(address, {"resolution": "rekey"}, follow=True)
    assert "says no identifier that the account could take" in answer.text
    assert Conflict.objects.filter(resolution="").count() == 3


def test_those_who_may_not_decide_may_look(client: Client, site: Site) -> None:
    client.force_login(a_member(Role.VIEWER, "eve@example.com"))
    pk = number("acc1")
    assert "Only administrators, developers" in client.get(f"/sync/conflicts/{pk}/").text
    assert client.post(f"/sync/conflicts/{pk}/resolve/", {"resolution": "keep"}).status_code == 403
    assert client.get(f"/accounts/{Account.objects.all()[0].pk}/merge/").status_code == 403


def test_the_unidentified_are_listed_with_their_reason_and_as_a_file(
    signed_in: Client, site: Site
) -> None:
    BillingAccount.objects.filter(upstream_id="acc5").update(company="=cmd()")
    page = signed_in.get("/sync/unidentified/").text
    assert "account.custom_fields.tenant_id is empty." in page
    answer = signed_in.get("/sync/unidentified/csv/")
    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 2
    assert "northwind-us,account,acc5,ACC5,'=cmd(),," in lines[1]


def test_what_is_billed_to_nobody_is_shown(signed_in: Client, db: None) -> None:
    site = a_site()
    a_rule(SUBSCRIPTION_TENANT)
    accounts(site, payer("acc1"))
    subscriptions(site, subscription("sub1", "acc1", "T-1"), subscription("sub2", "acc1", "T-2"))
    invoices(site, split_invoice())
    text = signed_in.get("/sync/unidentified/").text
    assert "Unallocated" in text
    assert "10.00" in text


def test_an_account_shows_its_part_of_an_invoice_and_the_invoice_all_parts(
    signed_in: Client, db: None
) -> None:
    site = a_site()
    a_rule(SUBSCRIPTION_TENANT)
    accounts(site, payer("acc1"))
    subscriptions(site, subscription("sub1", "acc1", "T-1"), subscription("sub2", "acc1", "T-2"))
    invoices(site, split_invoice())
    pk = Account.objects.get(identifier="T-1").pk
    listed = signed_in.get(f"/accounts/{pk}/invoices/").text
    assert "60.00" in listed
    assert "100.00" in listed
    assert "northwind-us / " in listed
    shared = Account.objects.get(pk=pk).allocations.get().invoice
    detail = signed_in.get(f"/invoices/{shared.pk}/").text
    assert "Unallocated" in detail
    assert "T-2" in detail


def test_a_merge_is_shown_before_it_is_made_and_undone_after(signed_in: Client, site: Site) -> None:
    kept, other = (Account.objects.get(identifier=f"T-{n}") for n in (1, 4))
    address = f"/accounts/{kept.pk}/merge/"
    assert "1 billing account," in signed_in.get(address, {"with": "T-4"}).text
    done = signed_in.post(address, {"with": "T-4"}, follow=True)
    assert "is part of this account now" in done.text
    assert links(BillingAccount)["acc4"] == "T-1"
    made = Merge.objects.get()
    undone = signed_in.post(f"{address}{made.pk}/undo/", follow=True)
    assert "is an account of its own again" in undone.text
    assert links(BillingAccount)["acc4"] == other.identifier


def test_a_name_finds_the_accounts_to_merge(signed_in: Client, site: Site) -> None:
    kept = Account.objects.get(identifier="T-1")
    text = signed_in.get(f"/accounts/{kept.pk}/merge/", {"with": "acc4"}).text
    assert "?with=T-4" in text


@pytest.mark.parametrize(
    "address", ["/sync/conflicts/999/", "/sync/unidentified/?after=nonsense", "/accounts/9/merge/"]
)
def test_an_address_that_leads_nowhere_is_not_found(signed_in: Client, address: str) -> None:
    assert signed_in.get(address).status_code == 404


def test_the_account_leads_to_its_conflict_and_to_merging(signed_in: Client, site: Site) -> None:
    account = Account.objects.get(identifier="T-1")
    text = signed_in.get(f"/accounts/{account.pk}/").text
    assert f"/sync/conflicts/{number('acc1')}/" in text
    assert f"/accounts/{account.pk}/merge/" in text
