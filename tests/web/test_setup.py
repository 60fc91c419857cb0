"""The set-up of sites, step by step: bad input at each, closing and coming back, cancelling."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from tenure.access.models import Role
from tenure.connections import setups, write
from tenure.connections.models import IdentifierRule, Mode, SetUp, Site
from tenure.connections.read import workspace
from tenure.connections.setups import Step
from tenure.core.secrets import Secret
from tenure.customers.models import Account, Attribute, BillingAccount, Change
from tenure.sources.base import Stream
from tenure.sync import activation
from tenure.sync.activation import State
from tenure.sync.models import Mark, Plan, PlanEntry, PlanState, Run, RunState
from tests.connections.vendor import Vendor
from tests.metrics import rows
from tests.metrics.rows import NOW
from tests.web.builders import a_customer, a_member, a_run

NEW = "/settings/integrations/set-up/"
HUB = "/settings/integrations/"
GOOD = {"site": "northwind-us", "api_key": "key-of-northwind-us", "region": ""}


def a_site(name: str = "northwind-us", region: str = "us", *, staged: bool = True) -> Site:
    key = Secret(f"key-of-{name}")
    return write.add_site("recurly", name, region, key, staged=staged, now=NOW)


@pytest.fixture
def setup(vendor: Vendor, db: None) -> SetUp:
    """A set-up of one site whose key was just checked."""
    return setups.begin([a_site()], [], member=None, now=NOW)


def at(setup: SetUp, step: str) -> str:
    return f"{NEW}{setup.pk}/{step}/"


def reach(setup: SetUp, step: Step) -> SetUp:
    setups.reach(setup, step)
    return setup


# --- Connect ------------------------------------------------------------------------------------


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
    text = signed_in.get(answer.url).text
    assert "Waiting for a worker" in text
    assert 'hx-trigger="every 1s"' in text


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


def modes(site: Site, **values: str) -> dict[str, str]:
    kept = {"mode": "daily", "subscriptions": "", "at": "00:00", "zone": "UTC", "pins": "on"}
    sent = {**kept, **values}
    return {f"site-{site.pk}-{name}": value for name, value in sent.items() if value != "-"}


@pytest.fixture
def moded(setup: SetUp) -> SetUp:
    """A set-up that came to the mode."""
    return reach(setup, Step.MODE)


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


@pytest.fixture
def dry(setup: SetUp) -> SetUp:
    """A set-up that came to the dry run, its site read."""
    [site] = setups.sites_of(setup)
    a_run(site)
    Mark.objects.create(site=site, stream="accounts", loaded_at=NOW, mark=NOW)
    return reach(setup, Step.DRY_RUN)


def planned(setup: SetUp, **values: Any) -> Plan:
    """The plan the page asked for, worked out as told."""
    kept = {"state": PlanState.READY, "counts": {"objects": {"account": {"create": 7}}}}
    Plan.objects.update(**{**kept, **values})
    return Plan.objects.get()


def test_the_dry_run_is_worked_out_in_the_background(signed_in: Client, dry: SetUp) -> None:
    text = signed_in.get(at(dry, "dry-run")).text
    assert "Working it out. Nothing is written." in text
    assert 'hx-trigger="every 1s"' in text
    assert ProcrastinateJob.objects.filter(task_name="work_out_plan").count() == 1
    signed_in.get(at(dry, "dry-run"))
    assert Plan.objects.count() == 1


def test_the_dry_run_shows_counts_and_lost_edits_first(signed_in: Client, dry: SetUp) -> None:
    signed_in.get(at(dry, "dry-run"))
    plan = planned(dry, counts={"objects": {"account": {"create": 7, "override": 1, "leave": 2}}})
    common = {"plan": plan, "object_kind": "account", "identifier": "BW-1", "name": "Acme"}
    told = {"attributes.seats": {"source": "manual", "set_by": "ada@example.com"}}
    PlanEntry.objects.create(
        position=1,
        verb="override",
        changes={"attributes.seats": ["12", "30"]},
        overridden=told,
        **common,
    )
    text = signed_in.get(at(dry, "dry-run")).text
    assert "1 account has values set by hand that would be replaced" in text
    assert "set by ada@example.com" in text
    assert "<del>12</del>" in text
    assert "Make 7 accounts" in text
    assert "and 7 more" in text


def test_a_dry_run_that_failed_says_why_and_is_worked_out_again(
    signed_in: Client, dry: SetUp
) -> None:
    signed_in.get(at(dry, "dry-run"))
    planned(dry, state=PlanState.FAILED, reason="The key was refused.", next_step="Replace it.")
    text = signed_in.get(at(dry, "dry-run")).text
    assert "The key was refused." in text
    assert "every 1s" not in text
    assert signed_in.post(at(dry, "dry-run"), {"again": "1"}).status_code == 302
    signed_in.get(at(dry, "dry-run"))
    assert Plan.objects.count() == 2


def test_another_mode_makes_another_dry_run(signed_in: Client, dry: SetUp) -> None:
    signed_in.get(at(dry, "dry-run"))
    Site.objects.update(accounts_mode=Mode.IMPORT)
    signed_in.get(at(dry, "dry-run"))
    assert Plan.objects.count() == 2


def test_the_dry_run_waits_for_the_end_of_reading(signed_in: Client, dry: SetUp) -> None:
    Run.objects.update(state=RunState.RUNNING, finished_at=None)
    text = signed_in.get(at(dry, "dry-run")).text
    assert "The dry run is worked out as soon as everything is here." in text
    assert not Plan.objects.exists()


def test_accounts_are_made_only_after_a_dry_run_that_is_ready(
    signed_in: Client, dry: SetUp
) -> None:
    signed_in.get(at(dry, "dry-run"))
    signed_in.post(at(dry, "dry-run"), {})
    assert activation.of(setups.get(dry.pk)) is None
    planned(dry)
    assert signed_in.post(at(dry, "dry-run"), {}).url == at(dry, "progress")
    going = activation.of(setups.get(dry.pk))
    assert going is not None
    assert going.state == State.QUEUED


# --- Progress and Done --------------------------------------------------------------------------


def activated(setup: SetUp, state: State, **more: Any) -> SetUp:
    reach(setup, Step.PROGRESS)
    started = (NOW - timedelta(seconds=10)).isoformat()
    kept = {"state": state, "rows": {"1": [50, 200]}, "started_at": started, **more}
    setups.note(setup, activation=kept)
    return setup


def test_the_progress_shows_real_counts_and_can_be_paused(signed_in: Client, setup: SetUp) -> None:
    activated(setup, State.RUNNING)
    text = signed_in.get(at(setup, "progress")).text
    assert "50 of 200 records" in text
    assert 'value="25"' in text
    signed_in.post(at(setup, "progress"), {"pause": "1"})
    assert "Paused" in signed_in.get(at(setup, "progress")).text
    signed_in.post(at(setup, "progress"), {"resume": "1"})
    going = activation.of(setups.get(setup.pk))
    assert going is not None
    assert going.state == State.QUEUED
    assert ProcrastinateJob.objects.filter(task_name="activate").count() == 1


def test_a_failure_is_told_with_what_to_do(signed_in: Client, setup: SetUp) -> None:
    activated(setup, State.FAILED, reason="The disk is full.", next_step="Free some space.")
    text = signed_in.get(at(setup, "progress")).text
    assert "The disk is full." in text
    assert "Free some space." in text
    assert "Go on" in text


def test_the_end_says_what_is_here_and_finishes_the_set_up(signed_in: Client, setup: SetUp) -> None:
    [site] = setups.sites_of(setup)
    a_customer("Northwind Robotics", site=site)
    activated(setup, State.COMPLETE)
    text = signed_in.get(at(setup, "progress")).text
    assert "Everything is here" in text
    assert "Northwind Robotics" in text
    text = signed_in.get(at(setup, "done")).text
    assert "1 account is here" in text
    assert setups.get(setup.pk).finished_at
    assert "Continue set-up" not in signed_in.get(HUB).text


# --- Coming back, going astray, cancelling ------------------------------------------------------


def test_the_hub_leads_back_to_where_it_was_left(signed_in: Client, moded: SetUp) -> None:
    hub = signed_in.get(HUB).text
    assert "Set-up of northwind-us" in hub
    assert "Being set up" in hub
    assert signed_in.get(f"{NEW}{moded.pk}/").url == at(moded, "mode")
    for step in ("test", "sample"):
        assert signed_in.get(at(moded, step)).status_code == 200


def test_a_step_not_reached_yet_leads_to_the_one_that_is(signed_in: Client, setup: SetUp) -> None:
    assert signed_in.get(at(setup, "mode")).url == at(setup, "test")
    assert signed_in.get(at(setup, "progress")).url == at(setup, "test")


def test_once_accounts_are_made_the_choices_are_behind(signed_in: Client, setup: SetUp) -> None:
    activated(setup, State.RUNNING)
    assert signed_in.get(at(setup, "mode")).url == at(setup, "progress")
    assert "being made already" in signed_in.get(at(setup, "cancel")).text
    signed_in.post(at(setup, "cancel"))
    assert SetUp.objects.exists()


def test_there_is_no_such_set_up(signed_in: Client) -> None:
    answer = signed_in.get(f"{NEW}77/test/")
    assert answer.status_code == 404
    assert "There is no set-up 77" in answer.text


def test_cancelling_says_what_goes_and_takes_it_with_a_run_in_hand(
    signed_in: Client, setup: SetUp
) -> None:
    [site] = setups.sites_of(setup)
    other = a_customer("Stays", site=rows.a_site("other"))
    rows.a_billing_account(other, site=site)
    BillingAccount.objects.filter(site=site).update(account=None)
    a_run(site, RunState.RUNNING)
    text = signed_in.get(at(setup, "cancel")).text
    assert "1 billing account" in text
    assert BillingAccount.objects.filter(site=site).exists()
    assert signed_in.post(at(setup, "cancel")).url == HUB
    assert not Site.objects.filter(subdomain="northwind-us").exists()
    assert not SetUp.objects.exists()
    other.refresh_from_db()


def test_a_site_that_had_accounts_before_stays_when_its_set_up_is_cancelled(
    signed_in: Client, vendor: Vendor
) -> None:
    site = a_site(staged=False)
    setup = setups.begin([site], [], member=None, now=NOW)
    assert "stays connected" in signed_in.get(at(setup, "cancel")).text
    signed_in.post(at(setup, "cancel"))
    assert Site.objects.filter(pk=site.pk).exists()


def test_a_staged_site_says_so_on_its_runs_and_is_no_stale_data(
    signed_in: Client, setup: SetUp
) -> None:
    [site] = setups.sites_of(setup)
    run = a_run(site)
    text = signed_in.get(f"/sync/runs/{run.pk}/").text
    assert "no account is made of them until the set-up says so" in text
    assert "Not synced yet" not in signed_in.get("/accounts/").text
