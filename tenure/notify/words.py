"""What is said of an alert, of its end, of a day's summary and of a test: frozen into the delivery."""

from collections.abc import Sequence
from typing import Any

from tenure.alerts import shapes
from tenure.alerts.models import Alert
from tenure.notify.models import Delivery

MOST_LINES = 50
LONGEST = 300


def opened(alert: Alert) -> dict[str, Any]:
    """What is told when an alert opens."""
    return {
        "subject": f"{alert.account.name}: {alert.reason}"[:LONGEST],
        "lines": [line for line in _about(alert) if line],
        "path": path_of(alert),
        "data": {"alert": shapes.alert(alert)},
    }


def ended(alert: Alert) -> dict[str, Any]:
    """What is told when it ended."""
    how = alert.get_outcome_display() if alert.outcome else alert.get_state_display()
    return opened(alert) | {"subject": f"{alert.account.name}: {how}. {alert.reason}"[:LONGEST]}


def tried(name: str) -> dict[str, Any]:
    """What a test says."""
    return {
        "subject": f"Test of the channel {name}: it works.",
        "lines": ["Nothing needs to be done."],
        "path": "/settings/notifications/",
        "data": {},
    }


def summed(gathered: Sequence[Delivery], held: int, held_by_mail: Sequence[str]) -> dict[str, Any]:
    """A day's summary: what was gathered, and one line on what was held back."""
    lines = [f"- {one.message['subject']}" for one in gathered[:MOST_LINES]]
    if len(gathered) > MOST_LINES:
        lines.append(f"- and {len(gathered) - MOST_LINES:,} more, in the alert inbox")
    subject = f"{_counted(len(gathered))} since your last summary"
    if held:
        lines += ["", f"{_counted(held)} held back by your budget for a day; see the alert inbox."]
        lines += [f"- {one}" for one in held_by_mail[:5]]
    return {"subject": subject, "lines": lines, "path": "/alerts/", "data": {}}


def path_of(alert: Alert) -> str:
    """Where the alert is within Tenure."""
    return f"/alerts/?alert={alert.pk}"


def _about(alert: Alert) -> list[str]:
    stake = alert.at_stake
    return [
        f"{alert.get_severity_display()} · {alert.get_kind_display()} · rule {alert.alert_rule.name}",
        f"MRR at stake: {stake:,.2f} {alert.at_stake_currency}" if stake is not None else "",
        f"Owner: {alert.owner}" if alert.owner else "Nobody owns this account.",
        alert.stale,
    ]


def _counted(number: int) -> str:
    return "1 alert" if number == 1 else f"{number:,} alerts"
