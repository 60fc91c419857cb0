"""Liveness and readiness, as a load balancer asks for them: no login, any host name."""

from unittest.mock import patch

import pytest
from django.db import OperationalError, connection
from django.test import Client

from tenure.web import probes

POD = "10.1.2.3:8000"


@pytest.fixture
def probe() -> Client:
    return Client(headers={"host": POD})


def test_a_living_web_says_so_without_its_database(probe: Client) -> None:
    assert (probe.get("/healthz").status_code, probe.get("/healthz").text) == (200, "alive\n")


def test_it_is_ready_when_the_database_answers_with_its_tables(probe: Client, db: None) -> None:
    answer = probe.get("/readyz")
    assert (answer.status_code, answer.text) == (200, "ready\n")
    assert answer.headers["Cache-Control"] == "no-store"


def test_it_is_not_ready_before_the_tables_are_migrated(probe: Client, db: None) -> None:
    with patch.object(probes, "_is_migrated", return_value=False):
        answer = probe.get("/readyz")
    assert (answer.status_code, "tenure migrate" in answer.text) == (503, True)


def test_it_is_not_ready_when_the_database_is_away(probe: Client, db: None) -> None:
    with patch.object(connection, "cursor", side_effect=OperationalError("refused")):
        answer = probe.get("/readyz")
    assert (answer.status_code, "does not answer" in answer.text) == (503, True)
    assert probe.get("/healthz").status_code == 200


def test_a_page_asked_for_under_another_address_says_what_to_set(probe: Client) -> None:
    answer = probe.get("/login/")
    assert (answer.status_code, "TENURE_URL" in answer.text) == (400, True)
