"""The set-up of sites, step by step: bad input at each, closing and coming back, cancelling."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from tenure.access.models import Role
from tenure.connections import setups
from tenure.connections.models import IdentifierRule, Mode, SetUp, Site
from tenure.connections.read import workspace
from tenure.connections.setups import Step
from tenure.customers.models import Account, Attribute, Change
from tenure.sources.base import Stream
from tenure.sync import activation
from tenure.sync.models import Run, RunState
from tests.connections.vendor import Vendor
from tests.metrics import rows
from tests.metrics.rows import NOW
from tests.web.builders import a_customer, a_member, a_run
from tests.web.setting_up import (
    GOOD,
    NEW,
    a_site,
    at,
    modes,
    reach,
)


def test_a_good_key_is_staged_and_what_it_may_read_is_shown(
    signed_in: Client, vendor: Vendor
) -> None:
    answer = signed_in.post(NEW, GOOD)
    setup, site = SetUp.objects.get(), Site.objects.get()
    assert answer.url == at(setup, "test")
    assert (site.staged, site.region, setup.step) == (True, "us", "test")
    text = signed_in.get(answer.url).text
    assert "Everything a sync reads can be read." in text
    assert "Keys of this vendor may write" in text
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"site": "", "api_key": "k"}, "Enter the site&#x27;s subdomain."),
        ({"site": "northwind-us", "api_key": ""}, "Enter the private API key of the site."),
        ({"site": "", "api_key": ""}, "Enter the private API key of the site."),
        ({"site": "no site!", "api_key": "k"}, "is not the subdomain of a site"),
        ({"site": "northwind-us", "api_key": "two words"}, "space or line break inside"),
        ({"site": "northwind-us", "api_key": '{"a": "b"}'}, "This is a map of sites"),
        ({"site": "Recurly", "api_key": "k"}, "or paste a map of several below"),
        ({"site": "northwind-us", "api_key": "k", "region": "mars"}, "Choose one of us, eu."),
        ({"site": "northwind-us", "api_key": "k", "map": '{"a": "b"}'}, "not both"),
        ({"map": "{'a': 'b'}"}, "single quote"),
        ({"map": '{"a": "x", "a": "y"}'}, "stands more than once"),
        ({"map": '{"a": 7}'}, "a number"),
    ],
)
def test_what_cannot_be_right_is_told_at_its_place_and_sent_nowhere(
    signed_in: Client, vendor: Vendor, sent: dict[str, str], told: str
) -> None:
    answer = signed_in.post(NEW, {"region": "", **sent})
    assert answer.status_code == 400
    assert told in answer.text
    assert not vendor.asked
    assert not Site.objects.exists()


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"api_key": "wrong-key-000000000"}, "The API key was refused. Enter another one."),
        ({"api_key": "key-of-southwind-us"}, "This key belongs to southwind-us"),
        ({"api_key": "key-of-northwind-us", "region": "eu"}, "Choose the region us."),
    ],
)
def test_a_refused_key_saves_nothing_says_why_and_is_not_written_back(
    signed_in: Client, vendor: Vendor, sent: dict[str, str], told: str
) -> None:
    answer = signed_in.post(NEW, GOOD | sent)
    assert answer.status_code == 400
    assert told in answer.text.replace('<span class="next">', " ")
    assert "Nothing was saved" in answer.text
    assert sent["api_key"] not in answer.text
    assert not Site.objects.exists()
    assert not SetUp.objects.exists()


def test_a_key_typed_as_the_site_is_not_written_back(signed_in: Client, vendor: Vendor) -> None:
    key = "0123456789abcdef0123456789abcdef"
    answer = signed_in.post(NEW, {"site": key, "api_key": "k", "region": ""})
    assert "This looks like an API key" in answer.text
    assert key not in answer.text


def test_several_rows_are_one_unit(signed_in: Client, vendor: Vendor) -> None:
    rows_ = {
        "site": ["northwind-us", "northwind-eu", ""],
        "api_key": ["key-of-northwind-us", "key-of-northwind-eu", ""],
        "region": ["", "", ""],
    }
    signed_in.post(NEW, rows_)
    kept = Site.objects.values_list("subdomain", "region", "staged")
    assert list(kept) == [("northwind-us", "us", True), ("northwind-eu", "eu", True)]
    assert len(setups.sites_of(SetUp.objects.get())) == 2


def test_one_bad_row_keeps_all_out_and_each_has_its_word(signed_in: Client, vendor: Vendor) -> None:
    sent = {
        "site": ["northwind-us", "northwind-eu"],
        "api_key": ["key-of-northwind-us", "wrong-key-000000000"],
        "region": ["", ""],
    }
    answer = signed_in.post(NEW, sent)
    assert "1 of 2 sites was refused" in answer.text
    assert "Everything a sync reads can be read." in answer.text
    assert "This site cannot be read." in answer.text
    assert not Site.objects.exists()


def test_a_site_in_two_rows_is_refused(signed_in: Client, vendor: Vendor) -> None:
    twice = {"site": ["northwind-us"] * 2, "api_key": ["a", "b"], "region": ["", ""]}
    assert "northwind-us stands more than once" in signed_in.post(NEW, twice).text
    assert not vendor.asked


@pytest.mark.parametrize("place", ["map", "api_key"])
def test_a_pasted_map_is_taken_wherever_it_is_pasted(
    signed_in: Client, vendor: Vendor, place: str
) -> None:
    text = json.dumps(
        {"northwind-us": "key-of-northwind-us", "northwind-eu": "key-of-northwind-eu"}
    )
    signed_in.post(NEW, {"site": "", "api_key": "", "region": "", place: text})
    assert Site.objects.filter(staged=True).count() == 2


def test_a_map_with_a_refused_entry_saves_nothing(signed_in: Client, vendor: Vendor) -> None:
    text = json.dumps({"northwind-us": "key-of-northwind-us", "southwind-us": "wrong-key-0000"})
    answer = signed_in.post(NEW, {"map": text})
    assert "1 of 2 sites was refused" in answer.text
    assert "wrong-key-0000" not in answer.text
    assert not Site.objects.exists()


def test_a_connected_site_is_told_at_its_row(signed_in: Client, vendor: Vendor) -> None:
    a_site(staged=False)
    answer = signed_in.post(NEW, GOOD)
    assert "northwind-us is already connected." in answer.text
    assert not SetUp.objects.exists()


def test_one_more_row_comes_by_itself(signed_in: Client, vendor: Vendor) -> None:
    text = signed_in.get(f"{NEW}row/").text
    assert text.count('name="site"') == 1
    assert "<html" not in text
    assert signed_in.get(f"{NEW}?rows=3").text.count('name="site"') == 3


def test_only_who_may_manage_sites_sets_them_up(client: Client, setup: SetUp) -> None:
    client.force_login(a_member(Role.CSM, "csm@example.com"))
    for address in (NEW, at(setup, "test"), at(setup, "sample"), at(setup, "cancel")):
        assert client.get(address).status_code == 403


# --- Test and Sample ----------------------------------------------------------------------------


def test_checking_again_shows_what_changed(signed_in: Client, setup: SetUp, vendor: Vendor) -> None:
    vendor.unavailable = {Stream.INVOICES}
    text = signed_in.post(at(setup, "test"), {"again": "1"}).text
    assert "The key works, with limits" in text
    assert "1 of 3 kinds of record cannot be read." in text
    vendor.keys.clear()
    text = signed_in.post(at(setup, "test"), {"again": "1"}).text
    assert "A site cannot be read any more" in text
    assert "disabled" in text


def test_going_on_begins_to_read(signed_in: Client, setup: SetUp) -> None:
    answer = signed_in.post(at(setup, "test"), {"go": ""})
    assert answer.url == at(setup, "sample")
    assert Run.objects.get().trigger == "first"
    assert "Waiting for a worker" not in signed_in.get(answer.url).text
    Run.objects.update(requested_at=Run.objects.get().requested_at - timedelta(minutes=1))
    assert "Waiting for a worker" in signed_in.get(answer.url).text
    assert 'hx-trigger="every 1s"' in signed_in.get(answer.url).text


def test_the_sample_polls_only_its_live_part_and_ends(signed_in: Client, setup: SetUp) -> None:
    reach(setup, Step.SAMPLE)
    run = a_run(setups.sites_of(setup)[0], RunState.RUNNING)
    headers = {"HX-Request": "true", "HX-Target": "sample-live"}
    text = signed_in.get(at(setup, "sample"), headers=headers).text
    assert "<html" not in text
    assert "3 of 4 records" in " ".join(text.split())
    Run.objects.filter(pk=run.pk).update(state=RunState.COMPLETE, finished_at=NOW)
    assert "hx-trigger" not in signed_in.get(at(setup, "sample"), headers=headers).text


def test_reading_that_failed_says_why_and_can_be_repeated(signed_in: Client, setup: SetUp) -> None:
    reach(setup, Step.SAMPLE)
    a_run(setups.sites_of(setup)[0], RunState.FAILED, reason="The key was refused.")
    text = signed_in.get(at(setup, "sample")).text
    assert "The key was refused." in text
    signed_in.post(at(setup, "sample"), {"again": "1"})
    assert Run.objects.filter(state=RunState.QUEUED).count() == 1


# --- Identifier ---------------------------------------------------------------------------------


@pytest.fixture
def naming(setup: SetUp) -> SetUp:
    """A set-up that came to the identifier, with records read that a custom field names."""
    [site] = setups.sites_of(setup)
    for number in range(12):
        payer = rows.a_billing_account(rows.an_account(f"x{number}"), site=site, code=f"c-{number}")
        payer.custom_fields, payer.account = {"tenant_id": f"T-{1000 + number}"}, None
        payer.save()
    Account.objects.all().delete()
    return reach(setup, Step.IDENTIFIER)


OURS = {"field": "account.custom_fields.tenant_id", "truth": "tenant", "sites": "join"}


def test_the_recommended_field_is_chosen_already(signed_in: Client, naming: SetUp) -> None:
    text = signed_in.get(at(naming, "identifier")).text
    assert 'value="account.custom_fields.tenant_id" aria-label="account.custom_fields.tenant_id" checked' in text  # fmt: skip
    assert "It names every billing account" in text
    assert not IdentifierRule.objects.exists()


def test_before_the_first_record_one_goes_on_with_the_account_code(
    signed_in: Client, setup: SetUp
) -> None:
    page = at(reach(setup, Step.IDENTIFIER), "identifier")
    text = signed_in.get(page, headers={"HX-Request": "true", "HX-Target": "identifier-live"}).text
    assert "No records are here yet" in text
    assert 'value="account.code" aria-label="account.code" checked' in text
    told = {"field": "account.code", "truth": "source", "sites": "apart"}
    assert signed_in.post(page, told).url == at(setup, "map")


def test_going_on_puts_the_choice_in_force_once(signed_in: Client, naming: SetUp) -> None:
    assert signed_in.post(at(naming, "identifier"), OURS).url == at(naming, "map")
    signed_in.post(at(naming, "identifier"), OURS)
    rule = IdentifierRule.objects.get()
    assert (rule.field, rule.truth, rule.joins) == (
        "account.custom_fields.tenant_id",
        "tenant",
        True,
    )


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"field": ""}, "No field is chosen."),
        ({"field": "account.email"}, "identifies no account"),
        ({"truth": "the moon"}, "not one of the available choices"),
    ],
)
def test_a_field_that_names_nobody_is_refused(
    signed_in: Client, naming: SetUp, wrong: dict[str, str], told: str
) -> None:
    answer = signed_in.post(at(naming, "identifier"), OURS | wrong)
    assert answer.status_code == 400
    assert told in answer.text
    assert not IdentifierRule.objects.exists()


def test_what_goes_with_another_field_is_shown_when_it_is_chosen(
    signed_in: Client, naming: SetUp
) -> None:
    headers = {"HX-Request": "true", "HX-Target": "identifier-terms"}
    answer = signed_in.get(at(naming, "identifier"), {"field": "account.code"}, headers=headers)
    assert "<html" not in answer.text
    assert "account.code" in answer.text
    assert '<option value="source" selected>' in answer.text


def test_where_accounts_are_their_rule_holds_for_the_new_site_too(
    signed_in: Client, naming: SetUp
) -> None:
    a_customer("Here Before", site=rows.a_site("other"))
    text = signed_in.get(at(naming, "identifier")).text
    assert "Customers are recognised by account.code" in text
    assert 'type="radio"' not in text
    assert signed_in.post(at(naming, "identifier"), {}).url == at(naming, "map")
    assert not IdentifierRule.objects.exists()


# --- Map ----------------------------------------------------------------------------------------


@pytest.fixture
def mapped(setup: SetUp) -> SetUp:
    """A set-up that came to the mapping, with records read and a field nobody maps yet."""
    [site] = setups.sites_of(setup)
    for seats, tier in (("12", "gold"), ("30", "silver"), ("7", "gold")):
        row = rows.a_billing_account(rows.an_account("x"), site=site, company=f"Acme {seats}")
        row.custom_fields, row.account = {"seats": seats, "tier": tier}, None
        row.save()
    Account.objects.all().delete()
    Attribute.objects.create(
        name="seats",
        object_kind="account",
        source_field="account.custom_fields.seats",
        kind="text",
        label="Seats",
    )
    return reach(setup, Step.MAP)


def kinds(**values: str) -> dict[str, str]:
    return {f"kind-account.{name}": kind for name, kind in values.items()}


def test_types_are_suggested_from_what_was_read_and_shown_on_three_accounts(
    signed_in: Client, mapped: SetUp
) -> None:
    text = signed_in.get(at(mapped, "map")).text
    assert "1 type" in text
    assert '<option value="number" selected>' in text
    assert "Acme 30" in text
    assert "Best filled" in text
    assert not Change.objects.exists()


def test_going_on_keeps_types_and_maps_what_is_ticked(signed_in: Client, mapped: SetUp) -> None:
    sent = kinds(seats="number", tier="text") | {"take": "account.tier", "new_fields": "on"}
    assert signed_in.post(at(mapped, "map"), sent).url == at(mapped, "mode")
    assert Attribute.objects.get(name="seats").kind == "number"
    assert Attribute.objects.get(name="tier").source_field == "account.custom_fields.tier"
    assert workspace().maps_new_fields


def test_what_is_not_ticked_stays_unmapped(signed_in: Client, mapped: SetUp) -> None:
    signed_in.post(at(mapped, "map"), kinds(seats="text", tier="text"))
    assert not Attribute.objects.filter(name="tier").exists()
    assert not workspace().maps_new_fields


def test_the_preview_follows_the_choice_and_says_what_would_stay_empty(
    signed_in: Client, mapped: SetUp
) -> None:
    headers = {"HX-Request": "true", "HX-Target": "map-preview"}
    sent = kinds(seats="number", tier="number") | {"take": "account.tier"}
    text = signed_in.post(at(mapped, "map"), sent, headers=headers).text
    assert "<html" not in text
    assert "3 of them cannot be read as number" in text
    assert not Attribute.objects.filter(name="tier").exists()


def test_a_type_that_is_none_changes_nothing(signed_in: Client, mapped: SetUp) -> None:
    sent = kinds(seats="colour", tier="text") | {"take": "account.tier"}
    answer = signed_in.post(at(mapped, "map"), sent)
    assert answer.status_code == 400
    assert "is not a type" in answer.text
    assert not Attribute.objects.filter(name="tier").exists()


# --- Mode ---------------------------------------------------------------------------------------


def test_the_mode_says_what_it_does_and_is_kept(signed_in: Client, moded: SetUp) -> None:
    assert "overrides manual changes" in signed_in.get(at(moded, "mode")).text
    [site] = setups.sites_of(moded)
    sent = modes(site, mode="import", at="02:30", zone="Europe/Berlin", pins="-")
    assert signed_in.post(at(moded, "mode"), sent).status_code == 302
    site.refresh_from_db()
    assert (site.accounts_mode, site.subscriptions_mode) == (Mode.IMPORT, Mode.IMPORT)
    assert (site.schedule, site.allows_pins) == ("daily 02:30 Europe/Berlin", False)


def test_subscriptions_may_have_a_mode_of_their_own(signed_in: Client, moded: SetUp) -> None:
    [site] = setups.sites_of(moded)
    signed_in.post(at(moded, "mode"), modes(site, subscriptions="import"))
    site.refresh_from_db()
    assert (site.accounts_mode, site.subscriptions_mode) == (Mode.DAILY, Mode.IMPORT)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"mode": "yearly"}, "not one of the available choices"),
        ({"at": "25:00"}, "is not a time of day"),
        ({"zone": "Mars/Olympus"}, "not one of the available choices"),
    ],
)
def test_a_mode_that_is_none_changes_nothing(
    signed_in: Client, moded: SetUp, wrong: dict[str, str], told: str
) -> None:
    [site] = setups.sites_of(moded)
    answer = signed_in.post(at(moded, "mode"), modes(site, **wrong))
    assert answer.status_code == 400
    assert told in answer.text
    assert activation.of(setups.get(moded.pk)) is None


@pytest.mark.parametrize("apart", [True, False])
def test_several_sites_are_kept_alike_unless_told_apart(
    signed_in: Client, vendor: Vendor, apart: bool
) -> None:
    sites = [a_site(), a_site("northwind-eu", "eu")]
    setup = reach(setups.begin(sites, [], member=None, now=NOW), Step.MODE)
    sent = modes(sites[0], mode="import") | modes(sites[1], mode="link")
    signed_in.post(at(setup, "mode"), sent | ({"apart": "on"} if apart else {}))
    kept = list(Site.objects.values_list("accounts_mode", flat=True))
    assert kept == ["import", "link" if apart else "import"]


# --- Dry run ------------------------------------------------------------------------------------
