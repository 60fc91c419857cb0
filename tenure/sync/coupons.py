"""Asking accounts for the coupons they have for themselves, at the end of a run.

Few are asked (``customers/coupons.py`` says which). Each answer is kept with its trace taken away in
one transaction, so a run that is broken off goes on with the next. An account that cannot be read
keeps what is known of it and is asked again by the next run.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import F

from tenure.connections.models import Mode
from tenure.core.chunks import chunks
from tenure.core.errors import PermanentError, TemporaryError
from tenure.customers import coupons
from tenure.customers.touched import touch
from tenure.sources import records, registry
from tenure.sources.base import Coupons, RateLimited, Stream, StreamUnavailable
from tenure.sync import lease, payloads, read, write
from tenure.sync.models import StreamRun, StreamState
from tenure.sync.planning.entries import CHUNK
from tenure.sync.proof import Difference
from tenure.sync.work import Work

TOGETHER = 40  # accounts a transaction
GIVEN_UP = 3  # so many at once, and more than answered: the site fails, and the rest can wait
NOTE = "Read are the accounts that answered; created, updated and unchanged are coupons of theirs."


@dataclass(frozen=True, slots=True)
class Answer:
    """What an account answered, or why it could not be read."""

    payer: str
    heard: Coupons | None = None
    error: TemporaryError | PermanentError | None = None


async def follow(work: Work) -> list[Difference]:
    """Ask the accounts that are to be asked. What keeps the run from being complete: accounts that
    could not be read. Raises what ends a run of any stream."""
    await work.db(write.stream_state, work.run.pk, Stream.COUPONS, StreamState.READING)
    await work.db(_look_back, work)
    only_new = work.site.subscriptions_mode == Mode.IMPORT
    payers = await work.db(_to_ask, work, only_new)
    await work.db(write.expect, work.run.pk, Stream.COUPONS, len(payers))
    failed: list[Answer] = []
    try:
        for start in range(0, len(payers), TOGETHER):
            answers = await _ask(work, payers[start : start + TOGETHER])
            await work.db(_keep, work, answers)
            lost = [one for one in answers if one.error]
            failed += lost
            if len(lost) >= GIVEN_UP and len(lost) > len(answers) / 2:
                break
    except StreamUnavailable as error:
        note, state = str(error), StreamState.UNAVAILABLE
        await work.db(write.stream_state, work.run.pk, Stream.COUPONS, state, note=note)
        return []
    state = StreamState.FAILED if failed else StreamState.DONE
    note = NOTE if payers else ""
    await work.db(write.stream_state, work.run.pk, Stream.COUPONS, state, note=note)
    return [_difference(work.site.subdomain, failed)] if failed else []


def _to_ask(work: Work, only_new: bool) -> list[str]:
    with transaction.atomic():
        found = coupons.to_ask(work.site.pk, work.upstream_now, only_new=only_new)
        lease.guard(work.run.pk, work.fence)
    return found


async def _ask(work: Work, payers: Sequence[str]) -> list[Answer]:
    """Ask these accounts beside one another. Raises the first error that concerns more than one."""
    found = await asyncio.gather(*(_one(work, payer) for payer in payers), return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException):
            raise one
    return [one for one in found if isinstance(one, Answer)]


async def _one(work: Work, payer: str) -> Answer:
    try:
        async with work.slots:
            return Answer(payer, await work.line.coupons(payer))
    except (StreamUnavailable, RateLimited):
        raise
    except (TemporaryError, PermanentError) as error:
        return Answer(payer, error=error)


def _keep(work: Work, answers: Sequence[Answer]) -> None:
    """Keep what was answered, and count it."""
    with transaction.atomic():
        accounts: set[int] = set()
        kept = [_kept(work, one.payer, one.heard) for one in answers if one.heard]
        for one in kept:
            accounts |= one.accounts
        touch(accounts, work.now)
        StreamRun.objects.filter(run_id=work.run.pk, stream=Stream.COUPONS).update(
            read=F("read") + len(kept),
            created=F("created") + sum(one.created for one in kept),
            updated=F("updated") + sum(one.updated for one in kept),
            unchanged=F("unchanged") + sum(one.unchanged for one in kept),
            requests=F("requests") + sum(one.heard.requests if one.heard else 1 for one in answers),
        )
        lease.guard(work.run.pk, work.fence)


def _kept(work: Work, payer: str, heard: Coupons) -> coupons.Kept:
    at = heard.upstream_now or work.upstream_now
    return coupons.keep(work.site.pk, payer, heard.coupons, asked_at=at, now=work.now)


def _difference(name: str, failed: Sequence[Answer]) -> Difference:
    first = failed[0].error
    accounts = "one account" if len(failed) == 1 else f"{len(failed):,} accounts"
    return Difference(
        f"{name}: the coupons of {accounts} could not be read, so their MRR has those known before."
        f" {first.message if first else ''}".strip(),
        "They are asked again by the next run.",
    )


# Of each subscription that lives the newest bill, where something was taken off it.
_DISCOUNTED = """
    SELECT DISTINCT newest.upstream_id FROM customers_subscription s
    JOIN LATERAL (
        SELECT i.upstream_id, i.discount FROM customers_invoice i
        WHERE i.site_id = s.site_id AND i.account_upstream_id = s.account_upstream_id
            AND s.upstream_id = ANY(i.subscription_upstream_ids) AND i.removed_at IS NULL
            AND i.type IS DISTINCT FROM 'credit'
        ORDER BY i.created_at DESC LIMIT 1
    ) newest ON newest.discount > 0
    WHERE s.site_id = %s AND s.state NOT IN ('expired', 'failed') AND s.removed_at IS NULL
"""


def _look_back(work: Work) -> None:
    """Once a site: take what its invoices tell from their stored payloads, where they were read
    before anybody looked for coupons in them."""
    mark = write.mark(work.site, Stream.COUPONS)
    if mark.loaded_at is not None:
        return
    if write.mark(work.site, Stream.INVOICES).loaded_by_id != work.run.pk:
        with connection.cursor() as db:
            db.execute(_DISCOUNTED, [work.site.pk])
            ids = [row[0] for row in db.fetchall()]
        for some in chunks(ids, CHUNK):
            coupons.note(work.site.pk, _stored(work, some))
    mark.mark = mark.loaded_at = work.upstream_now
    mark.save(update_fields=["mark", "loaded_at"])


def _stored(work: Work, ids: Sequence[str]) -> list[records.Invoice]:
    kept = [payloads.read(one) for one in read.raw_payloads(work.site.pk, Stream.INVOICES, ids)]
    page = registry.source(work.site.source).read(Stream.INVOICES, kept)
    return [one for one in page if isinstance(one, records.Invoice)]
