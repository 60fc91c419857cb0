"""From a subdomain and a key to customers: the first sync of a site."""

import pytest

from tenure.connections.models import Site
from tenure.customers.models import Account, Attribute, Invoice, Touched
from tenure.metrics.models import AccountFacts
from tenure.simulator.server import Served
from tenure.sync.models import Mark, RawPayload, RunState, WindowRead
from tenure.sync.payloads import read
from tests.flows.conftest import Sync
from tests.flows.upstream import differences

pytestmark = pytest.mark.django_db(transaction=True)


def test_everything_upstream_holds_is_here_afterwards(us: Site, sync: Sync, served: Served) -> None:
    run = sync(us)
    assert (run.state, run.reason) == (RunState.COMPLETE, "")
    assert differences(served, us) == []


def test_every_billing_account_is_an_account_with_its_numbers(us: Site, sync: Sync) -> None:
    sync(us)
    assert Account.objects.count() > 10
    assert AccountFacts.objects.count() == Account.objects.count()
    assert not Touched.objects.exists()


def test_custom_fields_become_attributes(us: Site, sync: Sync) -> None:
    sync(us)
    assert Attribute.objects.filter(name="tenant_id", source_field__contains="custom").exists()
    assert Account.objects.filter(attributes__has_key="tenant_id").exists()


def test_the_raw_record_is_kept_without_credentials(us: Site, sync: Sync) -> None:
    sync(us)
    payloads = [read(kept) for kept in RawPayload.objects.filter(stream="accounts")]
    assert payloads
    assert all(b'"hosted_login_token":null' in p.replace(b" ", b"") for p in payloads)


def test_windows_are_gone_and_marks_stand_when_it_is_complete(us: Site, sync: Sync) -> None:
    sync(us)
    assert not WindowRead.objects.exists()
    assert all(m.mark and m.loaded_at for m in Mark.objects.filter(site=us))


def test_two_sites_do_not_mix(us: Site, eu: Site, sync: Sync, served: Served) -> None:
    sync(us)
    sync(eu)
    assert differences(served, us) == []
    assert differences(served, eu) == []


def test_a_second_sync_of_a_quiet_site_writes_nothing(us: Site, sync: Sync, served: Served) -> None:
    sync(us)
    served.call(lambda s: s.log.clear())
    before = list(Invoice.objects.order_by("pk").values_list("changed_in_id", flat=True))
    run = sync(us)
    rows = {s.stream: (s.created, s.updated) for s in run.streams.all()}
    assert set(rows.values()) == {(0, 0)}
    assert before == list(Invoice.objects.order_by("pk").values_list("changed_in_id", flat=True))
    assert served.call(lambda s: len(s.log.entries())) <= 10


def test_only_get_and_head_are_ever_sent(us: Site, sync: Sync, served: Served) -> None:
    sync(us)
    methods = served.call(lambda s: {seen["method"] for seen in s.log.entries()})
    assert methods <= {"GET", "HEAD"}
