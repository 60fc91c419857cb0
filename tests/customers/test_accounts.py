"""Billing accounts become accounts, and an account's values follow what bills it."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from tenure.connections.models import Site
from tenure.customers import accounts, tables
from tenure.customers.landing import land
from tenure.customers.making import Claim, Followed
from tenure.customers.models import Account, BillingAccount, Change
from tenure.sources import records
from tests.builders import EARLIER, a_batch, a_billing_account, a_site

pytestmark = pytest.mark.django_db
LATER = EARLIER + timedelta(hours=1)


def bring(site: Site, page: Sequence[records.BillingAccount], *, joined: bool = False) -> Followed:
    """Land a page and follow it, as the stream of accounts does."""
    batch = a_batch(site)
    landed = land(tables.BILLING_ACCOUNTS, page, batch)
    written = [r for r in page if r.upstream_id in landed.written]
    claims = {r.upstream_id: Claim(r.code, None if joined else site.pk) for r in written}
    return accounts.follow(site, written, claims, batch)


def test_an_account_is_made_for_a_new_billing_account() -> None:
    site = a_site()
    followed = bring(site, [a_billing_account(custom_fields=b'{"tenant_id": "T-1"}')])
    account = Account.objects.get()
    assert followed.created == 1
    assert (account.identifier, account.name) == ("ACC1", "Acme Robotics")
    assert account.attributes["tenant_id"] == "T-1"
    assert BillingAccount.objects.get().account == account


def test_equal_codes_of_two_sites_are_two_accounts() -> None:
    bring(a_site("one"), [a_billing_account()])
    bring(a_site("two"), [a_billing_account()])
    assert Account.objects.filter(identifier="ACC1").count() == 2


def test_an_identifier_valid_everywhere_joins_the_sites() -> None:
    bring(a_site("one"), [a_billing_account("a", code="SHARED")], joined=True)
    bring(a_site("two"), [a_billing_account("b", code="SHARED")], joined=True)
    account = Account.objects.get()
    assert account.billing_accounts.count() == 2


@pytest.mark.parametrize("reverse", [False, True])
def test_a_joined_account_has_the_same_values_whatever_arrived_first(reverse: bool) -> None:
    first, second = a_site("one", priority=0), a_site("two", priority=1)
    pages = [
        (first, [a_billing_account("a", code="S", company=None, email="a@one.example")]),
        (second, [a_billing_account("b", code="S", company="Second", email="b@two.example")]),
    ]
    for site, page in reversed(pages) if reverse else pages:
        bring(site, page, joined=True)
    account = Account.objects.get()
    assert account.attributes == {"company": "Second", "email": "a@one.example"}
    assert account.name == "Second"


def test_a_changed_value_is_followed_and_kept_as_history() -> None:
    site = a_site()
    bring(site, [a_billing_account(company="Old")])
    bring(site, [a_billing_account(company="New", updated_at=LATER)])
    account = Account.objects.get()
    change = Change.objects.get(object_kind="account")
    assert account.name == "New"
    assert change.changes == {"attributes.company": ["Old", "New"], "name": ["Old", "New"]}
    assert account.sources["company"]["source"] == "sync"


def test_overriding_a_manual_value_is_counted() -> None:
    site = a_site()
    bring(site, [a_billing_account(company="Old")])
    account = Account.objects.get()
    account.attributes["company"] = "By hand"
    account.sources["company"] = {"source": "manual"}
    account.save()
    followed = bring(site, [a_billing_account(company="New", updated_at=LATER)])
    assert followed.overridden == 1
    account.refresh_from_db()
    assert account.attributes["company"] == "New"


def test_a_value_only_people_gave_is_not_blanked() -> None:
    site = a_site()
    bring(site, [a_billing_account()])
    account = Account.objects.get()
    account.attributes["tier"] = "gold"
    account.sources["tier"] = {"source": "manual"}
    account.save()
    bring(site, [a_billing_account(company="New", updated_at=LATER)])
    account.refresh_from_db()
    assert account.attributes["tier"] == "gold"


def test_two_claims_on_one_account_in_one_page_make_one_account() -> None:
    site = a_site()
    page = [a_billing_account("a", code="S"), a_billing_account("b", code="S")]
    bring(site, page, joined=True)
    assert Account.objects.get().billing_accounts.count() == 2
