"""Writing deliveries: each has a key that says what and where, and an id made from it."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tenure.notify.models import Delivery, State

IDS = uuid.UUID("5b3c1f0e-4a8a-4d53-9d4e-7a1f6f0f2c11")


def entry(
    event: str,
    way: str,
    message: dict[str, Any],
    now: datetime,
    *,
    about: object,
    member_id: int | None = None,
    channel_id: int | None = None,
    alert_id: int | None = None,
    state: str = State.WAITING,
    due_at: datetime | None = None,
) -> Delivery:
    """A delivery, not written yet. ``about`` with the event and the place makes the key."""
    place = f"channel-{channel_id}" if channel_id else f"member-{member_id}"
    key = f"{event}:{about}:{way}:{place}"
    return Delivery(
        id=uuid.uuid5(IDS, key),
        key=key,
        event=event,
        way=way,
        member_id=member_id,
        channel_id=channel_id,
        alert_id=alert_id,
        message=message,
        state=state,
        due_at=due_at or now,
        created_at=now,
    )


def write(entries: Sequence[Delivery]) -> list[Delivery]:
    """Write those that are not there yet; the answer is what is new."""
    known = set(
        Delivery.objects.filter(key__in=[one.key for one in entries]).values_list("key", flat=True)
    )
    fresh = list({one.key: one for one in entries if one.key not in known}.values())
    Delivery.objects.bulk_create(fresh, ignore_conflicts=True)
    return fresh
