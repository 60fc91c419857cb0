"""What all customers owe, by age, and how long it takes until it is paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from django.db import connection

from tenure.core.money import Money
from tenure.metrics.lists import invoices
from tenure.metrics.lists.filters import wanted
from tenure.metrics.receivables import days_sales_outstanding
from tenure.metrics.revenue.asked import Asked

QUARTER = timedelta(days=90)
# As ``invoices.BUCKETS``, each with its days late.
AGES = (
    ("current", 0, 0), ("1-30", 1, 30), ("31-60", 31, 60), ("61-90", 61, 90), ("90+", 91, None),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Age:
    """What is owed and so many days late, over how many invoices."""

    bucket: str
    amount: Money
    invoices: int


@dataclass(frozen=True, slots=True)
class Owed:
    """All that is owed in one currency, by age; ``dso`` is None when nothing was billed lately."""

    currency: str
    total: Money
    past_due: Money
    ages: Sequence[Age]
    billed: Money
    dso: Fraction | None


def receivables(asked: Asked) -> list[Owed]:
    """What is owed by everybody, those no account is known of included, a line a currency."""
    everywhere = wanted((), {}, asked.at)
    values = everywhere.values | {
        "site": asked.site.pk if asked.site else None,
        "currency": asked.currency,
        "since": asked.at.now - QUARTER,
    }
    with connection.cursor() as db:
        db.execute(_OWED.format(rows=invoices.rows_of(asked.at), live=_live(asked)), values)
        owed = db.fetchall()
        db.execute(_BILLED.format(rows=invoices.rows_of(asked.at), live=_live(asked)), values)
        billed = dict(db.fetchall())
    rows: dict[str, dict[str, tuple[Decimal, int]]] = {}
    for currency, bucket, amount, count in owed:
        rows.setdefault(currency, {})[bucket] = amount, count
    return [_line(code, rows[code], billed.get(code, Decimal(0))) for code in sorted(rows)]


def _live(asked: Asked) -> str:
    return "TRUE" if asked.at.then else "i.removed_at IS NULL"


def _line(code: str, found: dict[str, tuple[Decimal, int]], billed: Decimal) -> Owed:
    ages = [
        Age(bucket, Money(amount, code), count)
        for bucket, _, _ in AGES
        for amount, count in [found.get(bucket, (Decimal(0), 0))]
    ]
    total = sum((age.amount.amount for age in ages), Decimal(0))
    late = sum((age.amount.amount for age in ages[1:]), Decimal(0))
    return Owed(
        code,
        Money(total, code),
        Money(late, code),
        ages,
        Money(billed, code),
        days_sales_outstanding(total, billed, QUARTER),
    )


_MINE = (
    "{live} AND (%(site)s::bigint IS NULL OR i.site_id = %(site)s)"
    " AND (%(currency)s::text IS NULL OR i.currency = %(currency)s)"
)
_OWED = f"""
    SELECT currency,
           CASE WHEN days = 0 THEN 'current' WHEN days <= 30 THEN '1-30' WHEN days <= 60 THEN '31-60'
                WHEN days <= 90 THEN '61-90' ELSE '90+' END,
           sum(balance), count(*)
    FROM (
        SELECT i.currency, i.balance, CASE WHEN {invoices.LATE} THEN {invoices.DAYS} ELSE 0 END AS days
        FROM {{rows}} WHERE {invoices.OWED} AND {_MINE}
    ) owed GROUP BY 1, 2
"""  # noqa: S608
_BILLED = f"""
    SELECT i.currency, sum(i.total) FROM {{rows}}
    WHERE i.created_at > %(since)s AND i.created_at <= %(now)s AND i.state <> 'voided'
        AND i.type IS DISTINCT FROM 'credit' AND {_MINE}
    GROUP BY 1
"""  # noqa: S608
