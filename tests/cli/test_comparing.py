"""``tenure account compare``, and contacts of a past day."""

import json
from contextlib import nullcontext

import pytest
from click.testing import CliRunner
from pytest_django import Settings

from tenure.cli import database
from tenure.cli.accounts import account
from tenure.cli.contacts import contacts
from tenure.core.clock import FrozenClock
from tenure.customers.contacts import write
from tenure.customers.models import Account
from tenure.customers.write import By
from tests.health.test_comparing import DAY, THEN, TODAY
from tests.health.test_comparing import account as changed  # noqa: F401  # a fixture

pytestmark = pytest.mark.django_db


def test_two_days_are_compared_in_words_and_as_json(
    changed: Account,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
) -> None:
    monkeypatch.setattr(database, "opened", nullcontext)
    settings.TENURE_CLOCK = FrozenClock(TODAY)
    words = ["compare", changed.identifier, "--from", THEN]
    shown = CliRunner().invoke(account, words)
    assert shown.exit_code == 0, shown.exception
    for told in ("1042", "Harbour Lights", "manual", "green 100.0"):
        assert told in shown.stdout
    found = json.loads(CliRunner().invoke(account, [*words, "--json"]).stdout)
    assert found["health"]["change"]["total"]
    refused = CliRunner().invoke(account, [*words, "--to", THEN])
    assert refused.exit_code != 0


def test_contacts_of_a_past_day_are_those_of_one_account(
    changed: Account,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
) -> None:
    monkeypatch.setattr(database, "opened", nullcontext)
    settings.TENURE_CLOCK = FrozenClock(TODAY)
    write.create(changed.pk, {"email": "ann@x.example"}, By(), now=TODAY - 5 * DAY)
    then = [changed.identifier, "--as-of", THEN, "--json"]
    assert json.loads(CliRunner().invoke(contacts, then).stdout)["data"] == []
    now = CliRunner().invoke(contacts, [changed.identifier, "--json"])
    assert json.loads(now.stdout)["data"][0]["email"] == "ann@x.example"
    refused = CliRunner().invoke(contacts, ["--as-of", THEN])
    assert refused.exit_code == 2
    assert "one account" in refused.stderr
