"""What is stored of an account is what the plain formulas say of the same records, in every column."""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.customers.models import Account, AccountCoupon, Plan, Subscription
from tenure.metrics import inputs, refresh
from tenure.metrics.facts import Exchange, columns_of
from tenure.metrics.fx import Rate, Rates
from tenure.metrics.inputs import Settings
from tenure.metrics.invoices import BUCKETS, past_due_days, standing
from tenure.metrics.models import AccountFacts, FxRate
from tenure.metrics.receivables import account_receivables
from tenure.metrics.rollup import account_rollup
from tests.metrics.rows import LONG_AGO, NOW, a_coupon, a_site
from tests.metrics.test_agreement import (
    instants,
    invoices,
    maybe,
    payments,
    stored,
)

pytestmark = pytest.mark.django_db
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)

prices = st.sampled_from([*map(Decimal, "0 0.01 9.99 49.90 1000 0.123456789".split()), None])
add_on = st.fixed_dictionaries(
    {
        "add_on": st.fixed_dictionaries(
            {"code": st.sampled_from("xy"), "add_on_type": st.sampled_from(["fixed", "usage"])}
        ),
        "quantity": st.integers(0, 30),
        "unit_amount": st.sampled_from(["5.00", "0.50", None]),
        "tier_type": st.sampled_from(["flat", "tiered", "volume", "stairstep"]),
        "tiers": st.just(
            [
                {"ending_quantity": 10, "unit_amount": "5.00"},
                {"ending_quantity": None, "unit_amount": "3.00"},
            ]
        ),
    }
)
redemption = st.fixed_dictionaries(
    {
        "state": st.sampled_from(["active", "active", "inactive"]),
        "coupon": st.fixed_dictionaries(
            {
                "code": st.just("c"),
                "duration": st.sampled_from(
                    ["forever", "temporal", "billing_periods", "single_use"]
                ),
                "discount": st.sampled_from(
                    [
                        {"type": "percent", "percent": 15},
                        {"type": "fixed", "currencies": [{"currency": "USD", "amount": "7.50"}]},
                        {"type": "free_trial"},
                    ]
                ),
            }
        ),
    }
)
subscriptions = st.fixed_dictionaries(
    {
        "state": st.sampled_from(
            "active active active canceled paused expired future failed odd".split()
        ),
        "currency": st.sampled_from(["USD", "EUR", "JPY", "KWD"]),
        "unit_amount": prices,
        "quantity": maybe(st.integers(0, 9)),
        "plan": st.sampled_from([("months", 1), ("months", 12), ("days", 7), (None, None)]),
        "add_ons": st.lists(add_on, max_size=2),
        "coupon_redemptions": st.lists(redemption, max_size=2),
        "tax_inclusive": maybe(st.booleans()),
        "tax_rate": maybe(st.sampled_from([Decimal("0.2"), Decimal("0.0825")])),
        "trial_started_at": maybe(instants),
        "trial_ends_at": maybe(instants),
        "canceled_at": maybe(instants),
        "expires_at": maybe(instants),
        "activated_at": maybe(instants),
        "paused_at": maybe(instants),
        "current_period_started_at": st.just(NOW - timedelta(days=20)),
        "current_period_ends_at": maybe(instants),
        "current_term_ends_at": maybe(instants),
        "auto_renew": maybe(st.booleans()),
        "started_with_gift": maybe(st.booleans()),
    }
)
# The account's own: on the payer of all its subscriptions, for one plan or for all.
of_account = st.builds(
    lambda one, plans: {
        **one,
        "coupon": one["coupon"]
        | {
            "applies_to_all_plans": plans is None,
            "plans": [{"code": code} for code in plans or ()],
        },
    },
    redemption,
    st.sampled_from([None, None, ["code0"]]),
)
choices = st.builds(
    Settings,
    days_per_month=st.sampled_from([Fraction(365, 12), Fraction(30)]),
    mrr_discounts=st.sampled_from(["recurring", "forever_only", "all", "none"]),
    churn_recognition=st.sampled_from(["at_end", "at_cancel"]),
    drop_after_days=st.sampled_from([None, 0, 30]),
    derive_rates=st.booleans(),
    currency=st.sampled_from(["USD", "EUR"]),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Auckland"]).map(ZoneInfo),
)
rates = st.lists(
    st.tuples(
        st.sampled_from([("EUR", "USD"), ("USD", "EUR"), ("JPY", "USD"), ("KWD", "EUR")]),
        st.sampled_from([-400, -1, 0, 1]),
        st.sampled_from(["1.1", "0.0065", "3.25"]),
    ),
    max_size=5,
    unique_by=lambda one: one[:2],
)


def saved(
    account: Account, number: int, given: Mapping[str, Any], theirs: list[dict[str, Any]]
) -> inputs.Subscription:
    """Save a subscription with its plan, and the same as the formulas take it."""
    site, (unit, length) = a_site(), given["plan"]
    plain = {k: v for k, v in given.items() if k not in ("plan", "add_ons", "coupon_redemptions")}
    names = {"plan_code": f"code{number % 2}", "plan_name": f"Plan {number % 2}"}
    kept = {"created_at": LONG_AGO, "updated_at": LONG_AGO, "content_hash": b"", "site": site}
    key = "abcd"[number]  # the ids that invoices name
    if unit:
        Plan.objects.create(
            upstream_id=key,
            code="p",
            state="active",
            interval_unit=unit,
            interval_length=length,
            **kept,
        )
    Subscription.objects.create(
        account=account,
        upstream_id=key,
        account_upstream_id="payer",
        plan_upstream_id=key,
        add_ons=given["add_ons"],
        coupon_redemptions=given["coupon_redemptions"],
        **names,
        **plain,
        **kept,
    )
    nested = msgspec.json.decode(
        json.dumps([given["add_ons"], given["coupon_redemptions"], theirs]),
        type=tuple[
            tuple[inputs.AddOn, ...], tuple[inputs.Redemption, ...], tuple[inputs.Redemption, ...]
        ],
        strict=False,
    )
    return inputs.Subscription(
        site=str(site.pk),
        id=key,
        interval=inputs.Interval(unit, length) if unit else None,
        add_ons=nested[0],
        redemptions=nested[1],
        account_redemptions=nested[2],
        **names,
        **plain,
    )


@patient
@given(
    st.lists(subscriptions, max_size=4),
    st.lists(of_account, max_size=2),
    st.lists(invoices, max_size=6),
    st.lists(payments, max_size=4),
    rates,
    choices,
)
def test_every_stored_column_is_what_the_formulas_say(
    agreed: list[dict[str, Any]],
    theirs: list[dict[str, Any]],
    bills: list[dict[str, Any]],
    paid: list[dict[str, Any]],
    entered: list[tuple[tuple[str, str], int, str]],
    chosen: Settings,
) -> None:
    bills = [{**one, "others": None} for one in bills]
    account_id, asked, attempts = stored(bills, paid)
    account = Account.objects.get(pk=account_id)
    Subscription.objects.all().delete()
    Plan.objects.all().delete()
    AccountCoupon.objects.all().delete()
    AccountCoupon.objects.bulk_create(a_coupon(str(i), one) for i, one in enumerate(theirs))
    subs = [saved(account, number, one, theirs) for number, one in enumerate(agreed)]
    today = NOW.astimezone(chosen.zone).date()
    exchange = Exchange(chosen.currency, today, enter(entered, today, chosen))
    refresh.measure([account_id], NOW, settings=chosen)
    facts = AccountFacts.objects.get(pk=account_id)

    late = past_due_days(asked, NOW, chosen.zone)
    rollup = account_rollup(subs, NOW, chosen, past_due_days=late)
    owed = account_receivables(asked, attempts, NOW, chosen)
    expected = columns_of(account_id, rollup, owed, NOW, exchange)
    wrong = {
        name: (getattr(facts, name), value)
        for name, value in expected.items()
        if name != "account_id" and plain_of(getattr(facts, name)) != plain_of(value)
    }
    assert not wrong

    # What METRICS promises of any account, whatever its records.
    for code, groups in facts.ageing.items():
        assert set(groups) == set(BUCKETS)
        assert sum(map(Decimal, groups.values())) == Decimal(facts.total_due[code])
    for code, due in facts.total_due.items():
        parts = Decimal(facts.past_due[code]) + Decimal(facts.not_yet_due[code])
        assert parts == Decimal(due)
    assert facts.past_due_count == sum(
        standing(one, NOW, chosen.zone).kind == "past_due" for one in asked
    )
    if facts.missing_rates:
        assert None in (
            facts.mrr_converted,
            facts.due_converted,
            facts.billed_converted,
            facts.paid_converted,
        )


def enter(entered: list[tuple[tuple[str, str], int, str]], today: date, chosen: Settings) -> Rates:
    """Store these rates, and the same for the formulas."""
    FxRate.objects.all().delete()
    found = [
        Rate(source, target, today + timedelta(days=days), Fraction(rate))
        for (source, target), days, rate in entered
    ]
    FxRate.objects.bulk_create(
        FxRate(
            source=r.source,
            target=r.target,
            day=r.day,
            rate=Decimal(r.rate.numerator) / r.rate.denominator,
            set_at=NOW,
        )
        for r in found
    )
    return Rates(found, derive=chosen.derive_rates)


def plain_of(value: Any) -> Any:
    """A column as it is compared: what is stored as text or JSON comes back as such."""
    if isinstance(value, datetime | date):
        return value
    return (
        json.loads(json.dumps(value, default=str))
        if isinstance(value, dict | list | tuple)
        else value
    )
