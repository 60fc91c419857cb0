"""Rules and segments over the API: checked, tried, saved, explained."""

import pytest
from pytest_django import Settings

from tenure.core.clock import FrozenClock
from tenure.customers.models import Account
from tests.alerts.conftest import START, move_
from tests.api.conftest import Caller
from tests.metrics import rows

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _time(settings: Settings) -> None:
    settings.TENURE_CLOCK = FrozenClock(START)


@pytest.fixture
def account(db: None) -> Account:
    made = rows.an_account("Northwind Robotics")
    move_(made, START)
    return made


def test_a_rule_is_read_back_as_text_tree_and_words(reader: Caller) -> None:
    told = reader.post("rules/check", {"rule": "mrr>=500 and plan:pro"}).json()
    assert told["rule"] == "mrr >= 500 and plan = pro"
    assert told["words"] == "MRR is at least 500 and Plans has “pro”"
    again = reader.post("rules/check", {"tree": told["tree"]}).json()
    assert again == told


def test_every_fault_of_a_rule_is_told_with_its_place(reader: Caller) -> None:
    answer = reader.post("rules/check", {"rule": "mmr > 5 and billed contains x"})
    assert answer.status_code == 422
    told = answer.json()
    assert told["field"] == "rule"
    assert [one["field"] for one in told["errors"]] == ["rule[0:7]", "rule[12:29]"]


def test_what_may_be_named_is_listed_with_operators(reader: Caller) -> None:
    told = reader.get("rules/attributes").json()
    named = {one["name"]: one for one in told["attributes"]}
    assert "fell by" in named["mrr"]["operators"]
    assert {one["name"] for one in told["relations"]} == {"subscription", "invoice", "contact"}
    first = reader.post("rules/suggest", {"before": "invoice_status = past"}).json()["data"][0]
    assert first["insert"] == "past_due"


def test_a_segment_is_tried_made_changed_explained_and_removed(
    writer: Caller, account: Account
) -> None:
    tried = writer.post("segments/preview", {"rule": "mrr > 1000"}).json()
    assert (tried["count"], tried["sample"]) == (1, [account.identifier])
    made = writer.post("segments", {"name": "Large", "rule": "mrr > 1000"})
    assert made.status_code == 201
    listed = writer.get("segments/Large/members").json()["data"]
    assert [one["account"] for one in listed] == [account.identifier]
    writer.post("segments", {"name": "Paying", "rule": "mrr > 0", "priority": 200})
    (shared,) = writer.get("segments/paying/overlaps").json()["data"]
    assert (shared["decides"], shared["stands_behind"], shared["accounts"]) == (
        "Large",
        "Paying",
        1,
    )
    against = {"rule": "mrr > 5000", "against": "Large"}
    assert writer.post("segments/preview", against).json()["leaving"]["count"] == 1
    changed = writer("PUT", "segments/Large", {"name": "Large", "rule": "mrr > 5000"})
    assert changed.json()["version"] == 2
    assert [one["entered"] for one in writer.get("segments/Large/history").json()["data"]] == [
        False,
        True,
    ]
    why = writer.post("segments/Large/explain", {"account": account.identifier}).json()
    assert (why["in"], why["alone"]) == (False, ["mrr > 5000"])
    assert writer("DELETE", "segments/Large").status_code == 204
    assert writer.get("segments/Large").status_code == 404


def test_a_stale_update_of_a_segment_is_refused(writer: Caller) -> None:
    writer.post("segments", {"name": "Large", "rule": "mrr > 1000"})
    tag = writer.get("segments/Large").headers["ETag"]
    body = {"name": "Large", "rule": "mrr > 2000"}
    assert writer("PUT", "segments/Large", body, headers={"If-Match": tag}).status_code == 200
    assert writer("PUT", "segments/Large", body, headers={"If-Match": tag}).status_code == 412


def test_a_segment_that_another_names_stays(writer: Caller) -> None:
    writer.post("segments", {"name": "Large", "rule": "mrr > 1000"})
    writer.post("segments", {"name": "Larger", "rule": "segment = Large and mrr > 9"})
    assert writer("DELETE", "segments/Large").status_code == 409
