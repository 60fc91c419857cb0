"""What the source suite needs of a vendor's stand-in: a site to ask, and trouble on demand."""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Protocol

from tenure.core.http import Limits
from tenure.core.secrets import Secret
from tenure.simulator.server import Served, running
from tenure.simulator.settings import Settings
from tenure.simulator.world.state import SiteSpec
from tenure.simulator.world.world import World, build
from tenure.sources.base import Endpoint, Source, Stream
from tenure.sources.recurly.source import Recurly
from tests.sources.recurly.fake_time import FakeTime

UNTIL = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
SITES = (
    SiteSpec("acme", "key-of-acme-0001", "us", mode="sandbox"),
    SiteSpec("globex", "key-of-globex-0001", "us"),
)
# Real time, shortened: trouble that only takes time is over in moments.
QUICK = Limits(connect=2.0, read=0.3, whole=1.0)


@dataclass(frozen=True)
class Stand:
    """A vendor with one site served on this machine. ``requests`` are those the site got; ``coupons``
    what accounts have, or had, for themselves, by id."""

    source: Source
    endpoint: Endpoint
    time: FakeTime
    trouble: Callable[..., None]
    requests: Callable[[], Sequence[Mapping[str, Any]]]
    truth: Mapping[Stream, Sequence[str]]
    coupons: Mapping[str, Collection[str]]
    revoke: Callable[[int], None]
    key_of_another_site: Secret


class StandIn(Protocol):
    """Serves a stand while the block runs."""

    def __call__(self, *, compressed: bool = False) -> AbstractAsyncContextManager[Stand]: ...


@cache
def world() -> World:
    return build(SITES, seed=7, accounts=260, start=UNTIL - timedelta(days=150), until=UNTIL)


@asynccontextmanager
async def recurly(*, compressed: bool = False) -> AsyncIterator[Stand]:
    """The simulator over loopback."""
    async with running(world(), settings=Settings(gzip=compressed)) as served:
        time = FakeTime()
        store = served.simulator.world.sites["acme"]
        key = Secret("key-of-acme-0001")
        yield Stand(
            source=Recurly(limits=QUICK, timing=time.timing()),
            endpoint=Endpoint("acme", "us", served.us, key),
            time=time,
            trouble=_trouble(served),
            requests=lambda: served.simulator.log.entries(),
            truth={
                stream: [record["id"] for record in store.all(str(stream))] for stream in Stream
            },
            coupons=_own_coupons(store.all("coupon_redemptions")),
            revoke=lambda status: served.simulator.revoked.update({key.reveal(): status}),
            key_of_another_site=Secret("key-of-globex-0001"),
        )


def _own_coupons(redemptions: Iterable[Mapping[str, Any]]) -> Mapping[str, Collection[str]]:
    """What each account redeemed for itself, by id."""
    found: dict[str, set[str]] = {}
    for one in redemptions:
        if one["subscription_id"] is None:
            found.setdefault(one["account"]["id"], set()).add(one["id"])
    return found


def _trouble(served: Served) -> Callable[..., None]:
    def add(fault: str, **rule: Any) -> None:
        served.simulator.faults.add({"fault": fault, **rule})

    return add


STAND_INS: Mapping[str, StandIn] = {"recurly": recurly}


def with_key(endpoint: Endpoint, key: str | Secret) -> Endpoint:
    return replace(endpoint, key=key if isinstance(key, Secret) else Secret(key))
