"""Settings › API tokens: made and shown once, revoked, and only by those who may."""

import re

import pytest
from django.test import Client

from tenure.access.models import Member, Role, Token
from tenure.access.read import verify
from tests.metrics.rows import NOW
from tests.web.builders import a_member

PAGE = "/settings/tokens/"
NEW = {"name": "nightly push", "scope": "write", "expires": "90"}


def text_in(answer: str) -> str:
    found = re.search(r"tnr_[\w-]{43}", answer)
    assert found
    return found[0]


def test_a_token_is_shown_once(signed_in: Client, member: Member) -> None:
    answer = signed_in.post(PAGE, NEW)
    token = verify(text_in(answer.text), NOW)
    assert token
    assert (token.name, token.scope, token.created_by) == ("nightly push", "write", member)
    assert (token.expires_at - NOW).days == 90  # type: ignore[operator]
    assert "no-store" in answer["Cache-Control"]
    again = signed_in.get(PAGE).text
    assert "nightly push" in again
    assert "tnr_" not in again


def test_a_token_is_revoked(signed_in: Client) -> None:
    text = text_in(signed_in.post(PAGE, {**NEW, "expires": ""}).text)
    token = Token.objects.get()
    assert token.expires_at is None
    assert signed_in.post(f"{PAGE}{token.pk}/revoke/").url == PAGE
    assert verify(text, NOW) is None
    assert "revoked" in signed_in.get(PAGE).text


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"name": "x" * 121}, {"scope": "root"}, {"expires": "7"}]
)
def test_a_form_that_is_not_right_makes_none(signed_in: Client, wrong: dict[str, str]) -> None:
    answer = signed_in.post(PAGE, {**NEW, **wrong})
    assert answer.status_code == 400
    assert not Token.objects.exists()


@pytest.mark.parametrize("role", [Role.SUPER_MANAGER, Role.CSM, Role.VIEWER])
def test_others_are_told_that_they_may_not(client: Client, db: None, role: str) -> None:
    client.force_login(a_member(role))
    assert client.get(PAGE).status_code == 403
    answer = client.post(PAGE, NEW)
    assert answer.status_code == 403
    assert "Only administrators and developers may make and revoke API tokens" in answer.text
    assert client.post(f"{PAGE}1/revoke/").status_code == 403
    assert not Token.objects.exists()


def test_developers_may(client: Client, db: None) -> None:
    client.force_login(a_member(Role.DEVELOPER))
    assert client.post(PAGE, NEW).status_code == 200


def test_there_is_no_such_token(signed_in: Client) -> None:
    assert signed_in.post(f"{PAGE}4711/revoke/").status_code == 404


def test_the_page_that_explains_the_api_is_for_members_and_programs(signed_in: Client) -> None:
    inside, outside = signed_in.get("/api/v1/docs").text, Client().get("/api/v1/docs").text
    for text in (inside, outside):
        assert "accounts_bulk" in text
        assert "curl -X POST" in text
        assert "http://testserver/api/v1/accounts/bulk" in text
        assert "<script>" not in text
    assert "API tokens" in inside
    assert "Sign in" in outside
