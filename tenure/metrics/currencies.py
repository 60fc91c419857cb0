"""Which currencies accounts have money in, and by which rate each is converted today."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection

from tenure.metrics.amounts import rounded
from tenure.metrics.days import local_day
from tenure.metrics.fx import Quote
from tenure.metrics.rates import in_force
from tenure.metrics.settings import current

SHOWN_PLACES = 8


@dataclass(frozen=True, slots=True)
class InUse:
    """One currency: how many accounts have money in it, and the rate in force; None is missing."""

    code: str
    accounts: int
    quote: Quote | None
    own: bool = False

    @property
    def rate(self) -> str:
        """The rate as people read it; a derived one at eight decimals."""
        if self.quote is None:
            return ""
        exact = rounded(self.quote.rate, 12 if not self.quote.derived else SHOWN_PLACES)
        return f"{exact.normalize():f}" if exact else f"{Decimal(0)}"


def in_use(now: datetime) -> list[InUse]:
    """The currencies of all measured accounts, the workspace's own first, then the most used."""
    settings = current()
    day = local_day(now, settings.zone)
    rates = in_force(day, settings)
    found = [
        InUse(code, count, rates.on(code, settings.currency, day), code == settings.currency)
        for code, count in _counted().items()
    ]
    return sorted(found, key=lambda one: (not one.own, -one.accounts, one.code))


# Nearly every account has one currency; only of the others is the JSON read.
_COUNTED = """
    SELECT code, sum(accounts)::bigint FROM (
        SELECT main_currency AS code, count(*) AS accounts FROM metrics_accountfacts
        WHERE NOT mixed_currencies AND main_currency <> '' GROUP BY 1
        UNION ALL
        SELECT held.code, count(*) FROM metrics_accountfacts f
        CROSS JOIN LATERAL jsonb_object_keys(
            f.mrr || f.total_due || f.billed || f.trial_mrr || f.paused_mrr) AS held (code)
        WHERE f.mixed_currencies GROUP BY 1
    ) parts GROUP BY 1
"""


def _counted() -> dict[str, int]:
    with connection.cursor() as db:
        db.execute(_COUNTED)
        return dict(db.fetchall())
