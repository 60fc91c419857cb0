"""Taking alerts that nobody was told of, and writing down in one transaction who shall be.

The alert is marked with the same commit that holds its deliveries: a crash before it leaves the alert
to be taken again, and one after it leaves deliveries to be sent.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from tenure.access.models import Member
from tenure.alerts.models import Alert
from tenure.core.secrets import Secret
from tenure.notify import hours, outbox, routes, words
from tenure.notify.channel import Destination, Message
from tenure.notify.models import (
    Delivery,
    Follow,
    Preference,
    Route,
    SharedChannel,
    State,
    Way,
)
from tenure.notify.registry import channel_of

CHUNK = 500
ENDS_LOOK_BACK = timedelta(days=30)


@dataclass(slots=True)
class Reader:
    """A member who is told things: what they want, and what of today's budget is left."""

    member: Member
    preference: Preference
    left: int


@dataclass(slots=True)
class Book:
    """Everything a decision needs, read once for a chunk of alerts."""

    routes: Sequence[Route]
    channels: dict[int, SharedChannel]
    followers: dict[int, list[int]]
    readers: dict[int, Reader]


def collect(now: datetime) -> int:
    """Hand every alert that was not announced yet to the outbox; how many alerts."""
    announced = 0
    while count := _collect_some(now):
        announced += count
    _collect_ends(now)
    return announced


def _collect_some(now: datetime) -> int:
    if not Alert.objects.filter(announced_at=None).exists():
        return 0
    with transaction.atomic():
        _alone()
        rows = Alert.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
        rows = rows.select_related("account", "alert_rule", "owner").filter(announced_at=None)
        # The gravest first: they are told of before a budget is spent.
        alerts = sorted(rows.order_by("pk")[:CHUNK], key=lambda one: (-one.severity_rank, one.pk))
        book = _book(alerts, now)
        entries = [one for alert in alerts for one in _entries(alert, book, now)]
        _show(outbox.write(entries), now)
        Alert.objects.bulk_update(alerts, ["announced_at", "held_back"])
    return len(alerts)


def _alone() -> None:
    """Two collectors would spend one budget twice."""
    with connection.cursor() as db:
        db.execute("SELECT pg_advisory_xact_lock(hashtext('tenure.notify.collect'))")


def _entries(alert: Alert, book: Book, now: datetime) -> list[Delivery]:
    """What is written for one alert, which is marked as announced."""
    found = routes.told(alert, book.routes, book.followers, list(book.channels.values()))
    said = words.opened(alert)
    entries = [
        outbox.entry(
            routes.OPENED,
            book.channels[pk].way,
            said,
            now,
            about=alert.pk,
            channel_id=pk,
            alert_id=alert.pk,
        )
        for pk in sorted(found.channels)
    ]
    readers = [book.readers[pk] for pk in sorted(found.members) if pk in book.readers]
    for reader in readers:
        entries += _to_member(reader, alert, said, now)
    held = {one.member_id for one in entries if one.state == State.HELD}
    alert.announced_at = now
    alert.held_back = bool(held) and (alert.owner_id in held or len(held) == len(entries))
    return entries


def _to_member(
    reader: Reader, alert: Alert, said: dict[str, object], now: datetime
) -> list[Delivery]:
    """What is written for one member: within Tenure at once and by mail, or held back."""
    member, wanted = reader.member, reader.preference

    def entry(way: str, state: str, due_at: datetime) -> Delivery:
        return outbox.entry(
            routes.OPENED,
            way,
            said,
            now,
            about=alert.pk,
            member_id=member.pk,
            alert_id=alert.pk,
            state=state,
            due_at=due_at,
        )

    summary = hours.next_hour(member, wanted.digest_hour, now)
    if reader.left <= 0:
        return [entry(Way.IN_APP, State.HELD, summary)]
    reader.left -= 1
    entries = [entry(Way.IN_APP, State.SENT, now)]
    if wanted.email and wanted.digest:
        entries.append(entry(Way.EMAIL, State.GATHERED, summary))
    elif wanted.email:
        entries.append(entry(Way.EMAIL, State.WAITING, hours.quiet_ends(wanted, member, now)))
    return entries


def _show(entries: Sequence[Delivery], now: datetime) -> None:
    """What is told within Tenure is there with the commit that says so."""
    local = channel_of(Way.IN_APP)
    for one in entries:
        if one.way == Way.IN_APP and one.state == State.SENT:
            local.send(message_of(one), Destination(Secret(""), member_id=one.member_id), now)
            Delivery.objects.filter(pk=one.pk).update(sent_at=now, tries=1)


def message_of(delivery: Delivery, link_base: str = "") -> Message:
    """A delivery's frozen words as a channel takes them."""
    said = delivery.message
    return Message(
        delivery=str(delivery.pk),
        event=delivery.event,
        subject=said["subject"],
        lines=tuple(said.get("lines", ())),
        path=said.get("path", ""),
        link=f"{link_base}{said['path']}" if link_base and said.get("path") else "",
        at=delivery.created_at,
        data=said.get("data", {}),
    )


def _book(alerts: Sequence[Alert], now: datetime) -> Book:
    enabled = list(Route.objects.filter(enabled=True))
    channels = {one.pk: one for one in SharedChannel.objects.filter(enabled=True, removed_at=None)}
    followers: dict[int, list[int]] = defaultdict(list)
    for follow in Follow.objects.filter(account__in=[one.account_id for one in alerts]):
        followers[follow.account_id].append(follow.member_id)
    concerned = {pk for pks in followers.values() for pk in pks}
    concerned |= {one.owner_id for one in alerts if one.owner_id}
    concerned |= {one.member_id for one in enabled if one.member_id}
    return Book(enabled, channels, followers, _readers(concerned, now))


def _readers(members: set[int], now: datetime) -> dict[int, Reader]:
    wanted = {one.pk: one for one in Preference.objects.filter(pk__in=members)}
    found = {}
    for member in Member.objects.filter(pk__in=members, is_active=True):
        preference = wanted.get(member.pk) or Preference(member=member)
        told = Delivery.objects.filter(
            member=member,
            way=Way.IN_APP,
            event=routes.OPENED,
            created_at__gte=hours.day_began(member, now),
        ).exclude(state=State.HELD)
        found[member.pk] = Reader(member, preference, preference.budget - told.count())
    return found


def _collect_ends(now: datetime) -> None:
    """Tell the webhooks that asked for it which alerts ended since they were set up."""
    for channel in SharedChannel.objects.filter(enabled=True, removed_at=None, way=Way.WEBHOOK):
        if not routes.hears(channel, routes.ENDED):
            continue
        said = Delivery.objects.filter(
            channel=channel,
            event=routes.ENDED,
            alert=OuterRef("pk"),
            created_at__gte=OuterRef("ended_at"),
        )
        since = max(channel.created_at, now - ENDS_LOOK_BACK)
        rows = Alert.objects.filter(~Exists(said), ended_at__gte=since)
        for alert in rows.select_related("account", "alert_rule", "owner").order_by("pk")[:CHUNK]:
            about = f"{alert.pk}@{alert.ended_at:%Y%m%dT%H%M%S.%f}" if alert.ended_at else ""
            outbox.write(
                [
                    outbox.entry(
                        routes.ENDED,
                        channel.way,
                        words.ended(alert),
                        now,
                        about=about,
                        channel_id=channel.pk,
                        alert_id=alert.pk,
                    )
                ]
            )
