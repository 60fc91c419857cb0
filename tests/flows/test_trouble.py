"""When upstream misbehaves: nothing is lost, nothing is half applied, and the run says so."""

from typing import Any

import pytest
from django.db import connection

from tenure.connections.models import Site, SiteState
from tenure.customers.models import Invoice
from tenure.simulator.server import Served
from tenure.sync.models import Quarantined, RunState, WindowRead
from tests.flows.conftest import EU, Sync
from tests.flows.upstream import differences, upstream

pytestmark = pytest.mark.django_db(transaction=True)


def fault(served: Served, name: str, path: str = "/invoices*", **rule: Any) -> None:
    """Put a fault in force."""
    args = rule.pop("args", {})
    spec = {"match": {"path": path, "method": "GET"}, "fault": name, "args": args, **rule}
    served.call(lambda s: s.faults.add(spec))


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("status", {"args": {"status": 500}, "nth": 1}),
        ("truncate", {"args": {"at": 5000}, "nth": 1}),
        ("empty_page", {"nth": 1}),
        ("wrong_content_type", {"nth": 1}),
        ("reset", {"nth": 1}),
        ("expire_cursor", {"nth": 2}),
    ],
)
def test_a_passing_fault_leaves_no_trace(
    us: Site, sync: Sync, served: Served, name: str, rule: dict[str, Any]
) -> None:
    fault(served, name, **rule)
    run = sync(us)
    assert (run.state, run.reason) == (RunState.COMPLETE, "")
    assert differences(served, us) == []


GIVEN_UP = """
    CREATE SEQUENCE given_up;
    CREATE FUNCTION give_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('given_up') <= 3 THEN
            RAISE EXCEPTION 'deadlock detected' USING ERRCODE = 'deadlock_detected';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER give_up AFTER INSERT ON sync_rawpayload FOR EACH STATEMENT EXECUTE FUNCTION give_up();
"""


def test_a_page_given_up_to_end_a_deadlock_is_stored_at_once(
    us: Site, sync: Sync, served: Served
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(GIVEN_UP)  # a sequence counts on in a transaction that is rolled back
    try:
        run = sync(us)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION give_up CASCADE; DROP SEQUENCE given_up")
    assert (run.state, run.reason) == (RunState.COMPLETE, "")
    assert differences(served, us) == []


def test_an_upstream_that_stays_down_ends_incomplete_and_goes_on_later(
    us: Site, sync: Sync, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(served, "status", args={"status": 503}, **{"from": 2})
    run = sync(us)
    assert run.state == RunState.INCOMPLETE
    assert us.subdomain in run.reason
    assert run.retry_at is not None
    served.call(lambda s: s.faults.clear())
    run = sync(us)
    assert run.state == RunState.COMPLETE
    assert differences(served, us) == []


def test_a_record_that_cannot_be_read_is_quarantined_and_the_rest_arrives(
    us: Site, sync: Sync, served: Served
) -> None:
    damaged = next(iter(upstream(served, us.subdomain, "invoices")))
    fault(served, "edit_records", args={"set": {"currency": None}, "ids": [damaged]})
    run = sync(us)
    assert run.state == RunState.COMPLETE
    bad = Quarantined.objects.get(site=us)
    assert bad.stream == "invoices"
    assert bad.reason
    assert Invoice.objects.count() > 50


def test_a_key_of_another_site_reads_nothing(us: Site, sync: Sync, served: Served) -> None:
    sync(us)
    served.call(lambda s: s.world.sites[us.subdomain].site.update(id="another-site"))
    run = sync(us)
    us.refresh_from_db()
    assert run.state == RunState.FAILED
    assert "nothing was read" in run.reason
    assert us.state == SiteState.NEEDS_KEY


def test_a_revoked_key_stops_the_site_at_once(us: Site, sync: Sync, served: Served) -> None:
    sync(us)
    served.call(lambda s: s.revoked.update({"key-of-the-us-site-0001": 401}))
    served.call(lambda s: s.log.clear())
    run = sync(us)
    us.refresh_from_db()
    assert run.state == RunState.FAILED
    assert us.state == SiteState.NEEDS_KEY
    assert served.call(lambda s: len(s.log.entries())) <= 3


def test_one_site_in_trouble_does_not_touch_the_other(
    us: Site, eu: Site, sync: Sync, served: Served
) -> None:
    served.call(lambda s: s.revoked.update({"key-of-the-us-site-0001": 403}))
    assert sync(us).state == RunState.FAILED
    assert sync(eu).state == RunState.COMPLETE
    assert EU.subdomain == eu.subdomain
    assert differences(served, eu) == []


def test_a_run_that_failed_half_way_goes_on_from_its_windows(
    us: Site, sync: Sync, served: Served
) -> None:
    fault(served, "status", path="/transactions*", args={"status": 500})
    fault(served, "status", path="/subscriptions*", args={"status": 500})
    assert sync(us).state == RunState.INCOMPLETE
    assert WindowRead.objects.exists()
    served.call(lambda s: s.faults.clear())
    assert sync(us).state == RunState.COMPLETE
    assert differences(served, us) == []
