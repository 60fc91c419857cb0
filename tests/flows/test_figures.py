"""Figures after a sync are the simulated business's own, worked out there in another way."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from tenure.connections.models import Site
from tenure.core.money import Money
from tenure.customers.models import BillingAccount, Invoice, Subscription
from tenure.metrics import explain, read
from tenure.metrics.models import AccountFacts
from tenure.simulator.server import Served
from tests.flows.conftest import TODAY, Sync

pytestmark = pytest.mark.django_db(transaction=True)

Sums = dict[str, Decimal]


def business(served: Served, site: Site) -> dict[str, dict[str, Any]]:
    """What the simulator knows of each of its customers, by billing account."""
    found = served.call(lambda simulator: simulator.world.truth())
    return dict(found["sites"][site.subdomain]["business"])


def by_currency(model: Any, site: Site, amounts: dict[str, str]) -> Sums:
    """Amounts by upstream id, summed by the currency of the record; zeros are left out."""
    sums: Sums = defaultdict(Decimal)
    rows = model.objects.filter(site=site, upstream_id__in=amounts)
    for upstream_id, currency in rows.values_list("upstream_id", "currency"):
        sums[currency] += Decimal(amounts[upstream_id])
    return {currency: amount for currency, amount in sums.items() if amount}


def figures(site: Site, upstream_id: str, figure: str) -> Sums:
    account = BillingAccount.objects.get(site=site, upstream_id=upstream_id).account_id
    assert account is not None
    money = read.facts_of([account])[account].money(figure)
    return {one.currency: one.amount for one in money if one}


def test_mrr_is_what_the_business_bills_a_month(us: Site, sync: Sync, served: Served) -> None:
    sync(us)
    known = business(served, us)
    wrong = {}
    for upstream_id, truth in known.items():
        expected = by_currency(Subscription, us, truth["mrr"])
        found = figures(us, upstream_id, "mrr")
        # Each subscription's truth is rounded to six places, so as many millionths may be missed.
        slack = Decimal("0.000001") * len(truth["mrr"])
        if expected.keys() != found.keys() or any(
            abs(found[currency] - expected[currency]) > slack for currency in found
        ):
            wrong[upstream_id] = (expected, found)
    assert not wrong
    assert sum(1 for truth in known.values() if any(map(Decimal, truth["mrr"].values()))) > 5


def test_what_is_due_is_what_the_business_is_owed(us: Site, sync: Sync, served: Served) -> None:
    sync(us)
    known = business(served, us)
    expected = {one: by_currency(Invoice, us, truth["owed"]) for one, truth in known.items()}
    found = {one: figures(us, one, "total_due") for one in known}
    assert found == expected
    assert any(expected.values())


def money_of(facts: AccountFacts, figure: str) -> tuple[Money, ...]:
    """A figure's amounts by currency, those of an age group among them."""
    group = figure.removeprefix("ageing.")
    if group == figure:
        return facts.money(figure)
    return tuple(
        Money(Decimal(groups[group]), currency) for currency, groups in facts.ageing.items()
    )


def test_every_figure_of_every_customer_opens_and_adds_up(us: Site, sync: Sync) -> None:
    sync(us)
    for account, facts in read.facts_of(accounts_of(us)).items():
        for figure in explain.FIGURES:
            groups = explain.parts(account, figure, TODAY)
            shown = {one.total.currency: one.total for one in groups if one.total}
            kept = {one.currency: one.rounded() for one in money_of(facts, figure)}
            assert shown == {currency: money for currency, money in kept.items() if money}
            for one in groups:
                parts = [part.amount.amount for part in one.parts if part.amount]
                assert sum(parts, Decimal(0)) == one.total.amount


def accounts_of(site: Site) -> list[int]:
    rows = BillingAccount.objects.filter(site=site).exclude(account=None)
    return list(rows.values_list("account_id", flat=True))
