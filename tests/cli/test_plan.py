"""``tenure plan``: edits about to be lost first, for people and for scripts, and what it exits with."""

import csv
from pathlib import Path

from tests.cli.conftest import OTHER, US, Program

NEEDS_ATTENTION = 3


def synced(tenure: Program) -> None:
    """The site is connected and was read once."""
    tenure("site", "add", US.subdomain, "--region", "us", "--key-stdin", stdin=US.key)
    assert tenure("sync").status == 0


def edited(tenure: Program) -> str:
    """Somebody sets a company by hand; the account's identifier."""
    found = tenure("accounts", "--limit", "1", "--json").json["data"]
    identifier = str(found[0]["identifier"])
    done = tenure("account", "set", identifier, "company=Set by hand & kept nowhere else")
    assert done.status == 0, done.err
    return identifier


def test_without_a_site_it_says_what_to_do(tenure: Program) -> None:
    done = tenure("plan")
    assert done.status == 1
    assert "No site is connected." in done.err
    assert "tenure site add SUBDOMAIN" in done.err


def test_a_site_that_was_never_read_is_planned_only_when_asked(tenure: Program) -> None:
    tenure("site", "add", US.subdomain, "--region", "us", "--key-stdin", stdin=US.key)
    refused = tenure("plan")
    assert refused.status == 1
    assert "has not been read yet" in refused.err
    assert "--read-all" in refused.err
    [whole] = tenure("plan", US.subdomain, "--read-all", "--json").json
    assert whole["objects"]["account"]["create"] > 0
    assert whole["objects"]["contact"]["create"] > 0
    assert {one["verb"] for one in whole["entries"]} >= {"create"}
    assert tenure("accounts", "--json").json["data"] == []


def test_a_quiet_plan_is_a_success_and_says_that_nothing_changes(tenure: Program) -> None:
    synced(tenure)
    quiet = tenure("plan", US.subdomain)
    assert quiet.status == 0
    assert "Nothing would change." in quiet.out
    assert "tenure sync --plan" in quiet.out
    unknown = tenure("plan", OTHER.subdomain)
    assert unknown.status == 1
    assert OTHER.subdomain in unknown.err


def test_manual_edits_come_first_and_ask_for_a_person(tenure: Program, tmp_path: Path) -> None:
    synced(tenure)
    identifier = edited(tenure)
    shown = tenure("plan", US.subdomain)
    assert shown.status == NEEDS_ATTENTION
    lines = shown.out.splitlines()
    first = next(line for line in lines if line.strip().startswith("!") and "account" in line)
    assert identifier in first
    assert "set by" in shown.out

    file = tmp_path / "plan.csv"
    asked = tenure("plan", US.subdomain, "--json", "--csv", str(file))
    assert asked.status == NEEDS_ATTENTION
    [document] = asked.json
    entry = document["entries"][0]
    assert (entry["verb"], entry["object"], entry["identifier"]) == (
        "override",
        "account",
        identifier,
    )
    assert entry["changes"]["attributes.company"][0] == "Set by hand & kept nowhere else"
    assert entry["overridden"]["attributes.company"]["set_at"]
    assert document["needs_attention"] is True
    assert document["counts"]["override"] == document["objects"]["account"]["override"] == 1
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert (rows[0]["verb"], rows[0]["identifier"], rows[0]["field"]) == (
        "override",
        identifier,
        "company",
    )

    none = tenure("plan", US.subdomain, "--entries", "0")
    assert identifier not in none.out
    applied = tenure("sync", "--plan", str(document["id"]), "--json")
    assert applied.status == 0, applied.err
    assert tenure("plan", US.subdomain).status == 0


def test_everything_stored_is_looked_at_when_asked_and_is_not_for_a_sync(tenure: Program) -> None:
    synced(tenure)
    [whole] = tenure("plan", US.subdomain, "--whole", "--json").json
    assert (whole["whole"], whole["pending"], whole["entries"]) == (True, [], [])
    refused = tenure("sync", "--plan", str(whole["id"]))
    assert refused.status == 1
    assert "all that is stored" in refused.err


def test_a_file_that_cannot_be_written_is_said(tenure: Program, tmp_path: Path) -> None:
    synced(tenure)
    refused = tenure("plan", "--csv", str(tmp_path / "nowhere" / "plan.csv"))
    assert refused.status == 1
    assert "could not be written" in refused.err
