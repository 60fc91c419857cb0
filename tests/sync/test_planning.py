"""Random edits, random changes upstream, every mode: what a plan shows is what is applied, and what is
taken back is as it was."""

import copy
import random
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from tenure.access.models import Member
from tenure.connections.models import Mode, Site
from tenure.customers import accounts, agreements, revert, write
from tenure.customers.contacts import write as people
from tenure.customers.landing import Batch
from tenure.customers.making import Followed
from tenure.customers.models import (
    Account,
    Attribute,
    BillingAccount,
    Change,
    ChangeSet,
    Contact,
    Subscription,
)
from tenure.customers.write import By, Pin
from tenure.sources import records
from tenure.sources.base import Stream
from tenure.sync import edits
from tenure.sync.planning.entries import Entry
from tenure.sync.planning.upstream import Upstream
from tenure.sync.planning.working import Working
from tenure.sync.streams import land_page
from tests.builders import EARLIER, NOW, a_batch, a_billing_account, a_site, a_subscription

pytestmark = pytest.mark.django_db
STORIES = 30
FIELDS = ("company", "email", "first_name", "vat_number")
ADDRESSES = ("north@acme.example", "south@acme.example", "East <east@acme.example>", None)
MODES = (Mode.DAILY, Mode.DAILY, Mode.IMPORT, Mode.LINK)
WORDS = ("North", "South", "East", None)


class Story:
    """A site, what it holds upstream, and chance."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.site = a_site(f"site-{seed}", accounts_mode=self.chance.choice(MODES))
        self.held: dict[str, records.BillingAccount] = {}
        self.agreed: set[str] = set()
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

    def agreements_change(self) -> list[records.Subscription]:
        """Some subscriptions of what is held changed, some new; those alone."""
        fresh = []
        for payer in sorted(self.held):
            name = f"sub-{payer}"
            if self.chance.random() < 0.5:
                terms = {
                    "po_number": self.chance.choice(WORDS),
                    "quantity": self.chance.randint(1, 9),
                }
                fresh.append(
                    a_subscription(name, account_upstream_id=payer, updated_at=self.at, **terms)
                )
        self.agreed |= {one.upstream_id for one in fresh}
        return fresh

    def _record(self, name: str) -> records.BillingAccount:
        said = {field: self.chance.choice(WORDS) for field in FIELDS}
        said["email"] = self.chance.choice(ADDRESSES)
        said["cc_emails"] = self.chance.choice(ADDRESSES)
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
        for contact in Contact.objects.filter(removed_at=None):
            match self.chance.randrange(4):
                case 0:
                    named = {"name": self.chance.choice(("Mine", "North"))}
                    people.edit(contact.pk, named, By(member=member), now=NOW)
                case 1:
                    people.remove(contact.pk, By(member=member), now=NOW)

    def planned(self, fresh: dict[str, records.BillingAccount]) -> list[Entry]:
        """What the plan of a sync that reads these says."""
        ids = BillingAccount.objects.filter(site=self.site, upstream_id__in=fresh)
        known = set(ids.values_list("upstream_id", flat=True))
        found = Upstream(NOW, accounts=dict(fresh), known={Stream.ACCOUNTS: known})
        return list(Working(copy.copy(self.site), found, NOW).entries())

    def synced(
        self,
        fresh: dict[str, records.BillingAccount],
        agreements: Sequence[records.Subscription] = (),
        now: datetime = NOW,
    ) -> ChangeSet:
        """The same applied, as a run does it."""
        batch = a_batch(self.site, now)
        if fresh:
            land_page(Stream.ACCOUNTS, self.site, list(fresh.values()), batch)
        if agreements:
            land_page(Stream.SUBSCRIPTIONS, self.site, agreements, batch)
        if self.site.accounts_mode == Mode.DAILY:
            self._overridden(batch)
        return batch.change_set

    def _overridden(self, batch: Batch) -> None:
        chunk = edits.edited_of(self.site.pk, 0)
        chunk += edits.contacts_edited_of(self.site.pk, 0)
        accounts.revive(chunk, batch)
        daily = accounts.daily_sites(self.site)
        accounts.bring_up_to_date(chunk, batch, Followed(), daily=daily)
        some = edits.subscriptions_edited_of(self.site.pk, 0)
        agreements.bring_up_to_date(self.site, some, batch)


def a_story(seed: int, **overrides: Any) -> Story:
    """A story in which a first sync and some edits lie behind."""
    story = Story(seed)
    for name, value in overrides.items():
        setattr(story.site, name, value)
    story.site.save()
    Attribute.objects.get_or_create(
        name="po_number",
        object_kind="subscription",
        defaults={"label": "PO", "kind": "text", "source_field": "subscription.po_number"},
    )
    story.synced(story.upstream_changes(), story.agreements_change())
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


def state(agreed: Collection[str] = ()) -> dict[str, Any]:
    """Every account that can be seen, with its values, its people and what bills it, and the values
    of these subscriptions; each value with where it came from."""
    found: dict[str, Any] = {
        f"{a.scope_id} {a.identifier}": (
            a.name,
            a.state,
            a.attributes,
            origins(a.sources),
            sorted(a.billing_accounts.values_list("upstream_id", flat=True)),
            sorted((person(c) for c in a.contacts.filter(removed_at=None)), key=repr),
        )
        for a in Account.objects.filter(removed_at=None)
    }
    for one in Subscription.objects.filter(upstream_id__in=agreed):
        found[one.upstream_id] = (one.attributes, origins(one.sources))
    return found


def person(contact: Contact) -> tuple[Any, ...]:
    """A contact as it is shown."""
    values = (contact.identifier, contact.email, contact.name, contact.title)
    return *values, contact.is_named, contact.unnamed_at, origins(contact.sources)


def origins(sources: dict[str, Any]) -> dict[str, Any]:
    """Where each value came from, but for the fact that it was brought back."""
    told = {
        name: {key: said for key, said in entry.items() if key not in ("back", "incoming")}
        for name, entry in sources.items()
    }
    return {name: entry for name, entry in told.items() if entry}


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
    agreed = set(story.agreed)
    before = state(agreed)
    run = story.synced(story.upstream_changes(), story.agreements_change())
    after = state(agreed)
    back = revert.revert(run, By(), NOW).change_set
    assert state(agreed) == before
    if back:
        again = revert.revert(back, By(), NOW).change_set
        assert state(agreed) == after
        assert again
        revert.revert(again, By(), NOW)
        assert state(agreed) == before


@pytest.mark.parametrize("seed", range(STORIES))
def test_daily_sync_brings_its_own_back_after_a_run_was_taken_back(seed: int) -> None:
    story = a_story(seed, accounts_mode=Mode.DAILY)
    run = story.synced(story.upstream_changes(), story.agreements_change())
    after = shown()
    revert.revert(run, By(), NOW)
    story.synced({})
    assert shown() == after


def shown() -> dict[str, Any]:
    """What can be seen, whatever it came from."""
    found: dict[str, Any] = {
        a.identifier: (a.name, a.state, a.attributes, sorted(map(values_of, a.contacts.all())))
        for a in Account.objects.filter(removed_at=None).order_by("pk")
    }
    return found | {s.upstream_id: s.attributes for s in Subscription.objects.all()}


def values_of(contact: Contact) -> tuple[str, str, str, bool, bool]:
    """A contact's values, and whether it is there and named."""
    gone = contact.removed_at is not None
    return contact.identifier, contact.email, contact.name, contact.is_named, gone


def test_some_stories_take_back_people_and_what_subscriptions_say() -> None:
    kinds = set()
    for seed in range(1000, 1020):
        story = a_story(seed, accounts_mode=Mode.DAILY)
        run = story.synced(story.upstream_changes(), story.agreements_change())
        lines = revert.preview(run, limit=1000)
        kinds |= {(one.kind, one.hides, *sorted(one.back)) for one in lines}
    assert ("contact", True) in kinds
    assert ("contact", False, "name") in kinds
    assert ("contact", False, "named") in kinds
    assert ("contact", False, "removed") in kinds
    assert ("subscription", False, "attributes.po_number") in kinds


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
