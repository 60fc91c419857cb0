"""Link only: billing attaches to accounts that people and programs make, whichever is there first."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tenure import flow
from tenure.connections.models import IdentifierRule, Mode, Site
from tenure.core.clock import FrozenClock
from tenure.customers import write
from tenure.customers.exchange import imports
from tenure.customers.models import Account, BillingAccount, Invoice, Subscription
from tenure.customers.write import By
from tenure.metrics.models import AccountFacts
from tests.builders import NOW
from tests.flows.conftest import TODAY, Sync
from tests.web.builders import a_member

pytestmark = pytest.mark.django_db(transaction=True)
LATER = TODAY + timedelta(hours=1)


@pytest.fixture
def signed_in(client: Client, settings: Settings) -> Client:
    """A browser in which an administrator is signed in, an hour after the last sync."""
    settings.TENURE_CLOCK = FrozenClock(LATER)
    client.force_login(a_member())
    return client


@pytest.fixture
def waiting(us: Site, sync: Sync) -> BillingAccount:
    """A record with a subscription and invoices whose account nobody has made yet."""
    Site.objects.update(accounts_mode=Mode.LINK, subscriptions_mode=Mode.LINK)
    IdentifierRule.objects.create(field="account.code", joins=True, created_at=NOW)
    sync(us)
    billed = Invoice.objects.values("account_upstream_id")
    agreed = Subscription.objects.values("account_upstream_id")
    rows = BillingAccount.objects.filter(upstream_id__in=billed).filter(upstream_id__in=agreed)
    found: BillingAccount = rows.order_by("pk")[0]
    assert not Account.objects.exists()
    return found


def belongs(record: BillingAccount, account: Account) -> None:
    """Everything of this record is the account's now, and its figures say so."""
    record.refresh_from_db()
    assert record.account == account
    assert record.identified_as == account.identifier
    for model in (Subscription, Invoice):
        rows = model.objects.filter(account_upstream_id=record.upstream_id)
        assert {row.account_id for row in rows} == {account.pk}
    billed = Invoice.objects.filter(account=account).count()
    assert AccountFacts.objects.get(account=account).invoices_count == billed > 0


def test_an_account_made_by_hand_takes_the_billing_that_waited_for_it(
    signed_in: Client, waiting: BillingAccount
) -> None:
    signed_in.post("/accounts/new/", {"identifier": waiting.code, "name": "By hand"})
    account = Account.objects.get()
    belongs(waiting, account)
    assert account.name == "By hand"  # it takes billing, no values
    assert BillingAccount.objects.exclude(account=None).count() == 1


def test_a_record_read_after_its_account_was_made_attaches_too(us: Site, sync: Sync) -> None:
    Site.objects.update(accounts_mode=Mode.LINK)
    IdentifierRule.objects.create(field="account.id", joins=True, created_at=NOW)
    sync(us)
    first, second = BillingAccount.objects.order_by("pk")[:2]
    BillingAccount.objects.filter(pk=second.pk).delete()
    account = write.create(second.upstream_id, {}, By(), now=LATER)
    flow.join([account.pk], LATER)
    assert not BillingAccount.objects.exclude(account=None).exists()
    sync(us)
    first.refresh_from_db()
    assert first.account is None


@pytest.mark.parametrize("fold_case", [False, True])
def test_a_custom_field_is_read_as_the_rule_reads_it(us: Site, sync: Sync, fold_case: bool) -> None:
    Site.objects.update(accounts_mode=Mode.LINK)
    field = "account.custom_fields.tenant_id"
    IdentifierRule.objects.create(field=field, joins=True, fold_case=fold_case, created_at=NOW)
    sync(us)
    names: list[Any] = ["  Tn-1 ", "tn-é", "Tn-1x", "other"]
    rows = list(BillingAccount.objects.order_by("pk")[: len(names)])
    for row, name in zip(rows, names, strict=True):
        row.custom_fields = {"tenant_id": name}
        row.save()
    ids = ["tn-1" if fold_case else "Tn-1", "tn-e\N{COMBINING ACUTE ACCENT}"]
    made = [write.create(one, {}, By(), now=LATER) for one in ids]
    flow.join([one.pk for one in made], LATER)
    found = dict(BillingAccount.objects.exclude(account=None).values_list("pk", "account_id"))
    assert found == {rows[0].pk: made[0].pk, rows[1].pk: made[1].pk}


def test_subscriptions_that_name_their_account_join_it(us: Site, sync: Sync) -> None:
    Site.objects.update(accounts_mode=Mode.LINK)
    field = "subscription.custom_fields.tenant_id"
    IdentifierRule.objects.create(field=field, joins=True, created_at=NOW)
    sync(us)
    one = Subscription.objects.order_by("pk")[0]
    one.custom_fields = {"tenant_id": "T-77"}
    one.save()
    account = write.create("T-77", {}, By(), now=LATER)
    flow.join([account.pk], LATER)
    one.refresh_from_db()
    assert one.account == account
    payer = BillingAccount.objects.get(upstream_id=one.account_upstream_id)
    assert payer.account == account


def test_a_site_that_keeps_identifiers_apart_lends_nothing_to_an_account_of_all(
    us: Site, sync: Sync
) -> None:
    Site.objects.update(accounts_mode=Mode.LINK)
    sync(us)
    code = BillingAccount.objects.order_by("pk")[0].code
    everywhere = write.create(code, {}, By(), now=LATER)
    here = write.create(code, {}, By(), now=LATER, scope_id=us.pk)
    flow.join([everywhere.pk, here.pk], LATER)
    assert [b.account for b in BillingAccount.objects.exclude(account=None)] == [here]


def test_taking_the_making_back_lets_the_billing_go_again(
    signed_in: Client, waiting: BillingAccount
) -> None:
    signed_in.post("/accounts/new/", {"identifier": waiting.code, "name": "By hand"})
    made = Account.objects.get().created_in
    signed_in.post("/undo/", {"change_set": made.pk})
    waiting.refresh_from_db()
    assert waiting.account is None
    assert Account.objects.get().removed_at
    assert not Invoice.objects.exclude(account=None).exists()


def test_an_import_attaches_what_waited_and_its_undo_lets_go(waiting: BillingAccount) -> None:
    text = f"identifier,name\n{waiting.code},From a file\nnobody-has-this,Other\n"
    clock = FrozenClock(LATER)
    job = imports.upload("accounts", "a.csv", [text.encode()], member=None)
    imports.choose(job, job.mapping)
    imports.begin_apply(flow.bring_in(job.pk, clock), now=LATER)
    done = flow.bring_in(job.pk, clock)
    belongs(waiting, Account.objects.get(identifier=waiting.code))
    imports.begin_undo(done, now=LATER)
    flow.bring_in(job.pk, clock)
    waiting.refresh_from_db()
    assert waiting.account is None
    assert not Account.objects.filter(removed_at=None).exists()
