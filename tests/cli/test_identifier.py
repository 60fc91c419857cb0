"""``tenure identifier``: the report on a site that was read, who is left out, and choosing a field."""

import csv
import io
import os

import pytest

from tests.cli.conftest import US, Program

TENANT = "account.custom_fields.tenant_id"


@pytest.fixture
def synced(tenure: Program) -> Program:
    """A site with everything read."""
    tenure("site", "add", US.subdomain, "--region", "us", "--key-stdin", "--json", stdin=US.key)
    assert tenure("sync", "--json").status == 0
    return tenure


def test_the_report_holds_every_field_against_the_records(synced: Program) -> None:
    made = synced("identifier", "report", "--json").json
    by_field = {one["field"]: one for one in made["candidates"]}
    assert by_field["account.code"]["filled"] == {
        "count": made["billing_accounts"],
        "percent": 100.0,
    }
    assert by_field[TENANT]["looks_like"]["shape"] == "code"
    assert {"subscription.custom_fields.tenant_id", "account.email"} <= set(by_field)
    assert made["recommendation"]["field"] == made["candidates"][0]["field"]
    assert made["contacts"][0]["field"] == "contact.email"
    assert made["recommendation"]["reason"].split(".")[0] in synced("identifier", "report").out

    foreseen = synced("identifier", "set", TENANT, "--source", "tenant", "--plan", "--json").json
    assert foreseen["unidentified"] == by_field[TENANT]["left_out"]["billing_accounts"]
    assert synced("identifier", "report", "--json").json["chosen"] is None

    left_out = synced("identifier", "report", "--left-out", TENANT, "--json").json
    assert len(left_out) == by_field[TENANT]["left_out"]["billing_accounts"]
    rows = list(
        csv.DictReader(io.StringIO(synced("identifier", "report", "--left-out", TENANT).out))
    )
    assert [row["code"] for row in rows] == [one["code"] for one in left_out]
    assert all(row["reason"] == f"{TENANT} is not filled." for row in rows)


def test_a_field_is_chosen_before_any_account_is_made(tenure: Program) -> None:
    chosen = tenure("identifier", "set", TENANT, "--source", "tenant", "--fold-case", "--json").json
    assert (chosen["field"], chosen["source"]) == (TENANT, "tenant")
    assert (chosen["joins_sites"], chosen["fold_case"]) == (True, True)
    assert tenure("identifier", "report", "--json").json["chosen"]["field"] == TENANT


@pytest.mark.parametrize("source", ["tenant", "recurly", "third-party"])
def test_every_source_of_truth_can_be_named(tenure: Program, source: str) -> None:
    done = tenure("identifier", "set", "account.code", "--source", source, "--per-site", "--json")
    assert (done.status, done.json["source"], done.json["joins_sites"]) == (0, source, False)


def test_a_field_that_identifies_nobody_is_refused_with_a_next_step(tenure: Program) -> None:
    done = tenure("identifier", "set", "account.email", "--source", "tenant", "--json")
    assert done.status == 1
    assert "account.custom_fields.NAME" in done.json["error"]["next_step"]
    done = tenure("identifier", "report", "--left-out", "nothing")
    assert (done.status, done.out) == (1, "")
    assert os.linesep not in done.err.strip()
