"""How fresh the data is, in a few words: the worst age across sites."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest

from tenure.connections.models import SiteState
from tenure.connections.read import is_connected
from tenure.sync.standing import Standing, standings

LATE, STALE = timedelta(hours=26), timedelta(hours=48)  # a daily sync with two hours' grace


@dataclass(frozen=True, slots=True)
class Freshness:
    """The chip of the top bar: its words, the instant they speak of, and their tone."""

    words: str
    tone: str
    since: datetime | None = None


def standings_for(request: HttpRequest) -> Sequence[Standing]:
    """How the sites stand, asked once a request however many parts of the page show it."""
    known: Sequence[Standing] | None = getattr(request, "standings", None)
    if known is None:
        known = standings()
        request.standings = known  # type: ignore[attr-defined]
    return known


def freshness(now: datetime, sites: Sequence[Standing]) -> Freshness | None:
    """The worst of all connected sites; None when none is connected. ``now`` is by a real clock.

    A staged site feeds nothing that anybody sees, so it has no say in it.
    """
    known = [s for s in sites if is_connected(s.site) and not s.site.staged]
    if not known:
        return None
    for verdict in (_needs_person, _importing, _failing):
        found = verdict(known)
        if found:
            return found
    oldest = min(standing.good_at for standing in known if standing.good_at)
    age = now - oldest
    tone = "good" if age < LATE else "warn" if age < STALE else "bad"
    return Freshness("Synced" if tone == "good" else "Last synced", tone, oldest)


def _needs_person(known: list[Standing]) -> Freshness | None:
    names = [s.site.subdomain for s in known if s.site.state == SiteState.NEEDS_KEY]
    return Freshness(f"{names[0]} needs a new key", "bad") if names else None


def _importing(known: list[Standing]) -> Freshness | None:
    if all(standing.good_at for standing in known):
        return None
    if any(standing.active for standing in known if not standing.good_at):
        return Freshness("Importing…", "busy")
    return Freshness("Not synced yet", "warn")


def _failing(known: list[Standing]) -> Freshness | None:
    bad = [s for s in known if s.last and s.last.state in {"failed", "incomplete"}]
    if not bad:
        return None
    return (
        Freshness(f"{bad[0].site.subdomain}: last sync {bad[0].last.state}", "warn")
        if bad[0].last
        else None
    )
