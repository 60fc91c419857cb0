"""Accounts at a past date: what was known then, marked with how it is known."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from tenure.core.money import Money
from tenure.customers import bills
from tenure.customers import read as customers
from tenure.customers.history import open_set
from tenure.customers.models import Account, Change, InvoiceVersion, LineItem, Origin, Subscription
from tenure.metrics import read, refresh
from tenure.metrics.as_of import Moment, UnusableDate, figures_at, kind_of, moment_of, reach
from tenure.metrics.inputs import DEFAULTS, Settings, zone_named
from tenure.metrics.look_back import look_back
from tests.metrics.rows import (
    NOW,
    a_plan,
    a_subscription,
    an_account,
    an_invoice,
    upstream,
)

DAY = timedelta(days=1)
TODAY = NOW.date()


def at(days: int) -> Moment:
    found = moment_of(TODAY + days * DAY, NOW + 400 * DAY, DEFAULTS)
    assert found is not None
    return found


def lived() -> Account:
    """Measured at 100, renamed and doubled two days later, cancelled five days later."""
    account = an_account("Before", attributes={"tier": "silver"})
    sub = a_subscription(account, a_plan())
    refresh.measure([account.pk], NOW)
    made = open_set(Origin.MANUAL, now=NOW + 2 * DAY)
    changes = {"name": ["Before", "After"], "attributes.tier": ["silver", "gold"]}
    Change.objects.create(
        change_set=made,
        object_kind="account",
        object_id=account.pk,
        account_id=account.pk,
        changes=changes,
        at=NOW + 2 * DAY,
    )
    Account.objects.filter(pk=account.pk).update(name="After", attributes={"tier": "gold"})
    Subscription.objects.filter(pk=sub.pk).update(quantity=2, updated_at=NOW + 2 * DAY)
    refresh.measure([account.pk], NOW + 2 * DAY)
    Subscription.objects.filter(pk=sub.pk).update(state="expired", updated_at=NOW + 5 * DAY)
    refresh.measure([account.pk], NOW + 5 * DAY)
    return account


@pytest.mark.parametrize(
    ("text", "words"), [("2026-13-01", "no date"), ("soon", "no date"), ("2031-01-01", "to come")]
)
def test_a_date_that_is_none_or_yet_to_come_is_refused_in_a_sentence(text: str, words: str) -> None:
    with pytest.raises(UnusableDate, match=words):
        moment_of(text, NOW, DEFAULTS)


def test_a_day_ends_at_midnight_of_the_workspace_and_today_is_now() -> None:
    berlin = Settings(zone=zone_named("Europe/Berlin"))
    moment = moment_of("2026-06-03", NOW, berlin)
    assert moment is not None
    assert moment.instant == datetime(2026, 6, 3, 22, tzinfo=UTC)
    assert moment_of(TODAY, NOW, DEFAULTS) is None
    assert moment_of("", NOW, DEFAULTS) is None


@pytest.mark.django_db
def test_figures_and_values_are_those_of_then() -> None:
    account = lived()
    seen = []
    for days in (0, 1, 2, 4, 5):
        (row,) = read.accounts_page(moment=at(days), with_values=True).rows
        seen.append((row.name, row.mrr, row.attributes["tier"], row.kind))
    hundred, both = (Money(Decimal("100.00"), "USD"),), (Money(Decimal("200.00"), "USD"),)
    assert seen == [
        ("Before", hundred, "silver", "snapshot"),
        ("Before", hundred, "silver", "snapshot"),
        ("After", both, "gold", "snapshot"),
        ("After", both, "gold", "snapshot"),
        ("After", (), "gold", "snapshot"),
    ]
    account.refresh_from_db()
    assert account.name == "After"


@pytest.mark.django_db
def test_the_list_is_sorted_by_the_figures_of_then_and_pages_go_on() -> None:
    first = lived()
    others = [an_account(f"Other {n}") for n in range(3)]
    for number, account in enumerate(others):
        a_subscription(account, a_plan(), unit_amount=str(120 + number))
    refresh.measure([account.pk for account in others], NOW)
    order: list[int] = []
    cursor = None
    while True:
        page = read.accounts_page(moment=at(3), limit=2, cursor=cursor)
        order += [row.id for row in page.rows]
        cursor = page.next
        if cursor is None:
            break
    assert order == [first.pk, *(account.pk for account in reversed(others))]
    now = [row.id for row in read.accounts_page().rows]
    assert now[-1] == first.pk


@pytest.mark.django_db
def test_an_account_hidden_since_is_in_the_list_of_then() -> None:
    account = an_account()
    refresh.measure([account.pk], NOW)
    Account.objects.filter(pk=account.pk).update(removed_at=NOW + 3 * DAY)
    refresh.measure([account.pk], NOW + 3 * DAY)
    assert [row.id for row in read.accounts_page(moment=at(1)).rows] == [account.pk]
    assert read.accounts_page(moment=at(1)).rows[0].kind == "snapshot"
    assert read.accounts_page(moment=at(4)).rows == ()


@pytest.mark.django_db
def test_before_the_first_sync_there_is_mrr_from_invoices_and_it_says_so() -> None:
    account = an_account(created_at=NOW)  # made by the first sync, long after it began to pay
    began = datetime(2026, 4, 10, tzinfo=UTC)
    sub = a_subscription(account, a_plan(), created_at=began, activated_at=began)
    for start, end in ((4, 5), (6, 7)):
        LineItem.objects.create(
            **upstream(sub.site),
            subscription_upstream_id=sub.upstream_id,
            plan_upstream_id=sub.plan_upstream_id,
            origin="plan",
            currency="USD",
            subtotal=Decimal(100),
            start_date=datetime(2026, start, 10, tzinfo=UTC),
            end_date=datetime(2026, end, 10, tzinfo=UTC),
        )
    refresh.measure([account.pk], NOW)
    while look_back(NOW, DEFAULTS):
        pass
    kinds = {}
    for day in (date(2026, 4, 1), date(2026, 4, 20), date(2026, 5, 20)):
        moment = moment_of(day, NOW, DEFAULTS)
        assert moment is not None
        kinds[day.isoformat()] = [
            (row.kind, [money.amount for money in row.mrr], row.total_due)
            for row in read.accounts_page(moment=moment).rows
        ]
    assert kinds == {
        "2026-04-01": [],
        "2026-04-20": [("reconstructed", [100], ())],
        "2026-05-20": [("inferred", [100], ())],
    }
    early = read.totals_at(Moment(date(2026, 4, 20), datetime(2026, 4, 21, tzinfo=UTC)))
    assert ([money.amount for money in early.mrr], early.paying) == ([100], 1)
    assert (reach().seen, reach().rebuilt) == (TODAY, date(2026, 4, 10))
    assert kind_of(figures_at([account.pk], at(0)).get(account.pk)) == "snapshot"


@pytest.mark.django_db
def test_subscriptions_and_invoices_are_read_as_they_were() -> None:
    account = an_account()
    sub = a_subscription(account, a_plan(), valid_from=NOW, state="active")
    bill = an_invoice(account, valid_from=NOW + 5 * DAY, state="paid", balance="0")
    InvoiceVersion.objects.create(
        row=bill,
        valid_from=NOW,
        valid_to=NOW + 5 * DAY,
        **upstream(bill.site, state="pending", currency="USD", account_upstream_id="payer"),
    )
    assert customers.subscriptions(account.pk, at=at(-2).instant) == []
    assert [one.pk for one in customers.subscriptions(account.pk, at=at(1).instant)] == [sub.pk]
    (then,) = bills.invoices(account.pk, limit=5, at=at(1).instant)
    assert (then.pk, then.state, then.site.subdomain) == (bill.pk, "pending", "acme")
    (now,) = bills.invoices(account.pk, limit=5)
    assert now.state == "paid"
