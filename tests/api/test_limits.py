"""What one token may take: requests a minute, and the database's time for reading."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import connection
from pytest_django import Settings

from tenure.access.models import TokenRate
from tenure.api.resources import accounts
from tests.api.conftest import Caller, a_caller

pytestmark = pytest.mark.django_db


def test_a_token_that_asks_too_often_is_told_when_to_go_on(
    reader: Caller, settings: Settings
) -> None:
    settings.TENURE_API_RATE = 2
    assert [reader.get("accounts")["RateLimit-Remaining"] for _ in "12"] == ["1", "0"]
    refused = reader.get("accounts")
    assert refused.status_code == 429
    assert refused["Content-Type"] == "application/problem+json"
    assert 0 < int(refused["Retry-After"]) <= 60
    assert "has made its 2 requests of this minute" in refused.json()["detail"]
    assert "Go on in" in refused.json()["next_step"]
    assert a_caller("read", "another").get("accounts").status_code == 200


def test_the_next_minute_counts_anew(reader: Caller, settings: Settings) -> None:
    settings.TENURE_API_RATE = 1
    reader.get("accounts")
    assert reader.get("accounts").status_code == 429
    kept = TokenRate.objects.get()
    TokenRate.objects.update(since=kept.since - timedelta(minutes=1))
    assert reader.get("accounts").status_code == 200


def test_what_is_refused_for_its_token_counts_for_nobody(nobody: Caller) -> None:
    assert nobody.get("accounts").status_code == 401
    assert not TokenRate.objects.exists()


def test_a_reading_that_takes_too_long_is_broken_off_with_a_sentence(
    reader: Caller, settings: Settings
) -> None:
    settings.TENURE_API_READ_SECONDS = 1

    def slow(*_: object, **__: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(5)")

    with patch.object(accounts.reading.by_health, "accounts_page", slow):
        answer = reader.get("accounts")
    assert answer.status_code == 504
    assert "longer than it may" in answer.json()["detail"]
    assert answer.json()["next_step"].startswith("Ask for less")


def test_the_next_user_of_the_connection_has_all_the_time_there_is(reader: Caller) -> None:
    assert reader.get("accounts").status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)
