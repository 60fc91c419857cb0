"""Who is told of an alert: a function of the alert and the routes, and of nothing else."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from tenure.alerts.firing import RANKS
from tenure.alerts.models import Alert, Severity
from tenure.notify.models import Route, SharedChannel, To, Way

OPENED, ENDED, TEST, DIGEST = "alert.opened", "alert.ended", "test", "digest"
EVENTS = (OPENED, ENDED)


@dataclass(slots=True)
class Told:
    """Members and shared channels an alert goes to, each once."""

    members: set[int] = field(default_factory=set)
    channels: set[int] = field(default_factory=set)


def told(
    alert: Alert,
    routes: Iterable[Route],
    followers: Mapping[int, Collection[int]],
    channels: Collection[SharedChannel],
) -> Told:
    """Everybody the enabled routes lead to, and the webhooks that hear of every alert."""
    found = Told()
    for route in routes:
        if not takes(route, alert):
            continue
        if route.to == To.OWNER and alert.owner_id:
            found.members.add(alert.owner_id)
        elif route.to == To.FOLLOWERS:
            found.members.update(followers.get(alert.account_id, ()))
        elif route.to == To.MEMBER and route.member_id:
            found.members.add(route.member_id)
        elif route.to == To.CHANNEL and route.channel_id:
            found.channels.add(route.channel_id)
    usable = {channel.pk for channel in channels}
    found.channels &= usable
    found.channels |= {one.pk for one in channels if hears(one, OPENED)}
    return found


def takes(route: Route, alert: Alert) -> bool:
    """Whether the alert meets every condition of the route."""
    return (
        route.enabled
        and route.alert_rule_id in (None, alert.alert_rule_id)
        and route.kind in ("", alert.kind)
        and route.owner_id in (None, alert.owner_id)
        and (
            not route.least_severity or RANKS[Severity(route.least_severity)] <= alert.severity_rank
        )
    )


def hears(channel: SharedChannel, event: str) -> bool:
    """Whether the channel is a webhook that asked for this event."""
    return channel.way == Way.WEBHOOK and event in channel.events
