"""One site with its simulator, and a client that holds its key."""

from collections.abc import Iterator

import pytest

from tenure.simulator.server import Served, running_in_thread
from tenure.simulator.store import SiteStore
from tests.simulator.wire.double import Client, FixedWorld, a_site


@pytest.fixture
def site() -> SiteStore:
    return a_site()


@pytest.fixture
def served(site: SiteStore) -> Iterator[Served]:
    with running_in_thread(FixedWorld(site)) as running:
        yield running


@pytest.fixture
def client(served: Served) -> Client:
    return Client(served.us)
