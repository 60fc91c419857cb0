"""Daily Sync follows upstream; Import Only takes each record once; Link only makes no account."""

from typing import Any

import pytest

from tenure.connections.models import Mode, Site
from tenure.customers.models import Account, BillingAccount, Invoice, Subscription
from tenure.simulator.server import Served
from tenure.sync import edits
from tenure.sync.models import RunState
from tests.flows.conftest import Sync
from tests.flows.planning import applied, planned, promised
from tests.flows.test_later_syncs import live
from tests.flows.upstream import upstream

pytestmark = pytest.mark.django_db(transaction=True)


def rename(served: Served, site: Site) -> tuple[str, str]:
    """Rename one company upstream; its account code and the name it had."""
    known: dict[str, Any] = next(
        r for r in upstream(served, site.subdomain, "accounts").values() if r["company"]
    )
    live(served, 1)
    spec = {"kind": "accounts", "id": known["id"], "set": {"company": "Renamed Works"}}
    served.call(lambda s: s.world.change({"site": site.subdomain, **spec}))
    return known["code"], known["company"]


def test_import_only_keeps_an_account_as_it_was_imported(
    us: Site, sync: Sync, served: Served
) -> None:
    Site.objects.update(accounts_mode=Mode.IMPORT)
    sync(us)
    code, before = rename(served, us)
    sync(us)
    assert Account.objects.get(identifier=code).name == before
    assert BillingAccount.objects.get(code=code).company == "Renamed Works"


def test_import_only_takes_what_appears_later_once(us: Site, sync: Sync, served: Served) -> None:
    Site.objects.update(accounts_mode=Mode.IMPORT, subscriptions_mode=Mode.IMPORT)
    sync(us)
    accounts, subscriptions = Account.objects.count(), Subscription.objects.count()
    live(served, 60)
    sync(us)
    assert Account.objects.count() > accounts
    assert Subscription.objects.count() > subscriptions


def test_import_only_leaves_subscriptions_and_lets_invoices_follow(
    us: Site, sync: Sync, served: Served
) -> None:
    Site.objects.update(subscriptions_mode=Mode.IMPORT)
    sync(us)
    imported = dict(Subscription.objects.values_list("upstream_id", "updated_at"))
    paid = Invoice.objects.filter(state="paid").count()
    live(served, 45)
    run = sync(us)
    now = dict(Subscription.objects.values_list("upstream_id", "updated_at"))
    assert run.state == RunState.COMPLETE
    assert {i: now[i] for i in imported} == imported
    assert Invoice.objects.filter(state="paid").count() > paid


def test_link_only_makes_no_account(us: Site, sync: Sync) -> None:
    Site.objects.update(accounts_mode=Mode.LINK)
    sync(us)
    assert not Account.objects.exists()
    assert BillingAccount.objects.filter(account=None).exists()


def test_switched_to_daily_sync_the_next_run_brings_what_was_missed(
    us: Site, sync: Sync, served: Served
) -> None:
    Site.objects.update(accounts_mode=Mode.IMPORT)
    us.refresh_from_db()
    sync(us)
    code, _ = rename(served, us)
    sync(us)
    Site.objects.update(accounts_mode=Mode.DAILY)
    us.refresh_from_db()
    plan = planned(served, us)
    assert promised(plan)[code]["attributes.company"][1] == "Renamed Works"
    assert promised(plan) == applied(sync(us))
    assert Account.objects.get(identifier=code).attributes["company"] == "Renamed Works"
    assert not edits.follows_anew(us.pk)
    assert applied(sync(us)) == {}
