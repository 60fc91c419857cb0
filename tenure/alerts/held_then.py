"""For whom a rule held at a past instant, and of whom nothing told it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal

from django.db import connection

from tenure.metrics.models import VersionKind
from tenure.metrics.offering import FACTS
from tenure.rules.sql import Sql, bound, ids
from tenure.segments.inside import inside
from tenure.segments.question import Question, patient

SECONDS = 5.0


def holding_at(
    asked: Question, at: datetime, scope: Sequence[int]
) -> dict[int, tuple[Decimal | None, int | None]]:
    """Accounts for which the rule held at an instant, with their MRR then and their owner."""
    history = asked.catalogue.histories[FACTS]
    instant = bound(at, "timestamptz")
    within = " AND " + inside(scope) if scope else Sql("")
    statement = (
        "SELECT a.id, f.mrr_converted, a.owner_id FROM customers_account a JOIN "
        + history.rows
        + " f ON f.account_id = a.id AND f.valid_from <= "
        + instant
        + " AND f.valid_to > "
        + instant
        # What was made out of records is of accounts that were there before we knew them.
        + f" WHERE (f.kind <> '{VersionKind.SNAPSHOT}' OR a.created_at <= "
        + instant
        + ") AND (a.removed_at IS NULL OR a.removed_at > "
        + instant
        + ")"
        + within
        + " AND ("
        + asked.sql
        + ")"
    )
    with connection.cursor() as db:
        db.execute(statement.text, statement.values)
        return {row[0]: (row[1], row[2]) for row in db.fetchall()}


def untold(asked: Question, account_ids: Collection[int]) -> set[int]:
    """Of these accounts those for which nobody knew at an instant whether the rule held."""
    if not account_ids:
        return set()
    instant = bound(asked.context.now, "timestamptz")
    told = (
        "SELECT a.id FROM customers_account a JOIN "
        + asked.catalogue.histories[FACTS].rows
        + " f ON f.account_id = a.id AND f.valid_from <= "
        + instant
        + " AND f.valid_to > "
        + instant
        + " WHERE a.id = ANY("
        + ids(account_ids)
        + ") AND ("
        + asked.sql
        + ") IS NOT NULL"
    )
    with patient(SECONDS), connection.cursor() as db:
        db.execute(told.text, told.values)
        return set(account_ids) - {row[0] for row in db.fetchall()}
