"""The simulated business: its sites, its clock, and everything that happens between two instants."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from tenure.simulator.store import Record, SiteStore
from tenure.simulator.world.arrivals import Arrivals
from tenure.simulator.world.changes import apply_change
from tenure.simulator.world.sites import opened_site
from tenure.simulator.world.state import Queue, Site, SiteSpec
from tenure.simulator.world.truth import truth

DEMO_SITES = (
    SiteSpec("brightwharf-us", "demo-key-brightwharf-us", "us", share=0.6),
    SiteSpec("brightwharf-eu", "demo-key-brightwharf-eu", "eu", share=0.4),
)
# One more of the same business, left unconnected by the demo for whoever wants to set a site up.
SPARE_SITE = SiteSpec("brightwharf-labs", "demo-key-brightwharf-labs", "us", share=0.12)


class World:
    """A business whose records stand in one store per site, complete up to ``now()``.

    The same arguments and the same instant give the same records, however many steps time took, so
    a restarted simulator builds its world again and advances it to where it was.
    """

    def __init__(self, sites: Sequence[Site], queue: Queue, now: datetime) -> None:
        self._sites = {site.spec.subdomain: site for site in sites}
        self._queue = queue
        self._now = now

    @property
    def sites(self) -> Mapping[str, SiteStore]:
        """The stores by subdomain."""
        return {name: site.store for name, site in self._sites.items()}

    def now(self) -> datetime:
        """The virtual time up to which everything has happened."""
        return self._now

    def advance_to(self, instant: datetime) -> None:
        """Let everything happen that is due up to and including ``instant``, then publish it.

        Raises ValueError for an instant before now: time does not run backwards.
        """
        instant = _whole(instant)
        if instant < self._now:
            raise ValueError(
                f"The world is at {self._now:%Y-%m-%d %H:%M:%S} UTC and cannot go back to "
                f"{instant:%Y-%m-%d %H:%M:%S}. Build a new world to begin again."
            )
        while due := self._queue.due(instant):
            at, event = due
            # A change made to appear late happened before now; the clock does not follow it back.
            self._now = max(self._now, at)
            event(at)
        self._now = instant
        self.publish()

    def publish(self) -> None:
        """Hand what changed to the stores."""
        for site in self._sites.values():
            site.publish()

    def change(self, spec: Mapping[str, Any]) -> Record | None:
        """Make one scripted change now; see ``changes.py`` for what a spec may say.

        Returns the record it made or changed. Raises ValueError with a sentence for a bad spec.
        """
        changed = apply_change(self._sites, spec, self._now)
        self.publish()
        return changed

    def truth(self) -> dict[str, Any]:
        """The state of every site as a test compares it; see ``truth.py``."""
        return truth(self._sites, self._now)


def build(
    sites: Sequence[SiteSpec] = DEMO_SITES,
    *,
    seed: int = 1,
    accounts: int = 400,
    start: datetime,
    until: datetime,
    bump_on_time_events: bool = True,
) -> World:
    """A business that opened at ``start``, with ``accounts`` customers won by ``until``.

    After ``until`` customers keep coming at the pace they had. Shares of the sites are relative.
    ``bump_on_time_events`` says whether changes that only the clock brings (an invoice falling past
    due, a pause beginning, an expiry, an account's flags) get a new ``updated_at``.
    """
    start, until = _whole(start), _whole(until)
    if not sites or accounts < 0 or until <= start:
        raise ValueError(
            "A world needs at least one site, a number of accounts and an end after its start."
        )
    queue = Queue()
    made = [opened_site(spec, seed, start, queue, bump_on_time_events) for spec in sites]
    world = World(made, queue, start)
    if accounts:
        Arrivals(made, seed=seed, accounts=accounts, start=start, until=until).begin()
    with _no_collection():
        world.advance_to(until)
    return world


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the garbage collector from walking the growing world again and again; nothing of it dies."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _whole(instant: datetime) -> datetime:
    """In UTC and whole seconds, Recurly's resolution."""
    return instant.astimezone(UTC).replace(microsecond=0)
