"""How often a plan bills, in words."""

from tenure.customers.models import Plan

INTERVALS = {
    ("months", 1): "month",
    ("months", 3): "quarter",
    ("months", 6): "half year",
    ("months", 12): "year",
    ("months", 24): "2 years",
    ("months", 36): "3 years",
    ("days", 1): "day",
    ("days", 7): "week",
    ("days", 14): "2 weeks",
}


def interval(plan: Plan | None) -> str:
    """How often a plan bills, in a word: ``month``; empty when the plan is not known."""
    if plan is None or not plan.interval_unit or not plan.interval_length:
        return ""
    length, unit = plan.interval_length, plan.interval_unit
    return INTERVALS.get((unit, length), f"{length} {unit}")
