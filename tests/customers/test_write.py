"""What people and programs change: checked, kept as history, marked with its source, and pinned."""

from datetime import timedelta

import pytest

from tenure.access.models import Member
from tenure.connections.models import Site
from tenure.customers import write
from tenure.customers.models import Account, Change, Origin
from tenure.customers.write import By, Pin, ValueRefused
from tests.builders import NOW, a_billing_account, a_site
from tests.customers.test_accounts import LATER, bring

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Site:
    made = a_site()
    bring(made, [a_billing_account(company="Old", email="old@acme.example")])
    return made


def by_hand(**more: str) -> By:
    member, _ = Member.objects.get_or_create(email="ann@tenure.example")
    return By(Origin.MANUAL, member, **more)


def test_an_edit_keeps_what_was_and_says_who(site: Site) -> None:
    account = Account.objects.get()
    edited = write.edit(
        [account.pk], {"company": "By hand"}, by_hand(reason="They told us"), now=NOW
    )
    account.refresh_from_db()
    change = Change.objects.get(change_set=edited.change_set)
    assert account.attributes["company"] == "By hand"
    assert change.changes == {"attributes.company": ["Old", "By hand"]}
    entry = account.sources["company"]
    assert (entry["source"], entry["set_by"]) == ("manual", "ann@tenure.example")
    assert account.edited


def test_an_edit_that_changes_nothing_leaves_no_trace(site: Site) -> None:
    account = Account.objects.get()
    edited = write.edit([account.pk], {"company": "Old"}, by_hand(), now=NOW)
    assert edited.change_set is None
    assert not Change.objects.exists()


def test_an_unknown_attribute_is_refused_with_nothing_changed(site: Site) -> None:
    account = Account.objects.get()
    with pytest.raises(ValueRefused, match="no attribute 'mood'") as refused:
        write.edit([account.pk], {"company": "X", "mood": "good"}, by_hand(), now=NOW)
    assert refused.value.field == "mood"
    account.refresh_from_db()
    assert account.attributes["company"] == "Old"


def test_a_value_saved_until_the_next_sync_is_overridden_by_it(site: Site) -> None:
    account = Account.objects.get()
    write.edit([account.pk], {"company": "By hand"}, by_hand(), now=NOW)
    followed = bring(site, [a_billing_account(company="New", updated_at=LATER)])
    account.refresh_from_db()
    assert (account.attributes["company"], followed.overridden) == ("New", 1)
    assert not account.edited


def test_a_pinned_value_holds_and_shows_what_the_source_says(site: Site) -> None:
    account = Account.objects.get()
    pin = Pin("The contract says so")
    write.edit([account.pk], {"company": "Pinned"}, by_hand(), now=NOW, pin=pin)
    bring(site, [a_billing_account(company="New", updated_at=LATER)])
    account.refresh_from_db()
    assert account.attributes["company"] == "Pinned"
    assert account.sources["company"]["incoming"] == "New"


def test_a_pin_ends_on_its_day(site: Site) -> None:
    account = Account.objects.get()
    pin = Pin("Until they rename", until=NOW - timedelta(minutes=1))
    write.edit([account.pk], {"company": "Pinned"}, by_hand(), now=NOW, pin=pin)
    bring(site, [a_billing_account(company="New", updated_at=LATER)])
    account.refresh_from_db()
    assert account.attributes["company"] == "New"


def test_a_site_may_forbid_pins(site: Site) -> None:
    Site.objects.update(allows_pins=False)
    site.refresh_from_db()
    account = Account.objects.get()
    write.edit([account.pk], {"company": "Pinned"}, by_hand(), now=NOW, pin=Pin("Mine"))
    bring(site, [a_billing_account(company="New", updated_at=LATER)])
    account.refresh_from_db()
    assert account.attributes["company"] == "New"


def test_an_owner_is_a_member_and_history_has_their_address(site: Site) -> None:
    account = Account.objects.get()
    edited = write.edit([account.pk], {"owner": "ANN@tenure.example"}, by_hand(), now=NOW)
    account.refresh_from_db()
    assert account.owner
    assert account.owner.email == "ann@tenure.example"
    change = Change.objects.get(change_set=edited.change_set)
    assert change.changes == {"owner": [None, "ann@tenure.example"]}


def test_an_identifier_is_taken_once(site: Site) -> None:
    write.create("T-1", {"name": "Made by hand"}, by_hand(), now=NOW)
    with pytest.raises(ValueRefused, match="already"):
        write.create("T-1", {}, by_hand(), now=NOW)
    assert Account.objects.get(identifier="T-1").name == "Made by hand"
