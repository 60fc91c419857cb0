"""Alerts that sleep until a time, or until what they are about changes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from tenure.alerts.chosen import of_accounts
from tenure.alerts.models import Alert, AlertEvent, AlertRule, State
from tenure.segments.explain import Explanation, explain, explain_all
from tenure.segments.question import Question, question


def seen(alert: Alert, now: datetime) -> list[Any]:
    """What the alert's conditions see now: compared later to tell whether anything changed."""
    return _values(explain(question(alert.alert_rule.rule, now), alert.account_id))


def end(now: datetime) -> int:
    """Wake the alerts whose time has come; counts them."""
    with transaction.atomic():
        due = Alert.objects.select_for_update().filter(state=State.SNOOZED, snoozed_until__lte=now)
        return _wake(list(due), now, "The time it was snoozed for is over.")


def changed(rule: AlertRule, asked: Question, ids: Sequence[int] | None) -> int:
    """Wake the rule's alerts that slept until a change and see other values now; counts them."""
    asleep = Alert.objects.filter(alert_rule=rule, state=State.SNOOZED, snoozed_seen__isnull=False)
    asleep = of_accounts(asleep, ids)
    seen = explain_all(asked, (one.account_id for one in asleep))
    moved = [one for one in asleep if _values(seen[one.account_id]) != one.snoozed_seen]
    return _wake(moved, asked.context.now, "What it is about has changed.")


def _values(found: Explanation) -> list[Any]:
    lines = (line.as_json() for line in found.lines)
    return [[line["condition"], line["value"], line["rows"]] for line in lines]


def _wake(alerts: Sequence[Alert], now: datetime, why: str) -> int:
    for alert in alerts:
        alert.state = State.NEW
        alert.snoozed_until = alert.snoozed_seen = None
    Alert.objects.bulk_update(alerts, ["state", "snoozed_until", "snoozed_seen"])
    AlertEvent.objects.bulk_create(
        AlertEvent(alert=alert, action="wake", state=State.NEW, note=why, at=now)
        for alert in alerts
    )
    return len(alerts)
