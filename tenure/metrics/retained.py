"""How much of a first day's revenue, and of its accounts, was there on a second one, summed in the
database: the rules of ``retention.of_accounts``; a property test holds them equal."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from tenure.metrics import series_sql
from tenure.metrics.conversion import Conversion, spans
from tenure.metrics.series import codes
from tenure.metrics.series_sql import Question, rows


@dataclass(frozen=True, slots=True)
class Kept:
    """How much of the first day's MRR, and of its accounts, was there on the second (METRICS 7), as
    shares; None for an empty cohort or where a rate is missing."""

    currency: str
    accounts: int
    start: Decimal | None
    nrr: Decimal | None = None
    grr: Decimal | None = None
    logo_churn: Decimal | None = None
    missing: tuple[str, ...] = ()


def retention_between(
    start: date,
    end: date,
    *,
    currency: str | None = None,
    conversion: Conversion | None = None,
    site: int | None = None,
    pause_as_churn: bool = False,
) -> tuple[Kept, ...]:
    """What became of the accounts that had MRR at the end of ``start``, at constant exchange rates:
    those of ``end``. One answer for each currency there was by then, or one in all."""
    asked = Question(start, end, site, currency, pause_as_churn=pause_as_churn)
    values = asked.values
    if conversion:
        rates = {span.currency: span.rate for span in spans(conversion, codes(), end, end)}
        values |= {"target": conversion.currency, "at_end": msgspec.json.encode(rates).decode()}
    found = rows(series_sql.kept(asked, converted=conversion is not None), values)
    if conversion and not found:
        return (Kept(conversion.currency, 0, Decimal(0)),)
    return tuple(_kept(*row) for row in found)


def _kept(
    code: str,
    accounts: int,
    start: Decimal,
    after: Decimal,
    capped: Decimal,
    gone: int,
    *missing: Any,
) -> Kept:
    if missing and missing[0]:
        return Kept(code, 0, None, missing=tuple(missing[0]))
    if not start:
        return Kept(code, accounts, start)
    return Kept(
        code,
        accounts,
        start,
        nrr=after / start,
        grr=capped / start,
        logo_churn=Decimal(gone) / accounts if accounts else None,
    )
