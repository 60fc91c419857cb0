"""Settings, Attributes: what is mapped, what waits, and an editor that shows what would become of it."""

import pytest
from django.test import Client

from tenure.access.models import Role
from tenure.connections.read import workspace
from tenure.customers.models import Account, Attribute, SourceField
from tenure.sync.models import Replay
from tests.builders import NOW, a_billing_account, a_site, a_subscription
from tests.sync.landed import land_accounts, land_subscriptions
from tests.web.builders import a_member

pytestmark = pytest.mark.django_db
PAGE = "/settings/attributes/"
SEATS = {
    "field": "account.custom_fields.seats",
    "label": "Seats",
    "kind": "number",
    "unit": "seats",
}


@pytest.fixture
def customers(db: None) -> Account:
    """Two customers; one has seats that are no number. The field waits to be mapped."""
    site = a_site()
    land_accounts(
        site,
        [
            a_billing_account("a", custom_fields=b'{"seats": "12", "tier": "<b>gold</b>"}'),
            a_billing_account("b", custom_fields=b'{"seats": "many"}'),
        ],
    )
    land_subscriptions(site, [a_subscription(account_upstream_id="a", po_number="PO-77")])
    Attribute.objects.filter(name="seats").delete()
    Account.objects.update(attributes={"tier": "<b>gold</b>"})
    return Account.objects.order_by("pk")[0]


def test_the_page_shows_what_is_mapped_and_what_waits(
    signed_in: Client, customers: Account
) -> None:
    text = signed_in.get(PAGE).content.decode()
    assert "account.custom_fields.seats" in text
    assert "Not mapped yet" in text
    assert "2 of 2" in text
    assert "&lt;b&gt;gold&lt;/b&gt;" in text
    assert "<b>gold</b>" not in text


def test_each_field_to_choose_from_says_how_full_it_is(
    signed_in: Client, customers: Account
) -> None:
    text = signed_in.get(f"{PAGE}new/").content.decode()
    assert "seats · 100 %" in text
    assert "Purchase order · 100 %" in text
    assert "Exempt from tax · empty" in text
    begun = signed_in.get(f"{PAGE}new/?field=account.tax_exempt").context["form"].initial
    assert (begun["name"], begun["kind"]) == ("tax_exempt", "boolean")


def test_a_field_is_mapped_with_one_click(signed_in: Client, customers: Account) -> None:
    answer = signed_in.post(f"{PAGE}map/", {"field": SEATS["field"], "back": PAGE})
    assert answer.url == PAGE
    assert Attribute.objects.get(name="seats").source_field == SEATS["field"]
    assert Replay.objects.get().filling == ["seats"]
    assert not workspace().maps_new_fields
    assert "about to begin" in signed_in.get(PAGE).content.decode()
    live = signed_in.get(f"{PAGE}replays/{Replay.objects.get().pk}/")
    assert b"Bringing stored values" in live.content


def test_a_form_leads_back_to_our_pages_only(signed_in: Client, customers: Account) -> None:
    for wanted in ("//evil.example/", "https://evil.example/", ""):
        answer = signed_in.post(f"{PAGE}map/", {"field": "x", "back": wanted})
        assert answer.url == PAGE


def test_a_type_that_does_not_fit_is_asked_about_before_it_is_saved(
    signed_in: Client, customers: Account
) -> None:
    form = {**SEATS, "name": "seats"}
    answer = signed_in.post(f"{PAGE}new/", form)
    assert answer.status_code == 409
    assert "1 of them cannot be read as number" in answer.content.decode()
    assert not Attribute.objects.filter(name="seats").exists()
    saved = signed_in.post(f"{PAGE}new/", {**form, "anyway": "1"})
    assert saved.url == PAGE
    made = Attribute.objects.get(name="seats")
    assert (made.kind, made.unit, made.label) == ("number", "seats", "Seats")


def test_the_editor_begins_with_what_a_field_suggests_and_shows_three_records(
    signed_in: Client, customers: Account
) -> None:
    text = signed_in.get(f"{PAGE}new/", {"field": SEATS["field"]}).content.decode()
    assert 'value="seats"' in text
    assert "Best filled" in text
    assert "Worst filled" in text


def test_the_preview_follows_the_form(signed_in: Client, customers: Account) -> None:
    text = signed_in.get(f"{PAGE}preview/", SEATS).content.decode()
    assert "is not a number such as 1250" in text
    by_hand = signed_in.get(f"{PAGE}preview/", {"field": "by-hand"}).content.decode()
    assert "no sync ever touches it" in by_hand


def test_a_refused_name_is_said_at_its_input(signed_in: Client, customers: Account) -> None:
    form = {**SEATS, "kind": "text", "name": "owner"}
    answer = signed_in.post(f"{PAGE}new/", form)
    assert answer.status_code == 400
    assert "means something else here" in answer.content.decode()


def test_an_attribute_is_changed_and_its_mapping_removed(
    signed_in: Client, customers: Account
) -> None:
    address = f"{PAGE}account/tier/"
    kept = {"field": "account.custom_fields.tier", "kind": "text", "unit": ""}
    signed_in.post(address, {**kept, "label": "Level"})
    assert Attribute.objects.get(name="tier").label == "Level"
    signed_in.post(f"{address}remove/")
    assert Attribute.objects.get(name="tier").source_field == ""
    assert "set by hand" in signed_in.get(PAGE).content.decode()


def test_a_vanished_field_is_told_with_the_way_out(signed_in: Client, customers: Account) -> None:
    site = a_site("other")
    names = {"object_kind": "account", "upstream_id": "d", "first_seen": NOW, "last_seen": NOW}
    SourceField.objects.create(site=site, name="tier", vanished_at=NOW, **names)
    SourceField.objects.create(site=site, name="level", **names)
    text = signed_in.get(PAGE).content.decode()
    assert "is called level now" in text
    assert "?field=account.custom_fields.level" in text


def test_new_fields_can_be_mapped_by_themselves_again(
    signed_in: Client, customers: Account
) -> None:
    signed_in.post(f"{PAGE}new-fields/", {"on": "0"})
    assert not workspace().maps_new_fields
    signed_in.post(f"{PAGE}new-fields/", {"on": "1"})
    assert workspace().maps_new_fields
    assert Attribute.objects.get(name="seats").source_field == SEATS["field"]


@pytest.mark.parametrize("role", [Role.CSM, Role.VIEWER])
def test_others_look_and_change_nothing(client: Client, customers: Account, role: str) -> None:
    client.force_login(a_member(role, "eve@example.com"))
    assert "Change<span" not in client.get(PAGE).content.decode()
    for address in ("map/", "new-fields/", "account/tier/remove/", "account/tier/", "new/"):
        assert client.post(f"{PAGE}{address}", SEATS).status_code == 403
    assert Attribute.objects.get(name="tier").source_field


def test_attributes_of_subscriptions_stand_with_them(signed_in: Client, customers: Account) -> None:
    made = {"object_kind": "subscription", "label": "Order", "kind": "text"}
    Attribute.objects.create(name="po", source_field="subscription.po_number", **made)
    site = a_site("more")
    land_accounts(site, [a_billing_account("z")])
    land_subscriptions(site, [a_subscription("s9", account_upstream_id="z", po_number="PO-99")])
    account = Account.objects.get(scope=site)
    text = signed_in.get(f"/accounts/{account.pk}/subscriptions/").content.decode()
    assert ">Order</dt>" in text
    assert "PO-99" in text
