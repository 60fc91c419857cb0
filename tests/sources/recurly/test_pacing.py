"""We never take more than our share of a limit that others draw on, and use what we may."""

import asyncio
from datetime import timedelta
from email.utils import format_datetime

import pytest

from tenure.sources.recurly.pacing import Pace
from tests.sources.recurly.fake_time import BEGAN, FakeTime


class Upstream:
    """Counts by the minute over five minutes, as upstream does; others may use it too."""

    def __init__(self, time: FakeTime, limit: int) -> None:
        self.time, self.limit = time, limit
        self.hits: list[float] = []
        self.refused = 0

    def used(self) -> int:
        minute = self.time.now // 60
        return sum(1 for at in self.hits if at // 60 > minute - 5)

    def answer(self) -> dict[str, str]:
        if self.used() >= self.limit:
            self.refused += 1
        else:
            self.hits.append(self.time.now)
        now = BEGAN + timedelta(seconds=self.time.now)
        reset = BEGAN + timedelta(seconds=(self.time.now // 60 + 5) * 60)
        return {
            "Date": format_datetime(now, usegmt=True),
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.limit - self.used()),
            "X-RateLimit-Reset": str(int(reset.timestamp())),
        }


async def ask(pace: Pace, upstream: Upstream, times: int, seconds_each: float = 0.1) -> None:
    for _ in range(times):
        await pace.enter()
        upstream.time.now += seconds_each
        pace.leave(upstream.answer())


async def test_alone_we_use_our_share_and_never_more() -> None:
    time = FakeTime()
    upstream = Upstream(time, 100)
    pace = Pace(timing=time.timing())
    began = time.now
    await ask(pace, upstream, 400)
    took = time.now - began
    assert upstream.refused == 0
    for at in upstream.hits:
        assert sum(1 for hit in upstream.hits if at <= hit < at + 300) <= 80
    # 400 requests at 80 in five minutes: the first 80 at once, the rest in four more windows.
    assert 4 * 300 <= took <= 4 * 300 / 0.9


async def test_a_quiet_site_is_read_in_one_burst() -> None:
    time = FakeTime()
    await ask(Pace(timing=time.timing()), Upstream(time, 2_000), 1_200, 0.0)
    assert not time.slept


async def test_what_others_used_is_left_alone() -> None:
    time = FakeTime()
    upstream = Upstream(time, 100)
    upstream.hits = [time.now] * 60
    pace = Pace(timing=time.timing())
    await ask(pace, upstream, 20)
    assert not time.slept
    # From here on one request a minute looks whether there is room again.
    await ask(pace, upstream, 3)
    assert sum(time.slept) > 2 * 60
    assert upstream.refused == 0


async def test_several_at_once_keep_to_the_share_together() -> None:
    time = FakeTime()
    upstream = Upstream(time, 50)
    pace = Pace(timing=time.timing())
    await asyncio.gather(*(ask(pace, upstream, 30) for _ in range(4)))
    for at in upstream.hits:
        assert sum(1 for hit in upstream.hits if at <= hit < at + 300) <= 40
    assert upstream.refused == 0


async def test_after_a_refusal_nothing_is_sent_until_told_and_then_one_goes_ahead() -> None:
    time = FakeTime()
    upstream = Upstream(time, 100)
    pace = Pace(timing=time.timing())
    await ask(pace, upstream, 1)
    pace.stop(90)
    stopped = time.now
    sent: list[float] = []

    async def one() -> None:
        await pace.enter()
        sent.append(time.now)
        await asyncio.sleep(0)
        assert len(sent) == 1 or time.now > sent[0]
        time.now += 1
        pace.leave(upstream.answer())

    await asyncio.gather(*(one() for _ in range(5)))
    assert min(sent) >= stopped + 90
    assert sorted(sent)[1] > min(sent)


async def test_a_wait_is_shown_while_it_lasts() -> None:
    time = FakeTime()
    pace = Pace(timing=time.timing())
    pace.stop(90)
    waiting = asyncio.create_task(pace.enter())
    await asyncio.sleep(0)
    assert pace.headroom.waiting_until == BEGAN + timedelta(seconds=90)
    await waiting
    assert pace.headroom.waiting_until is None


async def test_a_refusal_without_any_headers_does_not_slow_us_for_ever() -> None:
    time = FakeTime()
    pace = Pace(timing=time.timing())
    pace.stop(10)
    for _ in range(50):
        await pace.enter()
        pace.leave({})
    assert sum(time.slept) == pytest.approx(10)
