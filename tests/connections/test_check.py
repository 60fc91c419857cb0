"""The check of a site: what its key may read, in a report that never raises."""

from datetime import UTC, datetime, timedelta

import pytest

from tenure.connections import check, write
from tenure.connections.models import Site
from tenure.core.secrets import Secret
from tenure.sources.base import Stream
from tests.connections.vendor import UPSTREAM_NOW, Vendor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("vendor")]
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def a_site() -> Site:
    return write.add_site("recurly", "northwind-us", "us", Secret("key-of-northwind-us"), now=NOW)


def test_a_good_site_reports_each_stream_with_its_count_and_newest_record() -> None:
    report = check.check_site(a_site(), now=NOW)
    assert report.is_good
    assert [(one.stream, one.count, one.newest) for one in report.streams][1] == (
        "accounts",
        8,
        UPSTREAM_NOW,
    )


def test_a_stream_the_key_may_not_read_is_named_with_its_reason(vendor: Vendor) -> None:
    vendor.unavailable = {Stream.INVOICES}
    report = check.check_site(a_site(), now=NOW)
    assert not report.is_good
    assert [(s.stream, s.reason, s.next_step) for s in report.streams if not s.readable] == [
        ("invoices", "invoices is not offered.", "Ask the vendor.")
    ]


def test_a_refused_key_is_in_the_report_and_not_raised(vendor: Vendor) -> None:
    site = a_site()
    vendor.keys.clear()
    report = check.check_site(site, now=NOW)
    assert not report.is_good
    assert report.as_json()["error"]["message"] == "The API key was refused."


def test_a_clock_that_differs_is_measured() -> None:
    report = check.check_site(a_site(), now=UPSTREAM_NOW - timedelta(minutes=2))
    assert report.clock_differs_seconds == 120
