"""Contacts made, changed, removed and merged by hand."""

import pytest

from tenure.customers.contacts import read, write
from tenure.customers.models import Account, Change, Contact
from tenure.customers.write import By, ValueRefused
from tests.builders import NOW, a_billing_account, a_site
from tests.customers.test_accounts import bring

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    bring(a_site(), [a_billing_account()])
    return Account.objects.get()


def test_a_contact_is_made_once_an_account(account: Account) -> None:
    made = write.create(account.pk, {"email": "Ann@Acme.example", "title": "CFO"}, By(), now=NOW)
    assert (made.identifier, made.email, made.title) == (
        "ann@acme.example",
        "Ann@Acme.example",
        "CFO",
    )
    assert read.origin(made, "title").source == "manual"
    with pytest.raises(ValueRefused, match="already"):
        write.create(account.pk, {"email": "ann@acme.example"}, By(), now=NOW)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"email": "not an address"}, "email"),
        ({"name": "Nobody"}, "email"),
        ({"email": "a@b.example", "name": "x" * 301}, "name"),
        ({"email": "a@b.example", "phone": "1"}, "phone"),
        ({"email": "a@b.example", "title": "a\0"}, "title"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_field(
    account: Account, values: dict[str, str], field: str
) -> None:
    with pytest.raises(ValueRefused) as refused:
        write.create(account.pk, values, By(), now=NOW)
    assert refused.value.field == field
    assert not Contact.objects.exists()


def test_an_edit_keeps_what_was_and_nothing_changed_leaves_no_trace(account: Account) -> None:
    made = write.create(account.pk, {"email": "ann@acme.example", "name": "Ann"}, By(), now=NOW)
    assert write.edit(made.pk, {"name": "Ann"}, By(), now=NOW) is None
    change_set = write.edit(made.pk, {"name": "Anna"}, By(), now=NOW)
    change = Change.objects.get(change_set=change_set)
    assert change.changes == {"name": ["Ann", "Anna"]}
    assert change.object_kind == "contact"


def test_a_removed_contact_is_not_shown_and_comes_back_when_made_again(account: Account) -> None:
    made = write.create(account.pk, {"email": "ann@acme.example"}, By(), now=NOW)
    write.remove(made.pk, By(), now=NOW)
    assert read.of_account(account.pk) == []
    again = write.create(account.pk, {"email": "ann@acme.example", "name": "Ann"}, By(), now=NOW)
    assert again.pk == made.pk
    assert read.of_account(account.pk) == [again]


def test_two_contacts_of_one_person_become_one(account: Account) -> None:
    kept = write.create(account.pk, {"email": "ann@acme.example"}, By(), now=NOW)
    other = write.create(account.pk, {"email": "a@acme.example", "name": "Ann"}, By(), now=NOW)
    write.merge(kept.pk, other.pk, By(), now=NOW)
    (left,) = read.of_account(account.pk)
    assert (left.pk, left.name) == (kept.pk, "Ann")


def test_contacts_of_two_accounts_are_never_merged(account: Account) -> None:
    bring(a_site("other"), [a_billing_account("acc2")])
    other = Account.objects.exclude(pk=account.pk).get()
    one = write.create(account.pk, {"email": "ann@acme.example"}, By(), now=NOW)
    two = write.create(other.pk, {"email": "ann@acme.example"}, By(), now=NOW)
    with pytest.raises(ValueRefused, match="same account"):
        write.merge(one.pk, two.pk, By(), now=NOW)
