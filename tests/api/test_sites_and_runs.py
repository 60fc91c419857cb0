"""Sites, runs, quarantine, tokens and members over the API."""

import pytest
from django.test import Client

from tenure.access.models import Token
from tenure.connections.models import Site
from tenure.connections.write import add_site
from tenure.core.secrets import Secret
from tenure.sync.models import Run
from tests.api.conftest import Caller
from tests.connections.vendor import Vendor
from tests.metrics.rows import NOW
from tests.web.builders import a_member, a_quarantined, a_run

pytestmark = pytest.mark.django_db
KEY = "key-of-northwind-us"


@pytest.fixture
def site(vendor: Vendor, db: None) -> Site:
    return add_site("recurly", "northwind-us", "us", Secret(KEY), now=NOW)


def test_a_site_shows_how_it_is_kept_and_never_its_key(reader: Caller, site: Site) -> None:
    run = a_run(site)
    answer = reader.get("sites/northwind-us")
    assert answer.json()["last_good_run"]["id"] == run.pk
    assert answer.json()["key_last4"] == "d-us"
    for text in (answer.text, reader.get("sites").text):
        assert KEY not in text
        assert site.key_sealed not in text


def test_how_a_site_is_kept_is_changed(admin: Caller, site: Site) -> None:
    tag = admin.get("sites/northwind-us")["ETag"]
    body = {"accounts": "import", "schedule": "every 15 minutes", "allows_pins": False}
    changed = admin.patch("sites/northwind-us", {**body, "paused": True}, {"If-Match": tag}).json()
    assert {name: changed[name] for name in body} == body
    assert changed["state"] == "paused"
    assert "provisioning" in changed["state_reason"]
    assert admin.patch("sites/northwind-us", {"paused": False}).json()["state"] == "active"
    stale = admin.patch("sites/northwind-us", {"accounts": "daily"}, {"If-Match": tag})
    assert stale.status_code == 412


@pytest.mark.parametrize(
    "body", [{"accounts": "hourly"}, {"schedule": "now and then"}, {"api_key": "x"}, {"paused": 1}]
)
def test_a_site_is_not_kept_in_a_way_there_is_not(
    admin: Caller, site: Site, body: dict[str, object]
) -> None:
    assert admin.patch("sites/northwind-us", body).status_code == 422


def test_a_check_says_what_the_key_may_read(admin: Caller, site: Site, vendor: Vendor) -> None:
    report = admin.post("sites/northwind-us/check").json()
    assert report["subdomain"] == "northwind-us"
    assert any(stream["readable"] for stream in report["streams"])


def test_a_run_is_asked_for_once_and_joined_then(writer: Caller, site: Site) -> None:
    first = writer.post("runs", {"site": "northwind-us"})
    assert first.status_code == 202
    assert first.json()["state"] == "queued"
    assert first["Location"] == f"/api/v1/runs/{first.json()['id']}"
    assert writer.post("runs", {"site": "northwind-us"}).json()["id"] == first.json()["id"]
    assert Run.objects.get().trigger == "api"
    assert writer.post(f"runs/{first.json()['id']}/cancel").status_code == 202
    assert Run.objects.get().cancel_asked


def test_a_site_without_a_key_is_not_synced(writer: Caller, site: Site) -> None:
    Site.objects.update(key_sealed="")
    assert writer.post("runs", {"site": "northwind-us"}).status_code == 409


def test_a_run_has_its_streams(reader: Caller, site: Site) -> None:
    run = a_run(site)
    shown = reader.get(f"runs/{run.pk}").json()
    assert shown["streams"]["accounts"]["created"] == 2
    assert reader.get("runs", site="northwind-us").json()["data"] == [shown]


def test_what_could_not_be_read_has_its_reason(reader: Caller, site: Site) -> None:
    a_quarantined(site)
    shown = reader.get("quarantine").json()["data"][0]
    assert (shown["reason"], shown["recurly_id"]) == ("It has no id.", "broken-1")


def test_a_token_is_made_shown_once_and_revoked(admin: Caller) -> None:
    made = admin.post("tokens", {"name": "export", "scope": "read", "expires_days": 30})
    text = made.json()["token"]
    assert made.status_code == 201
    headers = {"Authorization": f"Bearer {text}"}
    assert Client().get("/api/v1/accounts", headers=headers).status_code == 200
    assert text not in admin.get("tokens").text
    revoked = admin("DELETE", f"tokens/{made.json()['id']}")
    assert revoked.json()["state"] == "revoked"
    assert Client().get("/api/v1/accounts", headers=headers).status_code == 401
    assert Token.objects.get(name="export").expires_at


def test_members_are_listed_without_their_secrets(reader: Caller) -> None:
    member = a_member()
    listed = reader.get("members")
    assert listed.json()["data"][0]["email"] == "ada@example.com"
    assert member.password not in listed.text
