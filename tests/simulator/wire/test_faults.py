"""Each fault does to the client what its name says, to the requests its rule picks."""

import http.client
import inspect
import time
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest

from tenure.simulator.faults import answering
from tenure.simulator.faults.plan import FaultPlan
from tenure.simulator.faults.registry import FAULTS
from tenure.simulator.server import Served
from tenure.simulator.store import SiteStore
from tests.simulator.wire.double import NOW, Client, an_account

BROKEN = (http.client.IncompleteRead, ConnectionError, TimeoutError)


@pytest.fixture(autouse=True)
def _accounts(site: SiteStore) -> None:
    for n in range(6):
        site.put("accounts", an_account(f"a{n}", updated_at=f"2026-03-02T11:{n}0:00Z"))


def put_in_force(served: Served, fault: str, /, **rule: Any) -> None:
    served.call(lambda simulator: simulator.faults.add({"fault": fault, **rule}))


def test_429_may_name_a_wait_or_not(served: Served, client: Client) -> None:
    put_in_force(served, "rate_limited", nth=1, args={"retry_after": 7})
    put_in_force(served, "rate_limited", nth=2, args={"headers": False})
    put_in_force(served, "rate_limited", nth=3, args={"reset": -30, "unit": "ms"})
    named, bare, past = (client.get("/accounts") for _ in range(3))
    assert [r.error()["type"] for r in (named, bare, past)] == ["rate_limited"] * 3
    assert named.headers["Retry-After"] == "7"
    assert "X-RateLimit-Reset" not in bare.headers
    assert int(past.headers["X-RateLimit-Reset"]) == (NOW.timestamp() - 30) * 1000
    assert client.get("/accounts").status == 200


def test_edge_errors_are_html_and_others_the_envelope(served: Served, client: Client) -> None:
    put_in_force(served, "status", nth=1, args={"status": 502})
    put_in_force(served, "status", nth=2, args={"status": 503, "retry_after": 3})
    put_in_force(served, "status", nth=3, args={"status": 500, "json": True})
    put_in_force(served, "status", nth=4, args={"status": 403})
    edge, busy, inner, forbidden = (client.get("/accounts") for _ in range(4))
    assert (edge.status, edge.headers["Content-Type"]) == (502, "text/html; charset=utf-8")
    assert edge.body.startswith(b"<!DOCTYPE html>")
    assert (busy.status, busy.headers["Retry-After"]) == (503, "3")
    assert inner.error()["type"] == "internal_server_error"
    assert (forbidden.status, forbidden.error()["type"]) == (403, "invalid_api_key")


def test_a_stall_delays_the_answer(served: Served, client: Client) -> None:
    put_in_force(served, "stall", args={"seconds": 0.3})
    began = time.monotonic()
    assert len(client.get("/accounts").ids()) == 6
    assert time.monotonic() - began >= 0.3


def test_what_is_held_is_answered_once_the_rule_is_lifted(served: Served, client: Client) -> None:
    put_in_force(served, "hold", match={"path": "/accounts"}, **{"from": 2})
    assert len(client.get("/accounts").ids()) == 6
    assert client.get("/plans").status == 200
    with ThreadPoolExecutor(1) as beside:
        held = beside.submit(client.get, "/accounts")
        wait([held], timeout=0.3)
        assert not held.done()
        served.call(lambda simulator: simulator.faults.clear())
        assert len(held.result(timeout=10).ids()) == 6


def test_a_stalled_or_dripping_body_arrives_whole_in_the_end(
    served: Served, client: Client
) -> None:
    put_in_force(served, "stall_body", nth=1, args={"seconds": 0.3})
    put_in_force(served, "drip", nth=2, args={"size": 400, "seconds": 0.05})
    for _ in range(2):
        began = time.monotonic()
        assert len(client.get("/accounts").ids()) == 6
        assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize("fault", ["truncate", "reset"])
@pytest.mark.parametrize("at", [0, 0.5, 100])
def test_a_cut_body_never_looks_complete(
    served: Served, client: Client, fault: str, at: float
) -> None:
    put_in_force(served, fault, args={"at": at})
    with pytest.raises(BROKEN):
        client.get("/accounts")


def test_an_honestly_short_body_is_only_bad_json(served: Served, client: Client) -> None:
    put_in_force(served, "truncate", args={"at": 0.9, "honest": True})
    reply = client.get("/accounts")
    assert len(reply.body) == int(reply.headers["Content-Length"])
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        reply.json()


def test_an_empty_page_that_has_more_hides_nothing(served: Served, client: Client) -> None:
    put_in_force(served, "empty_page", nth=[1, 3])
    first = client.get("/accounts?limit=4&order=asc").json()
    assert (first["data"], first["has_more"]) == ([], True)
    assert client.walk(first["next"]) == [f"a{n}" for n in range(6)]


def test_next_may_repeat_vanish_or_lead_away(served: Served, client: Client) -> None:
    put_in_force(served, "repeated_next", nth=1)
    put_in_force(served, "null_next", nth=2)
    put_in_force(served, "foreign_next", nth=3, args={"host": "http://elsewhere.example"})
    put_in_force(served, "absolute_next", nth=4, args={"base": served.us})
    path = "/accounts?limit=2"
    repeated, none, foreign, absolute = (client.get(path).json() for _ in range(4))
    assert (repeated["has_more"], repeated["next"]) == (True, path)
    assert (none["has_more"], none["next"]) == (True, None)
    assert foreign["next"] == f"http://elsewhere.example{path}"
    assert absolute["next"].startswith(f"{served.us}/accounts?cursor=")


def test_cursors_can_be_made_to_expire(served: Served, client: Client) -> None:
    following = client.get("/accounts?limit=2").json()["next"]
    put_in_force(served, "expire_cursor", args={"after": 0.2})
    assert client.get(following).status == 200
    time.sleep(0.25)
    refused = client.get(following)
    assert (refused.status, refused.error()["message"]) == (400, "cursor has expired")
    assert client.get("/accounts?limit=2").status == 200


def test_counts_can_be_wrong(served: Served, client: Client) -> None:
    put_in_force(served, "miscount", args={"by": -2})
    assert client.total("/accounts") == 4


def test_lists_can_shrink_without_any_record_being_gone(served: Served, client: Client) -> None:
    put_in_force(served, "shrunken_list", match={"path": "/accounts"}, args={"keep": 0})
    assert client.get("/accounts").ids() == []
    assert client.total("/accounts") == 0
    assert client.get("/accounts/a1").status == 200


def test_late_records_are_not_listed_yet(served: Served, client: Client) -> None:
    put_in_force(served, "late", args={"seconds": 45 * 60})
    assert client.get("/accounts?order=asc").ids() == ["a0", "a1"]
    assert client.total("/accounts") == 2


def test_the_date_can_be_skewed(served: Served, client: Client) -> None:
    put_in_force(served, "date_skew", args={"seconds": -86_400})
    assert client.get("/accounts").headers["Date"] == "Sun, 01 Mar 2026 12:00:00 GMT"


def test_a_redirect_leads_elsewhere(served: Served, client: Client) -> None:
    put_in_force(served, "redirect", args={"to": "http://elsewhere.example/"})
    reply = client.get("/accounts")
    assert (reply.status, reply.headers["Location"]) == (302, "http://elsewhere.example/")


def test_bytes_can_be_no_text_at_all(served: Served, client: Client) -> None:
    put_in_force(served, "invalid_utf8")
    with pytest.raises(UnicodeDecodeError):
        client.get("/accounts").json()


def test_a_body_can_be_something_else(served: Served, client: Client) -> None:
    put_in_force(served, "replace_body", nth=1, args={"body": "<p>", "content_type": "text/html"})
    put_in_force(served, "replace_body", nth=2, args={"body": "{}", "bom": True})
    put_in_force(served, "wrong_content_type", nth=3)
    html, blank, misnamed = (client.get("/accounts") for _ in range(3))
    assert (html.body, html.headers["Content-Type"]) == (b"<p>", "text/html")
    assert blank.body == b"\xef\xbb\xbf{}"
    assert misnamed.headers["Content-Type"].startswith("text/html")
    assert len(misnamed.ids()) == 6


def test_records_can_gain_change_and_lose_properties(served: Served, client: Client) -> None:
    put_in_force(served, "extra_fields", args={"count": 1})
    drift = {"set": {"state": "dormant"}, "drop": ["email"], "ids": ["a1"]}
    put_in_force(served, "edit_records", args=drift)
    records = {record["id"]: record for record in client.get("/accounts").json()["data"]}
    assert records["a1"]["state"] == "dormant"
    assert "email" not in records["a1"]
    assert "email" in records["a2"]
    assert records["a2"]["unheard_of_1"]["value"] == 1
    assert client.get("/accounts/a1").json()["state"] == "dormant"


def test_ties_can_come_in_any_order_but_nothing_else(
    served: Served, client: Client, site: SiteStore
) -> None:
    for n in range(20):
        site.put("accounts", an_account(f"t{n:02}", updated_at="2026-03-02T11:25:00Z"))
    path = "/accounts?limit=10&sort=updated_at&order=asc"
    plain = client.walk(path)
    put_in_force(served, "shuffled_ties")
    shuffled = client.walk(path)
    assert shuffled != plain
    assert sorted(shuffled) == sorted(plain)
    assert shuffled[:3] == plain[:3] == ["a0", "a1", "a2"]


def statuses(client: Client, count: int, path: str = "/accounts") -> list[int]:
    return [client.get(path).status for _ in range(count)]


@pytest.mark.parametrize(
    ("choice", "struck"),
    [
        ({"nth": 2}, [2]),
        ({"nth": [1, 4]}, [1, 4]),
        ({"every": 2}, [2, 4, 6]),
        ({"from": 5}, [5, 6]),
        ({"from": 2, "times": 2}, [2, 3]),
        ({"chance": 0}, []),
        ({}, [1, 2, 3, 4, 5, 6]),
    ],
)
def test_a_rule_picks_requests_by_position(
    served: Served, client: Client, choice: dict[str, Any], struck: list[int]
) -> None:
    put_in_force(served, "status", **choice)
    found = statuses(client, 6)
    assert [n for n, status in enumerate(found, 1) if status == 500] == struck


def test_a_rule_counts_only_what_it_matches(served: Served, client: Client) -> None:
    match = {"path": "/inv*", "method": "GET", "site": "acme", "query": {"state": "*"}}
    put_in_force(served, "status", match=match, nth=1)
    assert statuses(client, 2) == [200, 200]
    assert client.head("/invoices?state=paid").status == 200
    assert client.get("/invoices").status == 200
    assert client.get("/invoices?state=paid").status == 500


def test_a_rule_for_a_site_leaves_others_alone(served: Served, client: Client) -> None:
    put_in_force(served, "status", match={"site": "another"})
    assert client.get("/accounts").status == 200


def test_a_scoped_path_is_matched_without_its_scope(served: Served, client: Client) -> None:
    put_in_force(served, "status", match={"path": "/accounts"})
    assert client.get("/sites/subdomain-acme/accounts").status == 500


def test_the_same_seed_draws_the_same_lots(served: Served, client: Client) -> None:
    drawn = []
    for _ in range(2):
        put_in_force(served, "status", chance=0.5, seed=3)
        drawn.append(statuses(client, 12))
        served.call(lambda simulator: simulator.faults.clear())
    assert drawn[0] == drawn[1]
    assert set(drawn[0]) == {200, 500}


def test_several_faults_can_meet_one_request(served: Served, client: Client) -> None:
    put_in_force(served, "date_skew", args={"seconds": 60})
    put_in_force(served, "miscount")
    reply = client.head("/accounts")
    assert reply.headers["Date"] == "Mon, 02 Mar 2026 12:01:00 GMT"
    assert reply.headers["Recurly-Total-Records"] == "7"


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"fault": "gremlins"},
        {"fault": "stall", "args": {"minutes": 1}},
        {"fault": "redirect"},
        {"fault": "status", "match": {"colour": "red"}},
        {"fault": "status", "when": "always"},
        {"fault": "status", "every": 0},
    ],
)
def test_a_rule_that_could_not_work_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"fault|every"):
        FaultPlan().add(rule)


def test_every_fault_says_what_it_does() -> None:
    assert [name for name, fault in FAULTS.items() if not fault.__doc__] == []


def test_every_fault_is_in_the_readme_with_its_arguments() -> None:
    text = (Path(answering.__file__).parents[1] / "README.md").read_text()
    rows = [row.split("|")[1:3] for row in text.splitlines() if row.startswith("| `")]
    listed: dict[str, str] = {}
    for names, args in rows:
        several = names.replace("`", "").split(",")
        each = args.replace("`", "").split(";")
        for n, name in enumerate(several):
            listed[name.strip()] = each[n].strip() if n < len(each) else ""
    for name, fault in FAULTS.items():
        assert listed[name].split() == [*inspect.signature(fault).parameters][2:], name
