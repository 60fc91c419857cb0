"""The workspace's choices about its figures, as the formulas take them."""

from fractions import Fraction
from typing import Any, cast
from zoneinfo import ZoneInfo

from msgspec import structs

from tenure.connections.models import Workspace
from tenure.connections.read import workspace
from tenure.connections.workspace import currency_of
from tenure.metrics.inputs import Settings, zone_named


def current(zone_name: str | None = None) -> Settings:
    """What is in force now, in another time zone when one is named. Read it once for a piece of
    work, and pass it on."""
    chosen = settings_of(workspace())
    return structs.replace(chosen, zone=zone_named(zone_name)) if zone_name else chosen


def zone() -> ZoneInfo:
    """The zone of calendar days alone; one query."""
    return zone_named(workspace().zone)


def settings_of(kept: Workspace) -> Settings:
    """A workspace's stored choices as settings."""
    return Settings(
        currency=currency_of(kept),
        zone=zone_named(kept.zone),
        derive_rates=kept.derive_rates,
        days_per_month=Fraction(kept.days_per_month),
        mrr_discounts=cast("Any", kept.mrr_discounts),
        drop_after_days=kept.drop_after_days,
        churn_recognition=cast("Any", kept.churn_recognition),
        pause_as_churn=kept.pause_as_churn,
        min_coverage=Fraction(kept.min_coverage),
    )
