"""The plan says what the next sync will do, and writes nothing of customers."""

from typing import Any

import pytest

from tenure.connections.models import Mode, Site
from tenure.core.errors import ConfigurationError
from tenure.customers import write
from tenure.customers.models import Account, BillingAccount, Change
from tenure.customers.write import Pin
from tenure.simulator.server import Served
from tests.flows.conftest import Sync
from tests.flows.planning import applied, by_hand, clock_of, planned, promised, verbs
from tests.flows.test_later_syncs import change, live
from tests.flows.upstream import upstream

pytestmark = pytest.mark.django_db(transaction=True)


def companies(served: Served, site: Site) -> list[dict[str, Any]]:
    """Upstream's records of accounts that are companies."""
    return [r for r in upstream(served, site.subdomain, "accounts").values() if r["company"]]


def test_what_is_applied_equals_what_was_shown(us: Site, sync: Sync, served: Served) -> None:
    sync(us)
    account = Account.objects.get(identifier=companies(served, us)[0]["code"])
    write.edit([account.pk], {"company": "By hand"}, by_hand(), now=clock_of(served))
    live(served, 60)
    for number, known in enumerate(companies(served, us)[1:4]):
        change(served, us, kind="accounts", id=known["id"], set={"company": f"New {number}"})
    plan = planned(served, us)
    before = Account.objects.count()
    run = sync(us)
    assert promised(plan) == applied(run)
    assert verbs(plan)["create"] == Account.objects.count() - before > 0
    assert verbs(plan)["override"] == 1


def test_a_plan_writes_nothing_of_customers(us: Site, sync: Sync, served: Served) -> None:
    sync(us)
    live(served, 20)
    before = (Account.objects.count(), BillingAccount.objects.count(), Change.objects.count())
    marks = list(us.marks.values_list("stream", "mark"))
    planned(served, us)
    after = (Account.objects.count(), BillingAccount.objects.count(), Change.objects.count())
    assert after == before
    assert list(us.marks.values_list("stream", "mark")) == marks


def test_manual_edits_about_to_be_lost_come_first_with_author_and_date(
    us: Site, sync: Sync, served: Served
) -> None:
    sync(us)
    account = Account.objects.get(identifier=companies(served, us)[0]["code"])
    write.edit([account.pk], {"company": "By hand"}, by_hand(), now=clock_of(served))
    live(served, 20)
    first = planned(served, us).entries.first()
    assert first
    assert (first.verb, first.account_id) == ("override", account.pk)
    lost = first.overridden["attributes.company"]
    assert (lost["source"], lost["set_by"]) == ("manual", "ann@tenure.example")
    assert first.changes["attributes.company"][0] == "By hand"


def test_a_pinned_value_is_shown_as_kept(us: Site, sync: Sync, served: Served) -> None:
    sync(us)
    account = Account.objects.get(identifier=companies(served, us)[0]["code"])
    pin = Pin("The contract says so")
    write.edit([account.pk], {"company": "Mine"}, by_hand(), now=clock_of(served), pin=pin)
    assert verbs(planned(served, us)) == {"pinned": 1}


def test_a_quiet_site_has_an_empty_plan(us: Site, sync: Sync, served: Served) -> None:
    sync(us)
    plan = planned(served, us)
    assert not plan.entries.exists()
    assert plan.counts["objects"]["account"]["leave"] == Account.objects.count()


def test_import_only_leaves_what_was_edited(us: Site, sync: Sync, served: Served) -> None:
    Site.objects.update(accounts_mode=Mode.IMPORT)
    us.refresh_from_db()
    sync(us)
    known = companies(served, us)[0]
    account = Account.objects.get(identifier=known["code"])
    write.edit([account.pk], {"company": "By hand"}, by_hand(), now=clock_of(served))
    live(served, 1)
    change(served, us, kind="accounts", id=known["id"], set={"company": "Renamed"})
    assert promised(planned(served, us)) == {}


def test_a_staged_site_is_planned_from_what_was_pulled(
    us: Site, sync: Sync, served: Served
) -> None:
    Site.objects.update(staged=True)
    us.refresh_from_db()
    sync(us)
    plan = planned(served, us)
    assert not Account.objects.exists()
    assert verbs(plan) == {"create": BillingAccount.objects.count()}


def test_a_site_never_read_is_refused_or_read_whole(us: Site, served: Served) -> None:
    with pytest.raises(ConfigurationError, match="has not been read yet"):
        planned(served, us)
    plan = planned(served, us, read_all=True)
    assert verbs(plan)["create"] == len(upstream(served, us.subdomain, "accounts"))
    assert not BillingAccount.objects.exists()
