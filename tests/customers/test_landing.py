"""A page of records becomes rows: once, in the right order of time, with its history."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.customers import tables
from tenure.customers.landing import land
from tenure.customers.models import BillingAccount, Change, Invoice, Subscription
from tests.builders import EARLIER, a_batch, a_billing_account, a_site, a_subscription, an_invoice

pytestmark = pytest.mark.django_db
LATER = EARLIER + timedelta(hours=1)


def test_new_records_are_created_with_exact_amounts() -> None:
    site = a_site()
    landed = land(
        tables.SUBSCRIPTIONS, [a_subscription(unit_amount=Decimal("0.000000001"))], a_batch(site)
    )
    assert (landed.created, landed.updated, landed.unchanged) == (1, 0, 0)
    assert Subscription.objects.get().unit_amount == Decimal("0.000000001")


def test_landing_the_same_page_twice_changes_nothing_and_says_so() -> None:
    site = a_site()
    page = [an_invoice("a"), an_invoice("b")]
    land(tables.INVOICES, page, a_batch(site))
    again = land(tables.INVOICES, page, a_batch(site))
    assert (again.created, again.updated, again.unchanged) == (0, 0, 2)
    assert Change.objects.count() == 0


def test_an_older_copy_never_replaces_a_newer_one() -> None:
    site = a_site()
    land(tables.INVOICES, [an_invoice(state="paid", updated_at=LATER)], a_batch(site))
    land(tables.INVOICES, [an_invoice(state="pending", updated_at=EARLIER)], a_batch(site))
    assert Invoice.objects.get().state == "paid"


def test_a_copy_of_the_same_second_is_applied_when_its_content_differs() -> None:
    site = a_site()
    land(tables.INVOICES, [an_invoice(state="pending")], a_batch(site))
    landed = land(tables.INVOICES, [an_invoice(state="past_due")], a_batch(site))
    assert landed.updated == 1
    assert Invoice.objects.get().state == "past_due"


def test_a_change_is_kept_with_old_and_new_values() -> None:
    site = a_site()
    land(tables.INVOICES, [an_invoice(balance=Decimal("149.70"))], a_batch(site))
    land(
        tables.INVOICES,
        [an_invoice(balance=Decimal(0), state="paid", updated_at=LATER)],
        a_batch(site),
    )
    change = Change.objects.get()
    assert change.object_kind == "invoice"
    assert change.changes == {"balance": ["149.7", "0"], "state": ["pending", "paid"]}


def test_a_removed_row_comes_back_when_upstream_lists_it_again() -> None:
    site = a_site()
    land(tables.INVOICES, [an_invoice()], a_batch(site))
    Invoice.objects.update(removed_at=LATER)
    landed = land(tables.INVOICES, [an_invoice()], a_batch(site))
    assert landed.updated == 1
    assert Invoice.objects.get().removed_at is None


def test_equal_ids_of_two_sites_stay_two_rows() -> None:
    first, second = a_site("one"), a_site("two")
    for site in (first, second):
        land(tables.BILLING_ACCOUNTS, [a_billing_account("same")], a_batch(site))
    assert BillingAccount.objects.filter(upstream_id="same").count() == 2


STATES = ("pending", "past_due", "paid", "failed")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 5), st.sampled_from(STATES)),
        min_size=1,
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_the_newest_copy_wins_whatever_the_order_of_arrival(
    copies: list[tuple[str, int, str]], chance: object
) -> None:
    site = a_site(f"site-{Invoice.objects.count()}-{len(copies)}-{id(copies)}")
    newest: dict[str, int] = {}
    for name, age, _ in copies:
        newest[name] = max(newest.get(name, 0), age)
    for name, age, state in copies:
        record = an_invoice(name, state=state, updated_at=EARLIER + timedelta(seconds=age))
        land(tables.INVOICES, [record], a_batch(site))
    for name, age in newest.items():
        row = Invoice.objects.get(site=site, upstream_id=name)
        assert row.updated_at == EARLIER + timedelta(seconds=age)
        assert row.state in {s for n, a, s in copies if (n, a) == (name, age)}
