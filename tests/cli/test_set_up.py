"""The set-up as a script (docs/operate/first-setup.md): from a key to the accounts without a question."""

import json
import re
from decimal import Decimal

from tests.cli.conftest import EU, OTHER, US, Program

ADD = ("site", "add", US.subdomain, "--region", "us", "--key-stdin")


def test_the_whole_set_up_runs_without_a_prompt(tenure: Program) -> None:
    [report] = tenure(*ADD, "--check", "--json", stdin=US.key).json
    assert report["ok"]
    assert report["mode"] == "production"
    assert tenure("site", "list", "--json").json == []

    site = tenure(*ADD, "--stage", "--json", stdin=US.key).json
    assert site["staged"]
    [run] = tenure("sync", US.subdomain, "--json").json
    assert run["state"] == "complete"
    assert tenure("accounts", "--json").json["data"] == []

    found = tenure("identifier", "report", "--json").json
    field = found["recommendation"]["field"]
    assert {"account.code", "account.id"} <= {one["field"] for one in found["candidates"]}
    chosen = tenure("identifier", "set", field, "--source", "tenant", "--json").json
    assert chosen["field"] == field

    seats = ("mapping", "set", "seats", "account.custom_fields.seats", "--type", "number")
    assert tenure(*seats, "--json").status == 0
    schedule = ("--schedule", "daily 02:30 Europe/Berlin")
    assert tenure("site", "set", US.subdomain, "--accounts", "daily", *schedule).status == 0

    planned = tenure("plan", US.subdomain, "--json")
    assert planned.status in (0, 3), planned.err
    assert tenure("accounts", "--json").json["data"] == []

    made = tenure("site", "activate", US.subdomain, "--json")
    assert made.status == 0, made.err
    assert made.json["created"] > 5
    assert made.json["staged"] is False
    [run] = tenure("sync", US.subdomain, "--json").json
    assert run["state"] == "complete"
    data = tenure("accounts", "--json", "--limit", "200").json["data"]
    assert len(data) == made.json["created"]
    shown = tenure("account", "show", data[0]["identifier"], "--json").json
    seats_of = shown["attributes"].get("seats")
    assert seats_of is None or Decimal(str(seats_of["value"])) > 0


def test_a_check_before_saving_says_what_is_wrong_and_saves_nothing(tenure: Program) -> None:
    done = tenure(*ADD, "--check", "--json", stdin="wrong-key-000000000")
    assert done.status == 3
    [report] = done.json
    assert report["error"]["trouble"] == "wrong_key"
    assert "Copy the private key" in report["error"]["next_step"]
    told = tenure(*ADD, "--check", stdin=OTHER.key)
    assert told.status == 3
    assert f"This key belongs to {OTHER.subdomain}" in told.out
    assert OTHER.key not in told.out + told.err
    assert tenure("site", "list", "--json").json == []


def test_the_same_words_are_told_before_and_after_saving(tenure: Program) -> None:
    before = tenure(*ADD, "--check", stdin=US.key).out
    tenure(*ADD, "--stage", stdin=US.key)
    after = tenure("site", "check", US.subdomain).out
    assert "Everything a sync reads can be read." in before
    assert _without_seconds(after) == _without_seconds(before)


def _without_seconds(told: str) -> str:
    # The simulated clock stands while ours goes on.
    return re.sub(r"[\d,]+ seconds", "… seconds", told)


def test_a_map_is_staged_as_one_unit(tenure: Program) -> None:
    keys = json.dumps({US.subdomain: US.key, EU.subdomain: EU.key})
    added = tenure("site", "add", "--map-stdin", "--stage", "--json", stdin=keys).json
    assert [(one["subdomain"], one["region"], one["staged"]) for one in added] == [
        (US.subdomain, "us", True),
        (EU.subdomain, "eu", True),
    ]


def test_a_site_that_is_not_staged_cannot_be_activated(tenure: Program) -> None:
    tenure(*ADD, stdin=US.key)
    done = tenure("site", "activate", US.subdomain)
    assert done.status == 1
    assert "is not staged" in done.err
    assert f"tenure sync {US.subdomain}" in done.err
