"""The tab of an account's people: listed with their source, added, changed, removed, merged."""

import pytest
from django.test import Client

from tenure.access.models import Role
from tenure.customers.contacts import write
from tenure.customers.models import Account, Contact
from tenure.customers.write import By
from tests.metrics.rows import NOW
from tests.web.builders import a_customer, a_member


@pytest.fixture
def account(db: None) -> Account:
    return a_customer("Acme", identifier="T-1")


@pytest.fixture
def ann(account: Account) -> Contact:
    return write.create(account.pk, {"email": "ann@acme.example", "name": "Ann"}, By(), now=NOW)


def test_people_are_listed_with_where_they_came_from(signed_in: Client, ann: Contact) -> None:
    page = signed_in.get(f"/accounts/{ann.account_id}/users/").content.decode()
    assert "ann@acme.example" in page
    assert "Manual" in page


def test_an_account_without_people_says_where_they_come_from(
    signed_in: Client, account: Account
) -> None:
    assert "No users yet" in signed_in.get(f"/accounts/{account.pk}/users/").content.decode()


def test_a_contact_is_added_once(signed_in: Client, account: Account) -> None:
    address = f"/accounts/{account.pk}/users/new/"
    said = {"email": "bob@acme.example", "title": "CTO"}
    assert signed_in.post(address, said).status_code == 302
    assert Contact.objects.get().title == "CTO"
    again = signed_in.post(address, said)
    assert again.status_code == 400
    assert "already" in again.content.decode()


def test_a_wrong_address_is_refused_at_its_field(signed_in: Client, account: Account) -> None:
    response = signed_in.post(f"/accounts/{account.pk}/users/new/", {"email": "nobody"})
    assert response.status_code == 400
    assert "is not an e-mail address" in response.content.decode()


def test_a_contact_is_changed_and_pinned(signed_in: Client, ann: Contact) -> None:
    Contact.objects.update(is_named=True)  # by what bills the account too
    address = f"/accounts/{ann.account_id}/users/{ann.pk}/"
    said = {"email": ann.email, "name": "Anna", "title": "", "act": "save", "pin": "on"}
    assert "Say why" in signed_in.post(address, {**said, "reason": " "}).content.decode()
    assert signed_in.post(address, {**said, "reason": "She said so"}).status_code == 302
    ann.refresh_from_db()
    assert (ann.name, ann.sources["name"]["pin"]["reason"]) == ("Anna", "She said so")


def test_a_contact_is_removed(signed_in: Client, ann: Contact) -> None:
    address = f"/accounts/{ann.account_id}/users/{ann.pk}/"
    signed_in.post(address, {"email": ann.email, "act": "remove"})
    assert signed_in.get(address).status_code == 404


def test_two_contacts_are_made_one(signed_in: Client, ann: Contact) -> None:
    other = write.create(ann.account_id, {"email": "a@acme.example", "title": "CFO"}, By(), now=NOW)
    address = f"/accounts/{ann.account_id}/users/{ann.pk}/"
    said = {"email": ann.email, "name": "Ann", "act": "merge", "other": str(other.pk)}
    assert signed_in.post(address, said).status_code == 302
    left = Contact.objects.get(removed_at=None)
    assert (left.pk, left.title) == (ann.pk, "CFO")


def test_a_contact_of_another_account_is_not_found(signed_in: Client, ann: Contact) -> None:
    other = a_customer("Other", identifier="T-2")
    assert signed_in.get(f"/accounts/{other.pk}/users/{ann.pk}/").status_code == 404


def test_a_viewer_sees_people_and_cannot_change_them(client: Client, ann: Contact) -> None:
    client.force_login(a_member(Role.VIEWER, "vi@example.com"))
    page = client.get(f"/accounts/{ann.account_id}/users/").content.decode()
    assert "ann@acme.example" in page
    assert "Add a contact" not in page
    assert client.get(f"/accounts/{ann.account_id}/users/{ann.pk}/").status_code == 403
