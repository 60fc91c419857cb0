"""Changes to routes, channels and choices, and sending something again."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from tenure.access.models import Member
from tenure.alerts.models import AlertRule
from tenure.connections.read import key_ring
from tenure.core.errors import ConfigurationError
from tenure.core.secrets import Secret
from tenure.customers.models import Account
from tenure.customers.write import ValueRefused
from tenure.notify import outbox, routes, words
from tenure.notify.models import (
    Delivery,
    Follow,
    Notification,
    Preference,
    Route,
    SharedChannel,
    State,
    To,
    Way,
)
from tenure.notify.registry import channel_of

LONGEST_NAME, LARGEST_BUDGET = 120, 1_000
SHARED = (Way.EMAIL, Way.SLACK, Way.WEBHOOK)
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Made:
    """A channel, and the signing secret of a webhook: shown now and never again."""

    channel: SharedChannel
    secret: Secret | None


def sealed_as(pk: int, what: str) -> str:
    """What a sealed text of a channel is bound to."""
    return f"notify.channel.{pk}.{what}"


def add_channel(
    name: str,
    way: str,
    address: str,
    *,
    events: Sequence[str] = (),
    now: datetime,
    by: Member | None = None,
) -> Made:
    """Keep a shared channel. Raises ValueRefused for a name that is taken and an unusable address."""
    name = _named(name)
    if way not in SHARED:
        raise ValueRefused("way", "Choose e-mail, Slack or a webhook.", "")
    _refuse_unknown(events)
    kept = channel_of(way).checked(address)
    channel = SharedChannel(
        name=name,
        way=way,
        shown=channel_of(way).shown(kept),
        events=list(events) if way == Way.WEBHOOK else [],
        created_by=by,
        created_at=now,
    )
    try:
        with transaction.atomic():
            channel.save()
            channel.sealed_address = _seal(channel, "address", Secret(kept))
            channel.save(update_fields=["sealed_address"])
            secret = renew_secret(channel) if way == Way.WEBHOOK else None
    except IntegrityError:
        raise _taken(name) from None
    return Made(channel, secret)


def change_channel(
    channel: SharedChannel,
    *,
    name: str | None = None,
    address: str | None = None,
    events: Sequence[str] | None = None,
    enabled: bool | None = None,
) -> None:
    """Change what is named of a channel; what it is, a webhook or a mailbox, stays. Raises
    ValueRefused with nothing changed."""
    if name is not None:
        channel.name = _named(name)
    if address is not None:
        kept = channel_of(channel.way).checked(address)
        channel.shown = channel_of(channel.way).shown(kept)
        channel.sealed_address = _seal(channel, "address", Secret(kept))
    if events is not None:
        if channel.way != Way.WEBHOOK:
            raise ValueRefused("events", "Only a webhook hears of events.", "Add a route to it.")
        _refuse_unknown(events)
        channel.events = [one for one in routes.EVENTS if one in events]
    if enabled is not None:
        channel.enabled = enabled
    try:
        with transaction.atomic():
            channel.save()
    except IntegrityError:
        raise _taken(channel.name) from None


def renew_secret(channel: SharedChannel) -> Secret:
    """Sign with a new secret from now on; it is returned this once. Raises ValueRefused for what is
    not signed."""
    if channel.way != Way.WEBHOOK:
        raise ValueRefused("secret", "Only a webhook's requests are signed.", "")
    fresh = Secret(f"whs_{secrets.token_urlsafe(SECRET_BYTES)}")
    channel.sealed_secret = _seal(channel, "secret", fresh)
    channel.save(update_fields=["sealed_secret"])
    return fresh


def remove_channel(channel: SharedChannel, *, now: datetime) -> None:
    """Tell it nothing more and forget its address and secret; its log stays, its routes go."""
    with transaction.atomic():
        channel.removed_at, channel.sealed_address, channel.sealed_secret = now, "", ""
        channel.save(update_fields=["removed_at", "sealed_address", "sealed_secret"])
        Route.objects.filter(channel=channel).delete()


def send_test(channel: SharedChannel, *, now: datetime) -> Delivery:
    """Put a test into the outbox; it is sent like everything else."""
    made = outbox.entry(
        routes.TEST,
        channel.way,
        words.tried(channel.name),
        now,
        about=f"{now.isoformat()}.{secrets.token_hex(4)}",
        channel_id=channel.pk,
    )
    outbox.write([made])
    return made


def add_route(name: str, to: str, **how: Any) -> Route:
    """Keep a route. ``how``: ``alert_rule``, ``kind``, ``least_severity``, ``owner``, ``member``,
    ``channel``. Raises ValueRefused when it leads nowhere."""
    return _led(Route(), name=name, to=to, **how)


def change_route(route: Route, name: str, to: str, **how: Any) -> Route:
    """Let a route have these conditions and lead there. Raises ValueRefused with nothing changed."""
    empty = dict.fromkeys(("alert_rule", "owner", "member", "channel")) | {
        "kind": "",
        "least_severity": "",
    }
    return _led(route, name=name, to=to, **(empty | how))


def _led(route: Route, *, name: str, to: str, **how: Any) -> Route:
    route.name, route.to = _named(name), to
    for field, value in how.items():
        setattr(route, field, value)
    if to not in To.values:
        raise ValueRefused("to", f"There is no {to!r} to tell.", f"Use {', '.join(To.values)}.")
    if to == To.MEMBER and route.member is None:
        raise ValueRefused("member", "The route names no member.", "Choose one.")
    if to == To.CHANNEL and route.channel is None:
        raise ValueRefused("channel", "The route names no channel.", "Choose one.")
    if to != To.MEMBER:
        route.member = None
    if to != To.CHANNEL:
        route.channel = None
    route.save()
    return route


def send_to(alert_rule: AlertRule, names: Sequence[str]) -> None:
    """Let every alert of a rule be told in these shared channels, and in no others by a route of the
    rule alone. Routes that ask for more, as a severity, stay as they are. Raises ValueRefused with
    nothing changed."""
    known = {one.name.lower(): one for one in SharedChannel.objects.all()}
    for name in names:
        if name.strip().lower() not in known:
            able = ", ".join(f"“{one.name}”" for one in known.values())
            right = f"There are {able}." if able else "Make one under Settings › Notifications."
            raise ValueRefused("channels", f"There is no channel “{name}”.", right)
    wanted = {known[name.strip().lower()].pk: known[name.strip().lower()] for name in names}
    plain = Route.objects.filter(
        alert_rule=alert_rule, to=To.CHANNEL, kind="", least_severity="", owner=None
    )
    with transaction.atomic():
        plain.exclude(channel__in=wanted).delete()
        plain.update(enabled=True)
        there = set(plain.values_list("channel", flat=True))
        for pk, channel in wanted.items():
            if pk not in there:
                title = f"{alert_rule.name} to {channel.name}"[:LONGEST_NAME]
                add_route(title, To.CHANNEL, alert_rule=alert_rule, channel=channel)


def switch_route(route: Route, *, enabled: bool) -> None:
    """Follow the route, or leave it alone."""
    route.enabled = enabled
    route.save(update_fields=["enabled"])


def remove_route(route: Route) -> None:
    """Tell nobody by this route any more."""
    route.delete()


def prefer(member: Member, **wanted: Any) -> Preference:
    """Keep how a member wants to hear: ``email``, ``digest``, ``digest_hour``, ``quiet_from``,
    ``quiet_until``, ``budget``. Raises ValueRefused naming what cannot be."""
    kept = Preference.objects.filter(pk=member.pk).first() or Preference(member=member)
    for name, value in wanted.items():
        setattr(kept, name, value)
    for name in ("digest_hour", "quiet_from", "quiet_until"):
        hour = getattr(kept, name)
        if hour is not None and not 0 <= hour <= 23:
            raise ValueRefused(name, f"{hour} is no hour of a day.", "Use 0 to 23.")
    if (kept.quiet_from is None) != (kept.quiet_until is None):
        raise ValueRefused(
            "quiet_until", "Quiet hours need a begin and an end.", "Enter both or neither."
        )
    if not 0 <= kept.budget <= LARGEST_BUDGET:
        raise ValueRefused("budget", "That is no usable budget.", f"Use 0 to {LARGEST_BUDGET:,}.")
    kept.save()
    return kept


def follow(member: Member, account: Account, *, now: datetime) -> None:
    """Hear of this account's alerts, whoever owns it."""
    Follow.objects.get_or_create(member=member, account=account, defaults={"at": now})


def unfollow(member: Member, account: Account) -> None:
    """Hear of them no more."""
    Follow.objects.filter(member=member, account=account).delete()


def mark_read(member: Member, *, now: datetime, only: int | None = None) -> int:
    """Mark one notification of the member, or all, as seen; how many were new."""
    rows = Notification.objects.filter(member=member, read_at=None)
    return rows.filter(pk=only).update(read_at=now) if only else rows.update(read_at=now)


def replay(delivery: Delivery, *, now: datetime) -> Delivery:
    """Send it again, with the same id, as soon as the sender comes by."""
    if delivery.state == State.WAITING and delivery.due_at <= now + timedelta(minutes=1):
        raise ConfigurationError(
            "It waits to be sent already.", next_step="Look again in a minute."
        )
    Delivery.objects.filter(pk=delivery.pk).update(
        state=State.WAITING, due_at=now, tries=0, told="Sent again by hand."
    )
    delivery.refresh_from_db()
    return delivery


def replay_not_sent(*, now: datetime) -> int:
    """Send everything again that was kept because a setting was missing; how many."""
    rows = Delivery.objects.filter(state=State.NOT_SENT)
    return rows.update(state=State.WAITING, due_at=now, tries=0, told="Sent again by hand.")


def _refuse_unknown(events: Sequence[str]) -> None:
    unknown = [one for one in events if one not in routes.EVENTS]
    if unknown:
        known = ", ".join(routes.EVENTS)
        raise ValueRefused("events", f"There is no event {unknown[0]!r}.", f"Use {known}.")


def _taken(name: str) -> ValueRefused:
    told = f"A channel named “{name}” is there already."
    return ValueRefused("name", told, "Choose another name.")


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or "\0" in name:
        raise ValueRefused("name", "It needs a name of at most 120 characters.", "Enter one.")
    return name


def _seal(channel: SharedChannel, what: str, secret: Secret) -> str:
    return key_ring().seal(secret, context=sealed_as(channel.pk, what))
