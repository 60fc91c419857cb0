"""Questions about runs, their progress, and the raw records behind what is shown."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Max, QuerySet

from tenure.connections.models import Site
from tenure.core.clock import stamp
from tenure.sources.base import Stream
from tenure.sync.models import (
    ACTIVE,
    Mark,
    Quarantined,
    RawPayload,
    Run,
    RunState,
    StreamRun,
    StreamState,
)
from tenure.sync.streams import TABLES

COUNTED = frozenset(TABLES)
UNSETTLED: Mapping[Stream, Sequence[str]] = {
    Stream.INVOICES: ("open", "pending", "processing", "past_due"),
    Stream.SUBSCRIPTIONS: ("future", "paused"),
}
COUNTS = ("read", "created", "updated", "unchanged", "overridden", "quarantined", "removed")


def _runs() -> QuerySet[Run]:
    return Run.objects.select_related("site", "member", "plan").prefetch_related("streams")


def runs(site: Site | None = None, *, limit: int = 50, before: int | None = None) -> list[Run]:
    """The newest runs first, with site and streams loaded; ``before`` pages on by id."""
    found = _runs()
    if site:
        found = found.filter(site=site)
    if before:
        found = found.filter(pk__lt=before)
    return list(found[:limit])


def all_runs(site: Site | None = None) -> "QuerySet[Run]":
    """Every run there was, of one site or of all, as rows to be paged."""
    return _runs().filter(site=site) if site else _runs()


def get_run(run_id: int) -> Run:
    """The run with its site and streams. Raises Run.DoesNotExist."""
    return _runs().get(pk=run_id)


def active_run(site: Site) -> Run | None:
    """The run of this site that is queued or going on."""
    return _runs().filter(site=site, state__in=ACTIVE).first()


def last_good(site_ids: Sequence[int]) -> dict[int, Run]:
    """The newest complete run of each of these sites."""
    newest = (
        Run.objects.filter(site_id__in=site_ids, state=RunState.COMPLETE)
        .values("site_id")
        .annotate(newest=Max("pk"))
        .values_list("newest", flat=True)
    )
    return {run.site_id: run for run in _runs().filter(pk__in=list(newest))}


def as_json(run: Run) -> dict[str, Any]:
    """The promised shape of a run (CONTRACT section 3)."""
    return {
        "id": run.pk,
        "site": run.site.subdomain,
        "trigger": run.trigger,
        "state": run.state,
        "started_at": stamp(run.started_at),
        "finished_at": stamp(run.finished_at),
        "streams": {
            row.stream: {**{name: getattr(row, name) for name in COUNTS}, "requests": row.requests}
            for row in run.streams.all()
        },
        "reason": run.reason or None,
        "next_step": run.next_step or None,
    }


def quarantined_json(one: Quarantined) -> dict[str, Any]:
    """A record that could not be read, as scripts see it."""
    return {
        "id": one.pk,
        "site": one.site.subdomain,
        "stream": one.stream,
        f"{one.site.source}_id": one.upstream_id,
        "reason": one.reason,
        "first_seen": stamp(one.first_seen),
        "last_seen": stamp(one.last_seen),
        "payload_available": bool(one.payload),
    }


def progress(run: Run) -> tuple[int, int | None]:
    """Records read and records expected over all streams; None while no total is known."""
    rows = list(run.streams.all())
    known = [row.expected for row in rows if row.expected is not None]
    return sum(row.read for row in rows), sum(known) if known else None


def local_count(site_id: int, stream: Stream, until: datetime) -> int:
    """How many records of the stream we hold that were created by ``until``; 0 for a stream that
    keeps none in a table of its own."""
    if stream not in COUNTED:
        return 0
    table = TABLES[stream].model
    rows = table.objects.filter(site_id=site_id, removed_at=None, created_at__lte=until)
    held = rows.count()
    # A quarantined record is upstream and not in the table; the proof counts it as held.
    waiting = Quarantined.objects.filter(
        site_id=site_id, stream=stream, resolved_at=None, upstream_id__isnull=False
    )
    known = table.objects.filter(site_id=site_id).values("upstream_id")
    return held + waiting.exclude(upstream_id__in=known).count()


def unsettled(site_id: int, stream: Stream) -> list[str]:
    """Upstream ids of records whose state time alone may change."""
    states = UNSETTLED.get(stream)
    if not states:
        return []
    rows = TABLES[stream].model.objects.filter(site_id=site_id, removed_at=None)
    return list(rows.filter(state__in=states).values_list("upstream_id", flat=True))


def marks(site: Site) -> dict[str, Mark]:
    """What each stream of the site has proved so far."""
    return {mark.stream: mark for mark in Mark.objects.filter(site=site)}


def raw_payload(site_id: int, stream: Stream, upstream_id: str) -> RawPayload | None:
    """The newest payload kept of a record."""
    rows = RawPayload.objects.select_related("skeleton")
    return rows.filter(site_id=site_id, stream=stream, upstream_id=upstream_id).first()


def raw_payloads(site_id: int, stream: Stream, upstream_ids: Sequence[str]) -> list[RawPayload]:
    """The newest payloads kept of these records."""
    return list(
        RawPayload.objects.select_related("skeleton").filter(
            site_id=site_id, stream=stream, upstream_id__in=upstream_ids
        )
    )


_DRIFTED = """
    SELECT s.id FROM sync_rawpayload r
    JOIN {table} s ON s.site_id = r.site_id AND s.upstream_id = r.upstream_id
    WHERE r.stream = %s AND r.site_id = ANY(%s) AND s.id > %s AND s.removed_at IS NULL
      AND s.content_hash <> r.content_hash
    ORDER BY s.id LIMIT %s
"""


def drifted(stream: Stream, site_ids: Sequence[int], *, after: int, limit: int) -> list[int]:
    """Our ids of the rows of these sites that are not what their newest payload says, in order."""
    sql = _DRIFTED.format(table=TABLES[stream].name)
    with connection.cursor() as cursor:
        cursor.execute(sql, [stream, list(site_ids), after, limit])
        return [row[0] for row in cursor]


def quarantined(site: Site | None = None) -> QuerySet[Quarantined]:
    """Records that could not be read and still cannot, oldest first."""
    rows = Quarantined.objects.filter(resolved_at=None).select_related("site")
    return (rows.filter(site=site) if site else rows).order_by("first_seen", "id")


def quarantine_counts() -> dict[int, int]:
    """Open quarantine entries by site id."""
    rows = Quarantined.objects.filter(resolved_at=None).values("site_id").annotate(n=Count("id"))
    return dict(rows.values_list("site_id", "n"))


def stalled() -> list[Run]:
    """Active runs nobody is doing: the holder stopped renewing its lease, or no job took it up."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM sync_run WHERE state IN ('queued', 'running')"
            " AND coalesce(lease_expires_at, requested_at + interval '30 seconds') < now()"
        )
        ids = [row[0] for row in cursor]
    return list(_runs().filter(pk__in=ids))


def has_trouble(row: StreamRun) -> bool:
    """Whether a stream ended other than read to its end."""
    return row.state in {StreamState.FAILED, StreamState.UNAVAILABLE}
