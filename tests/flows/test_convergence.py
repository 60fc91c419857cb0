"""Random stories: life upstream, passing faults, interrupted runs. In the end everything is equal.

Each seed is a story of its own (RELIABILITY P1). Pages are small, so that lists have many.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

import pytest
from django.db import connection

from tenure.connections.models import Site
from tenure.customers.models import Account, Touched
from tenure.metrics.models import AccountFacts
from tenure.simulator.server import Served
from tenure.sources.recurly import address, retrying
from tenure.sync.apply import Applier
from tenure.sync.models import Mark, Run, RunState, Seen, WindowRead
from tests.flows.conftest import Sync
from tests.flows.upstream import differences, upstream

pytestmark = pytest.mark.django_db(transaction=True)

STEPS = 7
PATHS = ("/accounts*", "/subscriptions*", "/invoices*", "/transactions*", "/credit_payments*")
# Each strikes the second page of a list, once, and is to leave no trace.
PASSING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("status", {"status": 500}),
    ("status", {"status": 503}),
    ("truncate", {"at": 0.6}),
    ("truncate", {"at": 0.4, "honest": True}),
    ("reset", {"at": 0.5}),
    ("wrong_content_type", {}),
    ("invalid_utf8", {}),
    ("null_next", {}),
    ("empty_page", {}),
    ("expire_cursor", {}),
    ("expire_cursor", {"status": 404}),
    ("stall", {"seconds": 0.2}),
)
# Each holds for every request of one run, which may end incomplete.
LASTING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("status", {"status": 503}),
    ("truncate", {"at": 0.5}),
    ("expire_cursor", {}),
    ("repeated_next", {}),
    ("shuffled_ties", {}),
    ("late", {"seconds": 300}),
)
INTERRUPTIONS = {
    "a stop": "UPDATE sync_run SET cancel_asked = true WHERE state = 'running'",
    "a lost lease": "UPDATE sync_run SET fence = fence + 1,"
    " lease_expires_at = now() - interval '1 second' WHERE state = 'running'",
    "a database that ends its connections": "SELECT pg_terminate_backend(pid)"
    " FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
}


class Story:
    """One site's story: what happens upstream, on the way and here, by the lot of one seed."""

    def __init__(self, seed: int, served: Served, site: Site, sync: Sync) -> None:
        self.lot, self.served, self.site, self.sync = Random(seed), served, site, sync

    def change(self, **spec: Any) -> None:
        """One scripted change upstream, sometimes visible only some minutes later."""
        late = {"late": self.lot.randint(1, 500)} if self.lot.random() < 0.3 else {}
        whole = {"site": self.site.subdomain, **late, **spec}
        self.served.call(lambda s: s.world.change(whole))

    def some(self, kind: str) -> str:
        """The id of a record of that kind."""
        return self.lot.choice(sorted(upstream(self.served, self.site.subdomain, kind)))

    def live(self, **span: float) -> None:
        """Time passes upstream, and with it renewals, payments and failures."""
        self.served.call(lambda s: s.world.advance_to(s.world.now() + timedelta(**span)))

    def happen(self) -> None:
        """Some things change upstream."""
        for number in range(self.lot.randint(1, 4)):
            word = f"{self.lot.randrange(10**6)}-{number}"
            self.lot.choice(
                (
                    lambda w=word: self.change(
                        kind="accounts", id=self.some("accounts"), set={"email": f"{w}@example.com"}
                    ),
                    lambda: self.change(
                        kind="subscriptions",
                        id=self.some("subscriptions"),
                        set={"quantity": self.lot.randint(1, 99)},
                    ),
                    lambda: self.change(
                        kind="transactions",
                        id=self.some("transactions"),
                        set={"amount": self.lot.randint(1, 999)},
                    ),
                    lambda: self.change(touch="invoices", count=self.lot.randint(2, 60)),
                    lambda w=word: self.change(create="account", code=f"new-{w}"),
                    lambda: (
                        self.change(remove="credit_payments", id=self.some("credit_payments"))
                        if upstream(self.served, self.site.subdomain, "credit_payments")
                        else None
                    ),
                )
            )()
        self.live(minutes=self.lot.choice((0, 1, 30, 60 * 24 * 2)))

    def trouble(self) -> None:
        """A fault for the next run: one that passes, now and then one that stays."""
        lasting = self.lot.random() < 0.25
        name, args = self.lot.choice(LASTING if lasting else PASSING)
        path = self.lot.choice(PATHS)
        query = {"cursor": "*"} if name in {"empty_page", "expire_cursor", "null_next"} else {}
        spec = {
            "match": {"path": path, "method": "GET", "query": query},
            "fault": name,
            "args": args,
            **({} if lasting else {"nth": self.lot.choice((1, 2))}),
        }
        self.served.call(lambda s: s.faults.add(spec))

    def run(self) -> Run:
        """Sync in the way of the day; the word it ended with must be one of those it may."""
        run = self.sync(self.site, sweep=self.lot.random() < 0.25, full=self.lot.random() < 0.1)
        assert run.state == RunState.COMPLETE or run.reason or run.state == RunState.RUNNING
        self.served.call(lambda s: s.faults.clear())
        return run


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists of many pages, and no long waits between tries."""
    monkeypatch.setattr(address, "PER_PAGE", 23)
    monkeypatch.setattr(retrying, "FIRST_WAIT", 0.002)


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Callable[[], object]], None]:
    """Let something happen when the n-th page from now is about to be applied."""
    apply = Applier.apply
    waiting: dict[int, Callable[[], object]] = {}
    pages = 0

    def counted(*args: Any) -> Any:
        nonlocal pages
        pages += 1
        happens = waiting.pop(pages, None)
        if happens:
            happens()
        return apply(*args)

    def arrange(page: int, happens: Callable[[], object]) -> None:
        waiting.clear()
        waiting[pages + page] = happens

    monkeypatch.setattr(Applier, "apply", counted)
    return arrange


def execute(sql: str) -> None:
    """Do it in the database, at once."""
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_everything_is_equal_once_upstream_is_quiet(
    seed: int,
    small_pages: None,
    us: Site,
    sync: Sync,
    served: Served,
    meanwhile: Callable[[int, Callable[[], object]], None],
) -> None:
    story = Story(seed, served, us, sync)
    marks: dict[str, Any] = {}
    for _ in range(STEPS):
        story.happen()
        story.trouble()
        met = story.lot.choice((*INTERRUPTIONS.values(), None, "change"))
        if met:
            happens = story.happen if met == "change" else partial(execute, met)
            meanwhile(story.lot.randint(1, 40), happens)
        story.run()
        now = dict(Mark.objects.exclude(mark=None).values_list("stream", "mark"))
        assert all(now[stream] >= mark for stream, mark in marks.items())
        marks = now
    meanwhile(0, lambda: None)
    story.live(minutes=11)
    quiet = sync(us)
    swept = sync(us, sweep=True)
    assert (swept.state, swept.reason) == (RunState.COMPLETE, ""), quiet.reason
    assert differences(served, us) == []
    assert not any(rows.objects.exists() for rows in (WindowRead, Touched, Seen))
    assert AccountFacts.objects.count() == Account.objects.count() > 0
