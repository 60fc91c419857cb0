"""``kill -9`` of the worker in mid-run: the next one goes on and ends with the same rows."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from pytest_django.fixtures import Settings

from tenure.connections.write import add_site
from tenure.core.secrets import Secret
from tenure.simulator.server import Served, running_in_thread
from tenure.simulator.world import SiteSpec
from tenure.simulator.world.bulk import bulk
from tenure.sync.models import Run, RunState, StreamRun, Trigger, WindowRead
from tenure.sync.write import request_run
from tests.flows.conftest import TODAY
from tests.flows.passing import half_a_minute_passes
from tests.flows.upstream import differences, upstream

pytestmark = pytest.mark.django_db(transaction=True)
BULK = SiteSpec("brightwharf-bulk", "key-of-the-bulk-site-0003", "us")
PATIENCE = 60


@contextmanager
def worker(served: Served) -> Iterator[subprocess.Popen[bytes]]:
    """A real worker process against this test's database and simulator."""
    environment = {
        **os.environ,
        "TENURE_RECURLY_US_URL": served.us,
        "TENURE_RECURLY_EU_URL": served.eu,
    }
    process = subprocess.Popen([sys.executable, "-m", "tenure", "worker"], env=environment)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(true: Callable[[], bool], what: str) -> None:
    """Poll until it is so; fail by name when it does not become so."""
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        if true():
            return
        time.sleep(0.05)
    pytest.fail(f"{what} did not happen in {PATIENCE} s")


@pytest.fixture
def many(settings: Settings) -> Iterator[Served]:
    """A site of ten pages of invoices."""
    with running_in_thread(bulk(BULK, accounts=1_000, until=TODAY)) as served:
        settings.TENURE_RECURLY_URLS = {"us": served.us, "eu": served.eu}
        yield served


def pages_read(stream: str) -> int:
    """Committed pages of the stream's first load that is going on."""
    windows = WindowRead.objects.filter(stream=stream, phase="load")
    return sum(windows.values_list("pages", flat=True))


def asked(served: Served, stream: str) -> list[str]:
    """The first-load pages of the stream that were asked for since the log was cleared."""
    entries = served.call(lambda s: s.log.entries())
    paths = [e["path"] for e in entries if e["method"] == "GET"]
    return [p for p in paths if p.startswith(f"/{stream}?") and "created_at" in p]


def test_a_run_whose_worker_was_killed_goes_on_from_its_last_page(
    many: Served, transactional_db: None
) -> None:
    site = add_site("recurly", BULK.subdomain, "us", Secret(BULK.key), now=TODAY)
    pages = {"path": "/invoices", "method": "GET"}
    many.call(lambda s: s.faults.add({"match": pages, "from": 5, "fault": "hold"}))
    run, _ = request_run(site, Trigger.MANUAL)
    with worker(many) as first:
        wait_until(lambda: pages_read("invoices") >= 3, "the third page of invoices")
        first.kill()
        first.wait()
    interrupted = Run.objects.get(pk=run.pk)
    assert interrupted.state == RunState.RUNNING
    committed = pages_read("invoices")
    many.call(lambda s: (s.faults.clear(), s.log.clear()))
    half_a_minute_passes()
    with worker(many):
        wait_until(lambda: not Run.objects.get(pk=run.pk).is_active, "the end of the run")
    ended = Run.objects.get(pk=run.pk)
    assert (ended.state, ended.reason) == (RunState.COMPLETE, "")
    assert ended.fence == interrupted.fence + 1
    assert differences(many, site) == []
    assert asked(many, "accounts") == []
    assert len(asked(many, "invoices")) <= 10 - committed + 4  # cuts may cost a part-filled page
    counted = StreamRun.objects.get(run=run, stream="invoices")
    assert counted.created == len(upstream(many, site.subdomain, "invoices")) == 2_000
