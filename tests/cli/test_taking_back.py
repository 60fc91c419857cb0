"""A run taken back and drift accepted from the command line, the way scripts do it."""

from datetime import timedelta
from typing import Any

import pytest

from tenure.simulator.server import Served
from tests.cli.conftest import US, Program
from tests.flows.upstream import upstream as records

SITE = US.subdomain
MOMENT = timedelta(minutes=15)


def change(upstream: Served, kind: str, record: dict[str, Any], **said: Any) -> None:
    """Let a moment pass upstream, then change a record there."""
    upstream.call(lambda s: s.world.advance_to(s.world.now() + MOMENT))
    spec = {"site": SITE, "kind": kind, "id": record["id"], "set": said}
    upstream.call(lambda s: s.world.change(spec))


def company_of(tenure: Program, identifier: str) -> Any:
    return tenure("account", "show", identifier, "--json").json["attributes"]["company"]


@pytest.fixture
def known(tenure: Program, upstream: Served) -> dict[str, Any]:
    """An account of a synced site, as the source has it."""
    tenure("site", "add", SITE, "--region", "us", "--key-stdin", stdin=US.key)
    assert tenure("sync", SITE).status == 0
    found = records(upstream, SITE, "accounts").values()
    return next(one for one in found if one["company"] and one["email"])


def test_a_run_is_shown_taken_back_once_and_its_values_pinned(
    tenure: Program, upstream: Served, known: dict[str, Any]
) -> None:
    change(upstream, "accounts", known, company="Wrong Works", email="wrong@works.example")
    run = str(tenure("sync", SITE, "--json").json[0]["id"])

    shown = tenure("run", "revert", run, "--plan", "--json")
    assert (shown.status, shown.json["run"]) == (0, int(run))
    [account] = [one for one in shown.json["entries"] if one["kind"] == "account"]
    assert account["back"]["attributes.company"] == ["Wrong Works", known["company"]]
    assert {one["kind"] for one in shown.json["entries"]} >= {"account", "contact"}
    told = tenure("run", "revert", run, "--plan")
    assert told.status == 0
    assert "Contacts as before" in told.out
    assert "Wrong Works" in told.out
    assert company_of(tenure, known["code"])["value"] == "Wrong Works"

    done = tenure("run", "revert", run, "--pin", "The export was wrong", "--json")
    assert (done.status, done.json["counts"]) == (0, shown.json["counts"])
    assert isinstance(done.json["change_set"], int)
    assert "Daily Sync brings" not in done.err
    assert tenure("sync", SITE).status == 0
    kept = company_of(tenure, known["code"])
    assert (kept["value"], kept["source"]) == (known["company"], "sync")
    assert kept["pin"]["reason"] == "The export was wrong"
    assert kept["brought_back"]["change_set"] == done.json["change_set"]

    again = tenure("run", "revert", run)
    assert (again.status, again.out) == (1, "")
    assert "taken back already" in again.err


def test_without_a_pin_the_next_sync_brings_its_own_back(
    tenure: Program, upstream: Served, known: dict[str, Any]
) -> None:
    change(upstream, "accounts", known, company="Bad Export")
    run = str(tenure("sync", SITE, "--json").json[0]["id"])
    done = tenure("run", "revert", run)
    assert done.status == 0
    assert "Daily Sync brings its own values back at its next run." in done.err
    assert company_of(tenure, known["code"])["value"] == known["company"]
    assert tenure("sync", SITE).status == 0
    assert company_of(tenure, known["code"])["value"] == "Bad Export"


def test_what_cannot_be_taken_back_says_why(tenure: Program, known: dict[str, Any]) -> None:
    unknown = tenure("run", "revert", "999999")
    assert (unknown.status, unknown.out) == (1, "")
    assert "There is no run 999999." in unknown.err
    assert tenure("run", "revert", "one").status == 2
    daily = tenure("drift", SITE)
    assert daily.status == 1
    assert "nothing can drift" in daily.err
    assert tenure("drift", "--subscription", "x").status == 2


def test_drift_is_shown_and_accepted_by_field_and_by_subscription(
    tenure: Program, upstream: Served, known: dict[str, Any]
) -> None:
    modes = ("--accounts", "import", "--subscriptions", "import")
    assert tenure("site", "set", SITE, *modes).status == 0
    agreement = next(
        one
        for one in records(upstream, SITE, "subscriptions").values()
        if one["state"] == "active" and one["quantity"]
    )
    change(upstream, "accounts", known, company="Said Since")
    change(upstream, "subscriptions", agreement, quantity=agreement["quantity"] + 5)
    assert tenure("sync", SITE).status == 0

    found = tenure("drift", SITE, "--json")
    assert (found.status, found.json["fields"]["company"]) == (0, 1)
    [entry] = [one for one in found.json["entries"] if one["field"] == "company"]
    assert (entry["held"], entry["says"]) == (known["company"], "Said Since")
    quantities = {
        one["id"]: one["changes"]["quantity"] for one in found.json["subscription_entries"]
    }
    pair = [agreement["quantity"], agreement["quantity"] + 5]
    assert quantities == {agreement["id"]: pair}
    told = tenure("drift", SITE)
    assert "Said Since" in told.out
    assert agreement["id"] in told.out

    taken = tenure("drift", SITE, "--field", "company", "--accept", "--json")
    assert (taken.status, "company" in taken.json["fields"]) == (0, False)
    assert "for 1 account." in taken.err
    assert company_of(tenure, known["code"])["value"] == "Said Since"

    one = ("drift", SITE, "--accept", "--subscription", agreement["id"], "--field", "quantity")
    accepted = tenure(*one, "--json")
    left = [one["changes"] for one in accepted.json["subscription_entries"]]
    assert all("quantity" not in changes for changes in left)
    refused = tenure(*one)
    assert refused.status == 1
    assert "does not differ any more" in refused.err
    change(upstream, "subscriptions", agreement, quantity=agreement["quantity"] + 9)
    assert tenure("sync", SITE).status == 0
    every = tenure("drift", SITE, "--accept", "--subscriptions", "--json")
    assert (every.status, every.json["subscription_entries"]) == (0, [])
    assert "for 1 subscription." in every.err
    assert tenure("drift", SITE, "--subscriptions").status == 2
