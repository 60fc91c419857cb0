"""Customers changed by hand from the command line, the way scripts do it."""

import pytest

from tests.cli.conftest import US, Program


@pytest.fixture
def identifier(tenure: Program) -> str:
    """An account of a synced site."""
    tenure("site", "add", US.subdomain, "--region", "us", "--key-stdin", stdin=US.key)
    assert tenure("sync", "--json").status == 0
    found: str = tenure("accounts", "--limit", "1", "--json").json["data"][0]["identifier"]
    return found


def test_a_value_is_set_pinned_withstands_a_sync_and_has_a_history(
    tenure: Program, identifier: str
) -> None:
    done = tenure("account", "set", identifier, "company=Ours", "--json")
    assert (done.status, done.json["attributes"]["company"]["value"]) == (0, "Ours")
    assert done.json["attributes"]["company"]["source"] == "manual"
    assert f"{US.subdomain} replaces company at its next sync unless it is pinned." in done.err

    pinned = tenure(
        "account", "set", identifier, "company=Ours", "--pin", "Legal", "--until", "2099-12-31"
    )
    assert pinned.status == 0, pinned.err
    assert tenure("sync").status == 0
    shown = tenure("account", "show", identifier, "--json").json["attributes"]["company"]
    assert (shown["value"], bool(shown["pinned"])) == ("Ours", True)

    [entry] = tenure("account", "history", identifier, "company", "--json").json
    assert (entry["new"], entry["source"], entry["run"]) == ("Ours", "manual", None)
    assert "Ours" in tenure("account", "history", identifier).out

    assert tenure("site", "set", US.subdomain, "--no-pins", "--json").status == 0
    refused = tenure("account", "set", identifier, "company=Other", "--pin", "Legal")
    assert refused.status == 1
    assert "allows no pins" in refused.err
    assert tenure("sync").status == 0
    shown = tenure("account", "show", identifier, "--json").json["attributes"]["company"]
    assert shown["source"] == "sync"


def test_an_account_is_made_once_and_emptied_value_by_value(tenure: Program) -> None:
    made = tenure("account", "add", "T-900", "name=Neu GmbH", "--json")
    assert (made.status, made.json["name"], made.json["identifier"]) == (0, "Neu GmbH", "T-900")
    taken = tenure("account", "add", "T-900")
    assert taken.status == 1
    assert "is already taken by Neu GmbH" in taken.err
    assert tenure("account", "set", "T-900", "name=").status == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("T-1", "company"), "is not ATTRIBUTE=VALUE"),
        (("T-1", "a=1", "a=2"), "given twice"),
        (("T-1", "a=1", "--until", "2099-01-01"), "give --pin REASON too"),
        (("T-1", "a=1", "--pin", " "), "needs a reason"),
        (("T-1", "a=1", "--pin", "x", "--until", "2001-01-01"), "is over"),
        (("T-1",), "Missing argument"),
    ],
)
def test_wrong_usage_says_what_is_wrong(tenure: Program, words: tuple[str, ...], told: str) -> None:
    done = tenure("account", "set", *words)
    assert done.status == 2
    assert told in done.err


def test_an_unknown_account_or_attribute_changes_nothing(tenure: Program) -> None:
    assert tenure("account", "set", "nobody", "company=X").status == 1
    tenure("account", "add", "T-1")
    done = tenure("account", "set", "T-1", "mood=good")
    assert done.status == 1
    assert "There is no attribute 'mood'" in done.err


def test_a_subscriptions_attribute_is_set_pinned_and_let_go(
    tenure: Program, identifier: str
) -> None:
    assert tenure("mapping", "set", "order", "subscription.po_number").status == 0
    row = tenure("subscriptions", "--limit", "1", "--json").json["data"][0]
    where = (US.subdomain, row["recurly_id"])
    done = tenure("subscription", "set", *where, "order=PO-7", "--why", "They wrote", "--json")
    assert (done.status, done.json["attributes"]["order"]) == (0, "PO-7"), done.err
    assert done.json["sources"]["order"]["source"] == "manual"
    pinned = tenure("subscription", "set", *where, "order=PO-7", "--pin", "Legal")
    assert pinned.status == 0, pinned.err
    assert tenure("sync").status == 0
    shown = tenure("subscription", "show", *where, "--json").json
    assert shown["attributes"]["order"] == "PO-7"
    assert shown["sources"]["order"]["pinned"]
    assert "Legal" in tenure("subscription", "show", *where).out
    assert tenure("subscription", "unpin", *where, "order").status == 0
    assert "is not pinned" in tenure("subscription", "unpin", *where, "order").err
    entries = tenure("subscription", "history", *where, "order", "--json").json
    assert (entries[0]["new"], entries[0]["reason"]) == ("PO-7", "They wrote")
    assert tenure("subscription", "set", *where, "quantity=9").status == 1
    assert tenure("subscription", "show", US.subdomain, "nobody").status == 1
