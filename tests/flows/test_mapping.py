"""The mapping is changed on live data: values follow without a request, vanished fields are told of."""

from typing import Any

import pytest

from tenure import flow
from tenure.connections.models import Mode, Site
from tenure.connections.write import add_site
from tenure.core.clock import FrozenClock
from tenure.core.secrets import Secret
from tenure.customers import mapping, overview
from tenure.customers.models import Account, BillingAccount, SourceField, Subscription
from tenure.customers.write import By
from tenure.metrics.models import AccountFacts
from tenure.simulator.server import Served
from tenure.sync import replays
from tenure.sync.models import Replay, RunState, StreamRun
from tenure.sync.purge import purge
from tenure.sync.replay import activate
from tests.flows.conftest import EU, TODAY, US, Sync
from tests.flows.test_later_syncs import change, live
from tests.flows.upstream import upstream
from tests.sync.landed import everything

pytestmark = pytest.mark.django_db(transaction=True)
BY = By(name="test")


def map_anew() -> Replay:
    """Another mapping, and the replay it asks for."""
    mapping.set_attribute("seats", "account.custom_fields.seats", kind="number", by=BY, now=TODAY)
    mapping.set_attribute("city", "account.address.city", by=BY, now=TODAY)
    mapping.set_attribute("since", "account.created_at", kind="date", by=BY, now=TODAY)
    mapping.set_attribute("exempt", "account.tax_exempt", by=BY, now=TODAY)
    mapping.set_attribute("paid_from", "account.billing_info.address.country", by=BY, now=TODAY)
    mapping.set_attribute("dunning", "account.dunning_campaign_id", by=BY, now=TODAY)
    changed = mapping.set_attribute(
        "stage", "subscription.custom_fields.environment", by=BY, now=TODAY
    )
    return replays.after(
        mapping.Changed(
            changed.attributes,
            changed.change_set,
            filling=("city", "since", "exempt", "paid_from", "dunning", "stage"),
            retyped={"account.seats": "text"},
        ),
        BY,
    )


def requests(served: Served) -> list[Any]:
    """What was asked upstream since the log was cleared."""
    entries: list[Any] = served.call(lambda s: s.log.entries(after=0, site=None))
    return entries


def test_a_replay_equals_a_fresh_sync_of_both_sites_and_asks_upstream_nothing(
    us: Site, eu: Site, sync: Sync, served: Served
) -> None:
    sync(us)
    sync(eu)
    asked = map_anew()
    served.call(lambda s: s.log.clear())
    done = flow.replay(asked.pk, FrozenClock(TODAY))
    assert requests(served) == []
    assert done.finished_at
    assert done.outcome["updated"] > 20
    assert done.done == done.total > 0
    assert Account.objects.filter(attributes__has_key="city").exists()
    replayed = everything()
    for site, spec, region in ((us, US, "us"), (eu, EU, "eu")):
        purge(site, now=TODAY)
        sync(add_site("recurly", spec.subdomain, region, Secret(spec.key), now=TODAY))
    assert everything() == replayed


def test_a_replay_that_was_broken_off_is_taken_up_and_done_once(us: Site, sync: Sync) -> None:
    sync(us)
    asked = map_anew()
    Replay.objects.filter(pk=asked.pk).update(attempts=1, trouble="gone")
    assert replays.revive() == 1
    first = flow.replay(asked.pk, FrozenClock(TODAY))
    again = flow.replay(asked.pk, FrozenClock(TODAY))
    assert again.finished_at == first.finished_at
    assert replays.revive() == 0


@pytest.mark.parametrize("mode", [Mode.DAILY, Mode.IMPORT])
def test_a_staged_site_that_is_activated_equals_one_synced_directly(
    us: Site, sync: Sync, mode: Mode
) -> None:
    Site.objects.update(accounts_mode=mode, subscriptions_mode=mode, staged=True)
    sync(us)
    assert not Account.objects.exists()
    activate(Site.objects.get(), by=BY, now=TODAY)
    flow.catch_up(TODAY)
    assert AccountFacts.objects.count() == Account.objects.count()
    staged = everything()
    purge(us, now=TODAY)
    site = add_site("recurly", US.subdomain, "us", Secret(US.key), now=TODAY)
    Site.objects.update(accounts_mode=mode, subscriptions_mode=mode)
    sync(site)
    assert everything() == staged


def definition(served: Served, name: str) -> dict[str, Any]:
    """The definition of a custom field of accounts, upstream."""
    found = upstream(served, US.subdomain, "custom_field_definitions").values()
    return next(r for r in found if (r["related_type"], r["name"]) == ("account", name))


def erase(served: Served, us: Site, name: str) -> None:
    """Upstream erases a custom field's values with its definition."""
    for record in upstream(served, us.subdomain, "accounts").values():
        if any(field["name"] == name for field in record["custom_fields"]):
            change(
                served, us, kind="accounts", id=record["id"], set={"custom_fields": {name: None}}
            )


def test_a_vanished_field_is_told_of_and_its_values_stay(
    us: Site, sync: Sync, served: Served
) -> None:
    sync(us)
    before = Account.objects.filter(attributes__has_key="industry").count()
    live(served, 1)
    known = definition(served, "industry")
    change(served, us, remove="custom_field_definitions", id=known["id"])
    erase(served, us, "industry")
    served.call(lambda s: s.log.clear())
    run = sync(us)
    assert run.state == RunState.COMPLETE
    lists = [r for r in requests(served) if "custom_field_definitions" in r["path"]]
    assert len(lists) == 1
    assert Account.objects.filter(attributes__has_key="industry").count() == before > 10
    note = StreamRun.objects.get(run=run, stream="custom_field_definitions").note
    assert "The custom field industry of accounts is gone." in note
    listed = {one.attribute.name: one for one in overview.listing()}
    assert listed["industry"].status == "vanished"
    assert listed["seats"].status == "mapped"


def test_a_renamed_field_is_recognised_and_waits_to_be_chosen(
    us: Site, sync: Sync, served: Served
) -> None:
    sync(us)
    live(served, 1)
    known = definition(served, "industry")
    change(served, us, kind="custom_field_definitions", id=known["id"], set={"name": "sector"})
    run = sync(us)
    note = StreamRun.objects.get(run=run, stream="custom_field_definitions").note
    assert "The custom field industry of accounts is called sector now." in note
    assert SourceField.objects.get(name="industry").vanished_at
    waiting = {one.field: one for one in overview.unmapped()}
    assert "account.custom_fields.sector" in waiting
    change(served, us, kind="custom_field_definitions", id=known["id"], set={"name": "industry"})
    live(served, 1)
    sync(us)
    assert SourceField.objects.get(name="industry").vanished_at is None


def test_rows_from_before_an_upgrade_take_what_they_lack_from_the_stored_payloads(
    us: Site, sync: Sync, served: Served
) -> None:
    sync(us)
    whole = _besides()
    assert any("tax_exempt" in extras for extras in whole.values())
    BillingAccount.objects.update(extras=None)
    Subscription.objects.update(extras=None)
    served.call(lambda s: s.log.clear())
    asked = map_anew()
    flow.replay(asked.pk, FrozenClock(TODAY))
    assert not requests(served)
    assert _besides() == whole
    exempt = [a.attributes.get("exempt") for a in Account.objects.all()]
    assert exempt.count(None) == 0


def _besides() -> dict[str, Any]:
    rows = (
        model.objects.values_list("upstream_id", "extras")
        for model in (BillingAccount, Subscription)
    )
    return {upstream_id: extras for found in rows for upstream_id, extras in found}
