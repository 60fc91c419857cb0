"""The statements behind ``series``: the movements of accounts as rows, put together of named parts.

rows      an account, a day and a currency, its sites together
ends      of a span (a month, or all of it) the first amount and the last: net movements
exchanged an account's currencies together, at the rate of ``until``
moved     each with its movement; what everything else sums up or lists
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec

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

# Nearly every account is alone with one currency on one site: its rows need no adding up.
_ROWS = """
    rows AS (
        SELECT account_id, currency, day, before, mrr AS after, paused_before, paused, paid_before,
               reason, kind
        FROM metrics_mrrstep WHERE alone AND day > %(start)s AND day <= %(end)s AND {where}
        UNION ALL
        SELECT account_id, currency, day, sum(before), sum(mrr), bool_or(paused_before),
               bool_or(paused), bool_or(paid_before), {reason}, {kind}
        FROM metrics_mrrstep
        WHERE NOT alone AND day > %(start)s AND day <= %(end)s AND {where}
        GROUP BY account_id, currency, day
    )"""
_EACH = """
    spanned AS (
        SELECT account_id, currency, {at} AS at, day, day AS until, before, after, paused_before,
               paused, paid_before, reason, kind
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
               {reason} AS reason, {kind} AS kind
        FROM rows GROUP BY account_id, currency, {at}
    )"""
_EXCHANGED = """
    rates AS (
        SELECT * FROM jsonb_to_recordset(%(rates)s::jsonb)
            AS r (currency text, first date, last date, rate numeric)
    ), exchanged AS (
        SELECT account_id, %(target)s::text AS currency, at, max(day) AS day,
               sum(before * rate) AS before, sum(after * rate) AS after,
               bool_or(paused_before) AS paused_before, bool_or(paused) AS paused,
               bool_or(paid_before) AS paid_before, {reason} AS reason, {kind} AS kind
        FROM spanned JOIN rates USING (currency)
        WHERE until BETWEEN rates.first AND rates.last
        GROUP BY account_id, at, until
    )"""
# The rules of ``movements.movement_of``, row by row; a property test holds them equal.
_MOVED = """
    moved AS (
        SELECT account_id, currency, at, day, before, after, after - before AS amount, kind, CASE
            WHEN before = after THEN 'unchanged'
            WHEN before <= 0 AND paused_before
                THEN CASE WHEN %(strict)s THEN 'reactivation' ELSE 'expansion' END
            WHEN before <= 0 THEN CASE WHEN paid_before THEN 'reactivation' ELSE 'new' END
            WHEN after <= 0 AND paused AND NOT %(strict)s THEN 'contraction'
            WHEN after <= 0 THEN 'churn'
            WHEN after > before THEN 'expansion' ELSE 'contraction' END AS movement, CASE
            WHEN before = after THEN NULL
            WHEN before <= 0 AND paused_before THEN 'resume'
            WHEN before <= 0 THEN nullif(reason, 'subscription')
            WHEN after <= 0 AND paused THEN 'pause'
            ELSE reason END AS reason
        FROM {source}
    )"""


def moved(question: Question) -> str:
    """``WITH …`` up to and with ``moved``; the bound values are the question's."""
    month = "date_trunc('month', day)::date"
    at = month if question.monthly else "NULL::date"
    last = f"({month} + interval '1 month - 1 day')::date" if question.monthly else "%(end)s"
    mine, spanned = _LARGEST.format(after="mrr"), _LARGEST.format(after="after")
    parts = [_ROWS.format(where=question.where, reason=mine, kind=_KIND)]
    if question.gross:
        parts.append(_EACH.format(at=at))
    else:
        parts.append(_ENDS.format(at=at, last=last, reason=spanned, kind=_KIND))
    if question.target:
        parts.append(_EXCHANGED.format(reason=spanned, kind=_KIND))
    parts.append(_MOVED.format(source="exchanged" if question.target else "spanned"))
    return "WITH" + ",".join(parts)


def sums(question: Question) -> str:
    """Amounts and how many movements, by month, currency and movement, with and without reason."""
    return f"""{moved(question)}
        SELECT at, currency, movement, reason, grouping(reason) = 1, count(*), sum(amount),
               bool_or(kind <> 'snapshot')
        FROM moved WHERE movement <> 'unchanged'
        GROUP BY GROUPING SETS ((at, currency, movement), (at, currency, movement, reason))
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


def cohort(question: Question) -> str:
    """How many accounts had MRR at the start: in each currency, or in any."""
    code, group = ("%(target)s::text", "") if question.target else ("currency", "currency, ")
    return f"""
        WITH each AS (
            SELECT {code} AS currency, sum(before) > 0 AS before, sum(mrr) > 0 AS after
            FROM metrics_mrrstep WHERE day <= %(start)s AND {question.where}
            GROUP BY account_id, {group}day
        )
        SELECT currency, sum(after::int - before::int) FROM each GROUP BY currency
    """  # noqa: S608


def lost(question: Question) -> str:
    """Of accounts that had MRR at the start: what it moved by, what it fell by, how many are gone."""
    return f"""{moved(question)}
        SELECT currency, sum(amount), sum(least(amount, 0)),
               count(*) FILTER (WHERE movement = 'churn')
        FROM moved WHERE before > 0 GROUP BY currency
    """  # noqa: S608
