"""Every error is a problem document that says the cause and the next step, and nothing was done."""

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from tenure.api import bodies
from tenure.api.resources import members
from tenure.core.errors import PermanentError, TemporaryError
from tenure.customers.models import Account
from tests.api.conftest import Caller
from tests.metrics import rows

pytestmark = pytest.mark.django_db


def told(answer: Any, status: int) -> dict[str, Any]:
    """The problem document of this answer."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == status
    assert document["title"]
    assert document["detail"].endswith((".", "?"))
    return document


def test_an_address_that_is_none(reader: Caller) -> None:
    assert "/api/v1/docs" in told(reader.get("nothing/here"), 404)["next_step"]
    told(Client().get("/api/"), 404)
    told(Client().post("/api/v2/accounts"), 404)
    told(Client().get("/api/v1/accounts/a%0Ab"), 404)


def test_a_thing_that_is_not_there(reader: Caller) -> None:
    assert "nobody" in told(reader.get("accounts/nobody"), 404)["detail"]
    told(reader.get("runs/4711"), 404)
    told(reader.get("sites/nowhere"), 404)
    told(reader.get("subscriptions/nowhere/1"), 404)


def test_a_method_that_is_not_possible(admin: Caller) -> None:
    answer = admin("DELETE", "accounts/T-1")
    assert "PATCH" in told(answer, 405)["next_step"]
    assert "PATCH" in answer["Allow"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"sort": "colour"}, "sort"),
        ({"cursor": "damaged"}, "cursor"),
        ({"lmit": "5"}, "lmit"),
    ],
)
def test_a_parameter_that_cannot_be_used(reader: Caller, query: dict[str, str], field: str) -> None:
    document = told(reader.get("accounts", **query), 400)
    assert document["field"] == field
    assert document["next_step"]


@pytest.mark.parametrize("name", ["contacts", "invoices", "runs", "subscriptions", "quarantine"])
def test_a_cursor_of_another_list_is_refused(reader: Caller, name: str) -> None:
    told(reader.get(name, cursor="WyJ4IiwxXQ"), 400)
    assert told(reader.get(name, sort="colour"), 400)["field"] == "sort"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("", 422),
        ("[" * 30 + "]" * 30, 400),
        ("[" * 100_000, 400),
        ('{"name": NaN}', 400),
        ('{"name": "a\\u0000b"}', 422),
        ('{"name": "a\\ud800b"}', 422),
        ("[]", 422),
        ('"text"', 422),
        ("null", 422),
        ('{"attributes": {"a": {"b": 1}}}', 422),
    ],
)
def test_a_body_that_cannot_be_read(writer: Caller, body: str, status: int) -> None:
    rows.an_account("Acme", identifier="T-1")
    told(writer("PATCH", "accounts/T-1", body), status)
    assert Account.objects.get().name == "Acme"


def test_a_body_that_is_too_long_is_refused_before_it_is_read(writer: Caller) -> None:
    body = '{"identifier": "' + "x" * bodies.MOST_BYTES + '"}'
    assert "1,048,576" in told(writer("POST", "accounts", body), 413)["detail"]


@pytest.mark.parametrize("path", ["accounts/a%00b", "accounts?search=a%00b"])
def test_a_null_character_in_the_address(reader: Caller, path: str) -> None:
    answer = Client().get(f"/api/v1/{path}", headers={"Authorization": f"Bearer {reader.text}"})
    told(answer, 400)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RuntimeError("the secret of the machine"), 500),
        (OperationalError("server closed the connection"), 503),
        (TemporaryError("The other side is busy."), 503),
        (PermanentError("The other side said no."), 502),
    ],
)
def test_what_nobody_foresaw_is_a_problem_too_and_gives_nothing_away(
    reader: Caller, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(members.read, "members", fail)
    answer = reader.get("members")
    document = told(answer, status)
    assert "secret" not in str(document)
    assert ("Retry-After" in answer) == (status == 503)


def test_answers_are_kept_by_nobody_in_between(reader: Caller) -> None:
    assert reader.get("accounts")["Cache-Control"] == "no-store"
