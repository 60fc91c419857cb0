"""What people do with alerts: every step is kept with who, when and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from tenure.access.models import Member
from tenure.alerts import snoozing
from tenure.alerts.lifecycle import ActionRefused, NotNow, after
from tenure.alerts.models import Alert, AlertEvent, Outcome, State
from tenure.core.errors import ConfigurationError

LONGEST_NOTE = 4000


@dataclass(frozen=True, slots=True)
class Who:
    """The member who acts; ``name`` is shown where there is none, as for an API token."""

    member: Member | None = None
    name: str = ""


def acknowledge(alert_id: int, who: Who, *, now: datetime, note: str = "") -> Alert:
    """Say that somebody looks after it; without an owner it becomes theirs."""
    with transaction.atomic():
        alert = _held(alert_id)
        alert.owner = alert.owner or who.member
        return _step(alert, "acknowledge", who, now, note)


def assign(alert_id: int, owner: Member | None, who: Who, *, now: datetime) -> Alert:
    """Give it to a member who can log in, or to nobody."""
    if owner is not None and not owner.is_active:
        raise ActionRefused("owner", f"{owner} can no longer log in.", "Choose somebody who can.")
    with transaction.atomic():
        alert = _held(alert_id)
        alert.owner = owner
        return _step(alert, "assign", who, now, f"to {owner}" if owner else "to nobody")


def snooze(
    alert_id: int, who: Who, *, now: datetime, until: datetime | None = None, note: str = ""
) -> Alert:
    """Let it sleep until a time, or without one until what it is about changes."""
    if until is not None and until <= now:
        raise ActionRefused("until", "The time has passed already.", "Choose a later one.")
    with transaction.atomic():
        alert = _held(alert_id)
        alert.snoozed_until = until
        alert.snoozed_seen = None if until else snoozing.seen(alert, now)
        return _step(alert, "snooze", who, now, note)


def wake(alert_id: int, who: Who, *, now: datetime) -> Alert:
    """End a snooze before its time."""
    with transaction.atomic():
        alert = _held(alert_id)
        alert.snoozed_until = alert.snoozed_seen = None
        return _step(alert, "wake", who, now, "")


def close(alert_id: int, outcome: str, who: Who, *, now: datetime, note: str = "") -> Alert:
    """End it with what came of it."""
    if outcome not in Outcome.values:
        raise ActionRefused(
            "outcome",
            f"“{outcome}” is not an outcome.",
            f"It is one of {', '.join(Outcome.values)}.",
        )
    with transaction.atomic():
        alert = _held(alert_id)
        alert.outcome, alert.note, alert.ended_at = outcome, note.strip()[:LONGEST_NOTE], now
        alert.snoozed_until = alert.snoozed_seen = None
        return _step(alert, "close", who, now, note)


def reopen(alert_id: int, who: Who, *, now: datetime, note: str = "") -> Alert:
    """Take an end back. Raises NotNow while another alert of the same rule is open there."""
    try:
        with transaction.atomic():
            alert = _held(alert_id)
            alert.outcome, alert.ended_at, alert.calm_since = "", None, None
            return _step(alert, "reopen", who, now, note)
    except IntegrityError:
        raise NotNow(
            "Another alert of this rule is open for the account.", next_step="Work on that one."
        ) from None


def note(alert_id: int, text: str, who: Who, *, now: datetime) -> Alert:
    """Write something down on it."""
    if not text.strip():
        raise ActionRefused("note", "The note is empty.", "Write a word first.")
    with transaction.atomic():
        return _step(_held(alert_id), "note", who, now, text)


def each(alert_ids: Iterable[int], action: Any) -> tuple[list[Alert], list[str]]:
    """Do one thing with many alerts: those done, and a sentence for each that could not be."""
    done, refused = [], []
    for alert_id in alert_ids:
        try:
            done.append(action(alert_id))
        except ConfigurationError as error:
            refused.append(str(error))
    return done, refused


def _held(alert_id: int) -> Alert:
    return (
        Alert.objects.select_for_update(of=("self",)).select_related("alert_rule").get(pk=alert_id)
    )


def _step(alert: Alert, action: str, who: Who, now: datetime, note: str) -> Alert:
    alert.state = after(alert.state, action)
    if alert.state != State.SNOOZED:
        alert.snoozed_until = alert.snoozed_seen = None
    alert.save()
    AlertEvent.objects.create(
        alert=alert,
        action=action,
        state=alert.state,
        member=who.member,
        by=who.name or (who.member.email if who.member else ""),
        note=note.strip()[:LONGEST_NOTE],
        at=now,
    )
    return alert
