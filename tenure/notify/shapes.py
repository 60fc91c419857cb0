"""Deliveries, routes and channels as scripts see them, by command or API."""

from typing import Any

from tenure.core.clock import stamp
from tenure.notify.foreseen import Foreseen
from tenure.notify.models import Delivery, Route, SharedChannel


def delivery(one: Delivery) -> dict[str, Any]:
    """A delivery: what, where to, and where it stands."""
    return {
        "id": str(one.pk),
        "event": one.event,
        "channel": one.way,
        "to": where(one),
        "alert": one.alert_id,
        "subject": one.message["subject"],
        "state": one.state,
        "told": one.told or None,
        "tries": one.tries,
        "created_at": stamp(one.created_at),
        "sent_at": stamp(one.sent_at),
        "next_try_at": stamp(one.due_at) if one.state == "waiting" else None,
    }


def in_full(one: Delivery) -> dict[str, Any]:
    """A delivery with every try of it."""
    return delivery(one) | {
        "attempts": [
            {
                "at": stamp(attempt.at),
                "seconds": attempt.seconds,
                "state": attempt.state,
                "code": attempt.code,
                "answer": attempt.excerpt or None,
                "error": attempt.error or None,
            }
            for attempt in one.attempts.order_by("pk")
        ]
    }


def where(one: Delivery) -> str:
    """The name of the channel, or the member's e-mail."""
    return str(one.channel) if one.channel else one.member.email if one.member else ""


def route(one: Route) -> dict[str, Any]:
    """A route; null conditions take every alert."""
    return {
        "id": one.pk,
        "name": one.name,
        "rule": one.alert_rule.name if one.alert_rule else None,
        "type": one.kind or None,
        "least_severity": one.least_severity or None,
        "owner": one.owner.email if one.owner else None,
        "to": one.to,
        "member": one.member.email if one.member else None,
        "channel": one.channel.name if one.channel else None,
        "enabled": one.enabled,
    }


def foreseen(one: Foreseen) -> list[dict[str, Any]]:
    """Who is told of a rule's alerts, of which of them, and by which route."""
    return [
        {"whom": way.whom, "when": way.when, "route": way.route.name if way.route else None}
        for way in one.tells
    ]


def channel(one: SharedChannel) -> dict[str, Any]:
    """A shared channel, without its address and secret."""
    return {
        "id": one.pk,
        "name": one.name,
        "kind": one.way,
        "address": one.shown,
        "events": one.events,
        "enabled": one.enabled,
    }
