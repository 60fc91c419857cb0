"""Mutes: a rule that is silent for one account through a day, and taking that back."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from tenure.alerts.actions import LONGEST_NOTE, Who
from tenure.alerts.lifecycle import ActionRefused
from tenure.alerts.models import Alert, AlertEvent, Mute
from tenure.core.errors import ConfigurationError
from tenure.metrics.days import local_day
from tenure.metrics.settings import zone

LONGEST = timedelta(days=3660)


def mute(alert: Alert, until: date, reason: str, who: Who, *, now: datetime) -> Mute:
    """Keep the alert's rule silent for its account until a day of the workspace is over. One that
    stands already gives way. Raises ActionRefused for a day that is over, and without a reason."""
    today = local_day(now, zone())
    if until < today:
        raise ActionRefused("until", "The day has passed already.", "Choose a later one.")
    if until > today + LONGEST:
        raise ActionRefused(
            "until", "A mute lasts ten years at most.", "For good, narrow the rule or its segments."
        )
    if not reason.strip():
        raise ActionRefused("reason", "A mute needs a reason.", "Write why it is no risk here.")
    with transaction.atomic():
        _end(
            standing(now).filter(alert_rule=alert.alert_rule_id, account=alert.account_id), who, now
        )
        made = Mute.objects.create(
            alert_rule=alert.alert_rule,
            account_id=alert.account_id,
            alert=alert,
            until=until,
            reason=reason.strip()[:LONGEST_NOTE],
            member=who.member,
            by=_name(who),
            at=now,
        )
        _keep(alert, "mute", f"Through {until}: {made.reason}", who, now)
    return made


def take_back(pk: int, who: Who, *, now: datetime) -> Mute:
    """Let the rule speak of the account again. Where it holds its alert opens within minutes. Raises
    ConfigurationError when no such mute stands any more."""
    with transaction.atomic():
        found = standing(now).select_for_update(of=("self",)).filter(pk=pk).first()
        if found is None:
            raise ConfigurationError(
                f"There is no mute {pk} that stands: it is over, or was taken back already.",
                next_step="Look at the list of mutes.",
            )
        _end(standing(now).filter(pk=pk), who, now)
        if found.alert:
            _keep(found.alert, "unmute", "", who, now)
    found.refresh_from_db()
    return found


def on(day: date) -> "QuerySet[Mute]":
    """The mutes in force on a day of the workspace, the soonest to end first."""
    rows = Mute.objects.filter(ended_at=None, until__gte=day)
    rows = rows.select_related("alert_rule", "account", "member", "alert")
    return rows.order_by("until", "pk")


def standing(now: datetime) -> "QuerySet[Mute]":
    """The mutes in force at an instant."""
    return on(local_day(now, zone()))


def of(alert: Alert, now: datetime) -> Mute | None:
    """The mute that keeps the alert's rule silent for its account now; None when nothing does."""
    found = standing(now).filter(alert_rule=alert.alert_rule_id, account=alert.account_id)
    return found.last()


def _end(rows: "QuerySet[Mute]", who: Who, now: datetime) -> None:
    ids = list(rows.values_list("pk", flat=True))
    Mute.objects.filter(pk__in=ids).update(ended_at=now, ended_by=_name(who))


def _name(who: Who) -> str:
    return who.name or (who.member.email if who.member else "")


def _keep(alert: Alert, action: str, note: str, who: Who, now: datetime) -> None:
    AlertEvent.objects.create(
        alert=alert,
        action=action,
        state=alert.state,
        member=who.member,
        by=_name(who),
        note=note[:LONGEST_NOTE],
        at=now,
    )
