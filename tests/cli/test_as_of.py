"""``--as-of`` of every command that shows an account, its records, its figures or scores."""

import json
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import click
import pytest
from click.testing import CliRunner
from pytest_django import Settings

from tenure.cli import database
from tenure.cli.accounts import account as of_account
from tenure.cli.accounts import accounts
from tenure.cli.health import health
from tenure.cli.subscription import subscription
from tenure.core.clock import FrozenClock
from tenure.customers.models import Account, Subscription
from tenure.customers.tables import SUBSCRIPTIONS
from tenure.customers.versions import keep
from tests.health.rows import NOW, a_payer, paid, scored

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
THEN = (NOW + DAY).date().isoformat()
EARLY = "2020-01-01"


@pytest.fixture
def grown(db: None, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Account:
    """A hundred dollars a month, three hundred two days later; a bill of five days later."""
    monkeypatch.setattr(database, "opened", nullcontext)
    account = a_payer("Northwind", valid_from=NOW)
    for days in (40, 70, 100, 130):
        paid(account, NOW - days * DAY, valid_from=NOW)
    scored(account, NOW)
    row = Subscription.objects.get()
    keep(SUBSCRIPTIONS, [row.pk], NOW + 2 * DAY)
    Subscription.objects.filter(pk=row.pk).update(quantity=3)
    paid(account, NOW + 5 * DAY, valid_from=NOW + 5 * DAY, number="1002")
    scored(account, NOW + 5 * DAY)
    settings.TENURE_CLOCK = FrozenClock(NOW + 10 * DAY)
    return account


def told(group: click.Command, *words: str, day: str = "") -> Any:
    done = CliRunner().invoke(group, [*words, *(["--as-of", day] if day else []), "--json"])
    assert done.exit_code == 0, (done.output, done.exception)
    return json.loads(done.stdout)


def test_a_figure_is_taken_apart_as_it_was_made_then(grown: Account) -> None:
    words = ("explain", grown.identifier, "mrr")
    totals = {day: told(of_account, *words, day=day)[0]["total"]["amount"] for day in (THEN, "")}
    assert totals == {THEN: "100.00", "": "300.00"}
    early = CliRunner().invoke(of_account, [*words, "--as-of", EARLY])
    said = early.stdout + early.stderr
    assert said.count("Nothing is known of 2020-01-01") == 1
    assert "mrr was not known then" in early.stdout
    assert "Nothing makes up" not in said
    unknown = CliRunner().invoke(of_account, ["explain", grown.identifier, "luck", "--as-of", THEN])
    assert "cannot be taken apart" in str(unknown.exception)


def test_the_timeline_ends_on_the_day(grown: Account) -> None:
    words = ("timeline", grown.identifier, "--kind", "invoice")
    now, then = told(of_account, *words), told(of_account, *words, day=THEN)
    assert now[0]["object"]["number"] == "1002"
    assert then == now[1:]
    assert "Nothing had happened by 2020-01-01" in (
        CliRunner().invoke(of_account, [*words, "--as-of", EARLY]).stdout
    )
    assert "was issued" in CliRunner().invoke(of_account, list(words)).stdout


def test_the_file_of_accounts_has_the_figures_of_the_day(grown: Account) -> None:
    done = CliRunner().invoke(accounts, ["export", "mrr > 0", "--as-of", THEN])
    assert done.exit_code == 0, done.exception
    head, row = (line.split(",") for line in done.stdout.strip().splitlines())
    of_then = dict(zip(head, row, strict=True))
    assert (of_then["MRR USD"], of_then["Known"]) == ("100.00", "snapshot")
    assert "Known" not in CliRunner().invoke(accounts, ["export"]).stdout


def test_a_subscription_and_the_bands_are_those_of_the_day(grown: Account) -> None:
    row = Subscription.objects.select_related("site").get()
    words = ("show", row.site.subdomain, row.upstream_id)
    assert told(subscription, *words, day=THEN)["mrr"]["amount"] == "100.00"
    assert told(subscription, *words)["mrr"]["amount"] == "300.00"
    assert THEN in CliRunner().invoke(subscription, [*words, "--as-of", THEN]).stdout
    refused = CliRunner().invoke(subscription, [*words, "--as-of", EARLY])
    assert "was not known on 2020-01-01" in str(refused.exception)
    bands = {day: told(health, "list", day=day) for day in (THEN, "")}
    assert [one["mrr"][0]["amount"] for one in bands[THEN]] == ["100.00"]
    assert [one["mrr"][0]["amount"] for one in bands[""]] == ["300.00"]
