"""Changes of the mapping that what is stored has not been gone through for yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tenure.connections.models import Site
from tenure.sync.models import Replay


@dataclass(frozen=True, slots=True)
class Pending:
    """The replays still to end that go through a site, the oldest first."""

    replays: Sequence[Replay] = ()

    def __bool__(self) -> bool:
        return bool(self.replays)

    @property
    def filling(self) -> set[str]:
        """The attributes that were mapped just now: a site that imports gives each a first value."""
        return {name for one in self.replays for name in one.filling}

    @property
    def retyped(self) -> dict[str, str]:
        """The attributes of another type now (``OBJECT.NAME``), with the type their values still have."""
        found: dict[str, str] = {}
        for one in self.replays:
            for name, kind in one.retyped.items():
                found.setdefault(name, kind)
        return found

    def told(self) -> list[dict[str, Any]]:
        """Who changed the mapping when, as a plan keeps it."""
        return [_told(one) for one in self.replays]


def of(site: Site) -> Pending:
    """What is still to be gone through of this site; nothing while it is staged."""
    if site.staged:
        return Pending()
    rows = Replay.objects.filter(finished_at=None).select_related("member").order_by("pk")
    return Pending([one for one in rows if one.sites is None or site.pk in one.sites])


def _told(one: Replay) -> dict[str, Any]:
    return {
        "at": one.requested_at.isoformat(),
        "by": one.member.email if one.member else None,
        "reason": one.reason or None,
        "trouble": one.trouble or None,
    }
