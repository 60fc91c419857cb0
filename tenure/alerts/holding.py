"""For whom a rule holds now, before it is switched on: how many, what they pay, whose they are."""

from collections.abc import Sequence
from dataclasses import dataclass

from tenure.alerts.judge import within
from tenure.core.money import Money
from tenure.metrics.read import matching_ids, totals
from tenure.segments.question import ACCOUNTS, Question, patient, rows


@dataclass(frozen=True, slots=True)
class Holding:
    """``per_owner`` counts accounts by the member who owns them, None for those of nobody; ``first``
    is one of them, to show the rule's text with."""

    count: int
    mrr: tuple[Money, ...] = ()
    per_owner: tuple[tuple[int | None, int], ...] = ()
    first: int | None = None


def holding(asked: Question, scope: Sequence[int] = ()) -> Holding:
    """The accounts for which it holds now. Raises TooCostly when that takes longer than a page may."""
    where = within(asked, scope)
    with patient():
        found = rows(
            f"SELECT a.owner_id, count(*) FROM {ACCOUNTS} AND "
            + where
            + " GROUP BY 1 ORDER BY 2 DESC, 1 NULLS LAST"
        )
        if not found:
            return Holding(0)
        first = next(iter(matching_ids(limit=1, where=where)), None)
        per_owner = tuple((owner, count) for owner, count in found)
        return Holding(sum(n for _, n in per_owner), totals(where=where).mrr, per_owner, first)
