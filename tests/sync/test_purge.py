"""Removing a site with all its data: nothing of it stays, and nothing of another site goes."""

import pytest

from tenure.connections.models import Site
from tenure.core.errors import TemporaryError
from tenure.customers import tables
from tenure.customers.landing import land
from tenure.customers.models import Account, BillingAccount, Change, Invoice, Touched
from tenure.sync.models import Run
from tenure.sync.purge import purge
from tests.builders import EARLIER, NOW, a_batch, a_billing_account, a_site, an_invoice
from tests.customers.test_accounts import bring

pytestmark = pytest.mark.django_db


def test_nothing_of_the_site_stays() -> None:
    site = a_site("one")
    bring(site, [a_billing_account()])
    bring(site, [a_billing_account(company="Acme Ltd", updated_at=EARLIER.replace(hour=9))])
    land(tables.INVOICES, [an_invoice()], a_batch(site))
    assert Change.objects.exists()
    purge(site, now=NOW)
    for model in (Site, Account, BillingAccount, Invoice, Change, Run):
        assert not model.objects.exists()


def test_another_sites_customers_stay() -> None:
    one, two = a_site("one"), a_site("two")
    for site in (one, two):
        bring(site, [a_billing_account()])
    purge(one, now=NOW)
    assert Account.objects.get().scope == two


def test_an_account_that_another_site_feeds_too_stays_and_is_measured_again() -> None:
    one, two = a_site("one"), a_site("two")
    for site in (one, two):
        bring(site, [a_billing_account()], joined=True)
    Touched.objects.all().delete()
    purge(one, now=NOW)
    account = Account.objects.get()
    assert [payer.site for payer in account.billing_accounts.all()] == [two]
    assert Touched.objects.get().account_id == account.pk


def test_a_site_that_is_being_read_is_not_removed() -> None:
    site = a_site("one")
    run = Run.objects.create(site=site, trigger="cli", requested_at=NOW)
    with pytest.raises(TemporaryError, match=f"run {run.pk} is going on"):
        purge(site, now=NOW)
    assert Site.objects.exists()
