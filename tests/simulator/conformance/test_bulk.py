"""The bulk business of the benchmarks is made otherwise, and no less by the book."""

from collections.abc import Iterator

import pytest

from tenure.simulator.expected_keys import differences
from tenure.simulator.server import running_in_thread
from tenure.simulator.world import SiteSpec
from tenure.simulator.world.bulk import bulk
from tests.simulator.conformance.conftest import TODAY
from tests.simulator.conformance.description import Description
from tests.simulator.wire.double import Client

KINDS = {
    "accounts": "Account",
    "subscriptions": "Subscription",
    "invoices": "Invoice",
    "line_items": "LineItem",
    "transactions": "Transaction",
    "plans": "Plan",
}


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with running_in_thread(bulk(SiteSpec("big", "key-big"), accounts=120, until=TODAY)) as served:
        yield Client(served.us, "key-big")


@pytest.mark.parametrize("kind", KINDS)
def test_its_lists_are_complete_and_well_formed(client: Client, kind: str) -> None:
    total = client.total(f"/{kind}")
    page = client.get(f"/{kind}?limit=50&sort=updated_at&order=asc").json()
    wrong = {x for record in page["data"] for x in differences(kind.removesuffix("s"), record)}
    assert wrong == set()
    ids = client.walk(f"/{kind}?limit=50&sort=updated_at&order=asc")
    assert len(ids) == len(set(ids)) == total >= 12


@pytest.mark.parametrize("kind", KINDS)
def test_its_records_are_as_described(client: Client, description: Description, kind: str) -> None:
    records = client.get(f"/{kind}?limit=50").json()["data"]
    wrong = {x for record in records for x in description.faults(KINDS[kind], record)}
    assert wrong == set()
