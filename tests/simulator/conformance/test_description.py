"""Every answer about a generated business is as Recurly's own description says."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tenure.simulator.expected_keys import differences
from tenure.simulator.server import Served
from tenure.simulator.store import SiteStore
from tenure.simulator.table import encode
from tenure.simulator.wire.catalogue import ROOTS
from tenure.simulator.world import World
from tests.simulator.conformance.description import Description
from tests.simulator.wire.double import Client

# What the simulator does not pretend to have.
NOT_SIMULATED = (
    "/export_dates",
    "/accounts/{account_id}/notes/",
    "/preview_renewal",
    ".pdf",
)
SITES = ("acme-us", "acme-eu")
EXAMPLES = 5
KINDS = set(
    "sites accounts add_ons coupon_redemptions coupons credit_payments custom_field_definitions "
    "invoices items line_items measured_units plans subscriptions transactions".split()
)
OBJECTS = {"acquisitions": "account_acquisition"}


def client_of(served: Served, name: str) -> Client:
    store = served.simulator.world.sites[name]
    return Client(served.address(store.region), next(iter(store.keys)))


def ways(path: str, site: SiteStore) -> list[str]:
    """Real paths for a described one: its names filled in from the records there are."""
    kinds = re.findall(r"/([a-z_]+)/\{", path)
    if not kinds:
        return [path]
    if kinds == ["sites"]:
        return [f"/sites/{site.id}"]
    found = []
    for record in list(site.all(kinds[0]))[:: max(1, site.count(kinds[0]) // EXAMPLES)]:
        way = re.sub(r"\{\w+\}", record["id"], path, count=1)
        child = inner_id(kinds[1], record) if len(kinds) > 1 else ""
        if child is not None:
            found.append(re.sub(r"\{\w+\}", child, way))
    return found


def inner_id(kind: str, record: dict[str, Any]) -> str | None:
    """The id of the first record of a kind inside another."""
    if kind == "billing_infos":
        inside = [record["billing_info"]] if record["billing_info"] else []
    elif kind == "add_ons" and record["object"] == "subscription":
        inside = [held["add_on"] for held in record["add_ons"]]
    else:
        inside = record.get(kind) or []
    return inside[0]["id"] if inside else None


@pytest.mark.parametrize("name", SITES)
def test_every_described_reading_answers_as_described(
    served: Served, business: World, description: Description, name: str
) -> None:
    client, wrong, answered = client_of(served, name), [], 0
    for operation in description.readings():
        if any(part in operation.path for part in NOT_SIMULATED):
            continue
        for way in ways(operation.path, business.sites[name]):
            reply = client.get(way)
            if reply.status == 404 and "{" in operation.path:
                continue
            assert reply.status == 200, (way, reply.body)
            answered += 1
            wrong += [f"{way}: {x}" for x in description.faults(operation.schema, reply.json())]
    assert wrong[:20] == []
    assert answered > 100


@pytest.mark.parametrize("name", SITES)
def test_every_record_validates(
    served: Served, business: World, description: Description, name: str
) -> None:
    client, wrong = client_of(served, name), set()
    for operation in description.readings():
        kind = operation.path.removeprefix("/")
        if kind in ROOTS and business.sites[name].count(kind):
            for page in pages(client, kind):
                wrong |= {f"{kind}: {x}" for x in description.faults(operation.schema, page)}
    assert sorted(wrong)[:20] == []


@pytest.mark.parametrize("name", SITES)
def test_every_record_has_exactly_the_documented_keys(
    served: Served, business: World, name: str
) -> None:
    client, wrong, seen = client_of(served, name), set(), set()
    accounts = [account["id"] for account in business.sites[name].all("accounts")]
    paths = [kind for kind in ROOTS if business.sites[name].count(kind)]
    for path in [*paths, "sites", *(f"accounts/{id_}/coupon_redemptions" for id_ in accounts)]:
        kind = path.rsplit("/", 1)[-1]
        for page in pages(client, path):
            for record in page["data"]:
                wrong |= set(differences(OBJECTS.get(kind, kind.removesuffix("s")), record))
                seen.add(kind)
    assert wrong == set()
    assert seen >= KINDS


def pages(client: Client, path: str) -> Iterator[dict[str, Any]]:
    listing = ROOTS.get(path)
    following = f"/{path}?limit=200" if listing and "limit" in listing.allowed else f"/{path}"
    while following:
        page = client.get(following).json()
        yield page
        following = page["next"]


def test_the_described_lists_are_all_there(description: Description) -> None:
    described = {op.path[1:] for op in description.readings() if op.path.count("/") == 1}
    assert described - set(ROOTS) == {"sites", "export_dates"}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"state": "dormant"}, "'dormant' is not"),
        ({"created_at": "2026-01-01T00:00:00.5Z"}, "is not a 'date-time'"),
        ({"id": "longer-than-thirteen"}, "is too long"),
        ({"custom_fields": [{"name": "two words", "value": "x"}]}, "does not match"),
        ({"has_live_subscription": "yes"}, "is not of type 'boolean'"),
    ],
)
def test_the_check_notices_what_is_wrong(
    business: World, description: Description, change: dict[str, Any], complaint: str
) -> None:
    account = json.loads(encode(next(business.sites["acme-us"].all("accounts"))))
    assert description.faults("Account", account) == []
    assert complaint in "".join(description.faults("Account", account | change))


def test_a_missing_or_unknown_key_is_noticed(business: World) -> None:
    account = dict(next(business.sites["acme-us"].all("accounts")))
    del account["email"]
    account["address"] = {**account["address"], "planet": "Earth"}
    assert differences("account", account) == [
        "account has no email",
        "account.address has an unknown planet",
    ]
