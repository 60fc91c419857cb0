"""Contacts follow what bills their account, as far as the site's mode lets them."""

from datetime import timedelta

import pytest

from tenure.connections.models import IdentifierRule, Mode, Site
from tenure.customers.contacts import follow, write
from tenure.customers.models import Account, Change, Contact
from tenure.customers.write import By, Pin
from tests.builders import EARLIER, NOW, a_batch, a_billing_account, a_site
from tests.customers.test_accounts import bring

pytestmark = pytest.mark.django_db
LATER = EARLIER + timedelta(hours=1)
MUCH_LATER = EARLIER + timedelta(hours=2)
ANN = {"email": "ann@acme.example", "first_name": "Ann", "last_name": "Meyer"}


def people() -> dict[str, str]:
    rows = Contact.objects.filter(removed_at=None)
    return dict(rows.values_list("identifier", "name"))


def test_contacts_are_made_with_the_account_and_say_where_they_came_from() -> None:
    bring(a_site(), [a_billing_account(**ANN, cc_emails="bob@acme.example")])
    assert people() == {"ann@acme.example": "Ann Meyer", "bob@acme.example": ""}
    ann = Contact.objects.get(identifier="ann@acme.example")
    assert ann.account == Account.objects.get()
    assert ann.sources["name"] == {
        "source": "sync", "site": "northwind-us", "field": "account.first_name",
    }  # fmt: skip
    assert ann.created_in is not None
    assert ann.is_named


def test_a_new_name_replaces_the_old_one_with_history() -> None:
    site = a_site()
    bring(site, [a_billing_account(**ANN)])
    bring(site, [a_billing_account(**{**ANN, "last_name": "Mayer"}, updated_at=LATER)])
    assert people() == {"ann@acme.example": "Ann Mayer"}
    change = Change.objects.get(object_kind="contact")
    assert change.changes == {"name": ["Ann Meyer", "Ann Mayer"]}
    assert change.account_id == Account.objects.get().pk


def test_whom_the_source_no_longer_names_stays_and_is_marked() -> None:
    site = a_site()
    bring(site, [a_billing_account(**ANN, cc_emails="bob@acme.example")])
    bring(site, [a_billing_account(**ANN, updated_at=LATER)])
    bob = Contact.objects.get(identifier="bob@acme.example")
    assert (bob.is_named, bob.removed_at) == (False, None)
    assert bob.unnamed_at is not None
    bring(site, [a_billing_account(**ANN, cc_emails="bob@acme.example", updated_at=MUCH_LATER)])
    bob.refresh_from_db()
    assert (bob.is_named, bob.unnamed_at) == (True, None)
    told = Change.objects.filter(object_kind="contact", object_id=bob.pk).order_by("pk")
    assert [one.changes for one in told] == [{"named": [True, False]}, {"named": [False, True]}]


def test_a_replay_leaves_what_was_set_by_hand_to_the_next_run() -> None:
    site = a_site()
    bring(site, [a_billing_account(**ANN, cc_emails="bob@acme.example")])
    ann, bob = Contact.objects.order_by("identifier")
    write.edit(ann.pk, {"name": "Annie"}, By(), now=NOW)
    write.remove(bob.pk, By(), now=NOW)
    ids = [ann.account_id]
    assert follow(ids, a_batch(site), daily={site.subdomain}, spares_hand=True) == 0
    assert people() == {"ann@acme.example": "Annie"}
    assert follow(ids, a_batch(site), daily={site.subdomain}) == 2
    assert people() == {"ann@acme.example": "Ann Meyer", "bob@acme.example": ""}


def test_daily_sync_overrides_a_name_set_by_hand_and_counts_it() -> None:
    site = a_site()
    bring(site, [a_billing_account(**ANN)])
    ann = Contact.objects.get()
    write.edit(ann.pk, {"name": "Annie", "title": "Buyer"}, By(name="api"), now=NOW)
    ann.refresh_from_db()
    assert ann.edited
    followed = bring(site, [a_billing_account(**ANN, vat_number="1", updated_at=LATER)])
    ann.refresh_from_db()
    assert (ann.name, ann.title, ann.edited) == ("Ann Meyer", "Buyer", False)
    assert followed.overridden == 1


def test_a_pinned_name_holds() -> None:
    site = a_site()
    bring(site, [a_billing_account(**ANN)])
    ann = Contact.objects.get()
    write.edit(ann.pk, {"name": "Annie"}, By(), now=NOW, pin=Pin("She said so"))
    bring(site, [a_billing_account(**ANN, vat_number="1", updated_at=LATER)])
    assert people() == {"ann@acme.example": "Annie"}


def test_a_removed_contact_comes_back_unless_its_removal_is_pinned() -> None:
    site = a_site()
    bring(site, [a_billing_account(**ANN, cc_emails="bob@acme.example")])
    ann, bob = Contact.objects.order_by("identifier")
    write.remove(ann.pk, By(), now=NOW)
    write.remove(bob.pk, By(), now=NOW, pin=Pin("Has left"))
    assert people() == {}
    again = a_billing_account(**ANN, cc_emails="bob@acme.example", vat_number="1", updated_at=LATER)
    bring(site, [again])
    assert people() == {"ann@acme.example": "Ann Meyer"}


def test_import_only_makes_a_contact_once_and_never_touches_it_again() -> None:
    site = a_site(accounts_mode=Mode.IMPORT)
    bring(site, [a_billing_account(**ANN)])
    later = {**ANN, "first_name": "Anna", "cc_emails": "bob@acme.example"}
    bring(site, [a_billing_account(**later, updated_at=LATER)])
    assert people() == {"ann@acme.example": "Ann Meyer", "bob@acme.example": ""}


def test_link_only_makes_no_contact() -> None:
    site = a_site(accounts_mode=Mode.DAILY)
    bring(site, [a_billing_account(company="Acme")])
    Site.objects.update(accounts_mode=Mode.LINK)
    site.refresh_from_db()
    bring(site, [a_billing_account(**ANN, updated_at=LATER)])
    assert people() == {}


def test_a_mapped_field_identifies_contacts_when_the_rule_says_so() -> None:
    site = a_site()
    bring(site, [a_billing_account(**ANN)])
    IdentifierRule.objects.create(
        field="account.code", contact_field="account.custom_fields.person", created_at=NOW
    )
    named = a_billing_account(**ANN, custom_fields=b'{"person": "U-7"}', updated_at=LATER)
    bring(site, [named])
    contact = Contact.objects.get()
    assert (contact.identifier, contact.email) == ("u-7", "ann@acme.example")
    change = Change.objects.get(object_kind="contact")
    assert change.changes == {"identifier": ["ann@acme.example", "u-7"]}


def test_people_are_taken_only_from_where_the_rule_says() -> None:
    site = a_site()
    rule = IdentifierRule.objects.create(
        field="account.code", contact_sources=["billing"], created_at=NOW
    )
    told = {**ANN, "cc_emails": "bob@acme.example"}
    bring(site, [a_billing_account(**told)])
    assert set(people()) == {"ann@acme.example"}
    rule.contact_sources = ["billing", "copies"]
    rule.save()
    bring(site, [a_billing_account(**told, company="Acme", updated_at=LATER)])
    assert set(people()) == {"ann@acme.example", "bob@acme.example"}


@pytest.mark.parametrize("reverse", [False, True])
def test_two_sites_make_the_same_contacts_whatever_arrived_first(reverse: bool) -> None:
    first, second = a_site("one", priority=0), a_site("two", priority=1)
    pages = [
        (first, [a_billing_account("a", code="S", email="ann@acme.example")]),
        (second, [a_billing_account("b", code="S", **{**ANN, "email": "ANN@acme.example"})]),
    ]
    for site, page in reversed(pages) if reverse else pages:
        bring(site, page, joined=True)
    contact = Contact.objects.get()
    assert (contact.identifier, contact.name) == ("ann@acme.example", "Ann Meyer")
