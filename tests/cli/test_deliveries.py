"""What people were told, from the command line; and what the doctor says of mail."""

import json
from contextlib import nullcontext
from typing import Any

import pytest
from click import Group
from click.testing import CliRunner, Result
from pytest_django import Settings

from tenure.cli import database
from tenure.cli.channels import channels
from tenure.cli.checkup import Verdict, _mail
from tenure.cli.deliveries import deliveries
from tenure.cli.routes import routes
from tenure.core.clock import FrozenClock
from tenure.core.errors import ConfigurationError
from tenure.notify.collect import collect
from tenure.notify.deliver import deliver
from tests.metrics.rows import NOW
from tests.notify.conftest import an_alert, http, smtp  # noqa: F401 - fixtures of these tests
from tests.notify.receivers import Http, Smtp
from tests.web.builders import a_member

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _database_is_open(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(database, "opened", nullcontext)
    settings.TENURE_CLOCK = FrozenClock(NOW)
    settings.TENURE_MAIL = None


def run(*words: str, of: Group = deliveries, given: str = "") -> Result:
    return CliRunner().invoke(of, list(words), input=given)


def told(*words: str, of: Group = deliveries, given: str = "") -> Any:
    done = run(*words, "--json", of=of, given=given)
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


def test_a_channel_and_a_route_to_it_are_made_changed_tested_and_removed(
    http: Http,  # noqa: F811
) -> None:
    assert [one["to"] for one in told("list", of=routes)] == ["owner", "followers"]
    made = told("add", "hook", "--kind", "webhook", "--address-stdin", of=channels, given=http.url)
    assert made["secret"].startswith("whs_")
    assert http.url not in str(told("list", of=channels))
    route = told("add", "Grave", "--to", "channel", "--channel", "hook", of=routes)
    number = str(route["id"])
    changed = told("add", "All", "--to", "owner", "--change", number, of=routes)
    assert (changed["id"], changed["name"], changed["channel"]) == (route["id"], "All", None)
    assert told("switch", number, "--off", of=routes)["enabled"] is False
    assert told("remove", number, of=routes)["id"] == route["id"]
    renamed = told("set", "hook", "--rename", "h", "--event", "alert.ended", of=channels)
    assert (renamed["name"], renamed["events"]) == ("h", ["alert.ended"])
    sent = told("test", "h", of=channels)
    deliver(NOW)
    shown = told("show", sent["id"])
    assert (shown["state"], shown["attempts"][0]["answer"]) == ("sent", "thank you")
    assert told("secret", "h", of=channels)["secret"] != made["secret"]
    assert told("remove", "h", of=channels)["name"] == "h"
    assert told("list", of=channels) == []


def test_the_doctor_asks_the_mail_server(smtp: Smtp, settings: Settings) -> None:  # noqa: F811
    assert _mail().verdict == Verdict.OK
    settings.TENURE_MAIL.port = 1
    found = _mail()
    assert found.verdict == Verdict.FAIL
    assert "127.0.0.1:1 cannot be used" in found.told
    assert "TENURE_EMAIL_URL" in found.next_step
