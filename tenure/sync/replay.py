"""Doing again, from what is stored, what a sync does with the records it reads: telling whose they
are, making accounts and composing values. No request goes to the source.

It follows a change of the mapping or of the identifier, and ends the staging of a site. Work is done
in chunks of one transaction each; what was done is found done when it starts again, so a replay that
broke off is simply repeated. Values that a person set are left to the next run, which a plan shows
beforehand; everything else comes out as if the sites had just been synced for the first time.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from tenure.connections.models import Mode, Site
from tenure.customers import accounts, agreements, attributes, fields, payers, retyping
from tenure.customers.history import open_set
from tenure.customers.landing import Batch
from tenure.customers.making import Followed
from tenure.customers.models import Account, BillingAccount, ChangeSet, Origin, Subscription
from tenure.customers.touched import touch
from tenure.customers.write import By
from tenure.identity import recognition
from tenure.sync import besides
from tenure.sync.models import Replay

CHUNK = 1_000
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Replayed:
    """What a replay did: accounts made and changed, billing accounts that found their account, and
    subscriptions whose attributes changed. ``change_set`` holds every change."""

    change_set: ChangeSet
    created: int = 0
    identified: int = 0
    updated: int = 0
    subscriptions: int = 0


@dataclass(slots=True)
class _Replay:
    sites: Sequence[Site]
    change_set: ChangeSet
    now: datetime
    filling: Collection[str]
    progress: Progress | None
    done: Replayed
    total: int = 0
    passed: int = field(default=0)

    def batch(self, site_id: int) -> Batch:
        return Batch(site_id, self.change_set, self.now)

    def moved(self, count: int) -> None:
        self.passed += count
        if self.progress:
            self.progress(min(self.passed, self.total), self.total)


def replay(
    sites: Iterable[Site],
    *,
    by: By,
    now: datetime,
    filling: Collection[str] = (),
    retyped: Mapping[str, str] = MappingProxyType({}),
    progress: Progress | None = None,
    under: Replay | None = None,
) -> Replayed:
    """Identify, link and compose again everything that is stored of these sites.

    ``filling`` names attributes that were mapped just now: accounts that follow their source only
    once take a first value of them. ``retyped`` has the types that attributes had (``OBJECT.NAME``):
    values of them are converted, whoever set them. ``progress`` hears how many rows are done, of how
    many. Staged sites are left alone. ``under`` is the job whose change set it is, if it is one.
    """
    change_set = _change_set(by, now, under)
    chosen = sorted((s for s in sites if not s.staged), key=lambda s: (s.priority, s.pk))
    work = _Replay(chosen, change_set, now, filling, progress, Replayed(change_set))
    for site in chosen:
        for _ in besides.complete(site):
            work.moved(0)
    _retype(work, retyped)
    work.total = _unlinked(chosen).count() + _feeding(chosen).count() + _agreements(chosen).count()
    for site in chosen:
        _identify(work, site)
    _recompose(work)
    for site in chosen:
        _recompose_subscriptions(work, site)
    work.moved(work.total)
    return work.done


def activate(site: Site, *, by: By, now: datetime, progress: Progress | None = None) -> Replayed:
    """End the staging of a site: make the accounts that its records, read so far, call for."""
    end_staging([site])
    return replay([site], by=by, now=now, progress=progress)


def end_staging(sites: Sequence[Site]) -> None:
    """From now on these sites' records make accounts; those that are here wait for a replay."""
    with transaction.atomic():
        attributes.alone()  # a page in the making still takes the site for staged
        Site.objects.filter(pk__in=[site.pk for site in sites]).update(staged=False)
    for site in sites:
        site.staged = False


def _change_set(by: By, now: datetime, under: Replay | None) -> ChangeSet:
    """The values are the source's, whoever asked for them: the change set says both."""
    if under and under.change_set:
        return under.change_set
    with transaction.atomic():
        reason = by.reason or "The mapping was replayed"
        opened = open_set(Origin.SYNC, now=now, member=by.member, reason=reason)
        if under:
            Replay.objects.filter(pk=under.pk).update(change_set=opened)
    return opened


def _retype(work: _Replay, retyped: Mapping[str, str]) -> None:
    for kind, convert in ((fields.ACCOUNT, _retype_accounts), (fields.SUBSCRIPTION, _retype_rest)):
        start = f"{kind}."
        mine = {n.removeprefix(start): k for n, k in retyped.items() if n.startswith(start)}
        last = 0
        while mine and (last := convert(work, mine, last)):
            pass


def _retype_accounts(work: _Replay, retyped: Mapping[str, str], after: int) -> int:
    rows = retyping.holders(fields.ACCOUNT, list(retyped)).filter(pk__gt=after).order_by("pk")
    with transaction.atomic():
        chunk = list(rows.select_for_update(no_key=True)[:CHUNK])
        touch(retyping.retype_accounts(chunk, retyped, work.batch(0)), work.now)
    return chunk[-1].pk if chunk else 0


def _retype_rest(work: _Replay, retyped: Mapping[str, str], after: int) -> int:
    rows = retyping.holders(fields.SUBSCRIPTION, list(retyped)).filter(pk__gt=after)
    columns = agreements.columns_of(attributes.mapped(fields.SUBSCRIPTION))
    with transaction.atomic():
        locked = rows.order_by("pk").select_for_update(no_key=True)
        chunk = list(locked.values_list(*columns, named=True)[:CHUNK])
        retyping.retype_subscriptions(chunk, retyped, work.batch(0))
    return chunk[-1].pk if chunk else 0


def _unlinked(sites: Sequence[Site]) -> QuerySet[Any]:
    return BillingAccount.objects.filter(site__in=sites, account=None, removed_at=None)


def _feeding(sites: Sequence[Site]) -> QuerySet[Any]:
    """The accounts that these sites feed, as ids."""
    return Account.objects.filter(payers.fed_by(sites)).values_list("pk", flat=True)


def _agreements(sites: Sequence[Site]) -> QuerySet[Any]:
    if not attributes.mapped(agreements.KIND):
        return Subscription.objects.none()
    following = [site for site in sites if site.subscriptions_mode != Mode.LINK]
    return Subscription.objects.filter(site__in=following, removed_at=None)


def _identify(work: _Replay, site: Site) -> None:
    """Link the site's unlinked billing accounts to the accounts they claim, made where missing."""
    last = ""
    while chunk := _identify_chunk(work, site, last):
        work.moved(len(chunk))
        last = chunk[-1].upstream_id
    with transaction.atomic():
        touch(recognition.adopt_orphans(site.pk), work.now)


def _identify_chunk(work: _Replay, site: Site, after: str) -> list[BillingAccount]:
    rows = _unlinked([site]).filter(upstream_id__gt=after).order_by("upstream_id")
    with transaction.atomic():
        chunk = list(rows.select_for_update(no_key=True)[:CHUNK])  # locked in the order pages lock
        if chunk:
            followed = recognition.billing_accounts(site, chunk, work.batch(site.pk))
            touch(followed.accounts, work.now)
            work.done.created += followed.created
            still = _unlinked([site]).filter(pk__in=[row.pk for row in chunk]).count()
            work.done.identified += len(chunk) - still
    return chunk


def _recompose(work: _Replay) -> None:
    """Compose the values of every account that these sites feed, but those made just now."""
    last = 0
    while chunk := _recompose_chunk(work, last):
        work.moved(len(chunk))
        last = chunk[-1]


def _recompose_chunk(work: _Replay, after: int) -> list[int]:
    rows = _feeding(work.sites).filter(pk__gt=after).order_by("pk")
    chunk = list(rows[:CHUNK])
    made = Account.objects.filter(pk__in=chunk, created_in=work.change_set)
    old = set(chunk) - set(made.values_list("pk", flat=True))
    followed = Followed()
    with transaction.atomic():
        accounts.bring_up_to_date(
            old,
            work.batch(0),
            followed,
            daily=accounts.daily_sites(),
            filling=work.filling,
            importing=accounts.import_sites(),
            spares_hand=True,
        )
        touch(followed.changed, work.now)
    work.done.updated += followed.updated
    return chunk


def _recompose_subscriptions(work: _Replay, site: Site) -> None:
    last = ""
    while chunk := _subscription_chunk(work, site, last):
        work.moved(len(chunk))
        last = chunk[-1].upstream_id


def _subscription_chunk(work: _Replay, site: Site, after: str) -> list[Any]:
    rows = _agreements([site]).filter(upstream_id__gt=after).order_by("upstream_id")
    columns = agreements.columns_of(attributes.mapped(agreements.KIND))
    with transaction.atomic():
        locked = rows.select_for_update(no_key=True)
        chunk = list(locked.values_list("upstream_id", *columns, named=True)[:CHUNK])
        batch = work.batch(site.pk)
        settled = agreements.recompose(site, chunk, batch, filling=work.filling)
        work.done.subscriptions += settled.changed
    return chunk
