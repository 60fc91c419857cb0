"""Health over the API: a score with its parts, definitions, what another one would do, a person's word."""

from datetime import timedelta
from typing import Any

import pytest

from tenure import flow
from tenure.customers.models import Account
from tests.api.conftest import Caller
from tests.health.rows import NOW, a_payer, paid, scored
from tests.metrics.rows import an_invoice

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def late(db: None) -> Account:
    """An account with an old invoice."""
    account = a_payer("Harbour", price="1000")
    for days in (40, 70, 100, 130):
        paid(account, NOW - days * DAY)
    scored(account, NOW - 40 * DAY)
    an_invoice(account, number="1042", state="past_due", balance="1200", due_at=NOW - 35 * DAY)
    scored(account)
    return account


def test_an_account_carries_its_health(reader: Caller, late: Account) -> None:
    found = reader.get(f"accounts/{late.identifier}").json()["health"]
    because = "no other definition is for it"
    definition = {"name": "Everyone", "version": 1, "because": because}
    assert (found["band"], found["definition"]) == ("amber", definition)
    gave = sum(float(one["contribution"]) for one in found["measures"])
    assert f"{gave:.1f}" == found["computed"]["uncapped"]
    listed = reader.get("accounts").json()["data"][0]["health"]
    assert listed["score"] == found["score"]


def test_the_way_to_green_and_the_change_since_a_day(reader: Caller, late: Account) -> None:
    since = (NOW - 30 * DAY).date().isoformat()
    answer = reader.get(f"accounts/{late.identifier}/health", since=since).json()
    steps = [way["steps"] for way in answer["to_green"]["ways"]]
    assert ["Pay invoice 1042: 1,200.00 USD, 35 days past due."] in steps
    assert answer["change"]["total"].startswith("-")


def test_an_account_without_a_score_says_so(reader: Caller) -> None:
    account = a_payer()
    answer = reader.get(f"accounts/{account.identifier}/health").json()
    assert answer["health"] == {}
    assert answer["to_green"]["why_not"] == "It has not been scored yet."


def test_bands_are_counted(reader: Caller, late: Account) -> None:
    [one] = reader.get("health").json()["data"]
    assert (one["band"], one["accounts"]) == ("amber", 1)
    assert one["mrr"] == [{"amount": "1000.00", "currency": "USD"}]


def test_a_definition_is_tried_and_saved_once(writer: Caller, admin: Caller, late: Account) -> None:
    [first] = writer.get("health/definitions").json()["data"]
    wanted: Any = {**first["definition"], "green": "50"}
    tried = writer.post("health/preview", {"definition": wanted}).json()
    assert (tried["moved"], tried["after"]) == (1, {"green": 1})
    body = {"definition": wanted, "reason": "Fewer alarms", "based_on": 1}
    assert writer("PUT", "health/definitions/Everyone", body).status_code == 403
    saved = admin("PUT", "health/definitions/Everyone", body)
    assert saved.json()["version"] == 2
    again = admin("PUT", "health/definitions/Everyone", body)
    assert again.status_code == 422
    assert "while this was written" in again.json()["detail"]
    listed = writer.get("health/definitions/Everyone").json()["data"]
    assert [one["version"] for one in listed] == [2, 1]
    assert writer.get("health/definitions/Nobody").status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"green": "30"}, "amber"),
        ({"green": "x"}, "green"),
        ({"measures": []}, "measures"),
        ({"measures": [{"name": "luck", "weight": 1, "curve": [[0, 0]]}]}, "measures"),
        (
            {"measures": [{"name": "on_time_rate_12m", "weight": 1, "curve": [[0, 50], [1, 40]]}]},
            "on_time_rate_12m.curve",
        ),
        ({"caps": [{"name": "ended", "most": 101}]}, "ended"),
        ({"colour": "blue"}, "colour"),
        ({"min_coverage": "2"}, "min_coverage"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_field(
    writer: Caller, change: dict[str, Any], field: str
) -> None:
    [first] = writer.get("health/definitions").json()["data"]
    answer = writer.post("health/preview", {"definition": first["definition"] | change})
    assert answer.status_code == 422
    assert answer.json()["field"] == field


def test_a_persons_word_is_set_and_taken_back(writer: Caller, late: Account) -> None:
    address = f"accounts/{late.identifier}/health/override"
    body = {"kind": "score", "score": "90", "reason": "Pays by cheque", "until": "2026-07-10"}
    found = writer("PUT", address, body).json()["health"]
    assert (found["score"], found["state"], found["override"]["until"]) == (
        "90.0",
        "overridden",
        "2026-07-10",
    )
    assert writer("PUT", address, body | {"until": "2026-12-24"}).json()["field"] == "until"
    assert writer("PUT", address, {**body, "kind": "freeze"}).json()["health"]["state"] == "frozen"
    assert writer("DELETE", address).json()["health"]["state"] == ""
    assert writer("DELETE", address).status_code == 404


def test_definitions_are_made_arranged_switched_deleted_and_brought_back(
    admin: Caller, late: Account
) -> None:
    [everyone] = admin.get("health/definitions").json()["data"]
    assert (everyone["fallback"], everyone["accounts"], everyone["rule"]) == (True, 1, None)
    document = everyone["definition"]
    assert admin.post("segments", {"name": "Big", "rule": "mrr >= 1000"}).status_code == 201
    body: Any = {"definition": document, "reason": "They differ"}
    made = admin.post("health/definitions", body | {"name": "Large", "segment": "Big"})
    assert made.status_code == 201
    assert made.json()["rule"] == 'segment = "Big"'
    assert admin.get(made.headers["Location"].removeprefix("/api/v1/")).status_code == 200
    admin.post("health/definitions", body | {"name": "Odd", "rule": "mrr > 5"})
    refused = admin.post("health/definitions", body | {"name": "Red", "rule": "health = red"})
    assert (refused.status_code, refused.json()["field"]) == (422, "rule")
    both = admin.post("health/preview", body | {"reason": None, "rule": "mrr > 1", "segment": "x"})
    assert both.status_code == 422
    flow.catch_up(NOW)
    tried = admin.post("health/preview", {"definition": document, "name": None, "rule": "mrr > 1"})
    assert tried.json()["switched"] == []  # “Large” and “Odd” stand before it
    arranged = admin("PUT", "health/order", {"definitions": ["Odd", "Large"]})
    assert [one["name"] for one in arranged.json()["data"]] == ["Odd", "Large", "Everyone"]
    wrong = admin("PUT", "health/order", {"definitions": ["Odd", "Odd"]})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "order")
    flow.catch_up(NOW)
    said = admin.get(f"accounts/{late.identifier}").json()["health"]["definition"]
    assert said == {"name": "Odd", "version": 1, "because": "this holds for it: mrr > 5"}
    assert admin.post("health/definitions/Odd/disable", {}).json()["enabled"] is False
    assert admin.post("health/definitions/Odd/enable", {}).json()["enabled"] is True
    assert admin("DELETE", "health/definitions/Odd").status_code == 204
    assert admin.get("health/definitions/Odd").status_code == 404
    assert admin.post("health/definitions/Odd/restore", {}).json()["accounts"] == 1
    saved = admin("PUT", "health/definitions/Odd", body | {"rule": "mrr < 5", "name": "Odder"})
    assert (saved.json()["name"], saved.json()["rule"]) == ("Odder", "mrr < 5")
    stays = admin("DELETE", "health/definitions/Everyone")
    assert (stays.status_code, stays.json()["field"]) == (422, "definition")
    used = admin.post("segments/preview", {"rule": "mrr > 2000", "against": "Big"}).json()
    assert used["used_by"]["health_definitions"] == ["Large"]
    assert admin("DELETE", "segments/Big").status_code == 409
