"""What a rule would make of the accounts, before anything is saved."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tenure.core.money import Money
from tenure.metrics.read import Totals, capped_count, matching_ids, totals
from tenure.rules.describe import described
from tenure.rules.narrow import narrowed
from tenure.rules.near import suppositions
from tenure.rules.sql import Sql, joined
from tenure.rules.text import text_of
from tenure.rules.tree import Node
from tenure.segments.inside import inside
from tenure.segments.models import Segment
from tenure.segments.question import ACCOUNTS, Question, TooCostly, patient, rows

SAMPLE = 20
NEAR_SAMPLE = 5
NEAR_SECONDS = 3


@dataclass(frozen=True, slots=True)
class Near:
    """Accounts that one condition alone keeps out: how many, and some of them by id."""

    condition: str
    words: str
    count: int
    sample: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Crossers:
    """Accounts that would enter or leave a saved segment: how many, their MRR, and some by id."""

    count: int
    sample: tuple[int, ...]
    mrr: tuple[Money, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """``totals`` are over those who fit. ``entering`` and ``leaving`` are against the saved segment.
    ``given_up`` says that near misses would have taken longer than a page may wait."""

    count: int
    totals: Totals
    sample: tuple[int, ...]
    near: tuple[Near, ...] = ()
    entering: Crossers | None = None
    leaving: Crossers | None = None
    same: bool = field(default=False)
    given_up: bool = False


def preview(asked: Question, *, against: Segment | None = None) -> Preview:
    """Counts, sums, samples and near misses. Raises TooCostly when it takes longer than a page may;
    near misses, for which all who do not fit are looked at, are then left out alone."""
    with patient():
        sums = totals(where=asked.where)
        count = capped_count(where=asked.where, cap=10_000_000)
        sample = tuple(matching_ids(limit=SAMPLE, where=asked.where))
        found = Preview(count, sums, sample)
        if against is not None:
            entering = _crossers(against, "(" + asked.sql + ")", now_in=False)
            leaving = _crossers(against, "((" + asked.sql + ") IS NOT TRUE)", now_in=True)
            same = asked.text == against.rule
            found = replace(found, entering=entering, leaving=leaving, same=same)
    try:
        with patient(NEAR_SECONDS):
            return replace(found, near=near_misses(asked))
    except TooCostly:
        return replace(found, given_up=True)


def near_misses(asked: Question) -> tuple[Near, ...]:
    """For each condition, the accounts that it alone keeps out; those with any, the most first.

    Where the other conditions lead to few accounts, those alone are looked at; the rest takes one pass
    over all that do not fit.
    """
    supposed = list(suppositions(asked.meant))
    fits = [_either(asked.sql_of(yes), asked.sql_of(no)) for _, yes, no in supposed]
    guides = [_guide(asked, yes, no) for _, yes, no in supposed]
    seen: dict[int, tuple[int, list[int] | None]] = {}
    for place, guide in enumerate(guides):
        if guide:
            seen |= _out(asked, {place: fits[place]}, " AND " + guide)
    others = {place: fits[place] for place, guide in enumerate(guides) if not guide}
    seen |= _out(asked, others, Sql("")) if others else {}
    near = [
        Near(
            text_of(leaf),
            described(leaf, asked.catalogue),
            seen[place][0],
            tuple(seen[place][1] or ()),
        )
        for place, (leaf, *_) in enumerate(supposed)
        if seen[place][0]
    ]
    return tuple(sorted(near, key=lambda one: -one.count))


def _either(one: Sql, other: Sql) -> Sql:
    return "(" + one + " OR " + other + ")"


def _guide(asked: Question, yes: Node, no: Node) -> Sql | None:
    """What holds wherever one of the two rules does, for indexes."""
    ways = [narrowed(one, asked.catalogue, asked.context) for one in (yes, no)]
    if not ways[0] or not ways[1]:
        return None
    return ways[0] if ways[0] == ways[1] else _either(ways[0], ways[1])


def _out(
    asked: Question, fits: Mapping[int, Sql], guide: Sql
) -> dict[int, tuple[int, list[int] | None]]:
    """How many accounts that are out meet each of these conditions, and some of them."""
    columns = []
    for one in fits.values():
        columns.append("count(*) FILTER (WHERE " + one + ")")
        columns.append(
            "(array_agg(a.id ORDER BY f.mrr_sort DESC NULLS LAST, a.id) FILTER (WHERE "
            + one
            + f"))[1:{NEAR_SAMPLE}]"
        )
    out = " AND (" + asked.sql + ") IS NOT TRUE"
    found = rows("SELECT " + joined(columns, ", ") + f" FROM {ACCOUNTS}" + out + guide)[0]
    return dict(zip(fits, zip(found[::2], found[1::2], strict=True), strict=True))


def crossing_ids(asked: Question, segment: Segment, *, entering: bool, limit: int) -> list[int]:
    """Accounts that would enter or leave the saved segment, the largest MRR first."""
    condition = "(" + asked.sql + ")" if entering else "((" + asked.sql + ") IS NOT TRUE)"
    return list(_crossers(segment, condition, now_in=not entering, limit=limit).sample)


def _crossers(segment: Segment, condition: Sql, *, now_in: bool, limit: int = SAMPLE) -> Crossers:
    member = inside([segment.pk])
    where = condition + (" AND " if now_in else " AND NOT ") + member
    count, sample = rows(
        "SELECT count(*), (array_agg(a.id ORDER BY f.mrr_sort DESC NULLS LAST, a.id))"
        f"[1:{int(limit)}] FROM {ACCOUNTS} AND " + where
    )[0]
    return Crossers(count, tuple(sample or ()), totals(where=where).mrr if count else ())
