"""The control interface changes the world behind the wire, and tells what happened on it."""

import asyncio
import http.client
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from tenure.core.clock import FastClock, SystemClock
from tenure.simulator.server import Served, running, running_in_thread
from tenure.simulator.store import SiteStore
from tests.simulator.wire.double import KEY, Client, FixedWorld, an_account


def test_a_change_is_visible_at_once(site: SiteStore, client: Client) -> None:
    site.put("accounts", an_account("a1", company="Old"))
    spec = {"action": "rename", "site": "acme", "id": "a1", "company": "New"}
    assert client.control("POST", "change", spec).json()["record"]["company"] == "New"
    assert client.get("/accounts/a1").json()["company"] == "New"
    assert client.get("/accounts").json()["data"][0]["company"] == "New"


def test_what_cannot_be_done_is_said_in_a_sentence(client: Client) -> None:
    for path, body, words in (
        ("change", {"action": "explode"}, "there is no action 'explode'"),
        ("fault", {"fault": "gremlins"}, "there is no fault 'gremlins'"),
        ("key", {"site": "acme"}, "name a key to add or to revoke"),
        ("key", {"site": "nowhere", "add": "k"}, "there is no site 'nowhere' here"),
        ("rate", {"site": "acme"}, "limit is missing"),
        ("clock", {"to": "2020-01-01"}, "time does not go back"),
        ("clock", [1], "Expected `object`, got `array`"),
    ):
        reply = client.control("POST", path, body)
        assert reply.status == 400
        assert words in reply.json()["error"]


def test_time_passes_when_told(client: Client) -> None:
    assert client.control("GET", "clock").json() == {"now": "2026-03-02T12:00:00Z"}
    moved = client.control("POST", "clock", {"advance_days": 2, "advance_seconds": 1})
    assert moved.json() == {"now": "2026-03-04T12:00:01Z"}
    client.control("POST", "clock", {"to": "2026-04-01T00:00:00"})
    assert client.get("/accounts").headers["Date"] == "Wed, 01 Apr 2026 00:00:00 GMT"


def test_faults_are_added_listed_and_lifted(client: Client) -> None:
    added = client.control("POST", "fault", {"fault": "status", "args": {"status": 502}}).json()
    assert client.get("/accounts").status == 502
    listed = client.control("GET", "fault").json()["faults"]
    assert [(rule["number"], rule["struck"]) for rule in listed] == [(1, 1)]
    client.control("DELETE", f"fault?number={added['faults'][0]['number']}")
    assert client.get("/accounts").status == 200


def test_a_new_set_of_faults_can_replace_the_old(client: Client) -> None:
    client.control("POST", "fault", {"fault": "status"})
    rules = [{"fault": "miscount"}, {"fault": "late", "args": {"seconds": 1}}]
    client.control("POST", "fault", {"clear": True, "rules": rules})
    listed = client.control("GET", "fault").json()["faults"]
    assert [rule["fault"] for rule in listed] == ["miscount", "late"]


def test_the_truth_is_the_worlds_own_or_every_record(site: SiteStore, client: Client) -> None:
    site.put("accounts", an_account("a1"))
    assert client.control("GET", "truth").json() == {"sites": {"acme": 1}}
    full = client.control("GET", "truth?full=1&kind=accounts").json()
    assert [record["id"] for record in full["sites"]["acme"]["accounts"]] == ["a1"]


def test_the_log_tells_every_request_but_no_key(client: Client) -> None:
    client.get("/accounts?limit=5")
    client.get("/nothing")
    client.get("/accounts", Authorization=None)
    reply = client.control("GET", "log")
    entries = reply.json()["requests"]
    assert [(e["path"], e["site"], e["status"]) for e in entries] == [
        ("/accounts?limit=5", "acme", 200),
        ("/nothing", "acme", 404),
        ("/accounts", None, 401),
    ]
    assert entries[0]["key"] == entries[1]["key"] != entries[2]["key"]
    assert KEY not in reply.body.decode()
    later = client.control("GET", f"log?after={entries[1]['number']}").json()["requests"]
    assert later[0]["status"] == 401
    assert client.control("DELETE", "log").json() == {"requests": []}


def test_the_log_names_the_faults_a_request_met(client: Client) -> None:
    client.control("POST", "fault", {"fault": "miscount"})
    client.get("/accounts")
    assert client.control("GET", "log").json()["requests"][0]["faults"] == ["miscount"]


def test_keys_come_and_go(served: Served, client: Client) -> None:
    client.control("POST", "key", {"site": "acme", "add": "second"})
    assert Client(served.us, "second").get("/accounts").status == 200
    client.control("POST", "key", {"revoke": KEY})
    assert client.get("/accounts").status == 401
    client.control("POST", "key", {"revoke": KEY, "status": 403})
    assert client.get("/accounts").error()["type"] == "invalid_api_key"
    client.control("POST", "key", {"site": "acme", "add": KEY})
    assert client.get("/accounts").status == 200


def test_a_site_can_be_given_another_limit(client: Client) -> None:
    client.control("POST", "rate", {"site": "acme", "limit": 1})
    assert [client.get("/accounts").status for _ in range(2)] == [200, 429]


def test_no_web_page_can_use_it(served: Served) -> None:
    address = urlsplit(served.us).netloc
    connection = http.client.HTTPConnection(address, timeout=10)
    connection.request("POST", "/_control/clock", b"{}", {"Origin": "http://elsewhere.example"})
    assert connection.getresponse().status == 403
    connection.close()


def test_a_world_that_cannot_follow_its_clock_is_reported(site: SiteStore) -> None:
    class Broken(FixedWorld):
        def advance_to(self, instant: datetime) -> None:
            raise RuntimeError("the world is flat")

    told: list[str] = []

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: told.append(str(context["exception"])))
        async with running(Broken(site), clock=SystemClock()) as served:
            assert served.following is not None
            await asyncio.wait([served.following], timeout=10)

    with pytest.raises(RuntimeError, match="flat"):
        asyncio.run(serve())
    assert told == ["the world is flat"]


def test_a_world_keeps_up_with_the_clock_it_follows(site: SiteStore) -> None:
    start = datetime(2026, 3, 2, 12, tzinfo=UTC)
    clock = FastClock(datetime.now(UTC), start, speed=86_400.0)
    world = FixedWorld(site)
    with running_in_thread(world, clock=clock):
        until = time.monotonic() + 10
        while world.now() < start + timedelta(days=1) and time.monotonic() < until:
            time.sleep(0.05)
    assert world.now() >= start + timedelta(days=1)
