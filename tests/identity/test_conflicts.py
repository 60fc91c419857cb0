"""A record whose identifier no longer says what it said: the first value stands, a person decides."""

import pytest

from tenure.customers.models import Account, BillingAccount, Subscription
from tenure.identity.models import Conflict, ConflictKind, Resolution
from tests.builders import a_site
from tests.identity.pages import (
    SUBSCRIPTION_TENANT,
    a_rule,
    accounts,
    links,
    payer,
    subscription,
    subscriptions,
)

pytestmark = pytest.mark.django_db


def told() -> list[tuple[str, str, str, str]]:
    """Every conflict as record, kind, old and new identifier."""
    rows = Conflict.objects.filter(resolution="").order_by("upstream_id")
    return list(rows.values_list("upstream_id", "kind", "old", "new"))


def test_a_changed_identifier_is_a_conflict_and_the_first_value_stands() -> None:
    site = a_site()
    a_rule()
    accounts(site, payer("acc1", "T-1"))
    accounts(site, payer("acc1", "T-2"))
    assert told() == [("acc1", "changed", "T-1", "T-2")]
    assert links(BillingAccount) == {"acc1": "T-1"}
    assert not Account.objects.filter(identifier="T-2").exists()


def test_a_vanished_identifier_is_a_conflict() -> None:
    site = a_site()
    a_rule()
    accounts(site, payer("acc1", "T-1"))
    accounts(site, payer("acc1", None))
    assert told() == [("acc1", "vanished", "T-1", "")]
    assert links(BillingAccount) == {"acc1": "T-1"}


@pytest.mark.parametrize("claimant_first", [True, False])
def test_an_identifier_two_records_claim_is_a_conflict_whatever_the_order(
    claimant_first: bool,
) -> None:
    site = a_site()
    a_rule()
    accounts(site, payer("acc1", "T-1"))
    pages = [payer("acc2", "T-2"), payer("acc1", "T-2")]
    for page in pages if claimant_first else reversed(pages):
        accounts(site, page)
    assert told() == [("acc1", "claimed_twice", "T-1", "T-2")]
    assert links(BillingAccount) == {"acc1": "T-1", "acc2": "T-2"}


def test_two_records_that_always_said_the_same_are_one_account() -> None:
    us, eu = a_site("us"), a_site("eu")
    a_rule()
    accounts(us, payer("acc1", "T-1"))
    accounts(eu, payer("acc1", " T-1 "))
    assert Account.objects.count() == 1
    assert told() == []


def test_a_conflict_closes_when_the_value_comes_back() -> None:
    site = a_site()
    a_rule()
    accounts(site, payer("acc1", "T-1"))
    accounts(site, payer("acc1", "T-2"))
    accounts(site, payer("acc1", "T-1"))
    assert told() == []
    assert Conflict.objects.get().resolution == Resolution.WENT_AWAY


def test_a_conflict_follows_what_the_record_says_next() -> None:
    site = a_site()
    a_rule()
    accounts(site, payer("acc1", "T-1"))
    accounts(site, payer("acc1", "T-2"))
    accounts(site, payer("acc1", None))
    assert told() == [("acc1", ConflictKind.VANISHED, "T-1", "")]


def test_a_subscription_that_changes_its_mind_is_a_conflict() -> None:
    site = a_site()
    a_rule(SUBSCRIPTION_TENANT)
    accounts(site, payer("acc1"))
    subscriptions(site, subscription("sub1", "acc1", "T-1"), subscription("sub2", "acc1", "T-2"))
    subscriptions(site, subscription("sub1", "acc1", "T-2"))
    assert told() == [("sub1", "claimed_twice", "T-1", "T-2")]
    assert links(Subscription) == {"sub1": "T-1", "sub2": "T-2"}


def test_an_identifier_that_is_filled_in_later_joins_by_itself() -> None:
    site = a_site()
    a_rule()
    accounts(site, payer("acc1", None))
    assert links(BillingAccount) == {"acc1": None}
    accounts(site, payer("acc1", "T-1"))
    assert links(BillingAccount) == {"acc1": "T-1"}
    assert told() == []
