"""The set-up of sites, step by step: bad input at each, closing and coming back, cancelling."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from tenure.access.models import Role
from tenure.connections import setups
from tenure.connections.models import SetUp, Site
from tenure.connections.setups import Step
from tenure.sources.base import Stream
from tenure.sync.models import Run, RunState
from tests.connections.vendor import Vendor
from tests.metrics.rows import NOW
from tests.web.builders import a_member, a_run
from tests.web.setting_up import (
    GOOD,
    NEW,
    a_site,
    at,
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


# --- Map ----------------------------------------------------------------------------------------


# --- Mode ---------------------------------------------------------------------------------------


# --- Dry run ------------------------------------------------------------------------------------
