"""Who will be told of a rule's alerts, foreseen from the routes before there is an alert."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tenure.access.models import Member
from tenure.alerts.firing import RANKS
from tenure.alerts.models import Severity
from tenure.notify.models import Route, SharedChannel, To
from tenure.notify.routes import OPENED, hears

EVERY = "every alert"


@dataclass(frozen=True, slots=True)
class Coming:
    """What is known of a rule's alerts before one opens. ``rule_id`` is None for a rule that was never
    saved; ``severities`` are those they may have; ``fallback`` owns what nobody owns."""

    rule_id: int | None
    kind: str
    severities: Sequence[Severity]
    fallback: Member | None = None


@dataclass(frozen=True, slots=True)
class Tells:
    """One way the alerts go: to whom, for which of them, and by which route; a webhook that hears of
    every alert needs none."""

    whom: str
    when: str
    route: Route | None = None


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Whoever will be told, and what would tell somebody but does not, each with why in words."""

    tells: Sequence[Tells]
    idle: Sequence[tuple[Route, str]] = ()

    @property
    def words(self) -> str:
        """A sentence for where a list has no room."""
        if not self.tells:
            return "Nobody is told of its alerts: they wait in the inbox."
        parts = [
            one.whom if one.when == EVERY else f"{one.whom} ({one.when})" for one in self.tells
        ]
        return f"Told of its alerts: {'; '.join(parts)}."


def foreseen(
    coming: Coming, routes: Iterable[Route], channels: Iterable[SharedChannel]
) -> Foreseen:
    """The routes that take alerts of the rule, in their order, and the webhooks that hear of all."""
    tells, idle = [], []
    for route in routes:
        if not _may_take(route, coming):
            continue
        if why := _idle(route):
            idle.append((route, why))
        else:
            tells.append(Tells(_whom(route, coming), _when(route, coming), route))
    hooks = [one for one in channels if one.enabled and not one.removed_at and hears(one, OPENED)]
    tells += [Tells(one.name, EVERY) for one in hooks]
    return Foreseen(tells, idle)


def _may_take(route: Route, coming: Coming) -> bool:
    """Whether an alert of the rule can meet the route's conditions; whose it is, only time tells."""
    return (
        route.alert_rule_id in (None, coming.rule_id)
        and route.kind in ("", coming.kind)
        and bool(_severe(route, coming))
    )


def _severe(route: Route, coming: Coming) -> Sequence[Severity]:
    """Those of the severities that are grave enough for the route."""
    if not route.least_severity:
        return coming.severities
    least = RANKS[Severity(route.least_severity)]
    return [one for one in coming.severities if RANKS[one] >= least]


def _idle(route: Route) -> str:
    """Why a route that takes alerts tells nobody of them; nothing where it does."""
    channel, member = route.channel, route.member
    if not route.enabled:
        return "it is switched off"
    if channel and (channel.removed_at or not channel.enabled):
        return f"the channel {channel} is switched off"
    if route.to == To.OWNER and route.owner:
        member = route.owner
    if member and not member.is_active:
        return f"{member} can no longer log in"
    return ""


def _whom(route: Route, coming: Coming) -> str:
    if route.to == To.CHANNEL:
        return str(route.channel)
    if route.to == To.MEMBER:
        return str(route.member)
    if route.to == To.OWNER and route.owner:
        return str(route.owner)
    if route.to == To.OWNER and _falls_back(coming):
        return f"{To.OWNER.label}, {coming.fallback} where the account has none"
    return To(route.to).label


def _when(route: Route, coming: Coming) -> str:
    """For which of the rule's alerts the route is."""
    parts = []
    grave = _severe(route, coming)
    if len(grave) < len(coming.severities):
        parts.append(f"of {' or '.join(one.label.lower() for one in grave)} severity")
    if route.owner:
        parts.append(f"that {route.owner} owns")
    elif route.to == To.OWNER and not _falls_back(coming):
        parts.append("on accounts that have an owner")
    if route.to == To.FOLLOWERS:
        parts.append("on accounts that somebody follows")
    return " ".join(["alerts", *parts]) if parts else EVERY


def _falls_back(coming: Coming) -> bool:
    return coming.fallback is not None and coming.fallback.is_active
