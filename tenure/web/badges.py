"""How a state is said: one word, one shape, one tone. Colour never speaks alone."""

import re
from dataclasses import dataclass

HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")  # where SepaDirectDebit is three words


@dataclass(frozen=True, slots=True)
class Badge:
    """``tone`` picks the colours, ``shape`` the drawing, ``words`` is what is read."""

    words: str
    tone: str
    shape: str


_GOOD = ("good", "disc")
_IDLE = ("idle", "dash")

_LOOKS: dict[str, tuple[str, str]] = {
    # Subscriptions and accounts.
    "active": _GOOD,
    "contributing": _GOOD,
    "free": ("info", "ring"),
    "trial": ("info", "half"),
    "future": ("info", "ring"),
    "cancelling": ("warn", "triangle"),
    "canceled": ("warn", "triangle"),
    "paused": ("warn", "bars"),
    "expired": _IDLE,
    "inactive": _IDLE,
    "closed": _IDLE,
    "none": _IDLE,
    # Health.
    "green": _GOOD,
    "amber": ("warn", "triangle"),
    "red": ("bad", "square"),
    "unknown": _IDLE,
    "ended": ("idle", "ring"),
    "overridden": ("info", "diamond"),
    "frozen": ("info", "bars"),
    "stale": ("warn", "dash"),
    # Invoices and payments.
    "paid": _GOOD,
    "success": _GOOD,
    "open": ("info", "ring"),
    "pending": ("info", "half"),
    "due": ("info", "half"),
    "processing": ("info", "half"),
    "past_due": ("bad", "triangle"),
    "failed": ("bad", "square"),
    "declined": ("bad", "square"),
    "error": ("bad", "square"),
    "voided": _IDLE,
    "void": _IDLE,
    # Runs and their streams.
    "queued": ("idle", "ring"),
    "waiting": ("idle", "ring"),
    "running": ("busy", "half"),
    "reading": ("busy", "half"),
    "complete": _GOOD,
    "done": _GOOD,
    "incomplete": ("warn", "triangle"),
    "cancelled": _IDLE,
    "unavailable": _IDLE,
    # Conflicts.
    "changed": ("warn", "half"),
    "vanished": ("warn", "dash"),
    "claimed_twice": ("bad", "triangle"),
    # Movements of revenue.
    "new": ("good", "disc"),
    "reactivation": ("good", "ring"),
    "expansion": ("good", "triangle"),
    "contraction": ("warn", "dash"),
    "churn": ("bad", "square"),
    # Alerts.
    "critical": ("bad", "square"),
    "high": ("bad", "triangle"),
    "medium": ("warn", "half"),
    "low": ("info", "ring"),
    "alert_new": ("busy", "disc"),
    "acknowledged": ("info", "half"),
    "snoozed": ("idle", "bars"),
    "resolved": ("good", "ring"),
    "alert_closed": _IDLE,
    "alert_stale": ("warn", "half"),
    "held_back": ("idle", "bars"),
    "rule_on": _GOOD,
    "rule_off": _IDLE,
    "holds": ("warn", "disc"),
    "holds_not": ("idle", "ring"),
    "not_known": ("idle", "dash"),
    # Sites.
    "staged": ("info", "half"),
    "needs_key": ("bad", "triangle"),
}

_WORDS = {
    "past_due": "Past due",
    "canceled": "Cancelled",
    "needs_key": "Needs a new key",
    "unavailable": "Not offered",
    "none": "No subscription",
    "success": "Succeeded",
    "alert_new": "New",
    "alert_closed": "Closed",
    "alert_stale": "On old data",
    "held_back": "Held back",
    "rule_on": "On",
    "rule_off": "Off",
    "holds": "Holds",
    "holds_not": "Does not hold",
    "not_known": "Not known",
}

# What a value's source looks like on its badge.
SOURCES = {
    "sync": ("info", "diamond", "Sync"),
    "manual": ("warn", "square", "Manual"),
    "api": ("idle", "ring", "API"),
    "csv": ("idle", "ring", "CSV"),
    "rule": ("idle", "half", "Rule"),
    "revert": ("idle", "dash", "Revert"),
}


def badge(state: str | None, words: str = "") -> Badge:
    """The badge of any state of the product; an unknown word is shown as it came, in grey."""
    if not state:
        return Badge(words or "Unknown", "idle", "dash")
    tone, shape = _LOOKS.get(state, ("idle", "diamond"))
    return Badge(words or _WORDS.get(state) or spoken(state), tone, shape)


def source_badge(source: str, words: str = "") -> Badge:
    """The badge that says where a value came from."""
    tone, shape, default = SOURCES.get(source, ("idle", "diamond", spoken(source)))
    return Badge(words or default, tone, shape)


def spoken(word: str) -> str:
    """A machine's word for a person: ``credit_payments`` becomes ``Credit payments``."""
    apart = HUMP.sub(" ", word)
    return apart.replace("_", " ").replace("-", " ").strip().capitalize()
