"""Whether a condition on days was judged on data that is older than it should be.

Without fresh data a day that passes looks like an invoice that was not paid. Such an alert says so
instead of keeping silent or pretending.
"""

from collections.abc import Collection

from django.utils import timezone

from tenure.health import staleness
from tenure.rules.operators import OPERATORS, Takes
from tenure.rules.tree import Aggregate, Condition, Node, Today, conditions

# Figures that move with time alone, though no word of the rule speaks of days.
_AGEING = frozenset(
    "past_due past_due_count oldest_past_due_days past_due_mrr not_yet_due invoice_status in_dunning"
    " overdue overdue_amount days_overdue".split()
)


def speaks_of_days(node: Node) -> bool:
    """Whether time alone can make the rule true."""
    return any(_does(one) for one in conditions(node))


def how_old(account_ids: Collection[int]) -> dict[int, str]:
    """For each account fed by a site whose data is too old, a sentence that says so."""
    known = staleness.good_at()
    # Ages of data are by the real clock, as runs are (decision 0005).
    limit = timezone.now() - staleness.STALE
    fresh = {site for site, at in known.items() if at >= limit}
    found = {}
    for account_id, sites in staleness.sites_of(account_ids).items():
        if set(sites) - fresh:
            since = staleness.oldest(sites, known)
            word = f"since {since:%d %B %Y %H:%M} UTC" if since else "ever"
            found[account_id] = f"Billing data has not been complete {word}."
    return found


def _does(one: Node) -> bool:
    if not isinstance(one, Condition | Aggregate):
        return False
    value = one.predicate.value
    values = value if isinstance(value, tuple) else (value,)
    takes = OPERATORS[one.predicate.operator].takes
    named = one.name.text if one.name else ""
    timed = isinstance(one, Condition) and (one.ago is not None or one.lasting is not None)
    return (
        takes in (Takes.DAYS, Takes.STEP)
        or timed
        or named in _AGEING
        or any(isinstance(each, Today) for each in values)
    )
