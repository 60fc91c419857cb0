"""Accounts that stand in another band than some days ago, those with the most MRR first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection

from tenure.core.money import Money


@dataclass(frozen=True, slots=True)
class Moved:
    """An account with its band and score then and now; ``defined`` says that the definition it is
    scored by is another one since."""

    account_id: int
    name: str
    old_band: str
    old_score: Decimal | None
    band: str
    score: Decimal | None
    mrr: Money | None
    defined: bool
    changed_at: datetime


_MOVED = """
    SELECT a.id, a.name, past.band, past.score, h.band, h.score, f.mrr_sort, f.main_currency,
           past.version_id <> h.version_id, h.updated_at
    FROM health_healthversion past
    JOIN health_healthscore h USING (account_id)
    JOIN customers_account a ON a.id = h.account_id AND a.removed_at IS NULL
    LEFT JOIN metrics_accountfacts f ON f.account_id = a.id
    WHERE past.valid_from <= %(then)s AND past.valid_to > %(then)s AND past.band <> h.band
        AND (%(owner)s::bigint IS NULL OR a.owner_id = %(owner)s)
    ORDER BY f.mrr_sort DESC NULLS LAST, a.id LIMIT %(limit)s
"""


def moved_since(then: datetime, *, limit: int, owner_id: int | None = None) -> Sequence[Moved]:
    """Who stands in another band than at an instant; of one owner's accounts alone, if one is named."""
    with connection.cursor() as db:
        db.execute(_MOVED, {"then": then, "limit": limit, "owner": owner_id})
        return [
            Moved(
                pk, name, old, was, band, score, Money(mrr, code) if mrr and code else None, *rest
            )
            for pk, name, old, was, band, score, mrr, code, *rest in db.fetchall()
        ]
