"""A past date, and the figures of accounts as they were known at its end.

What we knew then are snapshots. For a day before an account was first measured there is only the MRR
that was made out from invoices since: it says so, and every other figure is unknown.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from tenure.core.errors import TenureError
from tenure.metrics.amounts import largest, texts_of
from tenure.metrics.days import local_day, midnight
from tenure.metrics.inputs import Settings
from tenure.metrics.models import AccountFacts, FactsVersion, Figures, VersionKind
from tenure.metrics.past import SitePast
from tenure.rules.sql import Sql


class UnusableDate(TenureError):
    """A date that cannot be looked back to; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A past local day of the workspace, and the instant at which it ended: what was known before
    that instant is what is shown."""

    day: date
    instant: datetime

    @property
    def last(self) -> datetime:
        """The last instant of the day: what is counted in days is counted from here."""
        return self.instant - timedelta(microseconds=1)


def moment_of(text: str | date | None, now: datetime, settings: Settings) -> Moment | None:
    """The end of the day that a person or a program named; None for today or no day at all. Raises
    UnusableDate."""
    if text in (None, ""):
        return None
    try:
        day = text if isinstance(text, date) else date.fromisoformat(str(text).strip())
    except ValueError:
        raise UnusableDate(
            f"“{str(text)[:40]}” is no date.", next_step="Write it like 2026-06-03."
        ) from None
    today = local_day(now, settings.zone)
    if day > today:
        raise UnusableDate(
            f"{day.isoformat()} is yet to come; today is {today.isoformat()} ({settings.zone.key}).",
            next_step="Choose a date in the past.",
        )
    if day == today:
        return None
    if day.year < 1970:
        raise UnusableDate(
            f"{day.isoformat()} is before anything.", next_step="Choose a later date."
        )
    return Moment(day, midnight(day + timedelta(days=1), settings.zone))


@dataclass(frozen=True, slots=True)
class Reach:
    """How far back there is anything: the first day of which we kept what we saw, and the first day
    made out from invoices; None without either."""

    seen: date | None
    rebuilt: date | None


def reach() -> Reach:
    """How far back one can look."""
    with connection.cursor() as db:
        db.execute(
            "SELECT (SELECT min(first_day) FROM metrics_sitepast),"
            " (SELECT min(day) FROM metrics_mrrstep)"
        )
        seen, rebuilt = db.fetchone()
    return Reach(seen, rebuilt if rebuilt and (seen is None or rebuilt < seen) else None)


def figures_at(account_ids: Iterable[int], moment: Moment) -> dict[int, Figures]:
    """The figures these accounts had at the end of the day, as they were known then, each with its
    ``kind``; accounts of which nothing is known are absent."""
    ids = list(account_ids)
    live = AccountFacts.objects.filter(pk__in=ids, updated_at__lt=moment.instant)
    past = FactsVersion.objects.filter(
        account_id__in=ids, valid_from__lt=moment.instant, valid_to__gte=moment.instant
    )
    found: dict[int, Figures] = {version.account_id: version for version in past}
    found |= {facts.account_id: facts for facts in live}
    return found | _rebuilt([pk for pk in ids if pk not in found], moment)


def kind_of(figures: Figures | None) -> str | None:
    """How past figures are known."""
    if figures is None:
        return None
    return figures.kind if isinstance(figures, FactsVersion) else VersionKind.SNAPSHOT.value


def is_mrr_alone(figures: Figures | None) -> bool:
    """Whether nothing but MRR is known of a past time: of accounts whose other figures nobody could
    make out."""
    return figures is not None and figures.subscription_status == ""


_POINTS = """
    SELECT account_id, currency, sum(mrr), bool_or(kind = 'inferred') FROM (
        SELECT DISTINCT ON (p.subscription_id) s.account_id, p.currency, p.mrr, p.kind
        FROM customers_subscription s JOIN metrics_mrrpoint p ON p.subscription_id = s.id
        WHERE s.account_id = ANY(%s) AND p.day <= %s
        ORDER BY p.subscription_id, p.day DESC, p.recorded_at DESC, p.id DESC
    ) last WHERE mrr > 0 GROUP BY account_id, currency
"""


def _rebuilt(ids: Sequence[int], moment: Moment) -> dict[int, Figures]:
    """MRR alone, of accounts that were not measured yet."""
    if not ids:
        return {}
    sums: dict[int, dict[str, Decimal]] = {}
    inferred: set[int] = set()
    with connection.cursor() as db:
        db.execute(_POINTS, [list(ids), moment.day])
        for account, currency, amount, bridged in db.fetchall():
            sums.setdefault(account, {})[currency] = amount
            inferred |= {account} if bridged else set()
    return {
        account: _of_mrr(account, mrr, moment, inferred=account in inferred)
        for account, mrr in sums.items()
    }


def _of_mrr(
    account_id: int, mrr: dict[str, Decimal], moment: Moment, *, inferred: bool
) -> FactsVersion:
    top = largest(mrr)
    return FactsVersion(
        account_id=account_id,
        valid_from=moment.instant,
        valid_to=moment.instant,
        kind=VersionKind.INFERRED if inferred else VersionKind.RECONSTRUCTED,
        mrr=texts_of(mrr),
        arr=texts_of({code: amount * 12 for code, amount in mrr.items()}),
        main_currency=top[0] if top else "",
        mixed_currencies=len(mrr) > 1,
        mrr_sort=top[1] if top else None,
        subscription_status="",
        invoice_status="",
    )


_SORTED = "mrr_sort due_sort past_due_sort next_renewal_date last_paid_date status_rank".split()
_FIGURES = [field.column for field in Figures._meta.fields]
# The third part has only what lists are sorted by; it is there for days before the first sync.
_RELATION = """(
    SELECT account_id, {columns} FROM metrics_accountfacts WHERE updated_at < %s
    UNION ALL
    SELECT account_id, {columns} FROM metrics_factsversion WHERE valid_from < %s AND valid_to >= %s
)"""
_REBUILT = """(
    SELECT account_id, {columns} FROM {relation} known
    UNION ALL
    SELECT account_id, {rebuilt} FROM (
        SELECT account_id, max(mrr) AS mrr_sort, jsonb_object_agg(currency, mrr::text) AS mrr FROM (
            SELECT account_id, currency, sum(mrr) AS mrr FROM (
                SELECT DISTINCT ON (account_id, site_id, currency) account_id, currency, mrr
                FROM metrics_mrrstep WHERE day <= %s
                ORDER BY account_id, site_id, currency, day DESC
            ) last GROUP BY 1, 2
        ) held WHERE mrr > 0 GROUP BY account_id
    ) rebuilt WHERE NOT EXISTS (
        SELECT 1 FROM {relation} seen WHERE seen.account_id = rebuilt.account_id)
)"""


def relation(moment: Moment) -> Sql:
    """The figures of all accounts at the end of the day in place of the facts' table, with the
    columns lists are sorted by."""
    columns = ", ".join(_SORTED)
    types = {"next_renewal_date": "date", "last_paid_date": "date", "status_rank": "smallint"}
    rebuilt = ", ".join(
        name if name == "mrr_sort" else f"NULL::{types.get(name, 'numeric')}" for name in _SORTED
    )
    return _relation(moment, columns, rebuilt)


def _relation(moment: Moment, columns: str, rebuilt: str) -> Sql:
    """The figures of all accounts at the end of the day; before the first sync, of those nobody could
    make more out of, their MRR."""
    seen = _RELATION.format(columns=columns)
    known: list[Any] = [moment.instant] * 3
    first = SitePast.objects.order_by("-first_day").values_list("first_day", flat=True).first()
    if first is None or moment.day >= first:
        return Sql(seen, tuple(known))
    text = _REBUILT.format(columns=columns, relation=seen, rebuilt=rebuilt)
    return Sql(text, (*known, moment.day, *known))


_SUMS = "mrr, total_due, past_due"


def _amounts(moment: Moment) -> Sql:
    return _relation(moment, _SUMS, "mrr, '{}'::jsonb, '{}'::jsonb")


@dataclass(frozen=True, slots=True)
class CurrencySums:
    """What accounts came to in one currency."""

    currency: str
    mrr: Decimal
    total_due: Decimal
    past_due: Decimal


def sums_at(moment: Moment, chosen: Sql) -> list[CurrencySums]:
    """MRR, due and past due by currency over the accounts ``a`` of the condition."""
    asked = "WITH known AS " + _amounts(moment) + _TOTALS + chosen + " GROUP BY 1 ORDER BY 1"
    with connection.cursor() as db:
        db.execute(asked.text, asked.values)
        return [
            CurrencySums(code, mrr or Decimal(0), due or Decimal(0), late or Decimal(0))
            for code, mrr, due, late in db.fetchall()
        ]


_TOTALS = """
    SELECT entry.key, sum(entry.value::numeric) FILTER (WHERE part.figure = 'mrr'),
           sum(entry.value::numeric) FILTER (WHERE part.figure = 'total_due'),
           sum(entry.value::numeric) FILTER (WHERE part.figure = 'past_due')
    FROM known JOIN customers_account a ON a.id = known.account_id
    CROSS JOIN LATERAL (VALUES ('mrr', known.mrr), ('total_due', known.total_due),
                               ('past_due', known.past_due)) AS part (figure, amounts)
    CROSS JOIN LATERAL jsonb_each_text(part.amounts) AS entry
    WHERE """


def count(moment: Moment, chosen: Sql) -> tuple[int, int]:
    """How many accounts ``a`` of the condition there were figures of, and how many of them paid."""
    asked = "WITH known AS " + _amounts(moment) + _COUNT + chosen
    with connection.cursor() as db:
        db.execute(asked.text, asked.values)
        accounts, paying = db.fetchone()
        return int(accounts), int(paying)


_COUNT = """
    SELECT count(*), count(*) FILTER (WHERE EXISTS (
        SELECT 1 FROM jsonb_each_text(known.mrr) e WHERE e.value::numeric > 0))
    FROM known JOIN customers_account a ON a.id = known.account_id
    WHERE """


def visible(moment: Moment) -> Sql:
    """The condition on account ``a``: it was here by the end of the day, or is known by now to have
    had MRR by then, and was not yet hidden."""
    return Sql(
        "(a.created_at < %s OR EXISTS (SELECT 1 FROM metrics_mrrstep s"
        " WHERE s.account_id = a.id AND s.day <= %s))"
        " AND (a.removed_at IS NULL OR a.removed_at >= %s)",
        (moment.instant, moment.day, moment.instant),
    )
