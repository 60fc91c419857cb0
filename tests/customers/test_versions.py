"""What a subscription or an invoice read before is kept; a first import keeps nothing."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection, models

from tenure.connections.models import Site
from tenure.customers import agreements, tables, versions
from tenure.customers.agreements import Held
from tenure.customers.landing import Batch, land
from tenure.customers.models import (
    Invoice,
    InvoiceOverTime,
    InvoiceVersion,
    Subscription,
    SubscriptionOverTime,
    SubscriptionVersion,
)
from tests.builders import EARLIER, a_batch, a_site, a_subscription, an_invoice

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
FIRST = EARLIER + 10 * DAY


def batch(site: Site, now: datetime) -> Batch:
    return Batch(site.pk, a_batch(site).change_set, now)


def states_at(instant: datetime) -> list[str]:
    rows = InvoiceOverTime.objects.filter(
        versions.in_force(instant + timedelta(seconds=1))
    ).order_by("upstream_id")
    return list(rows.values_list("state", flat=True))


def test_a_first_import_keeps_no_version() -> None:
    site = a_site()
    land(tables.INVOICES, [an_invoice("a"), an_invoice("b")], batch(site, FIRST))
    land(tables.SUBSCRIPTIONS, [a_subscription()], batch(site, FIRST))
    assert not InvoiceVersion.objects.exists()
    assert not SubscriptionVersion.objects.exists()
    assert Invoice.objects.filter(valid_from=FIRST).count() == 2


def test_a_change_keeps_what_the_row_read_before_and_until_when() -> None:
    site = a_site()
    land(tables.INVOICES, [an_invoice(state="pending")], batch(site, FIRST))
    paid = an_invoice(state="paid", balance=Decimal(0), updated_at=EARLIER + DAY)
    land(tables.INVOICES, [paid, an_invoice("new", state="open")], batch(site, FIRST + 5 * DAY))
    version = InvoiceVersion.objects.get()
    assert (version.state, version.valid_from, version.valid_to) == (
        "pending",
        FIRST,
        FIRST + 5 * DAY,
    )
    assert states_at(FIRST - DAY) == []
    assert states_at(FIRST + 4 * DAY) == ["pending"]
    assert sorted(states_at(FIRST + 5 * DAY)) == ["open", "paid"]


def test_a_page_with_changed_and_new_rows_keeps_versions_of_the_changed_alone() -> None:
    site = a_site()
    first = [a_subscription(name) for name in ("s1", "s2")]
    land(tables.SUBSCRIPTIONS, first, batch(site, FIRST))
    page = [
        a_subscription("s1", quantity=9, updated_at=EARLIER + DAY),
        a_subscription("s2", updated_at=EARLIER),
        a_subscription("s3"),
    ]
    land(tables.SUBSCRIPTIONS, page, batch(site, FIRST + DAY))
    row = Subscription.objects.get(upstream_id="s1")
    assert list(SubscriptionVersion.objects.values_list("row_id", flat=True)) == [row.pk]
    assert row.valid_from == FIRST + DAY


def test_a_new_content_that_reads_the_same_keeps_nothing() -> None:
    site = a_site()
    land(tables.INVOICES, [an_invoice()], batch(site, FIRST))
    again = an_invoice(updated_at=EARLIER + DAY, content_hash=b"another digest 1")
    landed = land(tables.INVOICES, [again], batch(site, FIRST + DAY))
    assert landed.updated == 1
    assert not InvoiceVersion.objects.exists()
    assert Invoice.objects.get().valid_from == FIRST


def test_two_changes_in_one_run_are_one_version() -> None:
    site = a_site()
    land(tables.INVOICES, [an_invoice(state="pending")], batch(site, FIRST))
    for hours, state in ((1, "processing"), (2, "paid")):
        one = an_invoice(state=state, updated_at=EARLIER + timedelta(hours=hours))
        land(tables.INVOICES, [one], batch(site, FIRST + DAY))
    assert [v.state for v in InvoiceVersion.objects.all()] == ["pending"]


def test_a_removed_record_reads_as_before_until_its_removal_and_not_after() -> None:
    site = a_site()
    land(tables.INVOICES, [an_invoice(state="pending")], batch(site, FIRST))
    Invoice.objects.update(removed_at=FIRST + 2 * DAY)
    assert states_at(FIRST + DAY) == ["pending"]
    assert states_at(FIRST + 3 * DAY) == []
    back = an_invoice(state="pending", updated_at=EARLIER + DAY)
    land(tables.INVOICES, [back], batch(site, FIRST + 5 * DAY))
    assert [states_at(FIRST + n * DAY) for n in (1, 3, 6)] == [["pending"], [], ["pending"]]


def test_attributes_of_the_past_are_those_of_then() -> None:
    site = a_site()
    land(tables.SUBSCRIPTIONS, [a_subscription()], batch(site, FIRST))
    row = Subscription.objects.get()
    for day, value in ((1, "old"), (2, "new")):
        held = Held(row.pk, None, row.created_in_id, {"tier": value}, {}, edited=False)
        agreements.save([held], batch(site, FIRST + day * DAY))
    seen = [
        SubscriptionOverTime.objects.get(
            versions.in_force(FIRST + day * DAY + timedelta(seconds=1))
        ).attributes
        for day in (0, 1, 2)
    ]
    assert seen == [{}, {"tier": "old"}, {"tier": "new"}]


def test_versions_go_with_their_row() -> None:
    site = a_site()
    land(tables.INVOICES, [an_invoice(state="pending")], batch(site, FIRST))
    paid = an_invoice(state="paid", updated_at=EARLIER + DAY)
    land(tables.INVOICES, [paid], batch(site, FIRST + DAY))
    Invoice.objects.all().delete()
    assert not InvoiceVersion.objects.exists()


@pytest.mark.parametrize(
    ("live", "over_time"),
    [(Subscription, SubscriptionOverTime), (Invoice, InvoiceOverTime)],
)
def test_the_view_over_time_has_every_column_of_the_live_table(
    live: type[models.Model], over_time: type[models.Model]
) -> None:
    with connection.cursor() as db:
        columns = [
            {one.name for one in connection.introspection.get_table_description(db, table)}
            for table in (live._meta.db_table, over_time._meta.db_table)
        ]
    assert columns[1] == columns[0] - {"edited"} | {"valid_to"}
