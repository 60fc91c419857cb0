"""Making the report: every candidate counted on one snapshot, and the answer kept until something changes."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from django.core.cache import cache
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from tenure.connections.models import Site
from tenure.connections.read import identifier_rule
from tenure.customers.fields import CUSTOM
from tenure.identity.report.counting import Basis, count
from tenure.identity.report.figures import ACCOUNT, CONTACT, SUBSCRIPTION, Candidate, Figures
from tenure.identity.report.judging import Recommendation, judged, told_of_contact
from tenure.identity.report.places import Place, contact_places, gathering, places

TOGETHER = 8  # candidates that one gathering serves
# Smaller tables are counted before a second connection is open.
WORTH_LANES = 20_000
KEPT = 7 * 24 * 3600
# Raised when the same rows would give other figures or sentences.
EDITION = 2
_TABLES = ("customers_billingaccount", "customers_subscription")

Counted = list[tuple[Place, Figures]]
Job = Callable[[CursorWrapper, Mapping[int, str]], Counted]


@dataclass(frozen=True, slots=True)
class Report:
    """The candidates for accounts, the best first; those for contacts, the usual one first; what is
    recommended, None while no records are here; and when and over what it was counted."""

    candidates: Sequence[Candidate]
    contacts: Sequence[Candidate]
    recommendation: Recommendation | None
    sites: Sequence[str]
    billing_accounts: int
    subscriptions: int
    made_at: datetime
    seconds: float

    def candidate(self, field: str) -> Candidate | None:
        """The candidate of this field, for accounts or contacts."""
        return next((one for one in (*self.candidates, *self.contacts) if one.field == field), None)

    def as_json(self) -> dict[str, Any]:
        """The report as scripts and the API see it, with the rule in force beside it."""
        rule = identifier_rule()
        chosen = {"field": rule.field, "source_of_truth": rule.truth, "joins_sites": rule.joins, "fold_case": rule.fold_case} if rule else None  # fmt: skip
        return {
            "made_at": self.made_at.isoformat(),
            "seconds": round(self.seconds, 2),
            "sites": list(self.sites),
            "billing_accounts": self.billing_accounts,
            "subscriptions": self.subscriptions,
            "chosen": chosen,
            "recommendation": self.recommendation.as_json() if self.recommendation else None,
            "candidates": [one.as_json() for one in self.candidates],
            "contacts": [one.as_json() for one in self.contacts],
        }


def report(*, now: datetime, lanes: int | None = None) -> Report:
    """The report over what is stored now: counted, or as it was counted if no row changed since.

    Works while sites are staged. ``lanes`` connections count side by side, on one snapshot.
    """
    with _snapshot() as basis:
        kept: Report | None = cache.get(basis) if basis else None
        if kept is not None:
            return kept
        made = _made(now, lanes)
    if basis:
        cache.set(basis, made, KEPT)
    return made


def is_quick() -> bool:
    """Whether the report can be had at once: kept from before, or over few rows."""
    with _snapshot() as basis, connection.cursor() as cursor:
        return (bool(basis) and basis in cache) or sum(
            _size(cursor, t) for t in _TABLES
        ) < WORTH_LANES


@contextmanager
def _snapshot() -> Iterator[str]:
    """One state of the tables for everything within, and a text that changes whenever that state does:
    none within somebody's transaction, whose own changes all look alike."""
    nested = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if not nested:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        parts = [str(EDITION)]
        for table in _TABLES:
            # Every change of a row writes a version of it that another transaction made.
            cursor.execute(
                f"SELECT count(*), coalesce(sum(xmin::text::bigint), 0), coalesce(sum(id), 0) FROM {table}"
            )
            parts += map(str, cursor.fetchone())
        cursor.execute(
            "SELECT coalesce(string_agg(id || subdomain, ',' ORDER BY id), '') FROM connections_site"
        )
        parts += cursor.fetchone()
        cursor.execute(
            "SELECT count(*), coalesce(max(id), 0), count(vanished_at) FROM customers_sourcefield"
        )
        parts += map(str, cursor.fetchone())
        digest = blake2b("|".join(parts).encode(), digest_size=16).hexdigest()
        yield "" if nested else f"identifier-report-{digest}"


def _made(now: datetime, lanes: int | None) -> Report:
    began = time.monotonic()
    sites = dict(Site.objects.order_by("priority", "pk").values_list("pk", "subdomain"))
    with connection.cursor() as cursor:
        sizes = [_size(cursor, table) for table in _TABLES]
    counted = _counted(_jobs(sizes[0]), sites, lanes or _lanes(sum(sizes)))
    of_accounts = [
        _candidate(place, found)
        for place, found in counted
        if place.object_kind in {ACCOUNT, SUBSCRIPTION}
    ]
    candidates, recommendation = judged(of_accounts, len(sites))
    return Report(
        candidates=candidates,
        contacts=_of_contacts(counted),
        recommendation=recommendation,
        sites=tuple(sites.values()),
        billing_accounts=sizes[0],
        subscriptions=sizes[1],
        made_at=now,
        seconds=time.monotonic() - began,
    )


def _candidate(place: Place, found: Figures) -> Candidate:
    return Candidate(place.field, place.label, found)


def _of_contacts(counted: Counted) -> list[Candidate]:
    """E-mail and name, then the fields of a billing account that may name its person."""
    own = [
        _candidate(place, found)
        for place, found in counted
        if place.object_kind not in {ACCOUNT, SUBSCRIPTION}
    ]
    fields = [
        _candidate(place, found)
        for place, found in counted
        if place.field == "account.username" or place.field.startswith(f"{ACCOUNT}.{CUSTOM}.")
    ]
    fit = [
        one
        for one in fields
        if one.figures.filled and one.figures.look.shape in {"email", "uuid", "integer", "code"}
    ]
    return [
        told_of_contact(one) for one in (*own, *sorted(fit, key=lambda one: -one.figures.covered))
    ]


def _size(cursor: CursorWrapper, table: str) -> int:
    cursor.execute(f"SELECT count(*) FROM {table} WHERE removed_at IS NULL")
    return int(cursor.fetchone()[0])


def _lanes(rows: int) -> int:
    # Within somebody's transaction only its own connection sees what it wrote.
    return 1 if connection.savepoint_ids or rows < WORTH_LANES else min(os.cpu_count() or 1, 4)


def _jobs(billing_accounts: int) -> list[Job]:
    """The work in pieces, the long ones first; persons are gathered once for all their candidates, and
    subscriptions with their payers for several."""
    found = sorted(places(), key=lambda place: bool(place.name))
    own = [place for place in found if place.is_own]
    others = [place for place in found if not place.is_own]
    of_account = Basis(billing_accounts, billing_accounts)
    return [
        _gathered(CONTACT, contact_places(), billing_accounts),
        *(
            _gathered(SUBSCRIPTION, others[start : start + TOGETHER], billing_accounts)
            for start in range(0, len(others), TOGETHER)
        ),
        *(_own(place, of_account) for place in own),
    ]


def _own(place: Place, basis: Basis) -> Job:
    return lambda cursor, sites: [(place, count(cursor, place, sites, basis))]


def _gathered(kind: str, chosen: Sequence[Place], billing_accounts: int) -> Job:
    def job(cursor: CursorWrapper, sites: Mapping[int, str]) -> Counted:
        with gathering(cursor, kind) as records:
            basis = Basis(records, billing_accounts)
            return [(place, count(cursor, place, sites, basis)) for place in chosen]

    return job


def _counted(jobs: Sequence[Job], sites: Mapping[int, str], lanes: int) -> Counted:
    if lanes == 1:
        with transaction.atomic(), connection.cursor() as cursor:
            _prepare(cursor)
            return [found for job in jobs for found in job(cursor, sites)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
    with ThreadPoolExecutor(lanes, "identifier-report") as pool:
        parts = list(pool.map(lambda job: _beside(job, sites, snapshot), jobs))
    return [found for part in parts for found in part]


def _beside(job: Job, sites: Mapping[int, str], snapshot: str) -> Counted:
    """One piece of the work on a connection of this thread's own, on the snapshot of all."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("SET TRANSACTION SNAPSHOT %s", [snapshot])
            _prepare(cursor)
            return job(cursor, sites)
    finally:
        connection.close()


def _prepare(cursor: CursorWrapper) -> None:
    """Plans for whole tables: hashes that fit into memory, no look-up for each of a million rows, and
    no helpers beside a lane that has a processor of its own. Ends with the transaction."""
    cursor.execute(
        "SET LOCAL work_mem = '256MB'; SET LOCAL enable_nestloop = off;"
        " SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL jit = off"
    )
