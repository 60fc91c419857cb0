"""A set-up in a test: its site, and the way to a step of it."""

import pytest

from tenure.connections import setups, write
from tenure.connections.models import SetUp, Site
from tenure.connections.setups import Step
from tenure.core.secrets import Secret
from tests.connections.vendor import Vendor
from tests.metrics.rows import NOW

NEW = "/settings/integrations/set-up/"
HUB = "/settings/integrations/"
GOOD = {"site": "northwind-us", "api_key": "key-of-northwind-us", "region": ""}


def a_site(name: str = "northwind-us", region: str = "us", *, staged: bool = True) -> Site:
    key = Secret(f"key-of-{name}")
    return write.add_site("recurly", name, region, key, staged=staged, now=NOW)


@pytest.fixture
def setup(vendor: Vendor, db: None) -> SetUp:
    """A set-up of one site whose key was just checked."""
    return setups.begin([a_site()], [], member=None, now=NOW)


def at(setup: SetUp, step: str) -> str:
    return f"{NEW}{setup.pk}/{step}/"


def reach(setup: SetUp, step: Step) -> SetUp:
    setups.reach(setup, step)
    return setup


# --- Connect ------------------------------------------------------------------------------------


def modes(site: Site, **values: str) -> dict[str, str]:
    kept = {"mode": "daily", "subscriptions": "", "at": "00:00", "zone": "UTC", "pins": "on"}
    sent = {**kept, **values}
    return {f"site-{site.pk}-{name}": value for name, value in sent.items() if value != "-"}


@pytest.fixture
def moded(setup: SetUp) -> SetUp:
    """A set-up that came to the mode."""
    return reach(setup, Step.MODE)
