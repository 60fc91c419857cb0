"""Another rule when accounts exist: accounts are re-keyed, joined, split, and brought back."""

from typing import Any

import pytest

from tenure.connections.models import Site
from tenure.customers.models import (
    Account,
    Alias,
    Allocation,
    BillingAccount,
    Invoice,
    Subscription,
)
from tenure.customers.write import By, edit
from tenure.identity import conflicts, merge, reidentify
from tenure.identity.foreseeing import Preview
from tenure.identity.report.choosing import choose
from tenure.identity.rules import RuleRefused
from tests.builders import NOW, a_site, an_invoice
from tests.identity.pages import (
    SUBSCRIPTION_TENANT,
    TENANT,
    a_rule,
    accounts,
    invoices,
    links,
    payer,
    subscription,
    subscriptions,
)
from tests.identity.test_allocation import SPLIT, allocated, split_invoice

pytestmark = pytest.mark.django_db
BY = By(name="ada")
CODE = "account.code"


@pytest.fixture
def us(db: None) -> Site:
    return a_site("us", priority=0)


@pytest.fixture
def eu(db: None) -> Site:
    return a_site("eu", priority=1)


def change(field: str, **options: Any) -> reidentify.Applied:
    return reidentify.apply(field, by=BY, now=NOW, **options)


def visible() -> list[str]:
    rows = Account.objects.filter(removed_at=None).order_by("identifier")
    return list(rows.values_list("identifier", flat=True))


def counts(told: Preview) -> tuple[int, int, int, int]:
    return told.rekeyed, told.joined, told.split, told.unidentified


def test_accounts_are_rekeyed_with_their_values_and_an_alias(us: Site) -> None:
    accounts(us, payer("acc1", "T-1"))
    account = Account.objects.get()
    edit([account.pk], {"name": "By hand"}, BY, now=NOW)
    done = change(TENANT)
    account.refresh_from_db()
    assert (account.identifier, account.scope_id, account.name) == ("T-1", None, "By hand")
    assert Alias.objects.get().identifier == "ACC1"
    assert counts(done.preview) == (1, 0, 0, 0)
    accounts(us, payer("acc1", "T-1"))
    assert conflicts.count() == 0


def test_one_customer_on_two_sites_is_joined_by_the_order_of_the_sites(us: Site, eu: Site) -> None:
    accounts(eu, payer("acc9", "T-1"))
    accounts(us, payer("acc1", "T-1"))
    first = Account.objects.get(identifier="ACC1")
    done = change(TENANT)
    assert counts(done.preview) == (1, 1, 0, 0)
    assert Account.objects.get(removed_at=None) == first
    assert links(BillingAccount) == {"acc1": "T-1", "acc9": "T-1"}


def test_the_rule_changed_back_brings_the_joined_account_back(us: Site, eu: Site) -> None:
    accounts(us, payer("acc1", "T-1"))
    accounts(eu, payer("acc9", "T-1"))
    second = Account.objects.get(identifier="ACC9")
    edit([second.pk], {"name": "By hand"}, BY, now=NOW)
    change(TENANT)
    change(CODE)
    assert visible() == ["ACC1", "ACC9"]
    assert links(BillingAccount) == {"acc1": "ACC1", "acc9": "ACC9"}
    second.refresh_from_db()
    assert (second.name, second.merged_into) == ("By hand", None)


def test_a_record_without_the_new_identifier_waits_and_joins_later(us: Site) -> None:
    accounts(us, payer("acc1", None), payer("acc2", "T-2"))
    told = change(TENANT).preview
    assert counts(told) == (1, 0, 0, 1)
    assert visible() == ["T-2"]
    assert links(BillingAccount) == {"acc1": None, "acc2": "T-2"}
    accounts(us, payer("acc1", "T-1"))
    assert links(BillingAccount)["acc1"] == "T-1"


def test_an_account_somebody_worked_on_stays_in_the_list_without_its_record(us: Site) -> None:
    accounts(us, payer("acc1", None))
    edit([Account.objects.get().pk], {"name": "By hand"}, BY, now=NOW)
    change(TENANT)
    assert visible() == ["ACC1"]


def test_subscriptions_split_an_account_and_its_invoices(us: Site) -> None:
    accounts(us, payer("acc1"))
    subscriptions(us, subscription("sub1", "acc1", "T-1"), subscription("sub2", "acc1", "T-2"))
    invoices(us, split_invoice())
    told = reidentify.preview(SUBSCRIPTION_TENANT)
    assert counts(told) == (1, 0, 1, 0)
    done = change(SUBSCRIPTION_TENANT)
    assert done.preview.as_json() == told.as_json()
    assert links(Subscription) == {"sub1": "T-1", "sub2": "T-2"}
    assert links(BillingAccount) == {"acc1": None}
    assert allocated() == SPLIT


def test_accounts_by_subscription_become_one_account_again(us: Site) -> None:
    accounts(us, payer("acc1"))
    subscriptions(us, subscription("sub1", "acc1", "T-1"), subscription("sub2", "acc1", "T-2"))
    invoices(us, split_invoice())
    change(SUBSCRIPTION_TENANT)
    change(CODE)
    assert visible() == ["ACC1"]
    assert links(Subscription) == {"sub1": "ACC1", "sub2": "ACC1"}
    assert links(Invoice) == {"inv1": "ACC1"}
    assert not Allocation.objects.exists()


def test_accounts_that_change_places_keep_their_rows(us: Site) -> None:
    accounts(us, payer("acc1", "ACC2"), payer("acc2", "ACC1"))
    rows = {a.pk: a.identifier for a in Account.objects.all()}
    change(TENANT, joins=False)
    swapped = {"ACC1": "ACC2", "ACC2": "ACC1"}
    assert {a.pk: a.identifier for a in Account.objects.all()} == {
        pk: swapped[name] for pk, name in rows.items()
    }


def test_the_outcome_is_that_of_a_first_sync_under_the_rule(us: Site, eu: Site) -> None:
    def bring() -> None:
        accounts(us, payer("acc1", "T-1"), payer("acc2", "T-2"), payer("acc3", None))
        accounts(eu, payer("acc4", "T-1"), payer("acc5", " T-5"))
        subscriptions(us, subscription("sub1", "acc1"))
        invoices(us, an_invoice("inv1"))

    def state() -> Any:
        rows = Account.objects.filter(removed_at=None).order_by("identifier")
        known = [(a.identifier, a.scope_id, a.name, a.attributes) for a in rows]
        return known, [links(model) for model in (BillingAccount, Subscription, Invoice)]

    bring()
    change(TENANT)
    changed = state()
    for model in (BillingAccount, Subscription, Invoice, Alias):
        model.objects.all().delete()
    Account.objects.update(merged_into=None)
    Account.objects.all().delete()
    bring()
    assert state() == changed


def test_a_merge_by_hand_outlives_a_change_of_the_rule(us: Site) -> None:
    accounts(us, payer("acc1", "T-1"), payer("acc2", "T-2"))
    one, two = (Account.objects.get(identifier=name) for name in ("ACC1", "ACC2"))
    merge.merge(one.pk, two.pk, BY, NOW)
    change(TENANT)
    assert visible() == ["T-1"]
    assert links(BillingAccount) == {"acc1": "T-1", "acc2": "T-1"}


def test_a_preview_writes_nothing(us: Site) -> None:
    accounts(us, payer("acc1", "T-1"))
    told = reidentify.preview(TENANT).as_json()
    assert told["examples"] == {"rekeyed": [{"old": "ACC1", "new": "T-1"}]}
    assert visible() == ["ACC1"]


@pytest.mark.parametrize("field", ["account.email", "invoice.custom_fields.x", "nonsense", ""])
def test_a_field_that_identifies_nobody_is_refused(us: Site, field: str) -> None:
    with pytest.raises(RuleRefused, match="identifies no account"):
        reidentify.preview(field)


def test_records_that_are_nobodys_make_their_accounts_with_the_first_choice(us: Site) -> None:
    a_rule(TENANT)
    accounts(us, payer("acc1"), payer("acc2"))
    subscriptions(us, subscription("sub1", "acc1", "T-1"), subscription("sub2", "acc2"))
    assert not Account.objects.exists()
    chosen = choose(SUBSCRIPTION_TENANT, truth="tenant", joins=True, fold_case=False, now=NOW)
    assert visible() == ["T-1"]
    account = Account.objects.get()
    assert set(chosen.touched) == {account.pk}
    assert chosen.numbers == {"made": 1, "unidentified": 1}
    assert "made 1 account." in chosen.words
    assert "1 have no identifier" in chosen.words


def test_records_of_a_staged_site_wait_for_its_activation(us: Site) -> None:
    a_rule(TENANT)
    accounts(us, payer("acc1"))
    Site.objects.update(staged=True)
    chosen = choose(CODE, truth="source", joins=False, fold_case=False, now=NOW)
    assert not Account.objects.exists()
    assert "No accounts were there yet" in chosen.words
