"""Who may ask, in which version, and how often."""

import gzip
import socket
import time
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.simulator.server import Served, running_in_thread
from tenure.simulator.settings import Settings
from tenure.simulator.store import SiteStore
from tests.simulator.wire.double import NOW, Client, FixedWorld, a_site, an_account


def test_every_good_answer_says_version_request_and_time(client: Client) -> None:
    headers = client.get("/accounts").headers
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["Recurly-Version"] == "recurly.v2021-02-25"
    assert len(headers["X-Request-Id"]) == 36
    assert headers["Date"] == "Mon, 02 Mar 2026 12:00:00 GMT"


@pytest.mark.parametrize("authorization", [None, "Basic !!!", "Bearer x", "Basic Og=="])
def test_without_a_key_the_answer_is_401(client: Client, authorization: str | None) -> None:
    reply = client.get("/accounts", Authorization=authorization)
    assert (reply.status, reply.error()["type"]) == (401, "unauthorized")
    assert "X-RateLimit-Limit" not in reply.headers
    assert reply.headers["X-Request-Id"]


def test_a_key_that_belongs_to_no_site_is_401(served: Served) -> None:
    assert Client(served.us, "made-up").get("/accounts").status == 401


def test_a_key_opens_its_own_site_only() -> None:
    one, two = a_site("one"), a_site("two")
    one.put("accounts", an_account("a1"))
    two.put("accounts", an_account("a2"))
    with running_in_thread(FixedWorld(one, two)) as served:
        assert Client(served.us, "key-of-one").get("/accounts").ids() == ["a1"]
        assert Client(served.us, "key-of-two").get("/accounts").ids() == ["a2"]
        assert Client(served.us, "key-of-two").get("/sites").ids() == ["idtwo"]


def test_a_european_key_is_unknown_at_the_american_address() -> None:
    with running_in_thread(FixedWorld(a_site("acme", region="eu"))) as served:
        assert Client(served.us).get("/sites").status == 401
        assert Client(served.eu).get("/sites").ids() == ["idacme"]


@pytest.mark.parametrize(
    "accept", [None, "application/json", "application/vnd.recurly.v2019-10-10"]
)
def test_another_version_is_406_with_the_versions_there_are(
    client: Client, accept: str | None
) -> None:
    reply = client.get("/accounts", Accept=accept)
    assert (reply.status, reply.error()["type"]) == (406, "invalid_api_version")
    assert "application/vnd.recurly.v2021-02-25" in reply.error()["acceptable_accept_headers"]


def test_the_version_may_say_json(client: Client) -> None:
    assert client.get("/accounts", Accept="application/vnd.recurly.v2021-02-25+json").status == 200


def test_nothing_can_be_written_and_the_attempt_is_remembered(
    served: Served, client: Client
) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        reply = client.get("/accounts/a1", method)
        assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD")
    log = client.control("GET", "log").json()["requests"]
    assert [entry["method"] for entry in log] == ["POST", "PUT", "DELETE", "PATCH"]


def test_the_window_counts_down_and_then_refuses(site: SiteStore) -> None:
    with running_in_thread(FixedWorld(site), settings=Settings(rate_limit=2)) as served:
        client = Client(served.us)
        left = [client.get("/accounts").headers["X-RateLimit-Remaining"] for _ in range(2)]
        refused = client.get("/accounts")
    assert left == ["1", "0"]
    assert (refused.status, refused.error()["type"]) == (429, "rate_limited")
    assert refused.headers["X-RateLimit-Limit"] == "2"
    assert "Retry-After" not in refused.headers
    wait = int(refused.headers["X-RateLimit-Reset"]) - NOW.timestamp()
    assert 240 <= wait <= 300


def test_the_window_opens_again_at_its_reset(site: SiteStore) -> None:
    quick = Settings(rate_limit=1, minute=0.3)
    with running_in_thread(FixedWorld(site), settings=quick) as served:
        client = Client(served.us)
        assert [client.get("/accounts").status for _ in range(2)] == [200, 429]
        time.sleep(1.6)
        assert client.get("/accounts").status == 200


@pytest.mark.parametrize(("mode", "left"), [("production", "4999"), ("sandbox", "1998")])
def test_counting_is_free_in_production_only(mode: str, left: str) -> None:
    with running_in_thread(FixedWorld(a_site(mode=mode))) as served:
        client = Client(served.us)
        client.head("/accounts")
        assert client.get("/accounts").headers["X-RateLimit-Remaining"] == left


def test_one_site_does_not_use_up_the_window_of_another() -> None:
    world = FixedWorld(a_site("one"), a_site("two"))
    with running_in_thread(world, settings=Settings(rate_limit=1)) as served:
        for name in ("one", "two"):
            assert Client(served.us, f"key-of-{name}").get("/accounts").status == 200


def test_answers_wait_as_long_as_the_latency_says(site: SiteStore) -> None:
    with running_in_thread(FixedWorld(site), settings=Settings(latency=0.2)) as served:
        began = time.monotonic()
        Client(served.us).get("/accounts")
    assert time.monotonic() - began >= 0.2


def test_compression_is_for_those_who_ask(site: SiteStore) -> None:
    site.put("accounts", an_account("a1"))
    with running_in_thread(FixedWorld(site), settings=Settings(gzip=True)) as served:
        client = Client(served.us)
        packed = client.get("/accounts", Accept_Encoding="gzip")
        plain = client.get("/accounts")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body)[:20] == plain.body[:20]
    assert "Content-Encoding" not in plain.headers


def test_a_stalled_request_does_not_hold_up_the_end(site: SiteStore) -> None:
    with running_in_thread(FixedWorld(site)) as served:
        served.call(lambda simulator: simulator.faults.add({"fault": "stall"}))
        asking = socket.create_connection(("127.0.0.1", int(served.us.rpartition(":")[2])))
        asking.sendall(b"GET /accounts HTTP/1.1\r\nHost: x\r\n\r\n")
        until = time.monotonic() + 5
        while not served.simulator.log.entries() and time.monotonic() < until:
            time.sleep(0.01)
        began = time.monotonic()
    assert time.monotonic() - began < 20  # it is stalled for an hour
    asking.close()


ODD = st.text(st.sampled_from("ab1/%?&=-:;.,+é\0 [({<#"), max_size=12)
WORDS = st.sampled_from(
    "accounts invoices sites code- uuid- number- add_ons plans ids limit".split()
)


@given(st.lists(ODD | WORDS, max_size=4), st.lists(st.tuples(ODD | WORDS, ODD), max_size=3))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_address_however_odd_breaks_it(
    client: Client, parts: list[str], query: list[tuple[str, str]]
) -> None:
    path = "/" + "/".join(quote(part, safe="") for part in parts)
    reply = client.get(f"{path}?{urlencode(query)}")
    assert reply.status in (200, 400, 404)
    assert reply.status == 200 or reply.error()["type"] in ("bad_request", "not_found")
