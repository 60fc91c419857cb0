"""The list of accounts is sorted alike on its page, by command, over the API and in its file."""

import csv
import io
import json
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from django.test import Client

from tenure.cli import accounts as command
from tenure.cli import database
from tenure.customers.models import Account
from tenure.health import listing, scoring
from tenure.health.models import HealthScore
from tenure.web.accounts.columns import ACCOUNT, BUILT_IN
from tests.api.conftest import a_caller
from tests.metrics.rows import NOW
from tests.web.alerting import debtors

OFFERED = {column.sort for column in (ACCOUNT, *BUILT_IN) if column.sort}
ORDERS = sorted(listing.ORDERS)
YESTERDAY = (NOW - timedelta(days=1)).date().isoformat()
Asked = Callable[[str], list[str]]


@pytest.fixture
def three(db: None, monkeypatch: pytest.MonkeyPatch) -> list[Account]:
    """Accounts that no two orders sort alike by chance: figures rise, scores fall."""
    made = debtors(3)
    scoring.score([one.pk for one in made], NOW)
    Account.objects.update(created_at=NOW - timedelta(days=9))
    for one, score in zip(made, (90, 50, 10), strict=True):
        HealthScore.objects.filter(pk=one.pk).update(score=score)
    monkeypatch.setattr(database, "opened", nullcontext)
    return made


def by_page(client: Client, sort: str) -> list[str]:
    answer = client.get("/accounts/", {"sort": sort})
    assert answer.status_code == 200, sort
    return [row.name for row in answer.context["page"].rows]


def in_a_file(client: Client, sort: str) -> list[str]:
    text = b"".join(client.get("/accounts/export/", {"sort": sort})).decode("utf-8-sig")  # type: ignore[arg-type]
    return [row["Name"] for row in csv.DictReader(io.StringIO(text))]


def by_command(sort: str, *more: str) -> list[str]:
    done = CliRunner().invoke(command.accounts, [f"--sort={sort}", "--json", *more])
    assert done.exit_code == 0, (sort, done.output, done.exception)
    return [row["name"] for row in json.loads(done.stdout)["data"]]


def by_command_in_a_file(sort: str) -> list[str]:
    done = CliRunner().invoke(command.accounts, ["export", f"--sort={sort}"])
    assert done.exit_code == 0, (sort, done.output, done.exception)
    return [row["Name"] for row in csv.DictReader(io.StringIO(done.stdout.lstrip("\ufeff")))]


def test_every_order_a_page_offers_is_one_that_all_of_them_know() -> None:
    assert set(ORDERS) >= OFFERED
    assert set(ORDERS) - OFFERED == {"identifier"}  # it stands in the first column, with the name
    (option,) = [one for one in command.accounts.params if one.name == "sort"]
    for name in ORDERS:
        assert name in str(getattr(option, "help", ""))


def test_every_order_sorts_alike_wherever_it_is_asked_for(
    signed_in: Client, three: list[Account]
) -> None:
    caller = a_caller("read")

    def over_the_api(sort: str) -> list[str]:
        return [one["name"] for one in caller.get("accounts", sort=sort).json()["data"]]

    for name in ORDERS:
        for sort in (name, f"-{name}"):
            expected = by_page(signed_in, sort)
            assert len(expected) == 3
            assert over_the_api(sort) == expected, sort
            assert by_command(sort) == expected, sort
            assert len(by_command(sort, "--as-of", YESTERDAY)) == 3, sort
        assert by_command_in_a_file(name) == by_page(signed_in, name), name
        assert in_a_file(signed_in, name) == by_page(signed_in, name), name
    assert by_page(signed_in, "health") == ["Debtor 03", "Debtor 02", "Debtor 01"]


def test_an_order_there_is_not_is_refused_everywhere_with_what_there_is(
    signed_in: Client, three: list[Account]
) -> None:
    refused: list[Any] = [
        signed_in.get("/accounts/", {"sort": "colour"}).text,
        signed_in.get("/accounts/export/", {"sort": "colour"}).text,
        a_caller("read").get("accounts", sort="colour").text,
        *(
            str(CliRunner().invoke(command.accounts, words).exception)
            for words in (["--sort=colour"], ["export", "--sort=colour"])
        ),
    ]
    for told in refused:
        assert "Accounts cannot be sorted by “colour”." in told
        assert ", ".join(ORDERS) in told


def test_the_list_by_health_can_be_run_elsewhere(signed_in: Client, three: list[Account]) -> None:
    answer = signed_in.get("/accounts/", {"sort": "-health"})
    assert answer.context["as_command"] == "tenure accounts --sort=-health"
    assert "sort=-health" in answer.context["as_call"]
