"""One site's line at the level of requests: paced, retried, and only ever reading."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

import aiohttp

from tenure.core.errors import ConfigurationError, TemporaryError
from tenure.core.http import Answer, Limits, Unanswered, fetch
from tenure.sources.base import NotReached, RateLimited, Untrusted
from tenure.sources.recurly import refusals
from tenure.sources.recurly.address import Address
from tenure.sources.recurly.pacing import Pace
from tenure.sources.recurly.ratelimit import date_of, told_to_wait
from tenure.sources.recurly.retrying import TRIES, Again, Breaker, backoff
from tenure.sources.recurly.timing import Timing

log = logging.getLogger(__name__)

T = TypeVar("T")
LATER = timedelta(minutes=5)
AT_ONCE = 8  # requests under way; what has been answered and is being read is not one any more
MENTIONED_FROM = 3


class Silent(Again):
    """No answer came back at all."""


class Verb(StrEnum):
    """All that is ever asked of a site; there is no way here to change anything."""

    GET = "GET"
    HEAD = "HEAD"


@dataclass(frozen=True, slots=True)
class Heard(Generic[T]):
    """What was made of an answer, its own date, and how many requests it took."""

    value: T
    at: datetime
    requests: int


@dataclass(slots=True)
class Client:
    """Asks one site. ``trouble`` is a sentence while a request keeps failing, None otherwise."""

    session: aiohttp.ClientSession
    address: Address
    site: str
    region: str
    pace: Pace
    timing: Timing
    limits: Limits
    breaker: Breaker
    trouble: str | None = None
    notices: set[str] = field(default_factory=set)
    _lines: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _key_fails: ConfigurationError | None = None
    _confirming: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def get(
        self, target: str, read: Callable[[Answer], T], *, tries: int = TRIES
    ) -> Heard[T]:
        """Ask for a path with its query; ``read`` makes the value and may raise Again.

        Raises the errors of ``core.errors``, and CursorRefused and StreamUnavailable.
        """
        return await self._ask(Verb.GET, target, read, tries)

    async def head(self, target: str, read: Callable[[Answer], T]) -> Heard[T]:
        """The same for the headers alone."""
        return await self._ask(Verb.HEAD, target, read, TRIES)

    async def _ask(
        self, verb: Verb, target: str, read: Callable[[Answer], T], tries: int
    ) -> Heard[T]:
        self.breaker.check()
        failed = 0
        while True:
            try:
                answer, date = await self._try(verb, target)
                value = read(answer)
            except Again as reason:
                failed += 1
                if failed >= tries:
                    raise self._given_up(target, failed, reason) from None
                self._mention(target, failed, reason)
                await self._rest(failed, reason)
            else:
                self.breaker.succeeded()
                self.trouble = None
                return Heard(value, date, failed + 1)

    async def _try(self, verb: Verb, target: str) -> tuple[Answer, datetime]:
        answer = await self._once(verb, target)
        try:
            if verb is Verb.HEAD and refusals.needs_words(answer):
                raise refusals.KeyRefused(str(answer.status))
            self._check(answer, target)
        except refusals.KeyRefused as first:
            confirmed = await self._confirm(target, str(first))
            if verb is Verb.HEAD:
                raise Again(f"it answered {answer.status} once") from None
            answer = confirmed
        date = date_of(answer.headers)
        if date is None:
            raise Again("the answer carries no date")
        self._notice(answer)
        return answer, date

    async def _once(self, verb: Verb, target: str) -> Answer:
        """One request within the pace. Raises Again when nothing usable came back."""
        async with self._lines:
            return await self._paced(verb, target)

    async def _paced(self, verb: Verb, target: str) -> Answer:
        if self._key_fails:
            raise self._key_fails
        await self.pace.enter()
        answer: Answer | None = None
        try:
            if self._key_fails:
                raise self._key_fails
            answer = await fetch(self.session, verb, self.address.url(target), self.limits)
        except Unanswered as nothing:
            if nothing.is_lasting:
                raise self._untrusted(str(nothing)) from None
            raise Silent(str(nothing)) from None
        finally:
            self.pace.leave(None if answer is None else answer.headers)
            if answer is not None and answer.status == 429:
                self._stop(answer)
        return answer

    async def _confirm(self, target: str, said: str) -> Answer:
        """Ask once more after a refusal, one request for all that are under way (F19).

        Always by GET, because a HEAD is refused without a word of why.
        """
        async with self._confirming:
            answer = await self._once(Verb.GET, target)
            try:
                self._check(answer, target)
            except refusals.KeyRefused:
                self._key_fails = refusals.key_refused(self.site, self.region, said)
                raise self._key_fails from None
            return answer

    def _check(self, answer: Answer, target: str) -> None:
        path, _, query = target.partition("?")
        refusals.check(answer, self.site, path, by_cursor="cursor=" in query)

    def _stop(self, answer: Answer) -> None:
        told = told_to_wait(answer.headers)
        told = backoff(TRIES, self.timing) if told is None else told
        # A second for the fraction of one that headers cannot say, and a lot to spread what waits.
        self.pace.stop(told + 1.0 + self.timing.chance())

    async def _rest(self, failed: int, reason: Again) -> None:
        if isinstance(reason, refusals.Limited):
            return  # the pace holds everybody back, this request included
        await self.timing.sleep(max(backoff(failed, self.timing), reason.wait or 0.0))

    def _mention(self, target: str, failed: int, reason: Again) -> None:
        if failed >= MENTIONED_FROM:
            path = target.partition("?")[0]
            self.trouble = f"{self.site}: {path} failed {failed} times because {reason}."
            log.warning("%s It is tried again.", self.trouble)

    def _given_up(self, target: str, failed: int, reason: Again) -> TemporaryError:
        self.breaker.failed()
        path = target.partition("?")[0]
        return _kind(reason)(
            f"{self.site}: {path} failed {failed} times, at last because {reason}.",
            next_step="What was read is kept, and it is tried again by itself.",
            retry_at=self.timing.wall() + max(LATER, timedelta(seconds=reason.wait or 0.0)),
        )

    def _untrusted(self, cause: str) -> Untrusted:
        return Untrusted(
            f"{self.site}: it cannot be asked because {cause}.",
            next_step="Where something on the way inspects TLS, name the file of its certificate in"
            " TENURE_CA_FILE and start again; otherwise check the address of the region.",
            retry_at=self.timing.wall() + LATER,
        )

    def _notice(self, answer: Answer) -> None:
        if answer.headers.get("Recurly-Deprecated", "").lower() != "true":
            return
        sunset = answer.headers.get("Recurly-Sunset-Date", "a date not named")[:40]
        notice = (
            f"The API version {refusals.VERSION} is deprecated and ends on {sunset};"
            " update this program before then."
        )
        if notice not in self.notices:
            self.notices.add(notice)
            log.warning("%s: %s", self.site, notice)


def _kind(reason: Again) -> type[TemporaryError]:
    """Which trouble it was in the end, for whoever has to tell a person what to do."""
    if isinstance(reason, Silent):
        return NotReached
    return RateLimited if isinstance(reason, refusals.Limited) else TemporaryError
