"""The API asked through Django's test client, with tokens of every scope, at a fixed time."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tenure.access.models import Scope, Token
from tenure.access.write import create_token
from tenure.core.clock import FrozenClock
from tenure.customers.models import Attribute
from tests.connections.conftest import vendor  # noqa: F401  # also a fixture of these tests
from tests.metrics.rows import NOW


@dataclass(frozen=True)
class Caller:
    """Sends requests with one token, or with none."""

    text: str | None
    token: Token | None = None

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        sent = {
            **({"Authorization": f"Bearer {self.text}"} if self.text else {}),
            **(headers or {}),
        }
        content = body if isinstance(body, str) else json.dumps(body) if body is not None else ""
        return Client(raise_request_exception=False).generic(
            method,
            f"/api/v1/{path}",
            content,
            content_type="application/json",
            headers=sent,
            query_params=dict(query or {}),
        )

    def get(self, path: str, **query: Any) -> Any:
        return self("GET", path, query=query)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self("POST", path, body, headers=headers)

    def patch(self, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Any:
        return self("PATCH", path, body, headers=headers)


NewCaller = Callable[[str], Caller]


def a_caller(scope: str = Scope.WRITE, name: str = "billing") -> Caller:
    issued = create_token(name, scope, now=NOW)
    return Caller(issued.text.reveal(), issued.token)


@pytest.fixture(autouse=True)
def _fixed_time(settings: Settings) -> None:
    settings.TENURE_CLOCK = FrozenClock(NOW)


@pytest.fixture
def nobody() -> Caller:
    """A caller without a token."""
    return Caller(None)


@pytest.fixture
def reader(db: None) -> Caller:
    return a_caller(Scope.READ, "dashboard")


@pytest.fixture
def writer(db: None) -> Caller:
    return a_caller(Scope.WRITE, "nightly push")


@pytest.fixture
def admin(db: None) -> Caller:
    return a_caller(Scope.ADMIN, "provisioning")


@pytest.fixture
def seats(db: None) -> None:
    """Attributes of every type, set by hand."""
    kinds = {"seats": "number", "plan_note": "text", "renewal": "date", "vip": "boolean"}
    kinds |= {"budget": "money", "products": "list"}
    Attribute.objects.bulk_create(
        [Attribute(name=name, label=name.capitalize(), kind=kind) for name, kind in kinds.items()],
        ignore_conflicts=True,
    )
