"""Accounts in several segments: which pairs share some, whose word counts there, and another order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tenure.core.money import Money
from tenure.metrics.amounts import stored
from tenure.metrics.read import AccountsPage, accounts_page
from tenure.rules.sql import Sql, bound
from tenure.segments.inside import inside
from tenure.segments.models import Segment
from tenure.segments.question import patient, rows
from tenure.segments.read import segments

_SHARED = (
    " FROM segments_membership one JOIN segments_membership two"
    " ON two.account_id = one.account_id AND two.segment_id > one.segment_id"
)


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two segments with accounts in both. ``first`` decides where an account can have one of
    something; ``tied`` says that only its name puts it first, for both have the same priority."""

    first: Segment
    second: Segment
    count: int
    mrr: tuple[Money, ...]

    @property
    def tied(self) -> bool:
        return self.first.priority == self.second.priority


@dataclass(frozen=True, slots=True)
class Overlaps:
    """``accounts`` are in more than one segment; ``pairs`` of them, the largest first, of ``all_pairs``."""

    accounts: int
    pairs: Sequence[Overlap]
    all_pairs: int


def overlaps(*, limit: int = 50, of: Segment | None = None) -> Overlaps:
    """Pairs of segments with accounts in both; of one segment alone when one is named. Raises
    TooCostly when that takes longer than a page may."""
    theirs = Sql("")
    if of is not None:
        pk = bound(of.pk, "bigint")
        theirs = " WHERE (one.segment_id = " + pk + " OR two.segment_id = " + pk + ")"
    with patient():
        accounts = rows("SELECT count(DISTINCT one.account_id)" + _SHARED + theirs)[0][0]
        found = rows(
            "SELECT one.segment_id, two.segment_id, count(*), count(*) OVER ()"
            + _SHARED
            + theirs
            + f" GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT {int(limit)}"
        )
        mrr = _mrr_of([(one, two) for one, two, *_ in found])
    known = {one.pk: one for one in segments()}
    pairs = [_ordered(known[one], known[two], count, mrr) for one, two, count, _ in found]
    return Overlaps(accounts, pairs, found[0][3] if found else 0)


def both_page(one: Segment, two: Segment, cursor: str | None, *, limit: int) -> AccountsPage:
    """A page of the accounts that are in both, the largest MRR first."""
    where = inside([one.pk]) + " AND " + inside([two.pk])
    return accounts_page(sort="-mrr", cursor=cursor, limit=limit, where=where)


def priorities(order: Sequence[Segment]) -> dict[int, int]:
    """The priorities to change, by segment, so that this is the order. As few as are needed."""
    changed: dict[int, int] = {}
    last = -1
    for one in order:
        if one.priority <= last:
            changed[one.pk] = last + 1
        last = changed.get(one.pk, one.priority)
    return changed


def _mrr_of(pairs: Sequence[tuple[int, int]]) -> Mapping[tuple[int, int], tuple[Money, ...]]:
    """What the accounts of each pair pay, by currency."""
    if not pairs:
        return {}
    ones = bound([one for one, _ in pairs], "bigint[]")
    twos = bound([two for _, two in pairs], "bigint[]")
    sums = rows(
        "SELECT one.segment_id, two.segment_id, paid.key, sum(paid.value::numeric)"
        + _SHARED
        + " JOIN unnest("
        + ones
        + ", "
        + twos
        + ") wanted (one, two) ON wanted.one = one.segment_id AND wanted.two = two.segment_id"
        " JOIN metrics_accountfacts f ON f.account_id = one.account_id"
        " CROSS JOIN LATERAL jsonb_each_text(f.mrr) paid GROUP BY 1, 2, 3 ORDER BY 3"
    )
    found: dict[tuple[int, int], tuple[Money, ...]] = {}
    for one, two, currency, amount in sums:
        money = Money(stored(Decimal(amount)), currency)
        found[(one, two)] = (*found.get((one, two), ()), money)
    return found


def _ordered(
    one: Segment,
    two: Segment,
    count: int,
    mrr: Mapping[tuple[int, int], tuple[Money, ...]],
) -> Overlap:
    first, second = sorted((one, two), key=lambda each: (each.priority, each.name))
    return Overlap(first, second, count, mrr.get((one.pk, two.pk), ()))
