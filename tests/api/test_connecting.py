"""Connecting a site over the API, from a key that is tried to a site that is removed."""

import pytest

from tenure.connections.models import SetUp, Site
from tenure.connections.read import open_key
from tenure.core.clock import FrozenClock
from tenure.customers.models import BillingAccount
from tenure.sync import activation
from tenure.sync.activation import State
from tests.api.conftest import Caller
from tests.connections.vendor import Vendor
from tests.metrics.rows import NOW, a_billing_account, an_account
from tests.web.builders import a_run

pytestmark = pytest.mark.django_db
KEY = "key-of-northwind-us"
NEW = {"subdomain": "northwind-us", "key": KEY}
OTHER = "another-key-of-northwind"


def test_a_key_is_tried_before_anything_is_saved(admin: Caller, vendor: Vendor) -> None:
    report = admin.post("key-checks", NEW)
    assert report.json()["ok"]
    assert report.json()["region"] == "us"
    refused = admin.post("key-checks", {**NEW, "key": "wrong-key"}).json()
    assert not refused["ok"]
    assert refused["error"]["message"]
    assert KEY not in report.text
    assert not Site.objects.exists()


def test_a_site_is_connected_and_its_key_never_comes_back(admin: Caller, vendor: Vendor) -> None:
    how = {"accounts": "import", "subscriptions": "link", "schedule": "every 15 minutes"}
    made = admin.post("sites", {**NEW, **how, "staged": True}, **{"Idempotency-Key": "once"})
    assert made.status_code == 201, made.text
    shown = made.json()
    assert {name: shown[name] for name in how} == how
    assert (shown["region"], shown["staged"], shown["key_last4"]) == ("us", True, "d-us")
    assert made["Location"] == "/api/v1/sites/northwind-us"
    again = admin.post("sites", {**NEW, **how, "staged": True}, **{"Idempotency-Key": "once"})
    for text in (made.text, again.text, admin.get("sites").text):
        assert KEY not in text
    assert open_key(Site.objects.get()).reveal() == KEY


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({**NEW, "key": "wrong-key"}, 422, None),
        ({**NEW, "region": "mars"}, 422, "region"),
        ({**NEW, "region": "eu"}, 422, None),
        ({**NEW, "key": ""}, 422, "key"),
        ({**NEW, "key": "two words"}, 422, None),
        ({**NEW, "schedule": "now and then"}, 422, None),
        ({"subdomain": "northwind-us"}, 422, "key"),
    ],
)
def test_what_cannot_be_connected_is_refused_and_saves_nothing(
    admin: Caller, vendor: Vendor, body: dict[str, object], status: int, field: str | None
) -> None:
    answer = admin.post("sites", body)
    assert (answer.status_code, answer.json().get("field")) == (status, field), answer.text
    assert answer.json()["detail"]
    assert "two words" not in answer.text
    assert not Site.objects.exists()


def test_a_site_is_connected_only_once(admin: Caller, vendor: Vendor) -> None:
    admin.post("sites", NEW)
    again = admin.post("sites", NEW)
    assert again.status_code == 409
    assert again.json()["next_step"] == "Replace its key with PUT sites/northwind-us/key."


def test_a_key_is_replaced_by_another_one_of_the_same_site(admin: Caller, vendor: Vendor) -> None:
    admin.post("sites", NEW)
    vendor.keys[("us", OTHER)] = "northwind-us"
    changed = admin("PUT", "sites/northwind-us/key", {"key": OTHER})
    assert changed.status_code == 200
    assert changed.json()["key_last4"] == OTHER[-4:]
    assert OTHER not in changed.text
    assert open_key(Site.objects.get()).reveal() == OTHER
    foreign = admin("PUT", "sites/northwind-us/key", {"key": "key-of-northwind-eu"})
    assert foreign.status_code == 422
    assert open_key(Site.objects.get()).reveal() == OTHER


def test_a_site_is_removed_with_its_data_or_without(admin: Caller, vendor: Vendor) -> None:
    admin.post("sites", NEW)
    site = Site.objects.get(subdomain="northwind-us")
    a_billing_account(an_account("Acme"), site=site)
    assert admin("DELETE", "sites/northwind-us").status_code == 400
    assert admin("DELETE", "sites/northwind-us", query={"data": "keep"}).status_code == 204
    site.refresh_from_db()
    assert not site.key_sealed
    assert BillingAccount.objects.count() == 1
    assert admin.post("sites", NEW).status_code == 201
    run = a_run(site, "running", finished_at=None)
    going = admin("DELETE", "sites/northwind-us", query={"data": "purge"})
    assert going.status_code == 409
    assert f"run {run.pk}" in going.json()["detail"]
    run.delete()
    assert admin("DELETE", "sites/northwind-us", query={"data": "purge"}).status_code == 204
    assert not Site.objects.filter(pk=site.pk).exists()
    assert not BillingAccount.objects.exists()


def test_a_staged_site_is_activated_by_a_worker_and_nobody_has_to_finish_it(
    admin: Caller, vendor: Vendor
) -> None:
    admin.post("sites", {**NEW, "staged": True})
    assert admin.post("sites/northwind-us/activate").status_code == 202
    setup = SetUp.objects.get()
    going = activation.of(setup)
    assert going
    assert going.state == State.QUEUED
    activation.carry_out(setup.pk, FrozenClock(NOW))
    setup.refresh_from_db()
    assert setup.finished_at
    assert not admin.get("sites/northwind-us").json()["staged"]
    assert admin.post("sites/northwind-us/activate").status_code == 409
