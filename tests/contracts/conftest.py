"""Every registered source, against its own stand-in."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tenure.sources import registry
from tests.contracts.standin import STAND_INS, Stand


@pytest.fixture(params=list(registry.SOURCES))
def vendor(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest_asyncio.fixture
async def stand(vendor: str) -> AsyncIterator[Stand]:
    async with STAND_INS[vendor]() as made:
        yield made
