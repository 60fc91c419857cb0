"""What people were told, from the command line; and what the doctor says of mail."""

import json
from contextlib import nullcontext
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pytest_django import Settings

from tenure.cli import database
from tenure.cli.checkup import Verdict, _mail
from tenure.cli.deliveries import deliveries
from tenure.core.clock import FrozenClock
from tenure.core.errors import ConfigurationError
from tenure.notify.collect import collect
from tenure.notify.deliver import deliver
from tests.metrics.rows import NOW
from tests.notify.conftest import an_alert, smtp  # noqa: F401 - a fixture of these tests
from tests.notify.receivers import Smtp
from tests.web.builders import a_member

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _database_is_open(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(database, "opened", nullcontext)
    settings.TENURE_CLOCK = FrozenClock(NOW)
    settings.TENURE_MAIL = None


def run(*words: str) -> Result:
    return CliRunner().invoke(deliveries, list(words))


def told(*words: str) -> Any:
    done = run(*words, "--json")
    assert done.exit_code == 0, (done.output, done.exception)
    return json.loads(done.stdout)


def test_what_was_kept_is_listed_with_its_reason_and_sent_again() -> None:
    an_alert(a_member())
    collect(NOW)
    deliver(NOW)
    found = told("list", "--state", "not-sent")
    assert [(one["channel"], one["to"]) for one in found] == [("email", "ada@example.com")]
    assert "TENURE_EMAIL_URL" in found[0]["told"]
    seen = _mail()
    assert (seen.verdict, seen.told) == (
        Verdict.WARN,
        "No mail server is set, so mail is kept and not sent; 1 mail kept unsent",
    )
    assert told("replay", "--not-sent") == {"replayed": 1}
    assert [one["id"] for one in told("list", "--state", "waiting")] == [found[0]["id"]]


def test_an_unknown_delivery_and_none_at_all_are_sentences() -> None:
    for words in (["replay", "nonsense"], ["replay"]):
        assert isinstance(run(*words).exception, ConfigurationError)


def test_routes_and_channels_are_listed() -> None:
    assert [one["to"] for one in told("routes")] == ["owner", "followers"]
    assert told("channels") == []


def test_the_doctor_asks_the_mail_server(smtp: Smtp, settings: Settings) -> None:  # noqa: F811
    assert _mail().verdict == Verdict.OK
    settings.TENURE_MAIL.port = 1
    found = _mail()
    assert found.verdict == Verdict.FAIL
    assert "127.0.0.1:1 cannot be used" in found.told
    assert "TENURE_EMAIL_URL" in found.next_step
