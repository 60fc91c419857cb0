"""Everything a rule may name in this workspace, put together from what each stage offers."""

from datetime import datetime
from decimal import Decimal

from tenure.customers import offers as customers
from tenure.health import offers as health
from tenure.metrics import offers as metrics
from tenure.metrics.amounts import rounded
from tenure.metrics.days import local_day
from tenure.metrics.rates import in_force
from tenure.metrics.settings import current
from tenure.rules.catalogue import Attribute, Catalogue, Relation
from tenure.rules.context import Context
from tenure.rules.operators import Type

SEGMENT = Attribute(
    "segment",
    "Segments",
    Type.LIST,
    "ARRAY(SELECT g.name::text FROM segments_membership m JOIN segments_segment g"
    " ON g.id = m.segment_id WHERE m.account_id = a.id)",
    explains="The segments the account is in.",
    synonyms=("segments",),
    group="Account",
)


def catalogue() -> Catalogue:
    """The catalogue as it stands now; two queries for the workspace's own attributes."""
    return Catalogue(
        (
            *customers.account_attributes(),
            *metrics.account_attributes(),
            *health.account_attributes(),
            SEGMENT,
        ),
        tuple(map(_completed, customers.relations())),
        metrics.histories() | health.histories(),
    )


def context(now: datetime, *, past: bool = False) -> Context:
    """The workspace's zone and currency, with what one unit of each known currency is worth today."""
    settings = current()
    day = local_day(now, settings.zone)
    rates = in_force(day, settings)
    codes = {code for pair in rates for code in pair} | {settings.currency}
    quotes = {code: rates.on(code, settings.currency, day) for code in codes}
    worth = {code: Decimal(rounded(quote.rate, 12)) for code, quote in quotes.items() if quote}
    return Context(now, settings.zone.key, settings.currency, worth, past)


def _completed(relation: Relation) -> Relation:
    return metrics.with_standing(relation) if relation.key == "invoice" else relation
