"""A small business most tests may look at; those that change it build their own."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tenure.simulator.store import Record, SiteStore
from tenure.simulator.world import SiteSpec, World, build

START = datetime(2025, 6, 2, 8, 0, tzinfo=UTC)
TODAY = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
US = SiteSpec("acme-us", "key-us", "us", share=0.6)
EU = SiteSpec("acme-eu", "key-eu", "eu", share=0.4)

Change = Callable[..., Any]


@pytest.fixture(scope="session")
def business() -> World:
    """Ninety customers over a year on two sites; nobody may change it."""
    return build([US, EU], seed=11, accounts=90, start=START, until=TODAY)


class Quiet:
    """One site without customers of its own: what happens there, the test makes happen."""

    def __init__(self) -> None:
        self.world = build([US], seed=3, accounts=0, start=START, until=START + timedelta(hours=1))
        self.site: SiteStore = self.world.sites["acme-us"]

    def change(self, **spec: Any) -> Record:
        """A scripted change on the site; returns its record."""
        made = self.world.change({"site": "acme-us", **spec})
        assert made is not None
        return made

    def account(self, code: str = "c1", **spec: Any) -> Record:
        """A new account that pays by card without fail unless the spec says otherwise."""
        return self.change(create="account", code=code, country="US", **spec)

    def subscription(self) -> Record:
        """The only subscription there is."""
        (made,) = self.site.all("subscriptions")
        return made

    def invoices(self, **wanted: Any) -> list[Record]:
        """The invoices with these values, oldest first."""
        found = [i for i in self.site.all("invoices") if wanted.items() <= i.items()]
        return sorted(found, key=lambda invoice: int(invoice["number"]))

    def pass_days(self, days: float) -> None:
        """Let time pass."""
        self.world.advance_to(self.world.now() + timedelta(days=days))


@pytest.fixture
def quiet() -> Quiet:
    """A site where only the test makes anything happen."""
    return Quiet()


def snapshot(world: World) -> dict[str, dict[str, Mapping[str, Any]]]:
    """Every record of every site, by site and kind/id."""
    return {
        name: {f"{kind}/{r['id']}": r for kind in store.kinds() for r in store.all(kind)}
        for name, store in world.sites.items()
    }
