"""Recurly's own Python client, in strict mode, reads the simulator as if it were Recurly."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tenure.simulator.server import Served
from tenure.simulator.store import SiteStore
from tenure.simulator.world import World

Seen = dict[str, Any]


@pytest.fixture(scope="module")
def seen(served: Served) -> Seen:
    """What the client saw of the American site; it raises at the first property it does not know."""
    port = served.us.rpartition(":")[2]
    program = Path(__file__).with_name("official.py")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(program), port, "key-us"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: Seen = json.loads(done.stdout)
    assert found["strict"] is True
    return found


@pytest.fixture
def site(business: World) -> SiteStore:
    return business.sites["acme-us"]


def test_it_pages_through_every_list_in_order(seen: Seen, site: SiteStore) -> None:
    for kind, ids in seen["ids"].items():
        records = [site.site] if kind == "sites" else list(site.all(kind))
        ordered = sorted(records, key=lambda record: (record["updated_at"], record["id"]))
        if kind == "dunning_campaigns":
            ordered = sorted(ordered, key=lambda r: (r["created_at"], r["id"]), reverse=True)
        assert ids == [record["id"] for record in ordered], kind
    assert len(seen["ids"]["invoices"]) > 100


def test_its_counts_are_right(seen: Seen, site: SiteStore) -> None:
    for kind, total in seen["counts"].items():
        assert total == (1 if kind == "sites" else site.count(kind)), kind


def test_it_gets_single_objects_by_id_and_by_their_other_name(seen: Seen, site: SiteStore) -> None:
    for kind, good in seen["singles"].items():
        assert good == (1 if kind == "sites" else min(5, site.count(kind))), kind


def test_it_reads_the_lists_below_a_parent(seen: Seen, site: SiteStore) -> None:
    first = sorted(site.all("accounts"), key=lambda r: (r["updated_at"], r["id"]))[:15]
    for method, kind in (
        ("list_account_invoices", "invoices"),
        ("list_account_subscriptions", "subscriptions"),
        ("list_account_transactions", "transactions"),
        ("list_account_coupon_redemptions", "coupon_redemptions"),
    ):
        expected = sum(len(site.of_account(kind, account["id"])) for account in first)
        assert seen["below"][method] == expected
    assert seen["below"]["list_plan_add_ons"] > 0
    assert seen["below"]["list_subscription_invoices"] > 0
    assert seen["below"]["list_invoice_line_items"] > 0


def test_it_reads_balances_and_picks_by_ids(seen: Seen) -> None:
    assert seen["balances"] == ["account_balance"] * 5
    assert seen["picked"] is True


def test_it_recognises_our_refusals(seen: Seen) -> None:
    assert seen["refusals"] == {
        "unknown object": "NotFoundError",
        "bad parameter": "BadRequestError",
        "unknown key": "UnauthorizedError",
    }
