"""Whose records are, told by a simulated upstream: joins, splits, conflicts and their resolutions."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from tenure.connections.models import IdentifierRule, Site
from tenure.customers.models import (
    Account,
    Allocation,
    BillingAccount,
    Invoice,
    Subscription,
)
from tenure.customers.write import By
from tenure.identity import conflicts, unidentified
from tenure.identity.resolve import normalise
from tenure.metrics.models import AccountFacts
from tenure.simulator.server import Served
from tests.flows.conftest import TODAY, Sync
from tests.flows.test_later_syncs import live
from tests.flows.upstream import upstream

pytestmark = pytest.mark.django_db(transaction=True)
TENANT = "account.custom_fields.tenant_id"
BY = By(name="ada")


def rule(field: str) -> None:
    IdentifierRule.objects.create(field=field, created_at=TODAY)


def tenants(served: Served, *sites: Site, kind: str = "accounts") -> dict[str, list[str]]:
    """Upstream's records of a kind by the tenant they name; "" has those that name none."""
    found: dict[str, list[str]] = defaultdict(list)
    for site in sites:
        for record in upstream(served, site.subdomain, kind).values():
            said = {field["name"]: field["value"] for field in record["custom_fields"]}
            found[normalise(said.get("tenant_id") or "")].append(record["id"])
    return found


def say(served: Served, site: Site, upstream_id: str, tenant: str | None, **spec: Any) -> None:
    """Have upstream write another tenant on a record."""
    values = {
        "kind": "accounts",
        "id": upstream_id,
        "set": {"custom_fields": {"tenant_id": tenant}},
    }
    served.call(lambda s: s.world.change({"site": site.subdomain, **values, **spec}))


def test_one_customer_of_two_sites_is_one_account_whichever_site_came_first(
    us: Site, eu: Site, sync: Sync, served: Served
) -> None:
    rule(TENANT)
    sync(eu)
    sync(us)
    told = tenants(served, us, eu)
    nameless = told.pop("", [])
    assert set(Account.objects.values_list("identifier", flat=True)) == set(told)
    shared = [name for name, records in told.items() if len(records) > 1]
    assert shared
    for name in shared:
        payers = BillingAccount.objects.filter(account__identifier=name)
        assert sorted(payers.values_list("upstream_id", flat=True)) == sorted(told[name])
    assert unidentified.count() == len(nameless)
    assert conflicts.count() == 0


@pytest.mark.parametrize(
    ("resolution", "owner", "names"),
    [("keep", "old", {"old"}), ("rekey", "new", {"new"}), ("new_account", "new", {"old", "new"})],
)
def test_a_changed_identifier_is_decided_once(
    us: Site, sync: Sync, served: Served, resolution: str, owner: str, names: set[str]
) -> None:
    rule(TENANT)
    sync(us)
    old, [record, *_] = next((n, r) for n, r in tenants(served, us).items() if n and len(r) == 1)
    said = {"old": old, "new": "T-renamed"}
    live(served, 1)
    say(served, us, record, said["new"])
    sync(us)
    [found] = conflicts.listing()
    assert (found.kind, found.old, found.new) == ("changed", old, "T-renamed")
    conflicts.resolve(found.pk, resolution, BY, TODAY)
    live(served, 1)
    sync(us, full=True)
    assert conflicts.count() == 0
    assert BillingAccount.objects.get(upstream_id=record).account.identifier == said[owner]
    known = Account.objects.filter(identifier__in=said.values(), removed_at=None)
    assert {one.identifier for one in known} == {said[name] for name in names}
    for model in (Subscription, Invoice):
        owners = model.objects.filter(account_upstream_id=record)
        assert set(owners.values_list("account__identifier", flat=True)) <= {said[owner]}


def test_a_vanished_identifier_waits_for_a_person_and_goes_away_by_itself(
    us: Site, sync: Sync, served: Served
) -> None:
    rule(TENANT)
    sync(us)
    name, [record, *_] = next((n, r) for n, r in tenants(served, us).items() if n)
    live(served, 1)
    say(served, us, record, None)
    sync(us)
    assert [one.kind for one in conflicts.listing()] == ["vanished"]
    live(served, 1)
    say(served, us, record, name)
    sync(us)
    assert conflicts.count() == 0
    assert BillingAccount.objects.get(upstream_id=record).account.identifier == name


@pytest.mark.parametrize("resolution", ["keep", "rekey", "new_account"])
def test_an_identifier_that_is_claimed_twice_across_sites_is_decided(
    us: Site, eu: Site, sync: Sync, served: Served, resolution: str
) -> None:
    rule(TENANT)
    sync(us)
    sync(eu)
    ours, theirs = tenants(served, us), tenants(served, eu)
    old, [record, *_] = next((n, r) for n, r in ours.items() if n and n not in theirs)
    other = next(name for name in theirs if name and name not in ours)
    live(served, 1)
    say(served, us, record, other)
    sync(us)
    [found] = conflicts.listing()
    assert (found.kind, found.old, found.new) == ("claimed_twice", old, other)
    conflicts.resolve(found.pk, resolution, BY, TODAY)
    owner = BillingAccount.objects.get(upstream_id=record).account
    assert owner.identifier == (old if resolution == "keep" else other)
    assert Account.objects.filter(identifier=old, removed_at=None).exists() == (
        resolution != "rekey"
    )
    live(served, 1)
    sync(us, full=True)
    assert conflicts.count() == 0


def test_an_identifier_filled_in_later_joins_by_itself(
    us: Site, sync: Sync, served: Served
) -> None:
    rule(TENANT)
    names = [(name, records) for name, records in tenants(served, us).items() if name]
    name, record = names[0][0], names[1][1][0]
    live(served, 1)
    say(served, us, record, None)
    sync(us)
    waiting = unidentified.count()
    assert record in [one.upstream_id for one in unidentified.listing()]
    live(served, 1)
    say(served, us, record, name)
    sync(us)
    assert BillingAccount.objects.get(upstream_id=record).account.identifier == name
    assert unidentified.count() == waiting - 1


def test_subscriptions_that_name_their_account_share_every_invoice_to_the_cent(
    us: Site, sync: Sync, served: Served
) -> None:
    rule("subscription.custom_fields.environment")
    live(served, 1)
    by_payer: dict[str, list[str]] = defaultdict(list)
    for record in upstream(served, us.subdomain, "subscriptions").values():
        by_payer[record["account"]["id"]].append(record["id"])
    for records in by_payer.values():
        for place, record in enumerate(sorted(records)):
            spec = {"kind": "subscriptions", "id": record}
            values = {"custom_fields": {"environment": f"E-{record[:6]}-{place}"}}
            served.call(
                lambda s, spec=spec, values=values: s.world.change(
                    {"site": us.subdomain, **spec, "set": values}
                )
            )
    live(served, 40)
    sync(us)
    assert Account.objects.count() >= sum(len(records) for records in by_payer.values())
    owned, unowned = defaultdict(Decimal), defaultdict(Decimal)
    for facts in AccountFacts.objects.all():
        for currency, amount in facts.billed.items():
            owned[currency] += Decimal(amount)
    free = Allocation.objects.filter(account=None).exclude(invoice__type="credit")
    for part in free.exclude(invoice__state="voided").select_related("invoice"):
        unowned[part.invoice.currency] += part.total
    billed = defaultdict(Decimal)
    for invoice in Invoice.objects.exclude(type="credit").exclude(state="voided"):
        billed[invoice.currency] += invoice.total
    assert {c: owned[c] + unowned[c] for c in billed} == dict(billed)
    for invoice in Invoice.objects.filter(account=None):
        parts = list(Allocation.objects.filter(invoice=invoice))
        assert sum(part.total for part in parts) == invoice.total
        assert sum(part.paid for part in parts) == invoice.paid
        assert sum(part.balance for part in parts) == invoice.balance
