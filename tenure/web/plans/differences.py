"""Where what holds now, or was applied, is not what a plan shows."""

from tenure.sync.models import Plan
from tenure.sync.planning import holding
from tenure.sync.planning.holding import Difference


def differences(plan: Plan, *, limit: int) -> list[Difference]:
    """The first differences, in the order of the plan; none for one that held."""
    outcome = plan.outcome or {}
    if outcome.get("plan"):
        return holding.differences(plan.pk, outcome["plan"], limit=limit)
    return [Difference(**one) for one in outcome.get("differences", ())[:limit]]
