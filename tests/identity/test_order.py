"""Resolution does not depend on the order in which records arrive (DESIGN 3.2)."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.customers.models import (
    Account,
    BillingAccount,
    Invoice,
    Subscription,
)
from tenure.identity.models import Conflict
from tenure.sources.base import Stream
from tenure.sources.records import Record
from tests.builders import a_line, a_site, an_invoice
from tests.identity.pages import (
    SUBSCRIPTION_TENANT,
    TENANT,
    a_rule,
    bring,
    links,
    payer,
    subscription,
)
from tests.identity.test_allocation import allocated

pytestmark = pytest.mark.django_db
patient = settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.too_slow])
PAYERS = ("acc1", "acc2", "acc3")
tenants = st.sampled_from(["T-1", "T-2", " T-1 ", "T-3", None])
Arrival = tuple[str, Stream, Record]


class _Undone(Exception):
    """Takes back everything a world wrote."""


@st.composite
def payer_worlds(draw: st.DrawFn) -> tuple[list[Arrival], list[Arrival]]:
    """Billing accounts of two sites, and then what some of them say another time; newcomers too."""
    names = [(site, name) for site in ("us", "eu") for name in PAYERS]
    first = [
        (site, Stream.ACCOUNTS, payer(name, draw(tenants)))
        for site, name in names
        if draw(st.booleans())
    ]
    second = [
        (site, Stream.ACCOUNTS, payer(name, draw(tenants)))
        for site, name in names
        if draw(st.booleans())
    ]
    return first, second


@st.composite
def subscription_worlds(draw: st.DrawFn) -> tuple[list[Arrival], list[Arrival]]:
    """Two billing accounts with subscriptions that name tenants, and invoices over any of them."""
    subscriptions = [f"sub{n}" for n in range(1, 5)]
    of = {name: draw(st.sampled_from(PAYERS[:2])) for name in subscriptions}
    first: list[Arrival] = [("us", Stream.ACCOUNTS, payer(name)) for name in PAYERS[:2]]
    first += [
        ("us", Stream.SUBSCRIPTIONS, subscription(name, of[name], draw(tenants)))
        for name in subscriptions
    ]
    for number in range(draw(st.integers(0, 2))):
        billed = draw(st.lists(st.sampled_from([*subscriptions, None]), min_size=1, max_size=3))
        lines = tuple(
            a_line(
                f"line{number}{place}",
                invoice_upstream_id=f"inv{number}",
                amount=10 * (place + 1),
                subscription_upstream_id=name,
            )
            for place, name in enumerate(billed)
        )
        total = sum(line.amount or 0 for line in lines) + draw(st.sampled_from([0, 5]))
        bill = an_invoice(
            f"inv{number}",
            account_upstream_id=draw(st.sampled_from(PAYERS[:2])),
            total=total,
            paid=draw(st.integers(0, 7)),
            balance=total,
            lines=lines,
        )
        first.append(("us", Stream.INVOICES, bill))
    second = [
        ("us", Stream.SUBSCRIPTIONS, subscription(name, of[name], draw(tenants)))
        for name in subscriptions
        if draw(st.booleans())
    ]
    return first, second


def outcome(rule: str, *rounds: Sequence[Arrival]) -> Any:
    """Everything that is known after the rounds arrived in this order, one record a page."""
    found: list[Any] = []
    try:
        with transaction.atomic():
            sites = {name: a_site(name, priority=place) for place, name in enumerate(("us", "eu"))}
            a_rule(rule)
            for arrivals in rounds:
                for site, stream, record in arrivals:
                    bring(sites[site], stream, record)
            found.append(_known())
            raise _Undone
    except _Undone:
        return found[0]


def _known() -> Any:
    accounts = Account.objects.order_by("identifier")
    conflicts = Conflict.objects.filter(resolution="")
    owned = [
        sorted(model.objects.values_list("site__subdomain", "upstream_id", "account__identifier"))
        for model in (BillingAccount, Subscription, Invoice)
    ]
    return (
        [(one.identifier, one.name, one.state, one.attributes) for one in accounts],
        [[tuple(map(str, row)) for row in rows] for rows in owned] and owned,
        sorted(conflicts.values_list("site__subdomain", "upstream_id", "kind", "old", "new")),
        sorted(map(str, allocated())),
        links(Invoice),
    )


@patient
@given(payer_worlds(), st.randoms(use_true_random=False))
def test_billing_accounts_are_recognised_alike_in_any_order(
    world: tuple[list[Arrival], list[Arrival]], dice: Any
) -> None:
    _alike(TENANT, world, dice)


@patient
@given(subscription_worlds(), st.randoms(use_true_random=False))
def test_subscriptions_are_recognised_and_invoices_shared_alike_in_any_order(
    world: tuple[list[Arrival], list[Arrival]], dice: Any
) -> None:
    _alike(SUBSCRIPTION_TENANT, world, dice)


def _alike(rule: str, world: tuple[list[Arrival], list[Arrival]], dice: Any) -> None:
    shuffled = [list(arrivals) for arrivals in world]
    for arrivals in shuffled:
        dice.shuffle(arrivals)
    assert outcome(rule, *shuffled) == outcome(rule, *world)
