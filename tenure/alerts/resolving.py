"""Alerts that end by themselves: when the resolve condition has held for long enough.

Between firing and resolving lies a stretch in which neither counts: a condition that flickers at its
limit neither reopens nor resolves anything.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection

from tenure.alerts.chosen import of_accounts
from tenure.alerts.models import OPEN, Alert, AlertEvent, AlertRule, State
from tenure.rules.sql import Sql, bound
from tenure.rules.sql import ids as listed
from tenure.segments.question import Question, question


def settle(rule: AlertRule, asked: Question, ids: Sequence[int] | None) -> int:
    """Note where calm began or ended, and resolve where it has lasted; counts the resolved. An alert
    of an account that is hidden now resolves too. In a transaction."""
    now = asked.context.now
    _note_calm(rule, asked, ids)
    due = Alert.objects.filter(
        alert_rule=rule, state__in=OPEN, calm_since__lte=now - timedelta(days=rule.settle_days)
    )
    return _resolve(list(of_accounts(due, ids)), now)


def _resolve(alerts: Sequence[Alert], now: datetime) -> int:
    for alert in alerts:
        alert.state, alert.ended_at = State.RESOLVED, now
        alert.snoozed_until = alert.snoozed_seen = None
    Alert.objects.bulk_update(alerts, ["state", "ended_at", "snoozed_until", "snoozed_seen"])
    AlertEvent.objects.bulk_create(
        AlertEvent(alert=alert, action="resolve", state=State.RESOLVED, at=now) for alert in alerts
    )
    return len(alerts)


def _note_calm(rule: AlertRule, asked: Question, ids: Sequence[int] | None) -> None:
    """``calm_since`` of each open alert: set when the resolve condition begins to hold, taken away
    when it ends."""
    calm = _calm(rule, asked)
    chosen = Sql("") if ids is None else " AND t.account_id = ANY(" + listed(ids) + ")"
    states = bound([state.value for state in OPEN], "text[]")
    statement = (
        "UPDATE alerts_alert t SET calm_since = CASE WHEN s.calm THEN coalesce(t.calm_since, "
        + bound(asked.context.now, "timestamptz")
        + ") END FROM (SELECT t.id, (a.removed_at IS NOT NULL OR "
        + calm
        + ") AS calm FROM alerts_alert t JOIN customers_account a ON a.id = t.account_id"
        + " LEFT JOIN metrics_accountfacts f ON f.account_id = a.id WHERE t.alert_rule_id = "
        + bound(rule.pk, "bigint")
        + " AND t.state = ANY("
        + states
        + ")"
        + chosen
        + ") s WHERE s.id = t.id AND s.calm IS DISTINCT FROM (t.calm_since IS NOT NULL)"
    )
    with connection.cursor() as db:
        db.execute(statement.text, statement.values)


def _calm(rule: AlertRule, asked: Question) -> Sql:
    """The resolve condition as SQL. By default: the condition is known not to hold; what has become
    unknown resolves nothing."""
    if not rule.resolve.strip():
        return "coalesce(NOT (" + asked.sql + "), false)"
    other = question(rule.resolve, asked.context.now, known=asked.catalogue, when=asked.context)
    return "coalesce((" + other.sql + "), false)"
