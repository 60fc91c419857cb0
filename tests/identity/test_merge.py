"""Two accounts made one by hand, and taken apart again."""

from typing import Any

import pytest

from tenure.connections.models import Site
from tenure.customers.models import (
    Account,
    Alias,
    Attribute,
    AttributeKind,
    BillingAccount,
    Contact,
    Invoice,
    Subscription,
)
from tenure.customers.write import By, edit
from tenure.identity import merge
from tenure.identity.merge import CannotMerge
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
    """T-1 and T-2, each with a billing account, a subscription and an invoice."""
    site = a_site()
    a_rule()
    accounts(site, payer("acc1", "T-1", email="a@example.com"), payer("acc2", "T-2"))
    for n in ("1", "2"):
        subscriptions(site, subscription(f"sub{n}", f"acc{n}"))
        invoices(site, an_invoice(f"inv{n}", account_upstream_id=f"acc{n}"))
    return site


def named(identifier: str) -> Account:
    return Account.objects.get(identifier=identifier)


def everything() -> dict[str, Any]:
    """Whose every record is, and what every account says."""
    rows = Account.objects.order_by("identifier")
    return {
        "links": [links(model) for model in (BillingAccount, Subscription, Invoice)],
        "contacts": sorted(Contact.objects.values_list("identifier", "account__identifier")),
        "aliases": sorted(Alias.objects.values_list("identifier", "account__identifier")),
        "shares": allocated(),
        "accounts": [
            (one.identifier, one.name, one.attributes, one.owner_id, one.removed_at) for one in rows
        ],
    }


def test_everything_moves_and_the_identifier_leads_to_the_kept_account(site: Site) -> None:
    merge.merge(named("T-1").pk, named("T-2").pk, BY, NOW)
    assert links(BillingAccount) == {"acc1": "T-1", "acc2": "T-1"}
    assert links(Subscription) == {"sub1": "T-1", "sub2": "T-1"}
    assert links(Invoice) == {"inv1": "T-1", "inv2": "T-1"}
    absorbed = named("T-2")
    assert absorbed.merged_into == named("T-1")
    assert absorbed.removed_at == NOW
    accounts(site, payer("acc3", "T-2"))
    assert links(BillingAccount)["acc3"] == "T-1"


def test_unmerging_is_the_way_back(site: Site) -> None:
    Attribute.objects.create(name="tier", label="Tier", kind=AttributeKind.TEXT)
    edit([named("T-2").pk], {"tier": "gold"}, BY, now=NOW)
    Contact.objects.create(
        account=named("T-2"), identifier="x@example.com", created_at=NOW, updated_at=NOW
    )
    before = everything()
    done = merge.merge(named("T-1").pk, named("T-2").pk, BY, NOW)
    assert named("T-1").attributes["tier"] == "gold"
    assert Contact.objects.get(identifier="x@example.com").account == named("T-1")
    merge.unmerge(done.merge.pk, BY, NOW)
    assert everything() == before


def test_what_came_for_the_absorbed_account_goes_with_it(site: Site) -> None:
    done = merge.merge(named("T-1").pk, named("T-2").pk, BY, NOW)
    accounts(site, payer("acc3", "T-2"))
    subscriptions(site, subscription("sub3", "acc2"))
    merge.unmerge(done.merge.pk, BY, NOW)
    assert links(BillingAccount) == {"acc1": "T-1", "acc2": "T-2", "acc3": "T-2"}
    assert links(Subscription) == {"sub1": "T-1", "sub2": "T-2", "sub3": "T-2"}


def test_the_preview_says_what_moves_and_which_values_stay(site: Site) -> None:
    edit([named("T-2").pk], {"name": "Second"}, BY, now=NOW)
    told = merge.preview(named("T-1").pk, named("T-2").pk).as_json()
    assert told["moves"] == {
        "billing_accounts": 1,
        "subscriptions": 1,
        "invoices": 1,
        "contacts": 0,
    }
    assert told["identifiers"] == ["T-2"]
    shown = {one["name"]: one["stays"] for one in told["differing"]}
    assert shown["name"] == "Company acc1"


def test_shares_of_invoices_are_merged_and_taken_apart() -> None:
    site = a_site()
    a_rule(SUBSCRIPTION_TENANT)
    accounts(site, payer("acc1"))
    subscriptions(site, subscription("sub1", "acc1", "T-1"), subscription("sub2", "acc1", "T-2"))
    invoices(site, split_invoice())
    before = everything()
    done = merge.merge(named("T-1").pk, named("T-2").pk, BY, NOW)
    assert links(Invoice) == {"inv1": "T-1"}
    merge.unmerge(done.merge.pk, BY, NOW)
    assert everything() == before


def test_impossible_merges_are_refused_with_the_reason(site: Site) -> None:
    one, two = named("T-1").pk, named("T-2").pk
    with pytest.raises(CannotMerge, match="into itself"):
        merge.merge(one, one, BY, NOW)
    done = merge.merge(one, two, BY, NOW)
    with pytest.raises(CannotMerge, match="is hidden"):
        merge.merge(one, two, BY, NOW)
    merge.unmerge(done.merge.pk, BY, NOW)
    with pytest.raises(CannotMerge, match="undone already"):
        merge.unmerge(done.merge.pk, BY, NOW)
