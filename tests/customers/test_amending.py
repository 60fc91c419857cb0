"""A subscription's attributes by hand: what is kept of it, what Daily Sync does to it, the ways back."""

from datetime import UTC, datetime

import pytest

from tenure.connections.models import Mode, Site
from tenure.customers import agreements, amending, undo
from tenure.customers.agreements import PREFIX
from tenure.customers.models import Attribute, Change, ChangeSet, Origin, Subscription
from tenure.customers.provenance import of_agreed
from tenure.customers.write import By, Pin, ValueRefused
from tenure.sync import edits
from tests.builders import NOW, a_batch, a_billing_account, a_site, a_subscription
from tests.sync.landed import attribute, land_accounts, land_subscriptions

pytestmark = pytest.mark.django_db
ANN = By(Origin.MANUAL, name="ann@example.com", reason="They said so")


@pytest.fixture
def site() -> Site:
    """A site with one subscription whose order number is PO-1."""
    attribute("po", "subscription.po_number")
    Attribute.objects.create(name="seats", label="Seats", kind="number", object_kind="subscription")
    made = a_site()
    land_accounts(made, [a_billing_account()])
    land_subscriptions(made, [a_subscription(po_number="PO-1")])
    return made


def the_row() -> Subscription:
    return Subscription.objects.select_related("site", "created_in").get()


def run_again(site: Site) -> None:
    """What a run of Daily Sync does about what was set by hand."""
    chunk = edits.subscriptions_edited_of(site.pk, 0)
    agreements.bring_up_to_date(site, chunk, a_batch(site))


def test_a_value_set_by_hand_has_a_source_a_reason_and_a_history(site: Site) -> None:
    edited = amending.amend(the_row().pk, {"po": "PO-2", "seats": "40"}, ANN, now=NOW)
    row = the_row()
    assert row.attributes == {"po": "PO-2", "seats": "40"}
    assert edited.accounts == [row.account_id]
    assert (of_agreed(row, "po").source, of_agreed(row, "po").set_by) == ("manual", ANN.name)
    change = Change.objects.get(change_set=edited.change_set)
    assert change.changes[f"{PREFIX}po"] == ["PO-1", "PO-2"]
    assert (change.object_kind, change.account_id) == ("subscription", row.account_id)
    assert ChangeSet.objects.get(pk=change.change_set_id).reason == "They said so"


def test_the_first_value_is_the_syncs_that_brought_the_row(site: Site) -> None:
    told = of_agreed(the_row(), "po")
    assert (told.source, told.site) == ("sync", site.subdomain)
    assert told.change_set == the_row().created_in_id


def test_daily_sync_takes_the_value_back_and_says_whose_it_was(site: Site) -> None:
    amending.amend(the_row().pk, {"po": "PO-2"}, ANN, now=NOW)
    assert amending.outlook(the_row(), "po").replaces
    run_again(site)
    assert the_row().attributes["po"] == "PO-1"
    assert of_agreed(the_row(), "po").source == "sync"
    assert not the_row().edited


def test_a_pinned_value_withstands_daily_sync_until_it_is_let_go(site: Site) -> None:
    amending.amend(the_row().pk, {"po": "PO-2"}, ANN, now=NOW, pin=Pin("Agreed by phone"))
    run_again(site)
    assert the_row().attributes["po"] == "PO-2"
    amending.unpin(the_row().pk, ["po"])
    run_again(site)
    assert the_row().attributes["po"] == "PO-1"


def test_a_pin_alone_changes_no_history_and_keeps_the_source(site: Site) -> None:
    done = amending.amend(the_row().pk, {"po": "PO-1"}, ANN, now=NOW, pin=Pin("Right as it is"))
    assert done.change_set is None
    told = of_agreed(the_row(), "po")
    assert (told.source, told.site) == ("sync", site.subdomain)
    assert told.pin
    assert told.pin.reason == "Right as it is"
    land_subscriptions(
        site,
        [a_subscription(po_number="PO-9", updated_at=datetime(2026, 4, 1, tzinfo=UTC))],
    )
    assert the_row().attributes["po"] == "PO-1"


def test_what_was_imported_once_stays_as_it_was_set(site: Site) -> None:
    Site.objects.update(subscriptions_mode=Mode.IMPORT)
    amending.amend(the_row().pk, {"po": ""}, ANN, now=NOW)
    told = amending.outlook(the_row(), "po")
    assert (told.follows, told.replaces) == (None, False)
    run_again(Site.objects.get())
    assert "po" not in the_row().attributes


def test_an_edit_is_undone_and_a_value_of_the_past_restored(site: Site) -> None:
    edited = amending.amend(the_row().pk, {"po": "PO-2"}, ANN, now=NOW)
    assert edited.change_set
    undone = undo.undo(edited.change_set, By(Origin.REVERT), NOW)
    assert undone.counts.subscriptions == 1
    assert the_row().attributes["po"] == "PO-1"
    first = Change.objects.get(change_set=edited.change_set)
    amending.amend(the_row().pk, {"po": "PO-3"}, ANN, now=NOW)
    amending.restore(the_row().pk, "po", first.pk, ANN, NOW)
    assert the_row().attributes["po"] == "PO-1"
    with pytest.raises(ValueRefused, match="no such change"):
        amending.restore(the_row().pk, "seats", first.pk, ANN, NOW)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"po": "PO-2", "quantity": "7"}, "Subscriptions have no attribute 'quantity'"),
        ({"po": "PO-2", "seats": "many"}, "Seats:"),
        ({"owner": "ann@example.com"}, "no attribute 'owner'"),
    ],
)
def test_what_cannot_be_taken_changes_nothing(
    site: Site, values: dict[str, str], told: str
) -> None:
    with pytest.raises(ValueRefused, match=told):
        amending.amend(the_row().pk, values, ANN, now=NOW)
    assert the_row().attributes == {"po": "PO-1"}


def test_a_site_that_allows_no_pins_takes_none(site: Site) -> None:
    Site.objects.update(allows_pins=False)
    with pytest.raises(ValueRefused, match="allows no pins"):
        amending.amend(the_row().pk, {"po": "PO-2"}, ANN, now=NOW, pin=Pin("Agreed"))
    with pytest.raises(ValueRefused, match="allows no pins"):
        amending.pin(the_row().pk, ["po"], Pin("Agreed"), ANN, now=NOW)
    assert the_row().attributes == {"po": "PO-1"}


def test_only_a_value_that_is_there_is_pinned(site: Site) -> None:
    with pytest.raises(ValueRefused, match="no value to pin"):
        amending.pin(the_row().pk, ["seats"], Pin("Agreed"), ANN, now=NOW)


def test_a_subscription_that_is_gone_is_said_to_be(site: Site) -> None:
    number = the_row().pk
    Subscription.objects.update(removed_at=NOW)
    with pytest.raises(ValueRefused, match="no such subscription"):
        amending.amend(number, {"po": "PO-2"}, ANN, now=NOW)
