"""The list of accounts on the command line, narrowed by a rule."""

import json
from contextlib import nullcontext

import pytest
from click.testing import CliRunner
from pytest_django import Settings

from tenure.cli import database
from tenure.cli.accounts import accounts
from tenure.core.clock import FrozenClock
from tenure.rules.errors import RuleRefused
from tests.metrics.rows import NOW, an_account
from tests.web.builders import a_customer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _database_is_open(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(database, "opened", nullcontext)
    settings.TENURE_CLOCK = FrozenClock(NOW)
    a_customer("Pays Ltd")
    an_account("Idle Ltd")


def test_the_first_word_is_a_rule() -> None:
    done = CliRunner().invoke(accounts, ["mrr > 0", "--json"])
    assert [one["name"] for one in json.loads(done.stdout)["data"]] == ["Pays Ltd"]


def test_a_file_honours_the_rule() -> None:
    done = CliRunner().invoke(accounts, ["export", "mrr > 0"])
    assert "Pays Ltd" in done.stdout
    assert "Idle Ltd" not in done.stdout


def test_a_wrong_rule_is_refused_with_what_would_be_right() -> None:
    done = CliRunner().invoke(accounts, ["mmr > 0"])
    assert isinstance(done.exception, RuleRefused)
    assert "Did you mean mrr?" in done.exception.next_step
