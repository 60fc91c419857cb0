"""Idempotency-Key: a repeated request has one effect and gets the first answer."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from tenure.access.models import Outcome, Token
from tenure.access.outcomes import forget_old
from tenure.customers.models import Account
from tests.api.conftest import Caller, a_caller
from tests.metrics.rows import NOW

KEY = {"Idempotency-Key": "7c9e6679"}
NEW = {"identifier": "T-1", "name": "Acme"}


@pytest.mark.django_db
def test_a_repetition_gets_the_first_answer(writer: Caller) -> None:
    first = writer("POST", "accounts", NEW, headers=KEY)
    second = writer("POST", "accounts", NEW, headers=KEY)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert (second["ETag"], second["Location"]) == (first["ETag"], first["Location"])
    assert second["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert Account.objects.count() == 1


@pytest.mark.django_db
def test_a_key_belongs_to_one_request(writer: Caller) -> None:
    writer("POST", "accounts", NEW, headers=KEY)
    for method, path, body in (
        ("POST", "accounts", {**NEW, "name": "Other"}),
        ("PATCH", "accounts/T-1", NEW),
    ):
        answer = writer(method, path, body, headers=KEY)
        assert answer.status_code == 422
        assert answer.json()["field"] == "Idempotency-Key"
    assert Account.objects.get().name == "Acme"


@pytest.mark.django_db
def test_keys_of_two_tokens_do_not_meet(writer: Caller) -> None:
    other = a_caller(name="other")
    writer("POST", "accounts", NEW, headers=KEY)
    assert other("POST", "accounts", {"identifier": "T-2"}, headers=KEY).status_code == 201


@pytest.mark.django_db
def test_a_refused_request_may_be_corrected_under_its_key(writer: Caller) -> None:
    assert writer("POST", "accounts", {"identifier": ""}, headers=KEY).status_code == 422
    assert not Outcome.objects.exists()
    assert writer("POST", "accounts", NEW, headers=KEY).status_code == 201


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", " ", "x" * 256, "a\tb", "é", "a b"])
def test_a_key_that_is_none_is_refused(writer: Caller, key: str) -> None:
    answer = writer("POST", "accounts", NEW, headers={"Idempotency-Key": key})
    assert answer.status_code == 400
    assert not Account.objects.exists()


@pytest.mark.django_db
def test_a_fresh_tokens_text_is_not_kept_for_a_repetition(admin: Caller) -> None:
    body = {"name": "export", "scope": "read"}
    first = admin("POST", "tokens", body, headers=KEY).json()
    second = admin("POST", "tokens", body, headers=KEY).json()
    assert first["token"].startswith("tnr_")
    assert second == {**first, "token": ""}
    assert first["token"].encode() not in bytes(Outcome.objects.get().body)
    assert Token.objects.filter(name="export").count() == 1


@pytest.mark.django_db
def test_outcomes_are_forgotten_after_a_day(writer: Caller) -> None:
    writer("POST", "accounts", NEW, headers=KEY)
    assert forget_old(NOW + timedelta(hours=23)) == 0
    assert forget_old(NOW + timedelta(hours=25)) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_identical_requests_at_once_one_is_carried_out() -> None:
    writer = a_caller()
    starting = threading.Barrier(4)
    answers: list[Any] = []

    def send() -> None:
        starting.wait()
        answers.append(writer("POST", "accounts", NEW, headers=KEY))
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer for answer in answers) == 3
    assert Account.objects.count() == 1
