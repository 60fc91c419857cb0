"""Pages asked through Django's test client, at a fixed time."""

import pytest
from django.test import Client
from pytest_django import Settings

from tenure.access.models import Member
from tenure.core.clock import FrozenClock
from tests.connections.conftest import vendor  # noqa: F401  # also a fixture of these tests
from tests.metrics.rows import NOW
from tests.web.builders import a_member
from tests.web.setting_up import moded, setup  # noqa: F401 - fixtures of two modules


@pytest.fixture(autouse=True)
def _fixed_time(settings: Settings) -> None:
    settings.TENURE_CLOCK = FrozenClock(NOW)
    # Hundreds of sign-ins need no slow hash; that the real one is slow is not tested here.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def member(db: None) -> Member:
    """An administrator."""
    return a_member()


@pytest.fixture
def signed_in(client: Client, member: Member) -> Client:
    """A browser in which the administrator is signed in."""
    client.force_login(member)
    return client
