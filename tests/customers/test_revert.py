"""What was changed is taken back: the value, where it had come from, and what held it."""

from datetime import timedelta

import pytest

from tenure.access.models import Member
from tenure.connections.models import Site
from tenure.customers import revert, undo, write
from tenure.customers.contacts import write as contacts
from tenure.customers.models import Account, Change, Contact, Origin
from tenure.customers.provenance import Back, of_attribute
from tenure.customers.write import By, Pin
from tests.builders import NOW, a_billing_account, a_site
from tests.customers.test_accounts import bring

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def site() -> Site:
    made = a_site()
    bring(made, [a_billing_account(email="eve@acme.example", first_name="Eve")])
    return made


@pytest.fixture
def ann(db: None) -> Member:
    return Member.objects.create(email="ann@tenure.example")


@pytest.fixture
def bob(db: None) -> Member:
    return Member.objects.create(email="bob@tenure.example")


def account() -> Account:
    return Account.objects.get()


def company() -> str | None:
    found: str | None = account().attributes.get("company")
    return found


def set_company(value: str, member: Member, pin: Pin | None = None) -> None:
    write.edit([account().pk], {"company": value}, By(member=member), now=NOW, pin=pin)


def test_an_undone_value_says_where_it_came_from_and_who_brought_it_back(
    site: Site, ann: Member
) -> None:
    started = of_attribute(account(), "company", [])
    set_company("Mine", ann)
    done = undo.undo_last(ann, LATER)
    told = of_attribute(account(), "company", [])
    assert (told.source, told.site, told.set_at) == ("sync", started.site, started.set_at)
    assert done.change_set
    assert told.back == Back("ann@tenure.example", LATER, done.change_set.pk)
    [change] = Change.objects.filter(change_set=done.change_set)
    assert change.changes == {"attributes.company": ["Mine", "Acme Robotics"]}


def test_an_undone_edit_leaves_the_edit_before_it_with_its_author(
    site: Site, ann: Member, bob: Member
) -> None:
    set_company("Ann's", ann)
    set_company("Bob's", bob)
    undo.undo_last(bob, LATER)
    told = of_attribute(account(), "company", [])
    assert (company(), told.source, told.set_by) == ("Ann's", "manual", "ann@tenure.example")
    undo.undo_last(ann, LATER)
    assert company() == "Acme Robotics"


def test_a_pin_that_an_edit_lost_comes_back_with_its_reason(
    site: Site, ann: Member, bob: Member
) -> None:
    set_company("Ann's", ann, Pin("By contract"))
    set_company("Bob's", bob)
    assert of_attribute(account(), "company", []).pin is None
    done = undo.undo_last(bob, LATER)
    told = of_attribute(account(), "company", []).pin
    assert told
    assert (told.reason, told.by) == ("By contract", "ann@tenure.example")
    bring(site, [a_billing_account(company="Upstream", updated_at=LATER)])
    assert company() == "Ann's"
    assert done.change_set
    revert.revert(done.change_set, By(Origin.REVERT, bob), LATER)
    assert (company(), of_attribute(account(), "company", []).pin) == ("Bob's", None)


def test_what_was_pinned_since_stays(site: Site, ann: Member, bob: Member) -> None:
    set_company("Ann's", ann)
    write.pin(account().pk, ["company"], Pin("It is right"), By(member=bob), now=LATER)
    done = undo.undo_last(ann, LATER)
    assert (company(), done.change_set, done.of is not None) == ("Ann's", None, True)


def test_a_value_that_somebody_set_again_stays(site: Site, ann: Member, bob: Member) -> None:
    set_company("Works", ann)
    first = undo.last_of(ann)
    assert first
    set_company("Other", bob)
    set_company("Works", bob)
    lines = revert.preview(first)
    assert [dict(line.stayed) for line in lines] == [{"attributes.company": ["Works", "Works"]}]
    undo.undo(first, By(Origin.REVERT, ann), LATER)
    assert company() == "Works"


def test_what_was_changed_before_origins_were_kept_comes_back_as_reverted(
    site: Site, ann: Member
) -> None:
    set_company("Mine", ann)
    Change.objects.update(was=None)
    undo.undo_last(ann, LATER)
    told = of_attribute(account(), "company", [])
    assert (company(), told.source) == ("Acme Robotics", "revert")


def test_ctrl_z_takes_back_a_contact_that_was_made_changed_or_removed(
    site: Site, ann: Member
) -> None:
    by = By(member=ann)
    made = contacts.create(account().pk, {"email": "new@acme.example"}, by, now=NOW)
    undo.undo_last(ann, LATER)
    made.refresh_from_db()
    assert made.removed_at

    eve = Contact.objects.get(email="eve@acme.example")
    contacts.edit(eve.pk, {"name": "Dame Eve", "title": "CFO"}, by, now=NOW)
    undo.undo_last(ann, LATER)
    eve.refresh_from_db()
    assert (eve.name, eve.title, eve.sources["name"]["source"]) == ("Eve", "", "sync")

    contacts.remove(eve.pk, by, now=NOW, pin=Pin("Left the company"))
    done = undo.undo_last(ann, LATER)
    eve.refresh_from_db()
    assert (eve.removed_at, "removed" in eve.sources) == (None, False)
    assert done.change_set
    undo.undo(done.change_set, By(Origin.REVERT, ann), LATER)
    eve.refresh_from_db()
    assert eve.removed_at
    assert eve.sources["removed"]["pin"]["reason"] == "Left the company"


def test_a_contact_edited_since_a_change_stays_and_is_listed(
    site: Site, ann: Member, bob: Member
) -> None:
    made = contacts.create(account().pk, {"email": "new@acme.example"}, By(member=ann), now=NOW)
    contacts.edit(made.pk, {"title": "CEO"}, By(member=bob), now=NOW)
    first = undo.last_of(ann)
    assert first
    [line] = revert.preview(first)
    assert (line.kind, line.hides, line.of) == ("contact", False, account().name)
    assert line.stayed
    undo.undo(first, By(Origin.REVERT, ann), LATER)
    made.refresh_from_db()
    assert made.removed_at is None


def test_two_contacts_made_one_are_two_again(site: Site, ann: Member) -> None:
    by = By(member=ann)
    other = contacts.create(
        account().pk, {"email": "e.v@acme.example", "title": "CFO"}, by, now=NOW
    )
    eve = Contact.objects.get(email="eve@acme.example")
    contacts.merge(eve.pk, other.pk, by, now=NOW)
    undo.undo_last(ann, LATER)
    for one in (eve, other):
        one.refresh_from_db()
    assert (eve.title, other.removed_at, other.title) == ("", None, "CFO")
