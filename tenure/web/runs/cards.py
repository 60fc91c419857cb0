"""A site in a few lines: its state, when it was last good, when it runs next."""

from dataclasses import dataclass
from datetime import datetime

from tenure.connections import schedule
from tenure.connections.models import Mode, Site, SiteState
from tenure.connections.read import is_connected
from tenure.core.errors import ConfigurationError
from tenure.sources import registry
from tenure.sources.base import Source
from tenure.sync.models import Run
from tenure.sync.standing import Standing


@dataclass(frozen=True, slots=True)
class SiteCard:
    """What a card shows. ``next_at`` is None when nothing is planned, ``state`` names its badge."""

    site: Site
    source: str
    region: str
    state: str
    words: str
    modes: str
    planned: str
    next_at: datetime | None
    good_at: datetime | None
    last: Run | None
    active: Run | None
    connected: bool
    quarantined: int
    is_due: bool


def card(known: Standing, now: datetime, quarantined: int = 0) -> SiteCard:
    """The card of a site as it stands. ``now`` is by a real clock, as schedules are."""
    site = known.site
    source = registry.source(site.source)
    connected = is_connected(site)
    is_read = connected and site.state == SiteState.ACTIVE and not site.staged
    next_at = _next(known, now) if is_read else None
    state, words = _state(known, connected=connected)
    return SiteCard(
        site=site,
        source=source.label,
        region=_region(source, site.region),
        state=state,
        words=words,
        modes=_modes(site),
        planned=_planned(site),
        next_at=next_at,
        good_at=known.good_at,
        last=known.last,
        active=known.active,
        connected=connected,
        quarantined=quarantined,
        is_due=next_at is not None and next_at <= now,
    )


def _region(source: Source, key: str) -> str:
    """The region as the source's own form names it."""
    offered = (c.choices for c in source.credentials if c.key == "region")
    return next(offered, {}).get(key, key)


def _state(known: Standing, *, connected: bool) -> tuple[str, str]:
    if not connected:
        return "inactive", "Disconnected"
    if known.site.state == SiteState.NEEDS_KEY:
        return "needs_key", ""
    if known.site.state == SiteState.PAUSED:
        return "paused", ""
    if known.site.staged:
        return "staged", "Being set up"
    if known.active:
        return "running", "Importing" if known.good_at is None else "Syncing"
    if known.last and known.last.state in {"failed", "incomplete"}:
        return known.last.state, f"Last sync {known.last.state}"
    return ("active", "") if known.good_at else ("waiting", "Not synced yet")


def _modes(site: Site) -> str:
    accounts, subscriptions = Mode(site.accounts_mode).label, Mode(site.subscriptions_mode).label
    if accounts == subscriptions:
        return str(accounts)
    return f"{accounts} for accounts, {subscriptions} for subscriptions"


def _planned(site: Site) -> str:
    try:
        return schedule.in_words(site.schedule)
    except ConfigurationError:
        return site.schedule


def _next(known: Standing, now: datetime) -> datetime | None:
    newest = known.active or known.last
    if newest and newest.retry_at and not newest.is_active:
        return newest.retry_at
    try:
        return schedule.next_due(known.site.schedule, newest.requested_at if newest else None, now)
    except ConfigurationError:
        return None
