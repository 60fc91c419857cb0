"""The statements behind ``series``: the movements of accounts as rows, put together of named parts.

rows      an account, a day and a currency, its sites together
ends      of a span (a month, or all of it) the first amount and the last: net movements
exchanged an account's currencies together, at the rate of ``until``
moved     each with its movement; what everything else sums up or lists
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec
from django.db import connection

from tenure.metrics.conversion import Span


@dataclass(frozen=True, slots=True)
class Question:
    """Which movements: after ``start`` up to and with ``end``, of one site or all, in one currency,
    in each, or, with ``rates``, in ``target`` together."""

    start: date
    end: date
    site: int | None = None
    currency: str | None = None
    target: str | None = None
    rates: Sequence[Span] = ()
    gross: bool = True
    monthly: bool = False
    pause_as_churn: bool = False

    @property
    def values(self) -> dict[str, Any]:
        """The bound values of every statement about it."""
        rates = [
            {"currency": s.currency, "first": s.first, "last": s.last, "rate": s.rate}
            for s in self.rates
        ]
        return {
            "start": self.start,
            "end": self.end,
            "site": self.site,
            "currency": self.currency,
            "target": self.target,
            "rates": msgspec.json.encode(rates).decode(),
            "strict": self.pause_as_churn,
        }

    @property
    def where(self) -> str:
        """The condition on steps, but for the days."""
        wanted = ["site_id = %(site)s"] if self.site is not None else []
        wanted += ["currency = %(currency)s"] if self.currency else []
        return " AND ".join(wanted) or "true"


_LARGEST = (
    "(array_agg(reason ORDER BY abs({after} - before) DESC) FILTER (WHERE {after} <> before))[1]"
)
_KIND = "coalesce(min(kind) FILTER (WHERE kind <> 'snapshot'), 'snapshot')"

# The rules of ``movements.movement_of``, row by row; a property test holds them equal.
_MOVEMENT = """CASE
            WHEN before = {after} THEN 'unchanged'
            WHEN before <= 0 AND paused_before
                THEN CASE WHEN %(strict)s THEN 'reactivation' ELSE 'expansion' END
            WHEN before <= 0 THEN CASE WHEN paid_before THEN 'reactivation' ELSE 'new' END
            WHEN {after} <= 0 AND paused AND NOT %(strict)s THEN 'contraction'
            WHEN {after} <= 0 THEN 'churn'
            WHEN {after} > before THEN 'expansion' ELSE 'contraction' END"""
_REASON = """CASE
            WHEN before = {after} THEN NULL
            WHEN before <= 0 AND paused_before THEN 'resume'
            WHEN before <= 0 THEN nullif(reason, 'subscription')
            WHEN {after} <= 0 AND paused THEN 'pause'
            ELSE reason END"""

# Nearly every account is alone with one currency on one site: its rows need no adding up.
_ALONE = """
        SELECT account_id, currency, day, before, mrr AS after, paused_before, paused, paid_before,
               reason, kind, true AS alone
        FROM metrics_mrrstep WHERE alone AND day > %(start)s AND day <= %(end)s AND {where}
        UNION ALL"""
_ROWS = """
    rows AS ({alone}
        SELECT account_id, currency, day, sum(before) AS before, sum(mrr) AS after,
               bool_or(paused_before) AS paused_before, bool_or(paused) AS paused,
               bool_or(paid_before) AS paid_before, {reason} AS reason, {kind} AS kind,
               false AS alone
        FROM metrics_mrrstep
        WHERE NOT alone AND day > %(start)s AND day <= %(end)s AND {where}
        GROUP BY account_id, currency, day
    )"""
_EACH = """
    spanned AS (
        SELECT account_id, currency, {at} AS at, day, day AS until, before, after, paused_before,
               paused, paid_before, reason, kind, alone
        FROM rows
    )"""
_ENDS = """
    spanned AS (
        SELECT account_id, currency, {at} AS at, max(day) AS day,
               least({last}, %(end)s) AS until,
               (array_agg(before ORDER BY day))[1] AS before,
               (array_agg(after ORDER BY day DESC))[1] AS after,
               (array_agg(paused_before ORDER BY day))[1] AS paused_before,
               (array_agg(paused ORDER BY day DESC))[1] AS paused,
               (array_agg(paid_before ORDER BY day))[1] AS paid_before,
               {reason} AS reason, {kind} AS kind, bool_and(alone) AS alone
        FROM rows GROUP BY account_id, currency, {at}
    )"""
_EXCHANGED = """
    rates AS (
        SELECT * FROM jsonb_to_recordset(%(rates)s::jsonb)
            AS r (currency text, first date, last date, rate numeric)
    ), worth AS (
        SELECT spanned.*, rate FROM spanned JOIN rates USING (currency)
        WHERE until BETWEEN rates.first AND rates.last
    ), exchanged AS (
        SELECT account_id, %(target)s::text AS currency, at, day, before * rate AS before,
               after * rate AS after, paused_before, paused, paid_before, reason, kind
        FROM worth WHERE alone
        UNION ALL
        SELECT account_id, %(target)s::text, at, max(day), sum(before * rate),
               sum(after * rate), bool_or(paused_before), bool_or(paused), bool_or(paid_before),
               {reason}, {kind}
        FROM worth WHERE NOT alone GROUP BY account_id, at, until
    )"""
_MOVED = """
    moved AS (
        SELECT account_id, currency, at, day, before, after, after - before AS amount, kind,
            {movement} AS movement, {told} AS reason
        FROM {source}
    )"""


def moved(question: Question, *, shared: bool = False) -> str:
    """``WITH …`` up to and with ``moved``; the bound values are the question's. With ``shared`` only
    of the accounts with several currencies or sites."""
    month = "date_trunc('month', day)::date"
    at = month if question.monthly else "NULL::date"
    last = f"({month} + interval '1 month - 1 day')::date" if question.monthly else "%(end)s"
    mine, spanned = _LARGEST.format(after="mrr"), _LARGEST.format(after="after")
    alone = "" if shared else _ALONE.format(where=question.where)
    parts = [_ROWS.format(alone=alone, where=question.where, reason=mine, kind=_KIND)]
    if question.gross:
        parts.append(_EACH.format(at=at))
    else:
        parts.append(_ENDS.format(at=at, last=last, reason=spanned, kind=_KIND))
    if question.target:
        parts.append(_EXCHANGED.format(reason=spanned, kind=_KIND))
    rules = {"movement": _MOVEMENT.format(after="after"), "told": _REASON.format(after="after")}
    parts.append(_MOVED.format(source="exchanged" if question.target else "spanned", **rules))
    return "WITH" + ",".join(parts)


def sums(question: Question, *, shared: bool = False) -> str:
    """By month, currency, movement and reason: whether some of it is made out from invoices, how many
    movements, and their amount. With ``shared`` only of what ``by_day`` leaves."""
    return f"""{moved(question, shared=shared)}
        SELECT at, currency, movement, reason, bool_or(kind <> 'snapshot'), count(*), sum(amount)
        FROM moved WHERE movement <> 'unchanged' GROUP BY at, currency, movement, reason
    """  # noqa: S608


def by_stretch(question: Question) -> str:
    """One pass over every step up to the end: by currency and the stretch between two of ``cuts`` what
    it moved by, and of accounts that are alone with one currency on one site by which movement and
    why. What came before the first cut is in place 0. For gross movements, with a cut wherever a rate
    changes."""
    inside = "alone AND day > %(start)s AND before <> mrr"
    return f"""
        SELECT currency, width_bucket(day, %(cuts)s::date[]) AS place,
               CASE WHEN {inside} THEN {_MOVEMENT.format(after="mrr")} END AS movement,
               CASE WHEN {inside} THEN {_REASON.format(after="mrr")} END AS reason,
               {inside} AND kind <> 'snapshot' AS rebuilt, count(*), sum(mrr - before)
        FROM metrics_mrrstep WHERE day <= %(end)s AND {question.where} GROUP BY 1, 2, 3, 4, 5
    """  # noqa: S608


def listed(question: Question) -> str:
    """Accounts behind a sum, the largest amounts first, from one of them on."""
    return f"""{moved(question)}, mine AS (
            SELECT account_id, currency, movement, sum(amount) AS amount, count(*) AS times,
                   max(day) AS day, (array_agg(before ORDER BY day))[1] AS before,
                   (array_agg(after ORDER BY day DESC))[1] AS after,
                   array_remove(array_agg(DISTINCT reason), NULL) AS reasons,
                   bool_or(kind <> 'snapshot') AS rebuilt
            FROM moved
            WHERE movement <> 'unchanged' AND (%(movement)s::text IS NULL OR movement = %(movement)s)
                AND (%(reason)s::text IS NULL OR reason = %(reason)s)
            GROUP BY account_id, currency, movement
        )
        SELECT mine.account_id, a.identifier, a.name, mine.currency, movement, amount, times, day,
               before, after, reasons, rebuilt
        FROM mine JOIN customers_account a ON a.id = mine.account_id
        WHERE %(from_size)s::numeric IS NULL
            OR (abs(amount), mine.account_id, movement)
               < (%(from_size)s::numeric, %(from_account)s::bigint, %(from_movement)s::text)
        ORDER BY abs(amount) DESC, mine.account_id DESC, movement DESC LIMIT %(limit)s
    """  # noqa: S608


def daily(question: Question) -> str:
    """What MRR moved by on each day, by currency; what came before the range on its first day."""
    return f"""
        SELECT currency, greatest(day, %(start)s::date), sum(mrr - before)
        FROM metrics_mrrstep WHERE day <= %(end)s AND {question.where} GROUP BY 1, 2 ORDER BY 1, 2
    """  # noqa: S608


# The currencies there ever was revenue in.
CODES = "SELECT currency FROM metrics_mrrstep GROUP BY 1"


def kept(question: Question, *, converted: bool) -> str:
    """Of accounts that had MRR at the start: how many, what they had, what they have, the lesser of
    both, and how many are gone. What moved adds up to what there is, so one pass tells both days.
    Converted at the rates of the end, with the currencies of which that is missing."""
    there = "there" if converted else "before > 0"
    lacking = (
        ", (SELECT array_agg(DISTINCT code ORDER BY code) FROM exchanged e, unnest(e.lacking) code"
        " WHERE e.there)"
    )
    return f"""{_HELD.format(where=question.where)} {_AT_END if converted else ""}
        SELECT currency, count(*) FILTER (WHERE {there}),
               coalesce(sum(before) FILTER (WHERE {there}), 0),
               coalesce(sum(after) FILTER (WHERE {there}), 0),
               coalesce(sum(least(before, after)) FILTER (WHERE {there}), 0),
               count(*) FILTER (WHERE {there} AND after <= 0 AND (%(strict)s OR NOT paused))
               {lacking if converted else ""}
        FROM {"exchanged" if converted else "held"} GROUP BY currency ORDER BY currency
    """  # noqa: S608


_HELD = """
    WITH held AS (
        SELECT account_id, currency,
               coalesce(sum(mrr - before) FILTER (WHERE day <= %(start)s), 0) AS before,
               sum(mrr - before) AS after, sum(paused::int - paused_before::int) > 0 AS paused,
               bool_and(alone) AS alone
        FROM metrics_mrrstep WHERE day <= %(end)s AND {where} GROUP BY account_id, currency
    )"""
_AT_END = """, worth AS (
        SELECT held.*, rate::numeric AS rate,
               CASE WHEN rate IS NULL AND (before <> 0 OR after <> 0) THEN currency END AS lacking
        FROM held JOIN jsonb_each_text(%(at_end)s::jsonb) AS rates (code, rate) ON code = currency
    ), exchanged AS (
        SELECT %(target)s::text AS currency, before * rate AS before, after * rate AS after,
               paused, before > 0 AS there,
               CASE WHEN lacking IS NOT NULL THEN ARRAY[lacking] END AS lacking
        FROM worth WHERE alone
        UNION ALL
        SELECT %(target)s::text, sum(before * rate), sum(after * rate), bool_or(paused),
               bool_or(before > 0), array_agg(lacking) FILTER (WHERE lacking IS NOT NULL)
        FROM worth WHERE NOT alone GROUP BY account_id
    )"""


def rows(statement: str, values: Mapping[str, Any]) -> list[Any]:
    """What a statement answers."""
    with connection.cursor() as db:
        db.execute(statement, values)
        return list(db.fetchall())
