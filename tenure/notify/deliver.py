"""Sending what is due. No transaction is open while a receiver is waited for.

A batch is claimed by moving its next try into the future and then committed: should this process
die, it becomes due again by itself. Each destination has a thread of its own, and its first
trouble puts the rest of its batch off, so that one receiver that hangs costs the others nothing.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from tenure.connections.read import key_ring
from tenure.core.errors import ConfigurationError, PermanentError, TemporaryError, TenureError
from tenure.core.secrets import Secret
from tenure.notify import digest
from tenure.notify.channel import Answer, Channel, Destination, Message
from tenure.notify.collect import message_of
from tenure.notify.models import Attempt, Delivery, SharedChannel, State, Way
from tenure.notify.registry import channel_of
from tenure.notify.write import sealed_as

log = logging.getLogger(__name__)

BATCH, SIDE_BY_SIDE = 40, 8
LEASE = timedelta(minutes=5)  # longer than one destination is given in a round
MOST_TRIES = 10
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)
LONGEST_ROUND = 60.0


@dataclass(frozen=True, slots=True)
class Job:
    """One delivery with all that is needed to send it: threads do not use the database."""

    delivery: Delivery
    channel: Channel
    message: Message
    to: Destination | TenureError


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one try; ``error`` None when it was taken. ``tried`` is false for what was put
    off because its receiver had just failed."""

    job: Job
    answer: Answer
    error: TenureError | None
    seconds: float = 0.0
    tried: bool = True


def deliver(now: datetime) -> int:
    """Write the summaries that are due and send what is due, for at most a minute; how many tries."""
    digest.sum_up(now)
    began, tries = time.monotonic(), 0
    while time.monotonic() - began < LONGEST_ROUND and (jobs := _claim(now)):
        for result in _sent(jobs, now):
            _record(result, now)
            tries += result.tried
    return tries


def _claim(now: datetime) -> list[Job]:
    with transaction.atomic():
        rows = Delivery.objects.select_for_update(skip_locked=True, of=("self",))
        rows = rows.filter(state=State.WAITING, due_at__lte=now)
        claimed = list(rows.select_related("member", "channel").order_by("due_at", "pk")[:BATCH])
        Delivery.objects.filter(pk__in=[one.pk for one in claimed]).update(
            due_at=now + LEASE, tries=F("tries") + 1
        )
    for one in claimed:
        one.tries += 1
    return [_job(one) for one in claimed]


def _job(delivery: Delivery) -> Job:
    to: Destination | TenureError
    try:
        to = destination_of(delivery)
    except TenureError as error:
        to = error
    base: str = settings.TENURE_URL or ""
    return Job(delivery, channel_of(delivery.way), message_of(delivery, base), to)


def destination_of(delivery: Delivery) -> Destination:
    """Where it goes. Raises TenureError when it cannot go anywhere any more."""
    channel, member = delivery.channel, delivery.member
    if channel is not None:
        if channel.removed_at or not channel.enabled:
            raise PermanentError(
                f"The channel {channel} was {'removed' if channel.removed_at else 'switched off'}.",
                next_step="Switch it on and send again.",
            )
        return opened(channel)
    if member is None or not member.is_active:
        raise PermanentError("This member can no longer sign in.", next_step="Change the route.")
    return Destination(Secret(member.email), member_id=member.pk)


def opened(channel: SharedChannel) -> Destination:
    """The channel's address and secret, unsealed. Raises ConfigurationError."""
    ring = key_ring()
    secret = None
    if channel.sealed_secret:
        secret = ring.open(channel.sealed_secret, context=sealed_as(channel.pk, "secret"))
    address = ring.open(channel.sealed_address, context=sealed_as(channel.pk, "address"))
    return Destination(address, secret)


def _sent(jobs: Sequence[Job], now: datetime) -> Iterator[Result]:
    groups: dict[tuple[str, int | None], list[Job]] = defaultdict(list)
    for job in jobs:
        # All mail goes to one server, whoever it is for.
        place = job.delivery.channel_id if job.delivery.way != Way.EMAIL else None
        groups[(job.delivery.way, place)].append(job)
    local = [group for group in groups.values() if group[0].channel.is_local]
    remote = [group for group in groups.values() if not group[0].channel.is_local]
    for group in local:
        yield from _in_turn(group, now)
    with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="announce") as threads:
        for results in threads.map(lambda group: list(_in_turn(group, now)), remote):
            yield from results


def _in_turn(group: Sequence[Job], now: datetime) -> Iterator[Result]:
    trouble: TemporaryError | None = None
    began = time.monotonic()
    for job in group:
        if trouble is None and time.monotonic() - began > LONGEST_ROUND:
            trouble = TemporaryError("The receiver is slow; the rest of its round waits.")
        if trouble:
            yield Result(job, Answer(), trouble, tried=False)
            continue
        result = _tried(job, now)
        if isinstance(result.error, TemporaryError):
            trouble = result.error
        yield result


def _tried(job: Job, now: datetime) -> Result:
    began = time.monotonic()
    answer, error = Answer(), None
    try:
        if isinstance(job.to, TenureError):
            raise job.to
        if settings.TENURE_DEMO is not None and not job.channel.is_local:
            raise ConfigurationError(
                "A demonstration sends nothing out.",
                next_step="Try it in a deployment of your own.",
            )
        answer = job.channel.send(job.message, job.to, now)
    except TenureError as trouble:
        error, answer = trouble, getattr(trouble, "answer", answer)
    except Exception as trouble:
        log.exception("delivery %s met trouble nobody foresaw", job.delivery.pk)
        error = TemporaryError(f"Trouble nobody foresaw: {type(trouble).__name__}.")
    return Result(job, answer, error, time.monotonic() - began)


def _record(result: Result, now: datetime) -> None:
    delivery, error = result.job.delivery, result.error
    if not result.tried:
        # Its turn did not come: not a try, and due again with the one that failed.
        Delivery.objects.filter(pk=delivery.pk, state=State.WAITING).update(
            due_at=now + FIRST_WAIT, tries=F("tries") - 1, told=str(error)
        )
        return
    state = _state(error, delivery.tries)
    with transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk).update(
            state=state,
            told=str(error) if error else "",
            due_at=now + wait_after(delivery.tries) if state == State.WAITING else now,
            sent_at=now if state == State.SENT else None,
        )
        Attempt.objects.create(
            delivery=delivery,
            at=now,
            seconds=round(result.seconds, 3),
            state=state,
            code=result.answer.code,
            excerpt=result.answer.excerpt,
            error=str(error) if error else "",
        )


def _state(error: TenureError | None, tries: int) -> State:
    if error is None:
        return State.SENT
    if isinstance(error, TemporaryError):
        return State.WAITING if tries < MOST_TRIES else State.FAILED
    return State.NOT_SENT if isinstance(error, ConfigurationError) else State.FAILED


def wait_after(tries: int) -> timedelta:
    """How long until the next try: a minute, then twice as long each time, at most six hours."""
    doubled: int = 2 ** max(0, tries - 1)
    return min(FIRST_WAIT * doubled, LONGEST_WAIT)
