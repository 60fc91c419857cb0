"""Whose records are, on the command line: the unidentified, conflicts, merges, another identifier."""

import json
from contextlib import nullcontext
from importlib import import_module
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tenure.cli import database
from tenure.connections.models import Site
from tenure.customers.models import Account, BillingAccount
from tests.builders import a_site
from tests.identity.pages import TENANT, a_rule, accounts, links, payer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _database_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "opened", nullcontext)


@pytest.fixture
def site(db: None) -> Site:
    """Three customers of whom one changed its identifier, and a record without one."""
    site = a_site()
    a_rule()
    accounts(site, *(payer(f"acc{n}", f"T-{n}") for n in (1, 2, 3)), payer("acc4", None))
    accounts(site, payer("acc3", "T-9"))
    return site


def run(place: str, *words: str) -> Result:
    module, _, name = place.partition(":")
    return CliRunner().invoke(getattr(import_module(f"tenure.cli.{module}"), name), list(words))


def told(place: str, *words: str) -> Any:
    done = run(place, *words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_unidentified_are_listed_and_exported(site: Site) -> None:
    [waiting] = told("identities:unidentified")
    assert (waiting["object"], waiting["recurly_id"]) == ("account", "acc4")
    assert waiting["reason"] == f"{TENANT} is empty."
    assert len(run("identities:unidentified", "--csv").stdout.splitlines()) == 2
    assert told("identities:unidentified", "--unallocated") == []


def test_a_conflict_is_explained_and_resolved(site: Site) -> None:
    [found] = told("identities:conflicts")
    assert (found["kind"], found["old"], found["new"]) == ("changed", "T-3", "T-9")
    number = str(found["id"])
    plan = told("identities:conflicts", "--resolve", number, "--plan")
    assert [one["resolution"] for one in plan["options"]] == ["keep", "rekey", "new_account"]
    done = told("identities:conflicts", "--resolve", number, "--as", "rekey")
    assert (done["state"], done["resolution"]) == ("resolved", "rekey")
    assert links(BillingAccount)["acc3"] == "T-9"
    assert told("identities:conflicts") == []


def test_accounts_are_merged_after_a_plan_and_taken_apart(site: Site) -> None:
    plan = told("accounts:account", "merge", "T-1", "T-2", "--plan")
    assert (plan["kept"], plan["moves"]["billing_accounts"]) == ("T-1", 1)
    assert links(BillingAccount)["acc2"] == "T-2"
    made = told("accounts:account", "merge", "T-1", "T-2")["merge"]
    assert links(BillingAccount)["acc2"] == "T-1"
    told("accounts:account", "unmerge", str(made))
    assert links(BillingAccount)["acc2"] == "T-2"


def test_another_identifier_is_foreseen_and_chosen(site: Site) -> None:
    words = ("set", "account.code", "--source", "recurly")
    plan = told("identifiers:identifier", *words, "--plan")
    assert (plan["rekeyed"], plan["unidentified"]) == (3, 0)
    assert told("identifiers:identifier", *words)["rekeyed"] == 3
    named = Account.objects.filter(removed_at=None).values_list("identifier", flat=True)
    assert sorted(named) == ["ACC1", "ACC2", "ACC3", "ACC4"]
