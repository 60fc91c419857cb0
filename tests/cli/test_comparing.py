"""``tenure account compare``."""

import json
from contextlib import nullcontext

import pytest
from click.testing import CliRunner
from pytest_django import Settings

from tenure.cli import database
from tenure.cli.accounts import account
from tenure.core.clock import FrozenClock
from tenure.customers.models import Account
from tests.health.test_comparing import THEN, TODAY
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
