"""A list of the rows of very many accounts that some words find.

To look for these accounts first takes long, and to look at the account of each row in the order of the
list takes three times as long as at many accounts in the order of their ids. So the list is walked in
strides: so many of its rows, then their accounts at once. Where the rest of the page would take longer
than gathering all accounts, they are gathered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from tenure.metrics.lists.filters import Clause, Wanted
from tenure.metrics.lists.keyset import Reading
from tenure.metrics.paging import ACCOUNT
from tenure.metrics.planned import planned, rows_of

FIRST, LONGEST = 400, 20_000  # rows of a stride; the accounts of a long one lie closer together
FARTHER = 1.3  # how much farther to go than the page seems to need
SURELY = 2  # how much quicker than gathering the rest of a walk must seem
ROW_MS = 0.0035  # what looking at a row and its account takes

Rows = list[tuple[int, Any]]


@dataclass(frozen=True, slots=True)
class Guess:
    """What is foreseen: the share of rows that fit, and what gathering them takes in milliseconds."""

    share: float
    gathering: float

    def ahead(self, looked: int, found: int, limit: int) -> int:
        """How many more rows to walk; 0 where gathering is quicker. Rows that fit are taken to be as
        frequent as was foreseen and was found, one with the other: they may come late in this order."""
        share = (found + self.share * FIRST) / (looked + FIRST)
        rows = (limit - found) / max(share, 1e-9)
        if rows * ROW_MS * SURELY > self.gathering:
            return 0
        return int(min(max(rows * FARTHER, FIRST), LONGEST))


def read(part: Reading, asked: Wanted, words: Clause, limit: int) -> Rows:
    """The first rows of a part that fit, in its order."""
    found: Rows = []
    at, step, looked, guess = part, FIRST, 0, None
    if words.foreseen * FIRST < rows_of(ACCOUNT):  # the first stride is not foreseen to find any
        guess = _foreseen(asked, words)
        step = guess.ahead(0, 0, limit)
    while step:
        fit, walked, last = _stride(at, asked, words, step, limit - len(found))
        found += fit
        looked += walked
        if len(found) >= limit or walked < step or last is None:
            return found
        guess = guess or _foreseen(asked, words)
        step = guess.ahead(looked, len(found), limit)
        at = part.beyond(*last)
    return _gather(part, asked, words, limit)


def _stride(
    part: Reading, asked: Wanted, words: Clause, rows: int, limit: int
) -> tuple[Rows, int, tuple[int, Any] | None]:
    """What fits of so many rows, how many there were and the last of them, asked for at once so that no
    change comes in between."""
    table, key = part.part.table, part.part.key
    walked = part.rows(asked.condition(table, key, but=words), f"{table}.account_id")
    theirs = f"SELECT a.id FROM {ACCOUNT} a WHERE a.id = ANY(ARRAY(SELECT account_id FROM looked))"  # noqa: S608
    statement = f"""
        WITH looked AS MATERIALIZED ({walked} ORDER BY {part.by} LIMIT %(rows)s),
            theirs AS MATERIALIZED ({theirs} AND ({words.account}) IS TRUE)
        (SELECT key, value, 0 FROM looked
            WHERE account_id IN (SELECT id FROM theirs) OR key = ANY(%(named)s)
            ORDER BY {part.by_name} LIMIT %(limit)s)
        UNION ALL
        (SELECT key, value, (SELECT count(*) FROM looked) FROM looked
            ORDER BY {part.backwards} LIMIT 1)"""  # noqa: S608
    values = {**asked.values, **part.values, "rows": rows, "limit": limit}
    *fit, last = _run(statement, values) or [None]
    if last is None:
        return [], 0, None
    return [(key, value) for key, value, _ in fit], last[2], (last[0], last[1])


def _gather(part: Reading, asked: Wanted, words: Clause, limit: int) -> Rows:
    every = f"SELECT key, value FROM ({_all(part, asked, words)}) every ORDER BY {part.by_name} LIMIT %(limit)s"  # noqa: S608
    rows: Rows = _run(every, {**asked.values, **part.values, "limit": limit})
    return rows


def _all(part: Reading, asked: Wanted, words: Clause) -> str:
    """All that fit: by their account, and those that are named by their ids."""
    table, key = part.part.table, part.part.key
    rest = asked.condition(table, key, but=words)
    theirs = (
        f"EXISTS (SELECT 1 FROM {ACCOUNT} a WHERE a.id = {table}.account_id AND {words.account})"  # noqa: S608
    )
    by_account = part.rows(f"{rest} AND {theirs}")
    if not words.values["named"]:
        return f"{by_account} OFFSET 0"
    return f"{by_account} UNION {part.rows(f'{rest} AND {key} = ANY(%(named)s)')}"


def _foreseen(asked: Wanted, words: Clause) -> Guess:
    """The planner takes all that an index of words leads to for what fits; it takes longer."""
    leading = planned(f"SELECT a.id FROM {ACCOUNT} a WHERE {words.leading}", asked.values)  # noqa: S608
    return Guess(words.foreseen / rows_of(ACCOUNT), leading.milliseconds)


def _run(statement: str, values: Mapping[str, Any]) -> Any:
    with connection.cursor() as db:
        db.execute(statement, values)
        return db.fetchall()
