"""Deny by default: every operation with no token and with one of each scope, and how tokens end."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tenure.access.models import Token
from tenure.access.write import create_token, revoke_token
from tenure.api.v1 import description
from tenure.core.clock import FrozenClock
from tests.api.conftest import Caller
from tests.metrics.rows import NOW
from tests.web.builders import a_member

pytestmark = pytest.mark.django_db
RANK = {"read": 0, "write": 1, "admin": 2}
OPERATIONS = [
    (method.upper(), path, told["x-required-scope"])
    for path, methods in description()["paths"].items()
    for method, told in methods.items()
]


def filled(path: str) -> str:
    """The address with something in each of its places that no test has made."""
    named = path.removeprefix("/api/v1/").replace("{number}", "4711").replace("{plan}", "4711")
    return named.replace("{", "").replace("}", "")


@pytest.mark.parametrize(("method", "path", "scope"), OPERATIONS)
def test_every_operation_lets_in_only_the_scopes_that_may(
    nobody: Caller,
    reader: Caller,
    writer: Caller,
    admin: Caller,
    method: str,
    path: str,
    scope: str,
) -> None:
    body: Any = {} if method in ("POST", "PUT", "PATCH") else None
    assert nobody(method, filled(path), body).status_code == 401
    for caller in (reader, writer, admin):
        assert caller.token
        answer = caller(method, filled(path), body)
        may = RANK[caller.token.scope] >= RANK[scope]
        assert (answer.status_code == 403) != may, (caller.token.scope, answer.content)
        assert answer.status_code != 401


# Questions that are sent as a body because a rule can be longer than an address.
QUESTIONS = {
    "/api/v1/rules/check",
    "/api/v1/rules/suggest",
    "/api/v1/segments/preview",
    "/api/v1/segments/{name}/explain",
    "/api/v1/alert-rules/backtest",
}


def test_what_changes_something_needs_more_than_reading() -> None:
    sent = {path for method, path, scope in OPERATIONS if method != "GET" and scope == "read"}
    assert sent == QUESTIONS


def test_a_members_session_opens_nothing(db: None) -> None:
    client = Client()
    client.force_login(a_member())
    assert client.get("/api/v1/accounts").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic abc"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer tnr_wrong"},
        {"X-Token": "TOKEN"},
        {"Cookie": "token=TOKEN"},
    ],
)
def test_a_token_counts_only_in_its_header(reader: Caller, headers: dict[str, str]) -> None:
    sent = {name: text.replace("TOKEN", reader.text or "") for name, text in headers.items()}
    answer = Client().get("/api/v1/accounts", headers=sent)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["next_step"].startswith("Make one with tenure token create")


def test_a_token_in_the_address_is_refused(reader: Caller) -> None:
    assert Client().get("/api/v1/accounts", {"token": reader.text}).status_code == 401


def test_a_revoked_token_is_refused_with_the_next_request(reader: Caller) -> None:
    assert reader.get("accounts").status_code == 200
    assert reader.token
    revoke_token(reader.token, now=NOW)
    assert reader.get("accounts").status_code == 401


def test_an_expired_token_is_refused(settings: Settings) -> None:
    issued = create_token("export", "read", now=NOW, expires_days=1)
    caller = Caller(issued.text.reveal())
    assert caller.get("accounts").status_code == 200
    settings.TENURE_CLOCK = FrozenClock(NOW + timedelta(days=1))
    assert caller.get("accounts").status_code == 401


def test_the_last_use_is_written_at_most_once_a_minute(reader: Caller, settings: Settings) -> None:
    seen = []
    for seconds in (0, 30, 59, 60, 90):
        settings.TENURE_CLOCK = FrozenClock(NOW + timedelta(seconds=seconds))
        reader.get("accounts")
        seen.append(Token.objects.get(pk=reader.token.pk).last_used_at)  # type: ignore[union-attr]
    assert seen == [NOW, NOW, NOW, NOW + timedelta(minutes=1), NOW + timedelta(minutes=1)]


def test_the_description_and_its_page_hold_no_data_and_need_no_token(db: None) -> None:
    assert Client().get("/api/v1/openapi.json").json()["openapi"].startswith("3.")
    assert Client().get("/api/v1/docs").status_code == 200
