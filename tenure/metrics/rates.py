"""The rates people entered, as the formulas take them."""

from datetime import date
from fractions import Fraction
from typing import Any

from django.db.models import QuerySet

from tenure.metrics.fx import Rate, Rates
from tenure.metrics.inputs import Settings
from tenure.metrics.models import FxRate


def table(settings: Settings) -> Rates:
    """Every rate there is, for figures of many days."""
    return _rates(FxRate.objects.filter(ended_at=None), settings)


def in_force(day: date, settings: Settings) -> Rates:
    """The rates in force on one day alone: a few, however long the history of rates is."""
    latest = FxRate.objects.filter(ended_at=None, day__lte=day)
    return _rates(
        latest.order_by("source", "target", "-day").distinct("source", "target"), settings
    )


def _rates(rows: QuerySet[FxRate], settings: Settings) -> Rates:
    named: Any = rows.values_list("source", "target", "day", "rate")
    return Rates(
        (Rate(source, target, day, Fraction(rate)) for source, target, day, rate in named),
        derive=settings.derive_rates,
    )
