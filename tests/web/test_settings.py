"""The Integrations Hub: connecting one site or several, and what can be done with one."""

import json
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tenure.connections.models import Mode, Site, SiteState
from tenure.connections.write import add_site
from tenure.core.secrets import Secret
from tenure.customers import write
from tenure.customers.models import Account, BillingAccount
from tenure.customers.write import By, Pin
from tenure.sources.base import Credential
from tenure.sync.models import Run, RunState
from tests.connections.vendor import Vendor
from tests.metrics.rows import NOW
from tests.web.builders import a_customer, a_run

CONNECT = "/settings/integrations/connect/"
KEEP = {"accounts_mode": "daily", "subscriptions_mode": "daily", "schedule": "daily 00:00 UTC"}


def connect(client: Client, site: str, key: str, **more: str) -> Any:
    return client.post(CONNECT, {"site": site, "api_key": key, "region": "", **KEEP, **more})


@pytest.fixture
def site(vendor: Vendor, db: None) -> Site:
    return add_site("recurly", "northwind-us", "us", Secret("key-of-northwind-us"), now=NOW)


def test_one_site_is_connected_by_its_name_and_key(signed_in: Client, vendor: Vendor) -> None:
    answer = connect(signed_in, "northwind-us", "key-of-northwind-us")
    run = Run.objects.get()
    assert answer.url == f"/sync/runs/{run.pk}/"
    assert run.trigger == "first"
    assert Site.objects.get().key_last4 == "d-us"


def test_the_region_is_found_from_the_key(signed_in: Client, vendor: Vendor) -> None:
    connect(signed_in, "northwind-eu", "key-of-northwind-eu")
    assert Site.objects.get().region == "eu"


@pytest.mark.parametrize("name", ["Recurly", "recurly", " RECURLY "])
def test_several_sites_are_connected_by_a_map(signed_in: Client, vendor: Vendor, name: str) -> None:
    keys = {"northwind-us": "key-of-northwind-us", "northwind-eu": "key-of-northwind-eu"}
    answer = connect(signed_in, name, json.dumps(keys))
    assert answer.url == "/sync/"
    assert set(Site.objects.values_list("subdomain", "region")) == {
        ("northwind-us", "us"),
        ("northwind-eu", "eu"),
    }


def test_one_bad_entry_saves_nothing_and_each_entry_has_its_word(
    signed_in: Client, vendor: Vendor
) -> None:
    keys = {"northwind-us": "key-of-northwind-us", "southwind-us": "wrong-key-0001"}
    answer = connect(signed_in, "Recurly", json.dumps(keys))
    assert answer.status_code == 400
    assert not Site.objects.exists()
    assert "Nothing was saved: 1 of 2 sites were refused" in answer.text
    assert "The key is good." in answer.text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"northwind-us": "a", "northwind-us": "b"}', "stands more than once"),
        ('{"northwind-us": 7}', "a number"),
        ("{'northwind-us': 'x'}", "single quote"),
        ("[]", "must be a JSON object"),
        ("{}", "holds no site"),
    ],
)
def test_a_map_that_is_none_says_where_it_breaks(
    signed_in: Client, vendor: Vendor, text: str, told: str
) -> None:
    answer = connect(signed_in, "Recurly", text)
    assert answer.status_code == 400
    assert told in answer.text


def test_a_wrong_key_is_refused_at_its_field(signed_in: Client, vendor: Vendor) -> None:
    answer = connect(signed_in, "northwind-us", "wrong-key-0001")
    assert answer.status_code == 400
    assert "api_key" in answer.context["form"].errors
    assert "refused" in answer.text


def test_the_key_of_another_site_is_refused_by_name(signed_in: Client, vendor: Vendor) -> None:
    answer = connect(signed_in, "northwind-us", "key-of-southwind-us")
    assert "belongs to southwind-us" in answer.text


def test_the_wrong_region_is_named_at_its_field(signed_in: Client, vendor: Vendor) -> None:
    vendor.credentials = [Credential("region", "Region", "", choices={"us": "US", "eu": "EU"})]
    answer = connect(signed_in, "northwind-eu", "key-of-northwind-eu", region="us")
    assert "region" in answer.context["form"].errors


def test_a_site_that_is_there_is_refused_at_its_field(signed_in: Client, site: Site) -> None:
    answer = connect(signed_in, "northwind-us", "key-of-northwind-us")
    assert "site" in answer.context["form"].errors


def test_a_name_that_is_no_subdomain_is_refused_at_its_field(
    signed_in: Client, vendor: Vendor
) -> None:
    answer = connect(signed_in, "not a site!", "key-of-northwind-us")
    assert "site" in answer.context["form"].errors


@pytest.mark.parametrize("site_name", ["northwind-us", "Recurly"])
def test_a_refused_key_is_never_written_back(
    signed_in: Client, vendor: Vendor, site_name: str
) -> None:
    key = "canary-key-that-must-not-return"
    text = json.dumps({"northwind-us": key}) if site_name == "Recurly" else key
    answer = connect(signed_in, site_name, text)
    assert answer.status_code == 400
    assert key not in answer.text


def test_a_schedule_that_is_none_opens_the_advanced_part(signed_in: Client, vendor: Vendor) -> None:
    answer = connect(signed_in, "northwind-us", "key-of-northwind-us", schedule="now and then")
    assert "is not a schedule" in answer.text
    assert '<details class="advanced" open>' in answer.text


def test_the_hub_shows_the_end_of_the_key_and_no_more(signed_in: Client, site: Site) -> None:
    for address in ("/settings/integrations/", f"/settings/integrations/sites/{site.pk}/"):
        text = signed_in.get(address).text
        assert "••••d-us" in text
        assert "key-of-northwind" not in text


def test_a_check_says_what_may_be_read(signed_in: Client, site: Site, vendor: Vendor) -> None:
    headers = {"HX-Request": "true", "HX-Target": "site-check"}
    text = signed_in.post(f"/settings/integrations/sites/{site.pk}/check/", headers=headers).text
    assert "Invoices" in text
    assert "<html" not in text


def test_a_check_without_script_is_a_whole_page(signed_in: Client, site: Site) -> None:
    text = signed_in.post(f"/settings/integrations/sites/{site.pk}/check/").text
    assert "<html" in text
    assert "Custom fields" in text


def test_a_new_key_is_proved_before_it_replaces_the_old(signed_in: Client, site: Site) -> None:
    address = f"/settings/integrations/sites/{site.pk}/key/"
    before = site.key_sealed
    refused = signed_in.post(address, {"api_key": "wrong-key-0001"})
    site.refresh_from_db()
    assert refused.status_code == 400
    assert site.key_sealed == before
    assert signed_in.post(address, {"api_key": "key-of-northwind-us"}).status_code == 302


def test_modes_and_schedule_are_changed(signed_in: Client, site: Site) -> None:
    wanted = {
        "accounts_mode": "import",
        "subscriptions_mode": "link",
        "schedule": "every 15 minutes",
    }
    address = f"/settings/integrations/sites/{site.pk}/modes/"
    first = signed_in.post(address, wanted)
    site.refresh_from_db()
    assert "Nothing is saved yet" in first.text
    assert site.accounts_mode == Mode.DAILY
    signed_in.post(address, {**wanted, "seen": first.context["change"].seal})
    site.refresh_from_db()
    assert (site.accounts_mode, site.subscriptions_mode) == (Mode.IMPORT, Mode.LINK)
    assert site.schedule == "every 15 minutes"
    assert site.allows_pins


def test_a_schedule_alone_is_saved_at_once(signed_in: Client, site: Site) -> None:
    wanted = {**KEEP, "schedule": "off"}
    answer = signed_in.post(f"/settings/integrations/sites/{site.pk}/modes/", wanted)
    assert answer.status_code == 302
    site.refresh_from_db()
    assert site.schedule == "off"


def by_hand(site: Site) -> Account:
    """A customer with a value by hand where the source says another thing, pinned."""
    account = a_customer("Ours", site=site, attributes={"company": "Theirs"})
    BillingAccount.objects.update(company="Theirs")
    pin = Pin("Legal name")
    write.edit([account.pk], {"company": "By hand", "name": "Theirs"}, By(), now=NOW, pin=pin)
    return account


def test_switching_to_daily_sync_counts_what_would_be_replaced(
    signed_in: Client, site: Site
) -> None:
    account = by_hand(site)
    Site.objects.update(accounts_mode=Mode.IMPORT)
    write.unpin(account.pk, ["company"])
    answer = signed_in.post(f"/settings/integrations/sites/{site.pk}/modes/", KEEP)
    assert (answer.context["switch"].values, answer.context["switch"].edited) == (1, 1)
    for told in ("1 value set by hand on 1 account", "By hand", "Theirs", "pin those that should"):
        assert told in answer.text


def test_switching_to_daily_sync_counts_what_drifted_too(signed_in: Client, site: Site) -> None:
    a_customer("Ours", site=site, attributes={"company": "As imported"})
    BillingAccount.objects.update(company="Renamed since")
    Site.objects.update(accounts_mode=Mode.IMPORT)
    answer = signed_in.post(f"/settings/integrations/sites/{site.pk}/modes/", KEEP)
    found = answer.context["switch"]
    assert (found.values, found.drifted) == (0, 1)
    assert found.others >= 1
    assert f"{found.others} value" in answer.text
    assert "No value set by hand would be replaced" in answer.text


def test_forbidding_pins_counts_what_they_held(signed_in: Client, site: Site) -> None:
    by_hand(site)
    address = f"/settings/integrations/sites/{site.pk}/modes/"
    answer = signed_in.post(address, {**KEEP, "allows_pins": "no"})
    assert answer.context["switch"].values == 1
    assert "hold no longer" in answer.text
    seen = {"allows_pins": "no", "seen": answer.context["change"].seal}
    signed_in.post(address, {**KEEP, **seen})
    site.refresh_from_db()
    assert not site.allows_pins


def test_leaving_daily_sync_says_what_stops_following(signed_in: Client, site: Site) -> None:
    by_hand(site)
    wanted = {**KEEP, "accounts_mode": "import"}
    text = signed_in.post(f"/settings/integrations/sites/{site.pk}/modes/", wanted).text
    assert "1 account stops following northwind-us" in text
    assert "would be replaced by that run" not in text


def test_a_run_going_on_is_said_to_end_as_it_began(signed_in: Client, site: Site) -> None:
    run = a_run(site, RunState.RUNNING)
    text = signed_in.get(f"/settings/integrations/sites/{site.pk}/").text
    assert f"Run {run.pk} goes on as it began" in text


def test_a_site_is_paused_and_resumed(signed_in: Client, site: Site) -> None:
    address = f"/settings/integrations/sites/{site.pk}/pause/"
    signed_in.post(address)
    site.refresh_from_db()
    assert site.state == SiteState.PAUSED
    signed_in.post(address)
    site.refresh_from_db()
    assert site.state == SiteState.ACTIVE


def test_removing_shows_what_would_go(signed_in: Client, site: Site) -> None:
    a_customer(site=site)
    text = signed_in.get(f"/settings/integrations/sites/{site.pk}/").text
    assert "1 account, 2 subscriptions and 3 invoices" in text


def test_disconnecting_forgets_the_key_and_keeps_the_data(signed_in: Client, site: Site) -> None:
    account = a_customer(site=site)
    signed_in.post(f"/settings/integrations/sites/{site.pk}/remove/", {"fate": "keep"})
    site.refresh_from_db()
    assert site.key_sealed == ""
    assert signed_in.get(f"/accounts/{account.pk}/").status_code == 200


def test_deleting_needs_the_sites_name(signed_in: Client, site: Site) -> None:
    address = f"/settings/integrations/sites/{site.pk}/remove/"
    refused = signed_in.post(address, {"fate": "purge", "confirm": "northwind"})
    assert refused.status_code == 400
    assert "Type northwind-us" in refused.text
    signed_in.post(address, {"fate": "purge", "confirm": "northwind-us"})
    assert not Site.objects.exists()


def test_a_site_is_not_deleted_while_a_run_goes_on(signed_in: Client, site: Site) -> None:
    a_run(site, RunState.RUNNING)
    address = f"/settings/integrations/sites/{site.pk}/remove/"
    answer = signed_in.post(address, {"fate": "purge", "confirm": "northwind-us"})
    assert answer.status_code == 400
    assert "is going on" in answer.text


def test_there_is_no_such_source(signed_in: Client) -> None:
    assert signed_in.get(CONNECT, {"source": "abacus"}).status_code == 404


def test_a_demonstration_says_so_on_every_page(signed_in: Client, settings: Settings) -> None:
    settings.TENURE_DEMO = {"urls": {}}
    assert "Demonstration." in signed_in.get("/accounts/").text


def test_a_map_under_the_name_of_one_site_is_sent_nowhere(
    signed_in: Client, vendor: Vendor
) -> None:
    text = json.dumps({"northwind-us": "key-of-northwind-us"})
    answer = connect(signed_in, "northwind-us", text)
    assert "To add them, enter Recurly here" in answer.text
    assert not vendor.asked


def test_a_key_with_a_line_break_inside_is_sent_nowhere(signed_in: Client, vendor: Vendor) -> None:
    answer = connect(signed_in, "northwind-us", "key-of-\nnorthwind-us")
    assert "space or line break inside" in answer.text
    assert not vendor.asked


def test_a_key_typed_as_the_site_is_not_written_back(signed_in: Client, vendor: Vendor) -> None:
    key = "0123456789abcdef0123456789abcdef"
    answer = connect(signed_in, key, "key-of-northwind-us")
    assert answer.status_code == 400
    assert key not in answer.text


def test_one_refused_site_is_not_counted(signed_in: Client, vendor: Vendor) -> None:
    answer = connect(signed_in, "northwind-us", "wrong-key-0001")
    assert "1 of 1" not in answer.text
