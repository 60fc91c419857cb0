"""Alerts that opened, members to hear of them, and receivers of this machine."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_django import Settings

from tenure.access.models import Member, Role
from tenure.alerts.models import Alert, AlertRule
from tests.metrics import rows
from tests.metrics.rows import NOW
from tests.notify import receivers
from tests.web.builders import a_member


@pytest.fixture(autouse=True)
def _quick(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.TENURE_MAIL = None
    settings.TENURE_NOTIFY_HOSTS = ()
    settings.TENURE_URL = "https://tenure.example.com"


@pytest.fixture
def ann(db: None) -> Member:
    """A customer success manager."""
    return a_member(Role.CSM, "ann@example.com")


@pytest.fixture
def smtp(settings: Settings) -> Iterator[receivers.Smtp]:
    """A mail server, set as ours."""
    with receivers.smtp() as running:
        settings.TENURE_MAIL = SimpleNamespace(
            host="127.0.0.1",
            port=running.port,
            user="",
            password="",
            implicit_tls=False,
            starttls=False,
        )
        yield running


@pytest.fixture
def http(settings: Settings) -> Iterator[receivers.Http]:
    """An HTTP receiver that the operator allows."""
    settings.TENURE_NOTIFY_HOSTS = ("127.0.0.1",)
    with receivers.http() as running:
        yield running


def an_alert(owner: Member | None = None, **values: Any) -> Alert:
    """An alert that just opened, on an account of its own."""
    count = Alert.objects.count() + 1
    rule, _ = AlertRule.objects.get_or_create(
        name="Overdue",
        defaults={
            "rule": "past_due > 50000",
            "message": "{name} is overdue",
            "enabled": True,
            "version": 1,
            "created_at": NOW,
            "updated_at": NOW,
        },
    )
    kept = {
        "version": 1,
        "kind": "risk",
        "severity": "medium",
        "severity_rank": 2,
        "cause": f"cause {count}",
        "reason": "Northwind is overdue with 60,000.00 USD",
        "owner": owner,
        "opened_at": NOW,
        "account": values.pop("account", None) or rows.an_account(f"Customer {count}"),
    }
    return Alert.objects.create(alert_rule=rule, **(kept | values))
