"""After a first import very many accounts wait for their numbers: two chunks of them are refreshed at a
time, each in a transaction of its own."""

from collections.abc import Iterable
from datetime import datetime
from threading import Barrier, current_thread, main_thread

import pytest

from tenure import flow
from tenure.customers import touched
from tenure.metrics.models import AccountFacts
from tests.metrics.rows import NOW, a_plan, a_subscription, an_account

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Eight accounts that wait, where two are a chunk and more than four are many."""
    monkeypatch.setattr(flow, "CHUNK", 2)
    monkeypatch.setattr(flow, "MANY", 4)
    plan = a_plan()
    accounts = [an_account() for _ in range(8)]
    for account in accounts:
        a_subscription(account, plan)
    ids = {account.pk for account in accounts}
    touched.touch(ids, NOW)
    return ids


def test_all_are_refreshed_once_by_two_at_a_time(
    waiting: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    together, refreshed, refresh = Barrier(2, timeout=20), [], flow.refresh

    def met(accounts: Iterable[int], now: datetime) -> None:
        chosen = list(accounts)
        if chosen:
            together.wait()  # nobody goes on before the other has a chunk of its own
        refresh(chosen, now)
        refreshed.extend(chosen)

    monkeypatch.setattr(flow, "refresh", met)
    assert flow.catch_up(NOW) == len(waiting)
    assert sorted(refreshed) == sorted(waiting)
    assert touched.count() == 0
    assert {row.mrr["USD"] for row in AccountFacts.objects.filter(account__in=waiting)} == {
        "100.00"
    }


def test_when_one_of_the_two_fails_it_is_said_and_its_accounts_wait_on(
    waiting: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh, together, met = flow.refresh, Barrier(2, timeout=20), set[str]()

    def failing(accounts: Iterable[int], now: datetime) -> None:
        if current_thread().name not in met:
            met.add(current_thread().name)
            together.wait()  # each has a chunk
        if current_thread() is not main_thread():
            raise RuntimeError("out of luck")
        refresh(accounts, now)

    monkeypatch.setattr(flow, "refresh", failing)
    with pytest.raises(RuntimeError, match="out of luck"):
        flow.catch_up(NOW)
    left = touched.count()
    assert left + AccountFacts.objects.filter(account__in=waiting).count() == len(waiting)
    monkeypatch.setattr(flow, "refresh", refresh)
    flow.catch_up(NOW)
    assert touched.count() == 0
    assert AccountFacts.objects.filter(account__in=waiting).count() == len(waiting)
