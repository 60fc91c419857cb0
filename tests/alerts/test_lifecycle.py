"""An alert's life as a state machine: only what is allowed happens, and each step is kept."""

from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tenure.alerts.lifecycle import ACTIONS, NotNow, after, possible
from tenure.alerts.models import OPEN, Outcome, State

OPEN_STATES = set(OPEN)


class Life(RuleBasedStateMachine):
    """Random actions against a plain model of what an alert can go through."""

    ENDS: ClassVar[dict[str, State]] = {"close": State.CLOSED, "resolve": State.RESOLVED}

    @initialize()
    def opens(self) -> None:
        self.state = State.NEW
        self.ended = False

    @rule(action=st.sampled_from(sorted(ACTIONS)))
    def tries(self, action: str) -> None:
        if self.state not in ACTIONS[action].allowed:
            with pytest.raises(NotNow, match="cannot be"):
                after(self.state, action)
            return
        self.state = after(self.state, action)
        if action in self.ENDS:
            self.ended = True
        if action == "reopen":
            self.ended = False

    @precondition(lambda self: self.ended)
    @rule()
    def can_only_be_reopened_or_noted(self) -> None:
        assert {one.name for one in possible(self.state)} == {"note", "reopen"}

    @invariant()
    def is_open_exactly_until_it_ends(self) -> None:
        if hasattr(self, "state"):
            assert (self.state in OPEN_STATES) == (not self.ended)

    @invariant()
    def offers_only_what_works(self) -> None:
        if hasattr(self, "state"):
            for one in possible(self.state):
                after(self.state, one.name)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


def test_resolving_is_never_offered_to_people() -> None:
    assert all("resolve" not in {one.name for one in possible(state)} for state in State)


def test_there_are_five_outcomes() -> None:
    assert len(Outcome.values) == 5
