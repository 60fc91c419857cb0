"""The list as a place to edit: its columns, the marks of sources, and many accounts at once."""

from typing import Any

import pytest
from django.test import Client

from tenure import flow
from tenure.connections.models import Mode, Site
from tenure.core.clock import FrozenClock
from tenure.customers import bulk_work, write
from tenure.customers.models import (
    Account,
    Attribute,
    AttributeKind,
    BulkEdit,
    Change,
    ChangeSet,
)
from tenure.customers.revert import revert
from tenure.customers.write import By
from tenure.web.editing import bulk
from tests.metrics.rows import NOW, an_account
from tests.web.builders import a_customer

BULK = "/accounts/bulk/"


def tier(**values: Any) -> Attribute:
    kept = {"label": "Tier", "kind": AttributeKind.TEXT, "object_kind": "account"}
    return Attribute.objects.create(name="tier", **(kept | values))


def step(client: Client, which: str, accounts: list[Account], **more: str) -> Any:
    ticked = {"account": [str(account.pk) for account in accounts]} if accounts else {}
    return client.post(BULK, {"step": which, **ticked, **more})


def test_nothing_ticked_says_so(signed_in: Client) -> None:
    answer = signed_in.post(BULK, {"step": "choose"}, follow=True)
    assert "No account is selected" in answer.text


def test_a_preview_counts_what_changes_by_source_and_what_a_sync_takes_back(
    signed_in: Client,
) -> None:
    synced, by_hand = a_customer("Synced"), a_customer("By hand")
    same = a_customer("Same", attributes={"company": "One name"})
    write.edit([by_hand.pk], {"company": "Set by hand"}, By(), now=NOW)
    answer = step(signed_in, "preview", [synced, by_hand, same], field="company", value="One name")
    found = answer.context["found"]
    assert (len(found.changing), found.same) == (2, 1)
    assert dict(found.by_source) == {"sync": 1, "manual": 1}
    assert dict(found.replaced) == {"northwind": 2}
    assert "2 are owned by Daily Sync of <strong>northwind</strong>" in answer.text
    assert not Change.objects.filter(changes__has_key="attributes.company").exclude(
        object_id=by_hand.pk
    )


def test_where_nothing_is_in_daily_sync_nothing_is_taken_back(signed_in: Client) -> None:
    account = a_customer()
    Site.objects.update(accounts_mode=Mode.IMPORT)
    answer = step(signed_in, "preview", [account], field="company", value="X")
    assert answer.context["found"].owned == 0


def test_applied_is_what_was_shown_as_one_change_that_is_undone_as_one(signed_in: Client) -> None:
    accounts = [a_customer("One"), a_customer("Two")]
    tier()
    how = {"field": "tier", "value": "Gold", "expected": "2", "why": "New price list"}
    answer = step(signed_in, "apply", accounts, **how)
    assert answer.status_code == 302
    change_set = ChangeSet.objects.latest("pk")
    assert change_set.reason == "New price list"
    assert change_set.changes.count() == 2
    assert {a.attributes["tier"] for a in Account.objects.all()} == {"Gold"}
    signed_in.post("/undo/")
    assert not any("tier" in account.attributes for account in Account.objects.all())
    assert ChangeSet.objects.latest("pk").undoes == change_set


def test_nothing_is_applied_when_accounts_changed_since_the_preview(signed_in: Client) -> None:
    accounts = [a_customer("One"), a_customer("Two")]
    tier()
    write.edit([accounts[0].pk], {"tier": "Gold"}, By(), now=NOW)
    answer = step(signed_in, "apply", accounts, field="tier", value="Gold", expected="2")
    assert "Accounts changed since the preview" in answer.text
    accounts[1].refresh_from_db()
    assert "tier" not in accounts[1].attributes


def test_all_that_match_a_search_are_edited(signed_in: Client) -> None:
    for name in ("Robot one", "Robot two", "Other"):
        an_account(name)
    tier()
    how = {"all": "1", "q": "robot", "field": "tier", "value": "Gold", "expected": "2"}
    signed_in.post(BULK, {"step": "apply", **how})
    assert set(Account.objects.filter(attributes__tier="Gold").values_list("name", flat=True)) == {
        "Robot one",
        "Robot two",
    }


def test_more_accounts_than_a_page_waits_for_go_on_in_the_background(
    signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    monkeypatch.setattr(bulk_work, "CHUNK", 2)
    for name in ("One", "Two", "Three", "Four", "Five"):
        an_account(name)
    tier()
    how = {"all": "1", "field": "tier", "value": "Gold", "why": "New price list"}
    shown = signed_in.post(BULK, {"step": "preview", **how}).text
    assert "Worked out on 2 accounts spread over the 5" in shown
    assert "Change 5 accounts" in shown
    answer = signed_in.post(BULK, {"step": "apply", "expected": "5", **how})
    job = BulkEdit.objects.get()
    assert answer.url == f"{BULK}{job.pk}/"
    assert "0 of 5 accounts. You can close this page" in signed_in.get(answer.url).text
    assert flow.edit_many(job.pk, FrozenClock(NOW)).counts == {"changed": 5}
    assert {a.attributes["tier"] for a in Account.objects.all()} == {"Gold"}
    assert {a.changed_in for a in Account.objects.all()} == {job.change_set}
    assert job.change_set.reason == "New price list"
    write.edit([Account.objects.earliest("pk").pk], {"tier": "Own"}, By(), now=NOW)
    signed_in.post(f"{answer.url}undo/")
    done = flow.edit_many(job.pk, FrozenClock(NOW))
    assert done.counts == {"changed": 5, "undone": 4, "stayed": 1}
    assert [a.attributes.get("tier") for a in Account.objects.order_by("pk")] == [
        "Own",
        *[None] * 4,
    ]
    text = signed_in.get(answer.url).text
    assert "4 accounts as before" in text
    assert "1 was changed since, and stays as it is" in text
    signed_in.post(f"{answer.url}undo/")
    assert BulkEdit.objects.get().state == "undone"


def test_tags_of_very_many_accounts_are_changed_in_the_background_too(
    signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    monkeypatch.setattr(bulk_work, "CHUNK", 2)
    for name, held in (("One", ["old"]), ("Two", ["old", "kept"]), ("Three", [])):
        an_account(name, attributes={"tags": held} if held else {})
    how = {"all": "1", "add": "<vip>", "remove": "old"}
    shown = signed_in.post("/accounts/tags/", {"step": "preview", **how}).text
    assert "of 2 of the 3 accounts" in shown
    answer = signed_in.post("/accounts/tags/", {"step": "apply", **how})
    job = BulkEdit.objects.get()
    assert answer.url == f"{BULK}{job.pk}/"
    page = signed_in.get(answer.url).text
    assert "Added: " in page
    assert "&lt;vip&gt;" in page
    assert flow.edit_many(job.pk, FrozenClock(NOW)).counts == {"changed": 3}
    tagged = dict(Account.objects.values_list("name", "attributes__tags"))
    assert tagged == {"One": ["<vip>"], "Two": ["kept", "<vip>"], "Three": ["<vip>"]}
    signed_in.post(f"{answer.url}undo/")
    assert flow.edit_many(job.pk, FrozenClock(NOW)).state == "undone"
    tagged = dict(Account.objects.values_list("name", "attributes__tags"))
    assert tagged == {"One": ["old"], "Two": ["old", "kept"], "Three": None}


def test_an_edit_in_the_background_is_taken_up_where_it_broke_off(
    monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    monkeypatch.setattr(bulk_work, "CHUNK", 2)
    accounts = [an_account(name).pk for name in ("One", "Two", "Three")]
    tier()
    job = bulk_work.ask(accounts, "tier", "Gold", By(), now=NOW, pin=write.Pin("Legal"))
    seen: list[set[int]] = []

    def dies(changed: set[int]) -> None:
        if seen:
            raise ConnectionError
        seen.append(changed)

    with pytest.raises(ConnectionError):
        bulk_work.carry_out(job.pk, NOW, touch=dies)
    assert BulkEdit.objects.get().done == 2
    done = bulk_work.carry_out(job.pk, NOW, touch=lambda _: None)
    assert (done.state, done.counts) == ("done", {"changed": 3})
    assert {a.sources["tier"]["pin"]["reason"] for a in Account.objects.all()} == {"Legal"}
    assert bulk_work.carry_out(job.pk, NOW, touch=dies).counts == {"changed": 3}


def test_an_edit_that_is_taken_back_while_it_goes_on_stops(
    monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    monkeypatch.setattr(bulk_work, "CHUNK", 2)
    accounts = [an_account(name).pk for name in ("One", "Two", "Three")]
    tier()
    job = bulk_work.ask(accounts, "tier", "Gold", By(), now=NOW)
    write.edit(accounts[:2], {"tier": "Gold"}, By(), now=NOW, change_set=job.change_set)
    revert(job.change_set, By(), NOW)
    done = bulk_work.carry_out(job.pk, NOW, touch=lambda _: None)
    assert (done.state, done.done) == ("failed", 0)
    assert "took back" in done.trouble
    assert not any("tier" in account.attributes for account in Account.objects.all())


def test_an_edit_that_cannot_go_on_says_why(db: None) -> None:
    account = an_account("One")
    tier(kind=AttributeKind.NUMBER)
    job = bulk_work.ask([account.pk], "tier", "5", By(), now=NOW)
    Attribute.objects.all().delete()
    done = bulk_work.carry_out(job.pk, NOW, touch=lambda _: None)
    assert done.state == "failed"
    assert "tier" in done.trouble


def test_a_bulk_edit_can_pin(signed_in: Client) -> None:
    account = a_customer()
    how = {"field": "company", "value": "X", "how": "pin", "reason": "", "expected": "1"}
    assert "Say why it is pinned" in step(signed_in, "apply", [account], **how).text
    step(signed_in, "apply", [account], **(how | {"reason": "Legal"}))
    account.refresh_from_db()
    assert account.sources["company"]["pin"]["reason"] == "Legal"


def test_a_bad_value_is_refused_at_its_field_and_kept(signed_in: Client) -> None:
    account = a_customer()
    tier(kind=AttributeKind.NUMBER)
    answer = step(signed_in, "preview", [account], field="tier", value="many")
    assert answer.status_code == 422
    assert "is not a number" in answer.text
    assert 'value="many"' in answer.text


def test_an_owner_is_given_to_many(signed_in: Client) -> None:
    accounts = [a_customer("One"), a_customer("Two")]
    how = {"field": "owner", "value": "ada@example.com", "expected": "2"}
    step(signed_in, "apply", accounts, **how)
    assert set(Account.objects.values_list("owner__email", flat=True)) == {"ada@example.com"}


def test_undo_takes_back_ones_own_last_change_and_leaves_what_came_after(
    signed_in: Client,
) -> None:
    accounts = [a_customer("One"), a_customer("Two")]
    tier()
    step(signed_in, "apply", accounts, field="tier", value="Gold", expected="2")
    write.edit([accounts[0].pk], {"tier": "Silver"}, By(name="script"), now=NOW)
    answer = signed_in.post("/undo/", {"next": "/accounts/"}, follow=True)
    assert "Undone: 1 account as before. 1 changed since and stays." in answer.text
    for account in accounts:
        account.refresh_from_db()
    assert accounts[0].attributes["tier"] == "Silver"
    assert "tier" not in accounts[1].attributes


def test_with_nothing_of_ones_own_there_is_nothing_to_undo(signed_in: Client) -> None:
    account = a_customer()
    write.edit([account.pk], {"company": "X"}, By(name="script"), now=NOW)
    answer = signed_in.post("/undo/", follow=True)
    assert "You have changed nothing that could be undone." in answer.text
    account.refresh_from_db()
    assert account.attributes["company"] == "X"


def test_one_earlier_value_is_restored_from_the_history(signed_in: Client) -> None:
    account = a_customer()
    change = Change.objects.get(changes__has_key="attributes.seats")
    drawer = {"HX-Request": "true", "HX-Target": "drawer-content"}
    text = signed_in.get(f"/accounts/{account.pk}/attributes/seats/", headers=drawer).text
    assert "Restore" in text
    signed_in.post(f"/accounts/{account.pk}/restore/seats/", {"change": str(change.pk)})
    account.refresh_from_db()
    assert account.attributes["seats"] == "20"
    assert ChangeSet.objects.latest("pk").reason == "Restored from its history"


def test_an_account_is_made_by_hand(signed_in: Client) -> None:
    tier(kind=AttributeKind.LIST)
    answer = signed_in.post(
        "/accounts/new/",
        {"identifier": " T-9 ", "name": "Neu GmbH", "attribute:tier": "Gold\nVIP"},
    )
    account = Account.objects.get(identifier="T-9")
    assert answer.url == f"/accounts/{account.pk}/"
    assert (account.name, account.attributes["tier"]) == ("Neu GmbH", ["Gold", "VIP"])
    assert signed_in.get(answer.url).status_code == 200
    assert "Neu GmbH" in signed_in.get("/accounts/", {"q": "T-9"}).text


def test_a_taken_identifier_is_refused_with_whose_it_is_and_nothing_lost(
    signed_in: Client,
) -> None:
    an_account("Northwind", identifier="T-1")
    entered = {"identifier": "T-1", "name": "Typed with care", "site": ""}
    answer = signed_in.post("/accounts/new/", entered)
    assert answer.status_code == 422
    assert "is already taken by Northwind" in answer.text
    assert 'value="Typed with care"' in answer.text
    assert Account.objects.count() == 1


def test_a_made_account_is_taken_back_by_undo(signed_in: Client) -> None:
    signed_in.post("/accounts/new/", {"identifier": "T-9", "name": "Neu"})
    signed_in.post("/undo/")
    assert Account.objects.get().removed_at is not None
    assert signed_in.get("/accounts/", {"q": "Neu"}).context["page"].rows == ()


def test_a_bad_attribute_of_a_new_account_is_refused_at_its_field(signed_in: Client) -> None:
    tier(kind=AttributeKind.DATE)
    entered = {"identifier": "T-9", "attribute:tier": "soon"}
    answer = signed_in.post("/accounts/new/", entered)
    assert "is not a date" in answer.text
    assert not Account.objects.exists()


def test_what_was_undone_and_brought_back_can_be_undone_again(signed_in: Client) -> None:
    account = a_customer()
    tier()
    step(signed_in, "apply", [account], field="tier", value="Gold", expected="1")
    signed_in.post("/undo/")
    back = ChangeSet.objects.latest("pk")
    signed_in.post("/undo/", {"change_set": str(back.pk)})
    account.refresh_from_db()
    assert account.attributes["tier"] == "Gold"
    signed_in.post("/undo/")
    account.refresh_from_db()
    assert "tier" not in account.attributes
