"""Editing one value: the popover says what will become of it, saves it, pins it, and loses nothing."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from tenure.connections.models import Mode, Site
from tenure.customers import write
from tenure.customers.models import Account, Attribute, AttributeKind, ChangeSet
from tenure.customers.write import By, Pin
from tests.metrics.rows import NOW, a_site
from tests.web.builders import a_customer, a_member, a_payer

PART = {"HX-Request": "true", "HX-Target": "editor-content"}


@pytest.fixture
def account(db: None) -> Account:
    return a_customer("Northwind Robotics", identifier="T-1001")


def an_attribute(name: str, kind: str, **values: Any) -> Attribute:
    kept = {"label": name.capitalize(), "kind": kind, "object_kind": "account"}
    return Attribute.objects.create(name=name, **(kept | values))


def popover(client: Client, account: Account, name: str) -> str:
    text: str = client.get(f"/accounts/{account.pk}/edit/{name}/", headers=PART).text
    return text


def save(client: Client, account: Account, name: str, value: str, **more: str) -> Any:
    data = {"value": value, "how": "save", **more}
    return client.post(f"/accounts/{account.pk}/edit/{name}/", data, headers=PART)


def entry(account: Account, name: str) -> dict[str, Any]:
    account.refresh_from_db()
    found: dict[str, Any] = account.sources[name]
    return found


def test_a_value_of_daily_sync_says_when_and_by_whom_it_will_be_replaced(
    signed_in: Client, account: Account
) -> None:
    Site.objects.update(schedule="daily 02:30 Europe/Berlin")
    text = popover(signed_in, account, "company")
    assert "will be replaced" in text
    assert "by northwind unless pinned" in text
    for shown in ("Save until next sync", "Save and pin", "Cancel", "Northwind Robotics"):
        assert shown in text


@pytest.mark.parametrize("mode", [Mode.IMPORT, Mode.LINK])
def test_where_nothing_replaces_a_value_there_is_plain_save(
    signed_in: Client, account: Account, mode: str
) -> None:
    Site.objects.update(accounts_mode=mode)
    text = popover(signed_in, account, "company")
    assert "nothing will replace what you save here" in text
    assert "Save until next sync" not in text
    assert "Save and pin" not in text


def test_an_attribute_without_a_source_field_is_nobodys_to_replace(
    signed_in: Client, account: Account
) -> None:
    an_attribute("tier", AttributeKind.TEXT)
    text = popover(signed_in, account, "tier")
    assert "No source feeds this value" in text
    assert "No value yet" in text


def test_a_site_that_forbids_pins_says_so(signed_in: Client, account: Account) -> None:
    Site.objects.update(allows_pins=False)
    text = popover(signed_in, account, "company")
    assert "Its site allows no pins" in text
    assert "Save and pin" not in text
    refused = save(signed_in, account, "company", "Ours", how="pin", reason="Because")
    assert refused.status_code == 422
    assert "allows no pins" in refused.text


@pytest.mark.parametrize(
    ("state", "words"),
    [("paused", "paused, is resumed"), ("needs_key", "has a new key")],
)
def test_a_site_that_is_not_read_says_what_it_waits_for(
    signed_in: Client, account: Account, state: str, words: str
) -> None:
    Site.objects.update(state=state)
    assert words in popover(signed_in, account, "company")


def test_saving_sets_the_value_says_who_and_offers_undo(
    signed_in: Client, account: Account
) -> None:
    answer = save(signed_in, account, "company", "  Ours  ")
    assert answer.headers["HX-Trigger"] == "saved"
    assert "Company of Northwind Robotics saved." in answer.text
    kept = entry(account, "company")
    assert account.attributes["company"] == "Ours"
    assert (kept["source"], kept["set_by"]) == ("manual", "ada@example.com")
    assert ChangeSet.objects.get(pk=kept["change_set"]).origin == "manual"


def test_a_pin_needs_a_reason_and_keeps_what_was_typed(signed_in: Client, account: Account) -> None:
    answer = save(signed_in, account, "company", "Typed with care", how="pin", until="2026-12-31")
    assert answer.status_code == 422
    assert "Say why it is pinned" in answer.text
    assert 'value="Typed with care"' in answer.text
    assert 'value="2026-12-31"' in answer.text
    account.refresh_from_db()
    assert account.attributes["company"] == "Northwind Robotics"


def test_a_pin_holds_through_its_last_day_as_the_member_counts_days(
    client: Client, account: Account
) -> None:
    member = a_member()
    member.time_zone = "Pacific/Auckland"
    member.save()
    client.force_login(member)
    save(client, account, "company", "Ours", how="pin", reason="Legal name", until="2026-12-31")
    pin = entry(account, "company")["pin"]
    assert pin["reason"] == "Legal name"
    assert datetime.fromisoformat(pin["until"]).isoformat() == "2026-12-31T23:59:59+13:00"
    text = popover(client, account, "company")
    assert "Save and keep pinned" in text
    assert 'value="2026-12-31"' in text


@pytest.mark.parametrize(
    ("until", "words"),
    [
        ("2026-06-29", "This day is over"),
        ("31.12.2026", "not a date"),
        ("2026-02-31", "not a date"),
    ],
)
def test_a_day_that_cannot_end_a_pin_is_refused_at_its_field(
    signed_in: Client, account: Account, until: str, words: str
) -> None:
    answer = save(signed_in, account, "company", "X", how="pin", reason="Y", until=until)
    assert words in answer.text
    assert 'id="until-error"' in answer.text


def test_a_pinned_value_is_unpinned(signed_in: Client, account: Account) -> None:
    save(signed_in, account, "company", "Ours", how="pin", reason="Legal name")
    answer = save(signed_in, account, "company", "Ours", how="unpin")
    assert "no longer pinned" in answer.text
    assert "pin" not in entry(account, "company")


def test_saving_the_same_value_changes_nothing_and_says_so(
    signed_in: Client, account: Account
) -> None:
    sets = ChangeSet.objects.count()
    assert "did not change" in save(signed_in, account, "company", "Northwind Robotics").text
    assert ChangeSet.objects.count() == sets


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        (AttributeKind.NUMBER, "1,250.50", "1250.5"),
        (AttributeKind.MONEY, "99999999999999999999.01", "99999999999999999999.01"),
        (AttributeKind.DATE, "2026-03-31", "2026-03-31"),
        (AttributeKind.BOOLEAN, "yes", True),
        (AttributeKind.BOOLEAN, "no", False),
        (AttributeKind.LIST, "Berlin, Mitte\r\nWien\n", ["Berlin, Mitte", "Wien"]),
        (AttributeKind.TEXT, "شركة 🌞", "شركة 🌞"),
    ],
)
def test_each_kind_of_value_is_read_as_what_it_is(
    signed_in: Client, account: Account, kind: str, typed: str, kept: object
) -> None:
    an_attribute("thing", kind, unit="EUR" if kind == AttributeKind.MONEY else "")
    assert save(signed_in, account, "thing", typed).status_code == 200
    account.refresh_from_db()
    assert account.attributes["thing"] == kept


def test_an_empty_input_empties_the_value(signed_in: Client, account: Account) -> None:
    save(signed_in, account, "seats", "")
    account.refresh_from_db()
    assert "seats" not in account.attributes
    assert "no value" in signed_in.get(f"/accounts/{account.pk}/attributes/?show=all").text


@pytest.mark.parametrize(
    ("kind", "typed", "words"),
    [
        (AttributeKind.NUMBER, "many", "is not a number such as"),
        (AttributeKind.DATE, "31 March", "is not a date such as"),
        (AttributeKind.TEXT, "a\x00b", "cannot be stored"),
        (AttributeKind.TEXT, "x" * 10_001, "at most 10,000 characters"),
    ],
)
def test_a_value_of_another_kind_is_refused_at_the_field_and_not_lost(
    signed_in: Client, account: Account, kind: str, typed: str, words: str
) -> None:
    an_attribute("thing", kind)
    answer = save(signed_in, account, "thing", typed)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert typed.replace("\x00", "")[:40].strip("ab") in answer.text
    account.refresh_from_db()
    assert "thing" not in account.attributes


def test_the_name_and_the_owner_are_edited_the_same_way(
    signed_in: Client, account: Account
) -> None:
    ann = a_member("csm", "ann@example.com")
    assert "Save until next sync" in popover(signed_in, account, "name")
    save(signed_in, account, "name", "Northwind Ltd")
    assert "ann@example.com" in popover(signed_in, account, "owner")
    save(signed_in, account, "owner", "ann@example.com")
    account.refresh_from_db()
    assert (account.name, account.owner) == ("Northwind Ltd", ann)
    assert "Northwind Ltd" in signed_in.get("/accounts/", {"q": "northwind ltd"}).text


def test_a_name_is_never_emptied(signed_in: Client, account: Account) -> None:
    answer = save(signed_in, account, "name", " ")
    assert "A name has 1 to 300 characters." in answer.text


def test_without_scripts_the_popover_is_a_page_and_leads_back(
    signed_in: Client, account: Account
) -> None:
    address = f"/accounts/{account.pk}/edit/company/"
    assert "<html" in signed_in.get(address).text
    answer = signed_in.post(address, {"value": "Ours", "how": "save"}, follow=True)
    assert "Company of Northwind Robotics saved." in answer.text
    assert ">Ours<" in answer.text


def test_what_a_pin_keeps_out_is_shown_and_accepted(signed_in: Client, account: Account) -> None:
    hold(account)
    tab = f"/accounts/{account.pk}/attributes/"
    text = signed_in.get(tab).text
    for shown in ("Pinned here:", "northwind now says:", "Theirs", "Legal name", "Accept", "Keep"):
        assert shown in text
    answer = signed_in.post(f"/accounts/{account.pk}/accept/company/", {"shown": "Theirs"})
    assert answer.status_code == 302
    kept = entry(account, "company")
    assert account.attributes["company"] == "Theirs"
    assert (kept["source"], kept["set_by"]) == ("sync", "ada@example.com")
    assert "Pinned here" not in signed_in.get(tab).text


def test_what_is_accepted_is_what_was_shown(signed_in: Client, account: Account) -> None:
    hold(account)
    answer = signed_in.post(
        f"/accounts/{account.pk}/accept/company/", {"shown": "Before"}, follow=True
    )
    assert "something else by now" in answer.text
    account.refresh_from_db()
    assert account.attributes["company"] == "Ours"


def test_keeping_makes_the_notice_quiet(signed_in: Client, account: Account) -> None:
    hold(account)
    answer = signed_in.post(f"/accounts/{account.pk}/keep/company/", follow=True)
    assert "the pin holds" in answer.text
    assert "Pinned here" not in answer.text
    assert "Theirs" in answer.text


def hold(account: Account) -> None:
    """Pin the company while the source says something else."""
    write.edit([account.pk], {"company": "Ours"}, By(), now=NOW, pin=Pin("Legal name"))
    account.refresh_from_db()
    account.sources["company"]["incoming"] = "Theirs"
    account.save()
    account.billing_accounts.update(company="Theirs")


def test_there_is_no_such_attribute(signed_in: Client, account: Account) -> None:
    assert signed_in.get(f"/accounts/{account.pk}/edit/mood/").status_code == 404


def test_a_value_nobody_defined_is_shown_and_not_offered(
    signed_in: Client, account: Account
) -> None:
    Account.objects.filter(pk=account.pk).update(attributes={"ghost": "Boo"})
    text = signed_in.get(f"/accounts/{account.pk}/attributes/").text
    assert "Boo" in text
    assert "edit/ghost" not in text


def test_a_change_shows_who_and_what_account_by_account(
    signed_in: Client, account: Account
) -> None:
    save(signed_in, account, "company", "Ours")
    change_set = entry(account, "company")["change_set"]
    text = signed_in.get(f"/changes/{change_set}/").text
    for shown in ("Ada Byron", "Northwind Robotics", "Ours", "Manual"):
        assert shown in text
    assert f"/changes/{change_set}/" in signed_in.get(f"/accounts/{account.pk}/attributes/").text


def test_several_sites_stay_apart_in_what_is_said(signed_in: Client, account: Account) -> None:
    a_payer(account, a_site("northwind-eu"))
    assert "by northwind unless pinned" in popover(signed_in, account, "company")
