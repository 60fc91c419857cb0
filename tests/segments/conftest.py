"""The simulated business of the flows, synced once a test."""

import pytest

from tenure.connections.models import Site
from tenure.customers.models import Account
from tests.flows.conftest import Sync, eu, served, sync, us

__all__ = ["both", "eu", "served", "sync", "synced", "us"]


@pytest.fixture
def synced(us: Site, sync: Sync) -> list[int]:
    """The ids of the accounts of one site, brought in by a real sync."""
    sync(us)
    return list(Account.objects.filter(removed_at=None).order_by("pk").values_list("pk", flat=True))


@pytest.fixture
def both(synced: list[int], eu: Site, sync: Sync) -> list[int]:
    """The ids of the accounts of two sites."""
    sync(eu)
    return list(Account.objects.filter(removed_at=None).order_by("pk").values_list("pk", flat=True))
