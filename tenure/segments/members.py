"""Placing accounts: who is in which segment, kept up to date for the accounts that were touched."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q

from tenure.metrics.days import local_day
from tenure.metrics.settings import current
from tenure.rules.catalogue import Catalogue
from tenure.rules.context import Context
from tenure.rules.errors import RuleRefused
from tenure.rules.evaluate import evaluate
from tenure.rules.sql import Sql, bound
from tenure.rules.sql import ids as listed
from tenure.segments.catalogue import catalogue, context
from tenure.segments.explain import conditions_of
from tenure.segments.models import Cause, Crossing, Segment
from tenure.segments.order import in_order
from tenure.segments.question import ACCOUNTS, Question, question
from tenure.segments.subject import stored

MOST_SEEN = 100  # crossings of one placement whose values are kept
CHUNK = 10_000


def place(
    account_ids: Iterable[int],
    now: datetime,
    *,
    cause: Cause = Cause.DATA,
) -> int:
    """Bring the memberships of these accounts up to date; the answer counts entries and exits."""
    ids = sorted(set(account_ids))
    segments = in_order(Segment.objects.all())
    if not segments or not ids:
        return 0
    known, when = catalogue(), context(now)
    moved = 0
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        for segment in segments:
            moved += _place(segment, chunk, known, when, cause)
    return moved


def place_all(
    now: datetime, *, segments: Sequence[Segment] | None = None, cause: Cause = Cause.TIME
) -> int:
    """Bring every membership up to date, of all segments or of these; counts entries and exits."""
    chosen = in_order(Segment.objects.all() if segments is None else segments)
    if not chosen:
        return 0
    known, when = catalogue(), context(now)
    moved = sum(_place(segment, None, known, when, cause) for segment in chosen)
    Segment.objects.filter(pk__in=[one.pk for one in chosen]).update(placed_day=when.today)
    return moved


def begin_day(now: datetime) -> int:
    """Place every account once a local day has begun; counts entries and exits."""
    today = local_day(now, current().zone)
    waiting = Segment.objects.filter(Q(placed_day=None) | Q(placed_day__lt=today))
    return place_all(now) if waiting.exists() else 0


def _place(
    segment: Segment,
    ids: Collection[int] | None,
    known: Catalogue,
    when: Context,
    cause: Cause,
) -> int:
    """One segment: members that no longer fit leave, accounts that fit enter. A rule that cannot be
    asked any more leaves everything as it is and says so."""
    try:
        asked = question(segment.rule, when.now, known=known, when=when)
    except RuleRefused as error:
        Segment.objects.filter(pk=segment.pk).exclude(fault=str(error)).update(fault=str(error))
        return 0
    with transaction.atomic():
        _alone(segment)
        crossed = _crossings(segment, ids, asked, cause)
        Segment.objects.filter(pk=segment.pk).update(placed_at=when.now, fault="")
    return crossed


def _alone(segment: Segment) -> None:
    """Two placements of one segment wait for each other, so that the later reading stays."""
    with connection.cursor() as db:
        db.execute("SELECT pg_advisory_xact_lock(hashtext('tenure.segments'), %s)", [segment.pk])


def _crossings(segment: Segment, ids: Collection[int] | None, asked: Question, cause: Cause) -> int:
    now = bound(asked.context.now, "timestamptz")
    one = bound(segment.pk, "bigint")
    chosen = Sql("") if ids is None else " AND a.id = ANY(" + listed(ids) + ")"
    members = Sql("") if ids is None else " AND m.account_id = ANY(" + listed(ids) + ")"
    # A full join is never made row by row against row, however wrong the guess of how many there are.
    statement = (
        f"WITH fits AS MATERIALIZED (SELECT a.id FROM {ACCOUNTS}"
        + chosen
        + " AND ("
        + asked.sql
        + ")), moved AS MATERIALIZED (SELECT fits.id AS come, m.account_id AS gone FROM fits"
        + " FULL JOIN (SELECT m.account_id FROM segments_membership m WHERE m.segment_id = "
        + one
        + members
        + ") m ON m.account_id = fits.id WHERE fits.id IS NULL OR m.account_id IS NULL)"
        + ", gone AS (DELETE FROM segments_membership m WHERE m.segment_id = "
        + one
        + " AND m.account_id = ANY(ARRAY(SELECT gone FROM moved WHERE gone IS NOT NULL))"
        + " RETURNING m.account_id), come AS (INSERT INTO segments_membership"
        + " (segment_id, account_id, since) SELECT "
        + one
        + ", come, "
        + now
        + " FROM moved WHERE come IS NOT NULL RETURNING account_id)"
        + " INSERT INTO segments_crossing (segment_id, account_id, entered, cause, version, seen, at)"
        + " SELECT "
        + one
        + ", account_id, entered, "
        + bound(cause.value, "text")
        + ", "
        + bound(segment.version, "int")
        + ", '[]'::jsonb, "
        + now
        + " FROM (SELECT account_id, false FROM gone UNION ALL SELECT account_id, true FROM come)"
        + " crossed (account_id, entered) RETURNING id, account_id"
    )
    with connection.cursor() as db:
        db.execute(statement.text, statement.values)
        made = db.fetchall()
    _remember(made[:MOST_SEEN], asked)
    return len(made)


def _remember(crossings: Sequence[tuple[int, int]], asked: Question) -> None:
    """Keep what the conditions saw, so that the history can say why."""
    seen = []
    subjects = stored((account for _, account in crossings), asked)
    for (crossing_id, _), subject in zip(crossings, subjects, strict=True):
        verdict = evaluate(asked.meant, subject, asked.catalogue, asked.context)
        lines = [line.as_json() for line in conditions_of(verdict, asked)]
        seen.append(Crossing(pk=crossing_id, seen=lines))
    Crossing.objects.bulk_update(seen, ["seen"], batch_size=100)
