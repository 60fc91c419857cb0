"""Alerts, rules and back-tests as scripts see them, by command or API (CONTRACT section 4)."""

from typing import Any

from tenure.access.read import members
from tenure.alerts.backtest import Backtest
from tenure.alerts.models import Alert, Mute
from tenure.alerts.read import RuleRecord
from tenure.alerts.write import document
from tenure.core.clock import stamp
from tenure.core.money import Money, round_to_minor
from tenure.segments.explain import Explanation
from tenure.segments.shapes import identifiers

MOST_FIRINGS = 1_000


def alert(found: Alert) -> dict[str, Any]:
    """An alert as it was when it opened, and where it stands."""
    stake = None
    if found.at_stake is not None and found.at_stake_currency:
        amount = round_to_minor(found.at_stake, found.at_stake_currency)
        stake = Money(amount, found.at_stake_currency).as_json()
    return {
        "id": found.pk,
        "rule": found.alert_rule.name,
        "type": found.kind,
        "version": found.version,
        "account": found.account.identifier,
        "account_name": found.account.name,
        "state": found.state,
        "severity": found.severity,
        "opened_at": stamp(found.opened_at),
        "reason": found.reason,
        "evidence": found.evidence,
        "at_stake": stake,
        "owner": found.owner.email if found.owner else None,
        "stale": found.stale or None,
        "held_back": found.held_back,
        "snoozed_until": stamp(found.snoozed_until),
        "ended_at": stamp(found.ended_at),
        "outcome": found.outcome or None,
        "note": found.note or None,
    }


def in_full(found: Alert, seen: Explanation | None) -> dict[str, Any]:
    """An alert with its history, and what its rule sees now beside what it saw then."""
    return alert(found) | {
        "now": [line.as_json() for line in seen.lines] if seen else None,
        "holds_now": seen.is_in if seen else None,
        "history": [
            {
                "action": event.action,
                "state": event.state,
                "by": event.by or None,
                "note": event.note or None,
                "at": stamp(event.at),
            }
            for event in found.events.order_by("pk")
        ],
    }


def record(one: RuleRecord) -> dict[str, Any]:
    """A rule with what came of it."""
    return document(one.rule) | {
        "fault": one.rule.fault or None,
        "open": one.open,
        "fired_7d": one.fired_7d,
        "fired_30d": one.fired_30d,
        "median_days_to_close": one.median_days_to_close,
        "precision": None if one.precision is None else round(one.precision, 4),
        "judged_at": stamp(one.rule.judged_at),
    }


def mute(one: Mute) -> dict[str, Any]:
    """A mute: which rule, for whom, through which day, and why."""
    return {
        "id": one.pk,
        "rule": one.alert_rule.name,
        "account": one.account.identifier,
        "account_name": one.account.name,
        "alert": one.alert_id,
        "until": one.until.isoformat(),
        "reason": one.reason,
        "by": one.by or None,
        "at": stamp(one.at),
        "ended_at": stamp(one.ended_at),
    }


def backtest(found: Backtest) -> dict[str, Any]:
    """A back-test; at most a thousand of its firings are listed."""
    names = identifiers(one.account_id for one in found.firings[:MOST_FIRINGS])
    owners = {one.pk: one.email for one in members()}
    return {
        "rule": found.rule,
        "since": found.since.isoformat(),
        "until": found.until.isoformat(),
        "cut_short": found.cut_short,
        "known_since": stamp(found.known_since),
        "measured_since": stamp(found.measured_since),
        "firings": len(found.firings),
        "accounts": found.accounts,
        "at_stake": Money(round_to_minor(found.at_stake, found.currency), found.currency).as_json(),
        "per_day": {day.isoformat(): count for day, count in found.per_day.items()},
        "per_owner": [
            {"owner": owners.get(owner) if owner else None, "firings": count}
            for owner, count in sorted(found.per_owner.items(), key=lambda pair: -pair[1])
        ],
        "followed": [
            {
                "by": one.kind,
                "count": one.followed,
                "of": one.judged,
                "share": None if one.share is None else round(one.share, 4),
                "lead_days": one.lead_days,
                "missed": one.missed,
                "within_days": found.horizon_days,
            }
            for one in found.follows
        ],
        "asked_as_of_today": list(found.unseen),
        "list": [
            {"account": names.get(one.account_id), "day": one.day.isoformat()}
            for one in found.firings[:MOST_FIRINGS]
        ],
    }
