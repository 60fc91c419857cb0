"""Health on the command line: why a score is so, what another definition would do, a person's word."""

import json
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pytest_django import Settings

from tenure.cli import database
from tenure.cli.health import health
from tenure.core.clock import FrozenClock
from tenure.core.errors import TenureError
from tenure.customers.models import Account
from tests.health.rows import NOW, a_payer, paid, scored
from tests.metrics.rows import an_invoice

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _database_is_open(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(database, "opened", nullcontext)
    settings.TENURE_CLOCK = FrozenClock(NOW)


@pytest.fixture
def late(db: None) -> Account:
    """An account with an old invoice, scored a day before it fell behind and now."""
    account = a_payer("Harbour", price="1000")
    for days in (40, 70, 100, 130):
        paid(account, NOW - days * DAY)
    scored(account, NOW - 40 * DAY)
    an_invoice(account, number="1042", state="past_due", balance="1200", due_at=NOW - 35 * DAY)
    scored(account)
    return account


def run(*words: str) -> Result:
    return CliRunner().invoke(health, list(words))


def told(*words: str) -> Any:
    done = run(*words, "--json")
    assert done.exit_code == 0, (done.output, done.exception)
    return json.loads(done.stdout)


def test_a_score_is_shown_with_its_parts_and_the_way_to_green(late: Account) -> None:
    answer = told("show", late.identifier)
    parts = answer["health"]["measures"]
    total = sum(float(part["contribution"]) for part in parts)
    assert f"{total:.1f}" == answer["health"]["computed"]["uncapped"]
    ways = answer["to_green"]["ways"]
    assert ["Pay invoice 1042: 1,200.00 USD, 35 days past due."] in [way["steps"] for way in ways]
    page = run("show", late.identifier).stdout
    assert "Oldest invoice past due" in page
    assert "35 days" in page
    assert "Pay invoice 1042" in page


def test_a_past_day_shows_what_was_known_then(late: Account) -> None:
    day = (NOW - 30 * DAY).date().isoformat()
    assert told("show", late.identifier, "--as-of", day)["health"]["band"] == "green"
    before = run("show", late.identifier, "--as-of", "2020-01-01")
    assert isinstance(before.exception, TenureError)


def test_a_change_is_taken_apart(late: Account) -> None:
    day = (NOW - 30 * DAY).date().isoformat()
    change = told("show", late.identifier, "--since", day)["change"]
    kinds = {(line["kind"], line["measure"]) for line in change["lines"]}
    assert ("data", "oldest_past_due_days") in kinds
    assert "definition" not in {kind for kind, _ in kinds}
    total = sum(float(line["points"]) for line in change["lines"])
    assert f"{total:+.1f}" == change["total"]


def test_bands_are_counted(late: Account) -> None:
    assert [(one["band"], one["accounts"]) for one in told("list")] == [("amber", 1)]


def test_a_definition_is_tried_saved_and_brought_back(late: Account, tmp_path: Path) -> None:
    [first] = told("definitions")
    document = first["definition"]
    document["green"] = "50"
    file = tmp_path / "health.json"
    file.write_text(json.dumps(document))
    tried = told("preview", str(file))
    assert tried["between"] == [{"from": "amber", "to": "green", "accounts": 1}]
    assert tried["moves"][0]["account"] == late.identifier
    assert told("save", str(file), "--why", "Fewer alarms")["version"] == 2
    assert told("rescore") == {"accounts": 1, "changed": 1}
    assert told("show", late.identifier)["health"]["band"] == "green"
    assert told("restore", "1")["version"] == 3
    history = run("definitions", "Everyone").stdout
    assert "Green from: 70 → 50" in history
    assert "Fewer alarms" in history


def test_a_damaged_file_is_refused_with_where_to_begin(late: Account, tmp_path: Path) -> None:
    file = tmp_path / "health.json"
    file.write_text("{")
    refused = run("preview", str(file)).exception
    assert isinstance(refused, TenureError)
    assert "definitions --json" in refused.next_step


def test_a_word_is_set_frozen_and_released(late: Account) -> None:
    until = (NOW + 5 * DAY).date().isoformat()
    done = told(
        "override", late.identifier, "--band", "green", "--until", until, "--why", "Paid by cheque"
    )
    assert (done["health"]["band"], done["health"]["override"]["by"]) == ("green", "command line")
    assert told("release", late.identifier)["health"]["band"] == "amber"
    done = told("freeze", late.identifier, "--until", until, "--why", "Under audit")
    assert done["health"]["state"] == "frozen"
    assert "Under audit" in run("show", late.identifier).stdout
    assert told("release", late.identifier)["health"]["state"] == ""
    assert isinstance(run("release", late.identifier).exception, TenureError)


def test_definitions_are_made_moved_switched_deleted_and_brought_back(
    late: Account, tmp_path: Path
) -> None:
    file = tmp_path / "health.json"
    file.write_text(json.dumps(told("definitions")[0]["definition"]))
    tried = told("preview", str(file), "--new", "--rule", "mrr > 5")
    assert tried["switched"] == [{"from": "Everyone", "to": "new", "accounts": 1}]
    made = told("new", "Payers", "--rule", "mrr > 5", "--like", "Everyone", "--why", "They differ")
    assert (made["rule"], made["enabled"]) == ("mrr > 5", True)
    told("new", "Large", "--rule", "mrr > 500", "--why", "They differ")
    moved = told("move", "Large", "--before", "Payers")
    assert [one["name"] for one in moved] == ["Large", "Payers", "Everyone"]
    assert told("move", "Large", "--last")[0]["name"] == "Payers"
    assert told("rescore") == {"accounts": 1, "changed": 1}
    assert "Payers 1, because this holds for it: mrr > 5" in run("show", late.identifier).stdout
    told("save", "--name", "Payers", "--rename", "All payers", "--rule", "mrr > 6", "--why", "No")
    assert "mrr > 5 → mrr > 6" in run("definitions", "All payers").stdout
    assert told("disable", "All payers")["enabled"] is False
    assert told("enable", "All payers")["enabled"] is True
    seen = told("delete", "All payers")
    assert seen["switched"] == [{"from": "All payers", "to": "Large", "accounts": 1}]
    assert told("delete", "All payers", "--yes") == {"deleted": "All payers", "accounts": 1}
    assert told("bring-back", "All payers")["name"] == "All payers"
    assert isinstance(run("delete", "Everyone", "--yes").exception, TenureError)
    page = run("definitions").stdout
    assert "every account that no other is for" in page
