"""What each resolution of a conflict does, and what it is refused for."""

from decimal import Decimal

import pytest

from tenure.connections.models import Site
from tenure.customers.models import (
    Account,
    Alias,
    BillingAccount,
    Change,
    Invoice,
    Subscription,
)
from tenure.customers.write import By, edit
from tenure.identity import conflicts, unidentified
from tenure.identity.conflicts import NotResolved
from tenure.identity.models import Conflict, Merge, Resolution
from tests.builders import NOW, a_site, an_invoice
from tests.identity.pages import (
    SUBSCRIPTION_TENANT,
    a_rule,
    accounts,
    invoices,
    links,
    payer,
    subscription,
    subscriptions,
)
from tests.identity.test_allocation import allocated, split_invoice

pytestmark = pytest.mark.django_db
BY = By(name="ada")


@pytest.fixture
def site(db: None) -> Site:
    """A site on which acc1 was T-1 and says T-2 now; it has a subscription and an invoice."""
    site = a_site()
    a_rule()
    accounts(site, payer("acc1", "T-1"))
    subscriptions(site, subscription("sub1", "acc1"))
    invoices(site, an_invoice("inv1"))
    accounts(site, payer("acc1", "T-2"))
    return site


def decide(resolution: str) -> conflicts.Resolved:
    return conflicts.resolve(Conflict.objects.get(resolution="").pk, resolution, BY, NOW)


def owners() -> set[str | None]:
    """Whose all the records are."""
    return {*links(BillingAccount).values(), *links(Subscription).values()} | {
        *links(Invoice).values()
    }


def test_keeping_changes_nothing_and_is_not_asked_again(site: Site) -> None:
    done = decide(Resolution.KEEP)
    assert done.change_set.reason == f"Conflict {done.conflict.pk}: changed"
    accounts(site, payer("acc1", "T-2"))
    assert conflicts.count() == 0
    assert owners() == {"T-1"}


def test_another_value_after_keeping_is_a_conflict_again(site: Site) -> None:
    decide(Resolution.KEEP)
    accounts(site, payer("acc1", "T-3"))
    assert [one.new for one in conflicts.listing()] == ["T-3"]


def test_rekeying_keeps_the_account_and_leaves_an_alias(site: Site) -> None:
    account = Account.objects.get()
    edit([account.pk], {"name": "By hand"}, BY, now=NOW)
    done = decide(Resolution.REKEY)
    account.refresh_from_db()
    assert (account.identifier, account.name) == ("T-2", "By hand")
    assert Alias.objects.get(identifier="T-1").account == account
    assert Change.objects.filter(change_set=done.change_set).get().changes == {
        "identifier": ["T-1", "T-2"]
    }
    assert owners() == {"T-2"}
    accounts(site, payer("acc2", "T-1"))
    assert links(BillingAccount) == {"acc1": "T-2", "acc2": "T-2"}


def test_a_new_account_takes_the_record_with_everything_that_hangs_on_it(site: Site) -> None:
    done = decide(Resolution.NEW_ACCOUNT)
    assert owners() == {"T-2"}
    assert Account.objects.get(identifier="T-2").name == "Company acc1"
    assert {a.identifier for a in Account.objects.filter(pk__in=done.accounts)} == {"T-1", "T-2"}
    accounts(site, payer("acc1", "T-2"))
    assert conflicts.count() == 0


def test_of_two_claimants_the_accounts_can_be_made_one(site: Site) -> None:
    accounts(site, payer("acc2", "T-2"))
    decide(Resolution.REKEY)
    assert links(BillingAccount) == {"acc1": "T-2", "acc2": "T-2"}
    assert Account.objects.get(removed_at=None).identifier == "T-2"
    assert Alias.objects.get().identifier == "T-1"
    assert Merge.objects.count() == 1


def test_of_two_claimants_the_record_can_move(site: Site) -> None:
    accounts(site, payer("acc2", "T-2"), payer("acc3", "T-1"))
    decide(Resolution.NEW_ACCOUNT)
    assert links(BillingAccount) == {"acc1": "T-2", "acc2": "T-2", "acc3": "T-1"}
    assert links(Invoice) == {"inv1": "T-2"}


def test_keeping_against_another_claimant_leaves_both(site: Site) -> None:
    accounts(site, payer("acc2", "T-2"))
    decide(Resolution.KEEP)
    accounts(site, payer("acc1", "T-2"))
    assert links(BillingAccount) == {"acc1": "T-1", "acc2": "T-2"}
    assert conflicts.count() == 0


def test_a_record_without_an_identifier_can_be_let_go_and_comes_back(site: Site) -> None:
    accounts(site, payer("acc1", None))
    decide(Resolution.NEW_ACCOUNT)
    assert owners() == {None}
    [waiting] = unidentified.listing()
    assert waiting.reason == "account.custom_fields.tenant_id is empty."
    accounts(site, payer("acc1", "T-9"))
    assert links(BillingAccount) == {"acc1": "T-9"}


def test_a_vanished_identifier_can_be_kept_but_not_taken(site: Site) -> None:
    accounts(site, payer("acc1", None))
    with pytest.raises(NotResolved, match="says no identifier"):
        decide(Resolution.REKEY)
    decide(Resolution.KEEP)
    accounts(site, payer("acc1", None))
    assert (conflicts.count(), owners()) == (0, {"T-1"})


def test_a_resolved_conflict_is_not_resolved_again(site: Site) -> None:
    number = decide(Resolution.KEEP).conflict.pk
    with pytest.raises(NotResolved, match="was resolved already"):
        conflicts.resolve(number, Resolution.REKEY, BY, NOW)


def test_an_unknown_resolution_is_refused(site: Site) -> None:
    with pytest.raises(NotResolved, match="no resolution"):
        decide("guess")


def test_one_rekeying_settles_every_record_that_said_the_same(site: Site) -> None:
    accounts(site, payer("acc2", "T-1"))
    accounts(site, payer("acc2", "T-2"))
    assert conflicts.count() == 2
    first = conflicts.listing()[-1]
    conflicts.resolve(first.pk, Resolution.REKEY, BY, NOW)
    assert conflicts.count() == 0
    assert links(BillingAccount) == {"acc1": "T-2", "acc2": "T-2"}


def test_a_subscription_that_moves_takes_its_part_of_the_invoices_along() -> None:
    site = a_site()
    a_rule(SUBSCRIPTION_TENANT)
    accounts(site, payer("acc1"))
    subscriptions(site, subscription("sub1", "acc1", "T-1"), subscription("sub2", "acc1", "T-2"))
    invoices(site, split_invoice())
    subscriptions(site, subscription("sub1", "acc1", "T-3"))
    done = decide(Resolution.NEW_ACCOUNT)
    assert links(Subscription) == {"sub1": "T-3", "sub2": "T-2"}
    assert [(who, total) for who, total, *_ in allocated()] == [
        ("T-2", Decimal("30.00")),
        ("T-3", Decimal("60.00")),
        (None, Decimal("10.00")),
    ]
    named = set(Account.objects.filter(pk__in=done.accounts).values_list("identifier", flat=True))
    assert named >= {"T-1", "T-3"}


def test_every_conflict_has_three_resolutions_in_words(site: Site) -> None:
    accounts(site, payer("acc2", "T-2"))
    [found] = conflicts.listing()
    told = {one.resolution: one.words for one in conflicts.options(found)}
    assert list(told) == ["keep", "rekey", "new_account"]
    assert "merged into Company acc2 (T-2)" in told["rekey"]
    assert conflicts.sentence(found).endswith("says T-2 now, which is another account.")
