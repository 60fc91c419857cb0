"""Life goes on upstream; each later sync brings exactly what changed."""

from datetime import timedelta
from typing import Any

import pytest

from tenure.connections.models import Site
from tenure.customers.models import Account, Change, Invoice
from tenure.simulator.server import Served
from tenure.sync.models import Mark, RunState
from tests.flows.conftest import Sync
from tests.flows.upstream import differences, upstream

pytestmark = pytest.mark.django_db(transaction=True)


def change(served: Served, site: Site, **spec: Any) -> None:
    """Make one scripted change upstream."""
    served.call(lambda s: s.world.change({"site": site.subdomain, **spec}))


def live(served: Served, days: float) -> None:
    """Let upstream live on for some days."""
    served.call(lambda s: s.world.advance_to(s.world.now() + timedelta(days=days)))


def test_a_month_of_life_is_followed_day_by_day(us: Site, sync: Sync, served: Served) -> None:
    sync(us)
    for _ in range(6):
        live(served, 5)
        run = sync(us)
        assert (run.state, run.reason) == (RunState.COMPLETE, "")
    assert differences(served, us) == []
    assert Change.objects.filter(object_kind="invoice").exists()


def test_a_changed_company_name_reaches_the_account_with_its_history(
    us: Site, sync: Sync, served: Served
) -> None:
    sync(us)
    code, known = next(
        (r["code"], r) for r in upstream(served, us.subdomain, "accounts").values() if r["company"]
    )
    live(served, 1)
    change(served, us, kind="accounts", id=known["id"], set={"company": "Renamed Works"})
    sync(us)
    account = Account.objects.get(identifier=code)
    assert account.name == "Renamed Works"
    assert Change.objects.get(account_id=account.pk, object_kind="account").changes["name"] == [
        known["company"],
        "Renamed Works",
    ]


def test_the_mark_never_moves_back_and_reaches_upstream_time(
    us: Site, sync: Sync, served: Served
) -> None:
    sync(us)
    first = Mark.objects.get(site=us, stream="invoices").mark
    live(served, 2)
    sync(us)
    second = Mark.objects.get(site=us, stream="invoices").mark
    assert first is not None
    assert second == first + timedelta(days=2)


def test_records_sharing_one_second_are_all_read(us: Site, sync: Sync, served: Served) -> None:
    sync(us)
    live(served, 1)
    change(served, us, touch="invoices", count=450)
    run = sync(us)
    assert run.state == RunState.COMPLETE
    assert differences(served, us) == []


def test_a_change_that_becomes_visible_late_is_caught_by_the_overlap(
    us: Site, sync: Sync, served: Served
) -> None:
    sync(us)
    live(served, 1)
    some = next(iter(upstream(served, us.subdomain, "accounts")))
    change(served, us, kind="accounts", id=some, set={"company": "Late Works"}, late=300)
    sync(us)
    live(served, 400 / 86_400)
    sync(us)
    assert differences(served, us) == []
    assert Account.objects.filter(name="Late Works").exists()


def test_a_record_gone_upstream_is_removed_here_once_its_own_address_denies_it(
    us: Site, sync: Sync, served: Served
) -> None:
    sync(us)
    gone = next(iter(upstream(served, us.subdomain, "invoices")))
    live(served, 2)
    change(served, us, remove="invoices", id=gone)
    run = sync(us)
    assert Invoice.objects.get(upstream_id=gone).removed_at is not None
    assert differences(served, us) == []
    assert run.state == RunState.COMPLETE
    assert sum(s.removed for s in run.streams.all() if s.stream == "invoices") == 1


def test_a_list_that_suddenly_halves_removes_nothing_and_asks_a_person(
    us: Site, sync: Sync, served: Served
) -> None:
    sync(us)
    before = Invoice.objects.filter(removed_at=None).count()
    live(served, 2)
    served.call(
        lambda s: s.faults.add(
            {"match": {"path": "/invoices*"}, "fault": "shrunken_list", "args": {"keep": 0.5}}
        )
    )
    run = sync(us)
    assert run.state == RunState.INCOMPLETE
    assert "none was removed" in run.reason
    assert run.next_step
    assert Invoice.objects.filter(removed_at=None).count() >= before


def test_what_a_person_confirmed_as_gone_is_removed_record_by_record(
    us: Site, sync: Sync, served: Served
) -> None:
    sync(us)
    live(served, 2)
    for gone in list(upstream(served, us.subdomain, "invoices"))[:30]:
        change(served, us, remove="invoices", id=gone)
    assert "--remove-missing" in sync(us).next_step
    run = sync(us, remove_missing=True)
    assert (run.state, run.reason) == (RunState.COMPLETE, "")
    assert differences(served, us) == []


def test_a_full_sync_reads_everything_again_and_changes_nothing(
    us: Site, sync: Sync, served: Served
) -> None:
    sync(us)
    run = sync(us, full=True)
    rows = {s.stream: s for s in run.streams.all()}
    assert run.state == RunState.COMPLETE
    assert rows["invoices"].read >= rows["invoices"].unchanged > 100
    assert {(s.created, s.updated) for s in rows.values()} == {(0, 0)}


def test_a_sweep_on_request_proves_what_is_here(us: Site, sync: Sync, served: Served) -> None:
    sync(us)
    Invoice.objects.filter(pk=Invoice.objects.first().pk).delete()  # type: ignore[union-attr]
    run = sync(us, sweep=True)
    assert run.state == RunState.COMPLETE
    assert differences(served, us) == []


def test_a_day_counts_and_finds_what_was_lost(us: Site, sync: Sync, served: Served) -> None:
    sync(us)
    Invoice.objects.filter(pk=Invoice.objects.first().pk).delete()  # type: ignore[union-attr]
    live(served, 1.5)
    run = sync(us)
    assert run.state == RunState.COMPLETE
    assert differences(served, us) == []
