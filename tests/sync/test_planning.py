"""Random edits, random changes upstream, every mode: what a plan shows is what is applied, and what is
taken back is as it was."""

import copy
import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from tenure.access.models import Member
from tenure.connections.models import Mode, Site
from tenure.customers import accounts, revert, write
from tenure.customers.accounts import Followed
from tenure.customers.landing import Batch
from tenure.customers.models import Account, BillingAccount, Change, ChangeSet
from tenure.customers.write import By, Pin
from tenure.sources import records
from tenure.sources.base import Stream
from tenure.sync import edits
from tenure.sync.planning.entries import Entry
from tenure.sync.planning.upstream import Upstream
from tenure.sync.planning.working import Working
from tenure.sync.streams import land_page
from tests.builders import EARLIER, NOW, a_batch, a_billing_account, a_site

pytestmark = pytest.mark.django_db
STORIES = 30
FIELDS = ("company", "email", "first_name", "vat_number")
MODES = (Mode.DAILY, Mode.DAILY, Mode.IMPORT, Mode.LINK)
WORDS = ("North", "South", "East", None)


class Story:
    """A site, what it holds upstream, and chance."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.site = a_site(f"site-{seed}", accounts_mode=self.chance.choice(MODES))
        self.held: dict[str, records.BillingAccount] = {}
        self.at = EARLIER

    def upstream_changes(self) -> dict[str, records.BillingAccount]:
        """Some records changed, some new; those alone."""
        self.at += timedelta(hours=1)
        fresh: dict[str, records.BillingAccount] = {}
        for number in range(8):
            name = f"acc{number}"
            known = name in self.held
            if self.chance.random() < (0.5 if known else 0.4):
                fresh[name] = self._record(name)
        self.held |= fresh
        return fresh

    def _record(self, name: str) -> records.BillingAccount:
        said = {field: self.chance.choice(WORDS) for field in FIELDS}
        state = self.chance.choice(("active", "active", "closed"))
        code = self.chance.choice((name.upper(), "SHARED", "")) if name > "acc5" else name.upper()
        return a_billing_account(name, code=code, state=state, updated_at=self.at, **said)

    def people_edit(self) -> None:
        """Somebody sets some values by hand, and pins some of them."""
        member, _ = Member.objects.get_or_create(email="ann@tenure.example")
        for account in Account.objects.filter(removed_at=None):
            if self.chance.random() < 0.6:
                values = {self.chance.choice(FIELDS): self.chance.choice(("Mine", "North", ""))}
                pin = Pin("Ours") if self.chance.random() < 0.3 else None
                write.edit([account.pk], values, By(member=member), now=NOW, pin=pin)

    def planned(self, fresh: dict[str, records.BillingAccount]) -> list[Entry]:
        """What the plan of a sync that reads these says."""
        ids = BillingAccount.objects.filter(site=self.site, upstream_id__in=fresh)
        known = set(ids.values_list("upstream_id", flat=True))
        found = Upstream(NOW, accounts=dict(fresh), known={Stream.ACCOUNTS: known})
        return list(Working(copy.copy(self.site), found, NOW).entries())

    def synced(self, fresh: dict[str, records.BillingAccount], now: datetime = NOW) -> ChangeSet:
        """The same applied, as a run does it."""
        batch = a_batch(self.site, now)
        if fresh:
            land_page(Stream.ACCOUNTS, self.site, list(fresh.values()), batch)
        if self.site.accounts_mode == Mode.DAILY:
            self._overridden(batch)
        return batch.change_set

    def _overridden(self, batch: Batch) -> None:
        chunk = edits.edited_of(self.site.pk, 0)
        accounts.revive(chunk, batch)
        daily = accounts.daily_sites(self.site)
        accounts.bring_up_to_date(chunk, batch, Followed(), daily=daily)


def a_story(seed: int) -> Story:
    """A story in which a first sync and some edits lie behind."""
    story = Story(seed)
    story.synced(story.upstream_changes())
    story.people_edit()
    return story


def applied(change_set: ChangeSet) -> dict[str, dict[str, Any]]:
    """What a change set did to accounts that were there before it, by identifier."""
    found: dict[str, dict[str, Any]] = {}
    for change in Change.objects.filter(change_set=change_set, object_kind="account"):
        account = Account.objects.get(pk=change.object_id)
        if account.created_in_id != change_set.pk:
            found.setdefault(account.identifier, {}).update(change.changes)
    return found


def state() -> dict[str, Any]:
    """Every account that can be seen, with its values and what bills it."""
    return {
        f"{a.scope_id} {a.identifier}": (
            a.name,
            a.state,
            a.attributes,
            sorted(a.billing_accounts.values_list("upstream_id", flat=True)),
        )
        for a in Account.objects.filter(removed_at=None)
    }


def places(changes: dict[str, dict[str, Any]]) -> set[tuple[str, str]]:
    """The values that changed, by identifier and field."""
    return {(name, place) for name, fields in changes.items() for place in fields}


@pytest.mark.parametrize("seed", range(STORIES))
def test_what_a_plan_shows_is_what_is_applied(seed: int) -> None:
    story = a_story(seed)
    fresh = story.upstream_changes()
    by_hand = {
        (account.identifier, f"attributes.{name}")
        for account in Account.objects.all()
        for name, entry in account.sources.items()
        if entry.get("source") == "manual"
    }
    before = set(Account.objects.values_list("identifier", flat=True))
    entries = [one for one in story.planned(fresh) if one.object_kind == "account"]
    done = applied(story.synced(fresh))
    shown = {e.identifier: dict(e.changes) for e in entries if e.verb in ("update", "override")}
    assert shown == done
    lost = {(e.identifier, place) for e in entries for place in e.overridden}
    assert lost == places(done) & by_hand
    made = {one.identifier for one in entries if one.verb == "create"}
    assert made == set(Account.objects.values_list("identifier", flat=True)) - before


@pytest.mark.parametrize("seed", range(STORIES))
def test_a_run_taken_back_leaves_what_was_and_taking_that_back_is_the_identity(seed: int) -> None:
    story = a_story(seed)
    before = state()
    run = story.synced(story.upstream_changes())
    after = state()
    back = revert.revert(run, By(), NOW).change_set
    assert state() == before
    if back:
        again = revert.revert(back, By(), NOW).change_set
        assert state() == after
        assert again
        revert.revert(again, By(), NOW)
        assert state() == before


def test_some_stories_override_edits_and_make_accounts() -> None:
    verbs = set()
    for seed in range(1000, 1020):
        story = a_story(seed)
        verbs |= {one.verb for one in story.planned(story.upstream_changes())}
    assert {"create", "update", "override", "pinned", "unidentified"} <= verbs


def test_a_plan_locks_and_writes_nothing() -> None:
    story = a_story(5)
    fresh = story.upstream_changes()
    before = (state(), Change.objects.count(), ChangeSet.objects.count(), Site.objects.count())
    story.planned(fresh)
    after = (state(), Change.objects.count(), ChangeSet.objects.count(), Site.objects.count())
    assert after == before
