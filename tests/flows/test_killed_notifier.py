"""``kill -9`` between the firing of an alert and its sending: it is sent once, under the id it has."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from tenure.alerts.models import Alert, AlertRule
from tenure.notify.models import Delivery, State
from tenure.notify.write import add_channel
from tests.flows.passing import half_a_minute_passes
from tests.metrics.rows import NOW
from tests.notify import receivers
from tests.web.builders import a_customer

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 60
COLLECTING = "hashtext('tenure.notify.collect')"


@contextmanager
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """A real worker process against this test's database."""
    environment = {**os.environ, "TENURE_NOTIFY_HOSTS": "127.0.0.1"}
    process = subprocess.Popen([sys.executable, "-m", "tenure", "worker"], env=environment)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(true: Callable[[], bool], what: str) -> None:
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        if true():
            return
        time.sleep(0.1)
    pytest.fail(f"{what} did not happen in {PATIENCE} s")


def asked(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_an_alert_whose_worker_was_killed_before_anybody_was_told_is_told_once(
    transactional_db: None, settings: Settings
) -> None:
    settings.TENURE_NOTIFY_HOSTS = ("127.0.0.1",)
    a_customer("Northwind")
    AlertRule.objects.create(
        name="Overdue",
        rule="past_due > 1",
        message="{name} is overdue",
        enabled=True,
        version=1,
        created_at=NOW,
        updated_at=NOW,
    )
    with receivers.http() as http:
        add_channel("hook", "webhook", http.url, events=["alert.opened"], now=NOW)
        asked(f"SELECT pg_advisory_lock({COLLECTING})")
        try:
            with worker() as first:
                wait_until(Alert.objects.exists, "the firing")
                first.kill()
                first.wait()
        finally:
            asked(f"SELECT pg_advisory_unlock({COLLECTING})")
        half_a_minute_passes()
        assert Alert.objects.get().announced_at is None
        assert http.posts == []
        with worker():
            wait_until(lambda: Delivery.objects.filter(state=State.SENT).exists(), "the sending")
        one = Delivery.objects.get(channel__isnull=False)
        assert Alert.objects.get().announced_at
        assert [post.headers["Tenure-Delivery"] for post in http.posts] == [str(one.pk)]
        assert one.tries == 1
