"""A generated business on the wire, and the published description it must agree with."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tenure.simulator.server import Served, running_in_thread
from tenure.simulator.settings import Settings
from tenure.simulator.world import SiteSpec, World, build
from tests.simulator.conformance.description import Description

TODAY = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
BESIDE = Path(__file__).parents[4] / "shared" / "recurly" / "openapi.yaml"


@pytest.fixture(scope="session")
def business() -> World:
    """Enough customers over enough time that every kind of record occurs."""
    sites = [SiteSpec("acme-us", "key-us", "us"), SiteSpec("acme-eu", "key-eu", "eu")]
    return build(sites, seed=5, accounts=40, start=TODAY - timedelta(days=420), until=TODAY)


@pytest.fixture(scope="session")
def served(business: World) -> Iterator[Served]:
    with running_in_thread(business, settings=Settings(rate_limit=1_000_000)) as running:
        yield running


@pytest.fixture(scope="session")
def description() -> Description:
    """Recurly's OpenAPI file, which is not ours to ship."""
    path = Path(os.environ.get("TENURE_TEST_OPENAPI", BESIDE))
    if not path.is_file():
        pytest.skip(
            "Recurly's OpenAPI description is not here; name its file in TENURE_TEST_OPENAPI "
            "(openapi.yaml of the npm package recurly) to check the simulator against it"
        )
    return Description.read(path)
