"""Which accounts are asked for their coupons, and what is kept of the answers."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from tenure.customers import coupons
from tenure.customers.models import AccountCoupon, CouponTrace, Subscription
from tenure.customers.purge import delete_site
from tenure.metrics import refresh
from tenure.metrics.models import AccountFacts
from tenure.sources import records
from tests.metrics.rows import (
    NOW,
    a_billing_account,
    a_coupon,
    a_plan,
    a_site,
    a_subscription,
    an_account,
    an_invoice,
)

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
TEN = {"type": "percent", "percent": 10}


def redemption(key: str = "r1", **said: Any) -> dict[str, Any]:
    coupon = {"code": "PARTNER", "duration": "forever", "discount": TEN}
    return {"id": key, "state": "active", "coupon": coupon} | said


def answer(*redemptions: dict[str, Any]) -> list[records.AccountCoupon]:
    return [
        records.AccountCoupon(
            upstream_id=one["id"],
            active=one["state"] == "active",
            redemption=msgspec.json.encode(one),
        )
        for one in redemptions
    ]


def billed(*used: str, at: datetime = NOW, subs: tuple[str, ...] = ("s1",), **said: Any) -> None:
    """An invoice that used these redemptions arrives."""
    row = an_invoice(an_account(), subscription_upstream_ids=list(subs), created_at=at, **said)
    record = records.Invoice(
        upstream_id=row.upstream_id,
        created_at=at,
        updated_at=at,
        payload=b"",
        content_hash=b"",
        state="paid",
        type=row.type,
        currency="USD",
        account_upstream_id="payer",
        subscription_upstream_ids=subs,
        coupons_used=used,
    )
    coupons.note(a_site().pk, [record])


def to_ask(now: datetime = NOW, *, only_new: bool = False) -> list[str]:
    return coupons.to_ask(a_site().pk, now, only_new=only_new)


def keep(*redemptions: dict[str, Any], at: datetime = NOW) -> coupons.Kept:
    return coupons.keep(a_site().pk, "payer", answer(*redemptions), asked_at=at, now=at)


@pytest.fixture
def account() -> Any:
    """A customer with a living subscription, s1."""
    made = an_account()
    a_billing_account(made, upstream_id="payer")
    a_subscription(made, a_plan(), upstream_id="s1")
    return made


def test_a_bill_with_a_coupon_of_nobody_else_makes_its_account_asked_once(account: Any) -> None:
    billed()
    assert to_ask() == []
    billed("r1")
    billed("r1", type="credit")
    assert to_ask() == ["payer"]
    assert to_ask() == ["payer"]  # a run that is broken off goes on
    keep(redemption())
    assert to_ask() == []
    billed("r1", at=NOW + timedelta(hours=1))
    assert to_ask() == []


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("why", ["own", "later", "ended"])
def test_a_bill_is_no_reason_to_ask(why: str) -> None:
    rows = Subscription.objects.filter(upstream_id="s1")
    billed("r1")
    if why == "own":
        rows.update(coupon_redemptions=[{"id": "r1", "state": "active"}])
    elif why == "later":
        billed(at=NOW + DAY)  # the next bill is without it
    else:
        rows.update(state="expired")
    assert to_ask() == []
    assert not CouponTrace.objects.exists()


def test_a_coupon_that_only_one_subscription_is_billed_with_is_not_hidden_by_others(
    account: Any,
) -> None:
    billed("r1", subs=("s1",))
    billed(subs=("s2",), at=NOW + DAY)
    assert to_ask() == ["payer"]


@pytest.mark.usefixtures("account")
def test_who_has_one_is_looked_at_again_after_a_day_or_when_a_bill_lacks_it() -> None:
    keep(redemption())
    assert to_ask(NOW + DAY - timedelta(seconds=1)) == []
    assert to_ask(NOW + DAY) == ["payer"]
    keep(redemption(), at=NOW + DAY)
    billed(at=NOW + DAY + timedelta(hours=1))
    assert to_ask(NOW + DAY + timedelta(hours=2)) == ["payer"]


@pytest.mark.usefixtures("account")
def test_looks_are_so_many_a_run_and_the_longest_unasked_come_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(coupons, "LOOKS", 1)
    keep(redemption())
    a_coupon("r9", redemption("r9"), account_upstream_id="older", asked_at=NOW - DAY).save()
    a_subscription(an_account(), a_plan(), account_upstream_id="older")
    assert to_ask(NOW + 3 * DAY) == ["older"]


@pytest.mark.usefixtures("account")
def test_import_only_asks_those_alone_of_whom_nothing_is_known() -> None:
    billed("r1")
    assert to_ask(only_new=True) == ["payer"]
    keep(redemption())
    billed("r2", at=NOW + DAY)
    assert to_ask(NOW + 2 * DAY, only_new=True) == []


def test_an_answer_is_kept_once_and_a_change_keeps_what_was_known_before(account: Any) -> None:
    first = keep(redemption(), redemption("gone", state="inactive"))
    assert (first.created, first.updated, first.accounts) == (1, 0, {account.pk})
    same = keep(redemption(), at=NOW + DAY)
    assert (same.created, same.unchanged, same.accounts) == (0, 1, set())
    over = keep(redemption(state="inactive", removed_at="2026-07-01T10:00:00Z"), at=NOW + 2 * DAY)
    assert (over.created, over.updated, over.accounts) == (0, 1, {account.pk})
    assert AccountCoupon.objects.count() == 2
    known = [
        [one.upstream_id for one in coupons.held(account.pk, at)]
        for at in (NOW, NOW + DAY, NOW + 2 * DAY, NOW + 3 * DAY, None)
    ]
    assert known == [[], ["r1"], ["r1"], [], []]


def test_an_account_that_is_not_there_any_more_has_none(account: Any) -> None:
    keep(redemption())
    assert keep(at=NOW + DAY).updated == 1
    assert coupons.held(account.pk, None) == []


def test_coupons_and_traces_go_with_their_site(account: Any) -> None:
    keep(redemption())
    billed("r2")
    delete_site(a_site())
    assert not AccountCoupon.objects.exists()
    assert not CouponTrace.objects.exists()


@pytest.mark.parametrize(("bill_to", "mrr"), [("self", "90.00"), ("parent", "100.00")])
def test_a_coupon_counts_where_its_account_pays_itself(
    account: Any, bill_to: str, mrr: str
) -> None:
    account.billing_accounts.update(bill_to=bill_to)
    keep(redemption())
    refresh.measure([account.pk], NOW)
    assert AccountFacts.objects.get(pk=account.pk).mrr == {"USD": mrr}
