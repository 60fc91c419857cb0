"""What was set by hand where the source has a value too: Daily Sync takes it back in every run,
also when the record itself did not change (DESIGN 3.3)."""

from django.db import transaction
from django.db.models import F

from tenure.connections.models import Mode
from tenure.customers import accounts, agreements, payers
from tenure.customers.contacts.rows import edited_of as edited_contacts_of
from tenure.customers.landing import Batch
from tenure.customers.making import Followed
from tenure.customers.models import Account, BillingAccount
from tenure.customers.touched import touch
from tenure.identity import recognition
from tenure.sources.base import Stream
from tenure.sync import lease
from tenure.sync.apply import Applier
from tenure.sync.models import Run, RunState, StreamRun
from tenure.sync.work import Work

CHUNK = 500


async def override(work: Work) -> None:
    """Bring accounts edited by hand that this site feeds back to what it says, those that a revert hid
    or unlinked and those with a contact edited by hand among them."""
    if work.site.accounts_mode != Mode.DAILY or work.site.staged:
        return
    start = 0
    while rows := await work.db(let_go_of, work.site.pk, start):
        await work.db(_recognise, work.first.applier, rows)
        start = rows[-1].pk
    for find in (edited_of, contacts_edited_of):
        last = 0
        while chunk := await work.db(find, work.site.pk, last):
            await work.db(_override, work.first.applier, chunk)
            last = chunk[-1]


async def override_subscriptions(work: Work) -> None:
    """Bring attributes of subscriptions set by hand back to what this site says, once those that
    changed are here: what a record said before must not take the place of what it says now."""
    if work.site.subscriptions_mode != Mode.DAILY or work.site.staged:
        return
    last = 0
    while chunk := await work.db(subscriptions_edited_of, work.site.pk, last):
        await work.db(_override_subscriptions, work.first.applier, chunk)
        last = chunk[-1]


def edited_of(site_id: int, after: int) -> list[int]:
    """The next accounts, by id, that are fed by this site and have a value by hand, or may have any
    other than it says because they did not follow it so far."""
    rows = Account.objects.filter(merged_into=None, pk__gt=after)
    if not follows_anew(site_id):
        rows = rows.filter(edited=True)
    fed = rows.filter(payers.fed_by([site_id]))
    return list(fed.order_by("pk").values_list("pk", flat=True)[:CHUNK])


def follows_anew(site_id: int) -> bool:
    """Whether the last run that came to its end kept the site's accounts in another mode: what they
    missed meanwhile comes with the next one, also where the record does not change."""
    rows = Run.objects.filter(site=site_id, state=RunState.COMPLETE).exclude(modes=None)
    last = rows.order_by("-pk").values_list("modes", flat=True).first()
    return last is not None and last.get("accounts", Mode.DAILY) != Mode.DAILY


def contacts_edited_of(site_id: int, after: int) -> list[int]:
    """The next accounts, by id, that have a contact by hand where this site names one too."""
    return edited_contacts_of(site_id, after, limit=CHUNK)


def subscriptions_edited_of(site_id: int, after: int) -> list[int]:
    """The next subscriptions of this site, by id, with an attribute that is there by hand."""
    return agreements.edited_of(site_id, after, limit=CHUNK)


def let_go_of(site_id: int, after: int) -> list[BillingAccount]:
    """The next billing accounts that were recognised before and whose link was taken back."""
    rows = BillingAccount.objects.filter(site_id=site_id, account=None, removed_at=None)
    known = rows.filter(identified_as__isnull=False, pk__gt=after)
    return list(known.order_by("pk")[:CHUNK])


def _recognise(applier: Applier, rows: list[BillingAccount]) -> None:
    batch = Batch(applier.site.pk, applier.change_set, applier.now)
    with transaction.atomic():
        followed = recognition.billing_accounts(applier.site, rows, batch)
        touch(followed.accounts, applier.now)
        lease.guard(applier.run_id, applier.fence)  # last, as pages do


def _override(applier: Applier, chunk: list[int]) -> None:
    followed = Followed()
    batch = Batch(applier.site.pk, applier.change_set, applier.now)
    with transaction.atomic():
        daily = accounts.daily_sites(applier.site)
        accounts.revive(chunk, batch)
        accounts.bring_up_to_date(chunk, batch, followed, daily=daily)
        touch(set(chunk) if followed.updated else set(), applier.now)
        StreamRun.objects.filter(run_id=applier.run_id, stream=Stream.ACCOUNTS).update(
            overridden=F("overridden") + followed.overridden
        )
        lease.guard(applier.run_id, applier.fence)  # last, as pages do


def _override_subscriptions(applier: Applier, chunk: list[int]) -> None:
    batch = Batch(applier.site.pk, applier.change_set, applier.now)
    with transaction.atomic():
        done = agreements.bring_up_to_date(applier.site, chunk, batch)
        StreamRun.objects.filter(run_id=applier.run_id, stream=Stream.SUBSCRIPTIONS).update(
            overridden=F("overridden") + done.overridden
        )
        lease.guard(applier.run_id, applier.fence)  # last, as pages do
