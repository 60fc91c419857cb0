"""The sliding window: minutes, bursts and the reset."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from tenure.simulator.rate import RateWindow


@dataclass
class Hands:
    """A clock that stands where the test put it."""

    at: float = 0.0

    def __call__(self) -> float:
        return self.at


def test_a_quiet_site_may_burst() -> None:
    window = RateWindow(100, clock=Hands())
    assert all(window.take().allowed for _ in range(100))
    assert not window.take().allowed


def test_the_reset_is_the_current_minute_plus_five() -> None:
    hands = Hands(at=32.0)
    assert RateWindow(5, clock=hands).take().reset_in == 268


def test_a_refused_request_costs_nothing() -> None:
    hands = Hands()
    window = RateWindow(1, clock=hands)
    for second in range(0, 300, 20):
        hands.at = float(second)
        window.take()
    hands.at = 300.0
    assert window.take().allowed


@given(st.lists(st.floats(0, 90), min_size=1, max_size=80), st.integers(1, 10))
def test_no_five_minutes_see_more_than_the_limit(waits: list[float], limit: int) -> None:
    hands, allowed = Hands(), list[float]()
    window = RateWindow(limit, clock=hands)
    for wait in waits:
        hands.at += wait
        if window.take().allowed:
            allowed.append(hands.at)
    for start in allowed:
        # Minutes count whole, so four full ones and the current one are surely within the window.
        assert sum(start <= at < start + 240 for at in allowed) <= limit


@given(st.floats(0, 1_000), st.integers(1, 5))
def test_waiting_for_the_reset_always_suffices(at: float, limit: int) -> None:
    hands = Hands(at=at)
    window = RateWindow(limit, clock=hands)
    while (standing := window.take()).allowed:
        pass
    hands.at += standing.reset_in + 1
    assert window.take().allowed
