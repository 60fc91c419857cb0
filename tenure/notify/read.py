"""Questions about the outbox, routes, channels and what a member was told."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery, Value

from tenure.access.models import Member
from tenure.alerts import read as alerts
from tenure.alerts.firing import possible_severities
from tenure.alerts.models import AlertRule
from tenure.core.errors import ConfigurationError
from tenure.notify.foreseen import Coming, Foreseen, foreseen
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

NO_ACCOUNT = 0  # no account has this number


@dataclass(frozen=True, slots=True)
class Kept:
    """What waits in the outbox and cannot leave it by itself."""

    not_sent: int
    failed: int
    told: str


def deliveries(
    *, state: str = "", way: str = "", channel_id: int | None = None, alert_id: int | None = None
) -> "QuerySet[Delivery]":
    """The log, newest first. Raises ConfigurationError for a state or way there is not."""
    for said, known in ((state, State.values), (way, Way.values)):
        if said and said not in known:
            raise ConfigurationError(
                f"Deliveries have no {said!r}.", next_step=f"Use one of {', '.join(known)}."
            )
    rows = Delivery.objects.select_related("member", "channel", "alert")
    chosen = {"state": state, "way": way, "channel_id": channel_id, "alert_id": alert_id}
    rows = rows.filter(**{name: value for name, value in chosen.items() if value})
    return rows.order_by("-created_at", "-pk")


def delivery_of(number: str) -> Delivery:
    """The delivery of this id. Raises ConfigurationError when there is none."""
    try:
        found = deliveries().filter(pk=uuid.UUID(number)).first()
    except ValueError:
        found = None
    if found is None:
        raise ConfigurationError(
            f"There is no delivery {number[:60]!r}.", next_step="Look at tenure deliveries list."
        )
    return found


def kept() -> Kept:
    """What of the outbox needs somebody, and the newest reason."""
    counts = dict(
        Delivery.objects.filter(state__in=(State.NOT_SENT, State.FAILED))
        .values_list("state")
        .annotate(count=Count("pk"))
    )
    newest = deliveries(state=State.NOT_SENT).values_list("told", flat=True).first() or ""
    return Kept(counts.get(State.NOT_SENT, 0), counts.get(State.FAILED, 0), newest)


def channels() -> Sequence[SharedChannel]:
    """The shared channels that stand, by name."""
    return list(SharedChannel.objects.filter(removed_at=None).select_related("created_by"))


def channel_named(name: str) -> SharedChannel:
    """The channel of this name. Raises ConfigurationError that lists what there is."""
    found = next((one for one in channels() if one.name.lower() == name.strip().lower()), None)
    if found is None:
        known = ", ".join(one.name for one in channels()) or "none yet"
        raise ConfigurationError(
            f"There is no channel {name[:120]!r}.", next_step=f"There are these: {known}."
        )
    return found


def routes() -> "QuerySet[Route]":
    """All routes with what they name."""
    return Route.objects.select_related("alert_rule", "owner", "member", "channel")


def channels_of(alert_rule_ids: Iterable[int]) -> dict[int, list[str]]:
    """The shared channels that routes of each of these rules alone lead to, by name."""
    rows = routes().filter(alert_rule_id__in=list(alert_rule_ids), to=To.CHANNEL, enabled=True)
    found: dict[int, list[str]] = {}
    for rule_id, name in rows.order_by("channel__name").values_list("alert_rule", "channel__name"):
        found.setdefault(rule_id, []).append(name)
    return {rule_id: list(dict.fromkeys(names)) for rule_id, names in found.items()}


def foreseen_for(coming: Iterable[Coming]) -> list[Foreseen]:
    """Who will be told of the alerts of each rule, as the routes and channels stand: two queries."""
    ways, shared = list(routes()), channels()
    return [foreseen(one, ways, shared) for one in coming]


def coming_of(rule: AlertRule) -> Coming:
    """What is known of the alerts of a saved rule."""
    limits = [Decimal(str(one)) for one in rule.thresholds]
    return Coming(rule.pk, rule.kind, possible_severities(rule.severity, limits), rule.fallback)


def preference_of(member: Member) -> Preference:
    """What the member wants; the defaults when they never said."""
    return Preference.objects.filter(pk=member.pk).first() or Preference(member=member)


def at_hand(member: Member, account_id: int, most: int = 100) -> tuple[int, bool]:
    """How many of a member's notifications are new, and whether they follow the account: one query."""
    new = Notification.objects.filter(member=OuterRef("pk"), read_at=None)
    counted = new.order_by().values("member").annotate(count=Count("pk")).values("count")
    followed = Follow.objects.filter(member=OuterRef("pk"), account_id=account_id)
    found = Member.objects.annotate(new=Subquery(counted), follows=Exists(followed))
    unread, follows = found.values_list("new", "follows").get(pk=member.pk)
    return min(unread or 0, most), follows


def at_hand_of(
    member: Member,
    account_ids: Sequence[int],
    most: int = 100,
    *,
    at: datetime | None = None,
) -> tuple[int, dict[int, int]]:
    """How many of a member's notifications are new, and the alerts of these accounts that are open, or
    were right before an instant: one query."""
    new = Notification.objects.filter(member=member, read_at=None).order_by()
    counted = new.values("member").annotate(count=Count("pk"))
    bell = counted.values_list(Value(NO_ACCOUNT), "count")
    found = dict(alerts.open_counts(account_ids, at=at).union(bell, all=True))
    unread = found.pop(NO_ACCOUNT, 0)
    return min(unread, most), found


def notifications(member: Member) -> "QuerySet[Notification]":
    """What the member was told within Tenure, newest first; of one moment the gravest first."""
    return Notification.objects.filter(member=member).order_by("-at", "pk")


def unread(member: Member, most: int = 100) -> int:
    """How many of them are new, counted up to ``most``."""
    rows = Notification.objects.filter(member=member, read_at=None)
    return rows.values("pk")[:most].count()
