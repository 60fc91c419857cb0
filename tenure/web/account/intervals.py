"""How often a plan bills, in words."""

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


def interval(unit: str | None, length: int | None) -> str:
    """How often a plan bills, in a word: ``month``; empty when the plan is not known."""
    if not unit or not length:
        return ""
    return INTERVALS.get((unit, length), f"{length} {unit}")
