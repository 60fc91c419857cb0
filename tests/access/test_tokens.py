"""API tokens: shown once, kept as a hash, refused the moment they end (threat T12)."""

from datetime import UTC, datetime, timedelta

import pytest

from tenure.access import read, write
from tenure.access.models import Scope, Token
from tenure.access.write import IssuedToken
from tenure.core.errors import ConfigurationError

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def a_token(name: str = "export", *, expires_days: int | None = None) -> IssuedToken:
    return write.create_token(name, Scope.READ, now=NOW, expires_days=expires_days)


def test_a_token_has_256_random_bits_behind_its_prefix() -> None:
    text = a_token().text.reveal()
    assert text.startswith("tnr_")
    assert len(text) == 4 + 43
    assert text != a_token().text.reveal()


def test_the_database_holds_no_usable_token() -> None:
    issued = a_token()
    stored = Token.objects.values().get()
    assert issued.text.reveal() not in str(stored)
    assert bytes(stored["digest"]) == read.digest_of(issued.text.reveal())


def test_a_token_is_recognised_by_its_text_alone() -> None:
    issued = a_token()
    assert read.verify(issued.text.reveal(), NOW) == issued.token
    assert read.verify(issued.text.reveal() + "x", NOW) is None
    assert read.verify("", NOW) is None


def test_a_revoked_token_is_refused_at_once() -> None:
    issued = a_token()
    write.revoke_token(issued.token, now=NOW)
    assert read.verify(issued.text.reveal(), NOW) is None


def test_revoking_twice_keeps_the_first_time() -> None:
    token = a_token().token
    write.revoke_token(token, now=NOW)
    assert write.revoke_token(token, now=NOW + timedelta(days=1)).revoked_at == NOW


def test_a_token_ends_at_its_expiry() -> None:
    text = a_token(expires_days=30).text.reveal()
    end = NOW + timedelta(days=30)
    assert read.verify(text, end - timedelta(seconds=1)) is not None
    assert read.verify(text, end) is None


@pytest.mark.parametrize("days", [0, -1, 4000])
def test_an_impossible_expiry_is_refused(days: int) -> None:
    with pytest.raises(ConfigurationError, match="cannot expire in"):
        a_token(expires_days=days)


def test_an_unknown_scope_is_refused_with_the_scopes_there_are() -> None:
    with pytest.raises(ConfigurationError, match="read, write, admin"):
        write.create_token("export", "root", now=NOW)


def test_a_token_is_found_by_its_name_or_its_number() -> None:
    token = a_token().token
    assert read.token_named("export") == token
    assert read.token_named(str(token.pk)) == token


def test_two_tokens_of_one_name_must_be_told_apart_by_number() -> None:
    numbers = sorted(a_token().token.pk for _ in range(2))
    with pytest.raises(ConfigurationError, match=f"{numbers[0]}, {numbers[1]}"):
        read.token_named("export")


def test_use_is_noted_to_the_minute() -> None:
    token = a_token().token
    for seconds in (0, 30, 61):
        token.refresh_from_db()
        write.note_use(token, NOW + timedelta(seconds=seconds))
    token.refresh_from_db()
    assert token.last_used_at == NOW + timedelta(seconds=61)
