"""A business's own program over the API: it pushes values, sees what a sync would do to them, and the
sync does exactly that; a run is taken back."""

import json
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tenure import flow
from tenure.access.models import Scope
from tenure.access.write import create_token
from tenure.connections.models import Mode, Site
from tenure.core.clock import FrozenClock
from tenure.customers.models import Account
from tenure.sync.planning import background
from tests.flows.conftest import TODAY, Sync

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def send(db: None) -> Any:
    """Sends a request with a token that may change customers."""
    text = create_token("nightly push", Scope.ADMIN, now=TODAY).text.reveal()

    def go(method: str, path: str, body: Any = None) -> Any:
        answer = Client().generic(
            method,
            f"/api/v1/{path}",
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers={"Authorization": f"Bearer {text}"},
        )
        assert answer.status_code < 300, answer.content
        return answer.json()

    return go


def test_pushed_values_their_plan_and_a_run_taken_back(
    send: Any, us: Site, sync: Sync, settings: Settings
) -> None:
    sync(us)
    account = Account.objects.filter(attributes__has_key="company").order_by("pk").first()
    assert account
    company, path = account.attributes["company"], f"accounts/{us.subdomain}:{account.identifier}"

    # Values of its own are declared once and pushed; a billing field is set, too.
    send("POST", "attributes", {"name": "seats_used", "type": "number"})
    pushed = [{"identifier": account.identifier, "attributes": {"seats_used": 42}}]
    assert send("POST", "accounts/bulk", pushed)["updated"] == 1
    send("PATCH", path, {"attributes": {"company": "Ours Ltd"}})

    # The plan says first that the next sync would take the billing field back, and whose it was.
    plan = send("POST", "plans", {"site": us.subdomain})
    assert plan["state"] == "working"
    background.carry_out(plan["id"], TODAY)
    assert send("GET", f"plans/{plan['id']}")["counts"]["override"] == 1
    first = send("GET", f"plans/{plan['id']}/entries?limit=1")["data"][0]
    assert first["verb"] == "override"
    assert first["changes"]["attributes.company"] == ["Ours Ltd", company]
    assert first["overridden"]["attributes.company"]["set_by"] == "token nightly push"

    # Applying it does that, and leaves what is its own.
    run = send("POST", f"plans/{plan['id']}/apply")
    assert flow.pull(run["id"], FrozenClock(TODAY)).state == "complete"
    values = send("GET", path)["attributes"]
    assert (values["company"]["value"], values["company"]["policy"]) == (company, "daily")
    assert (values["seats_used"]["value"], values["seats_used"]["policy"]) == ("42", None)

    # The run is taken back, after a look at what that means.
    assert send("POST", f"runs/{run['id']}/revert/preview")["values"] == 1
    assert send("POST", f"runs/{run['id']}/revert", {"pin_reason": "Ours is right"})["values"] == 1
    value = send("GET", path)["attributes"]["company"]
    assert (value["value"], value["source"], value["pinned"]) == ("Ours Ltd", "api", True)
    sync(us)
    value = send("GET", path)["attributes"]["company"]
    assert (value["value"], value["incoming"]) == ("Ours Ltd", company)
    entries = send("GET", f"{path}/history?field=company")["data"]
    assert [entry["source"] for entry in entries] == ["revert", "sync", "api"]
    assert entries[1]["run"] == run["id"]


def test_drift_of_an_import_is_listed_and_accepted(send: Any, us: Site, sync: Sync) -> None:
    sync(us)
    Site.objects.update(accounts_mode=Mode.IMPORT)
    account = Account.objects.filter(attributes__has_key="company").order_by("pk").first()
    assert account
    company = account.attributes["company"]
    account.attributes["company"] = "As it was imported"
    account.save()
    found = send("GET", f"drift?site={us.subdomain}&field=company")["data"]
    assert [(one["held"], one["says"]) for one in found] == [("As it was imported", company)]
    body = {"account": found[0]["account"], "field": "company", "says": company}
    accepted = send("POST", "drift/accept", body)
    assert accepted["attributes"]["company"]["value"] == company
    assert send("GET", "drift")["data"] == []
