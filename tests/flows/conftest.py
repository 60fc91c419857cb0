"""Whole stories: a simulated business on the wire, connected sites, and a way to sync them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from pytest_django.fixtures import Settings

from tenure import flow
from tenure.connections.models import Site
from tenure.connections.write import add_site
from tenure.core.clock import FrozenClock
from tenure.core.secrets import Secret
from tenure.simulator.server import Served, running_in_thread
from tenure.simulator.world import SiteSpec, build
from tenure.sync.models import Run, Trigger
from tenure.sync.write import request_run

BORN = datetime(2025, 3, 3, 8, 0, tzinfo=UTC)
TODAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
US = SiteSpec("brightwharf-us", "key-of-the-us-site-0001", "us", share=0.6)
EU = SiteSpec("brightwharf-eu", "key-of-the-eu-site-0002", "eu", share=0.4)

Sync = Callable[..., Run]


@pytest.fixture
def served(settings: Settings) -> Iterator[Served]:
    """Two small sites that have lived a year, answering on loopback."""
    world = build([US, EU], seed=7, accounts=40, start=BORN, until=TODAY)
    with running_in_thread(world) as served:
        settings.TENURE_RECURLY_URLS = {"us": served.us, "eu": served.eu}
        settings.TENURE_CLOCK = FrozenClock(TODAY)
        yield served


@pytest.fixture
def us(served: Served, transactional_db: None) -> Site:
    """The US site, connected."""
    return add_site("recurly", US.subdomain, "us", Secret(US.key), now=TODAY)


@pytest.fixture
def eu(served: Served, transactional_db: None) -> Site:
    """The EU site, connected."""
    return add_site("recurly", EU.subdomain, "eu", Secret(EU.key), now=TODAY)


@pytest.fixture
def sync(served: Served) -> Sync:
    """Sync a site now, through the whole flow, and return the ended run."""

    def go(site: Site, **options: bool) -> Run:
        run, _ = request_run(site, Trigger.CLI, **options)
        clock = FrozenClock(served.call(lambda simulator: simulator.world.now()))
        return flow.pull(run.pk, clock)

    return go
