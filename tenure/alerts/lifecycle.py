"""What may be done with an alert in each state, and what becomes of it. Pure.

new ──▶ acknowledged ──▶ closed
  ╲        │ ▲             ▲
   ╲       ▼ │             │ with one of five outcomes
    ──▶ snoozed ───────────┘
and from any of the three open states: resolved, by itself
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tenure.alerts.models import State
from tenure.core.errors import ConfigurationError


class NotNow(ConfigurationError):
    """The alert is in a state in which this cannot be done."""


class ActionRefused(ConfigurationError):
    """An action that lacks something; ``field`` names it."""

    def __init__(self, field: str, message: str, next_step: str = "") -> None:
        super().__init__(message, next_step=next_step)
        self.field = field


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done: from which states, and to which; None stays in the state."""

    name: str
    label: str
    allowed: frozenset[State]
    to: State | None


_OPEN = frozenset({State.NEW, State.ACKNOWLEDGED, State.SNOOZED})
_ENDED = frozenset({State.RESOLVED, State.CLOSED})

ACTIONS: Mapping[str, Action] = {
    action.name: action
    for action in (
        Action(
            "acknowledge",
            "Acknowledge",
            frozenset({State.NEW, State.SNOOZED}),
            State.ACKNOWLEDGED,
        ),
        Action(
            "snooze",
            "Snooze",
            frozenset({State.NEW, State.ACKNOWLEDGED, State.SNOOZED}),
            State.SNOOZED,
        ),
        Action("wake", "Wake", frozenset({State.SNOOZED}), State.NEW),
        Action("assign", "Assign", _OPEN, None),
        Action("note", "Add a note", _OPEN | _ENDED, None),
        Action("close", "Close", _OPEN, State.CLOSED),
        Action("resolve", "Resolve", _OPEN, State.RESOLVED),
        Action("reopen", "Reopen", _ENDED, State.NEW),
    )
}


def after(state: State | str, action: str) -> State:
    """The state an action leads to. Raises NotNow where it cannot be done."""
    now, wanted = State(state), ACTIONS[action]
    if now in wanted.allowed:
        return wanted.to or now
    done = _DONE.get(action, action)
    again = " again" if done == now.label.lower() else ""
    raise NotNow(
        f"An alert that is {now.label.lower()} cannot be {done}{again}.", next_step=_instead(now)
    )


def possible(state: State | str) -> list[Action]:
    """What a person can do with an alert in this state, in the order of buttons."""
    by_hand = [action for name, action in ACTIONS.items() if name != "resolve"]
    return [action for action in by_hand if State(state) in action.allowed]


_DONE = {
    "acknowledge": "acknowledged",
    "snooze": "snoozed",
    "wake": "woken",
    "assign": "assigned",
    "close": "closed",
    "resolve": "resolved",
    "reopen": "reopened",
}


def _instead(state: State) -> str:
    """What can be done with it."""
    if state in _ENDED:
        return "Reopen it first."
    able = [_DONE[action.name] for action in possible(state) if action.name in _DONE]
    return f"It can be {', '.join(able[:-1])} or {able[-1]}."
