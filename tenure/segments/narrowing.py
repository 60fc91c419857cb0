"""What narrows a list for a program: a rule and a way of health, as one condition."""

from datetime import datetime

from tenure.health import listing as by_health
from tenure.metrics.as_of import Moment
from tenure.rules.sql import Sql
from tenure.segments.catalogue import context
from tenure.segments.question import question


def narrowed(rule: str, way: str, now: datetime, moment: Moment | None = None) -> Sql | None:
    """The condition on account ``a`` and its figures ``f``; None for every account. With ``moment``
    the rule is asked of what was known then; health is known of the present alone.
    Raises RuleRefused."""
    standing = None if moment else by_health.standing(way)
    if not rule.strip():
        return standing
    when = context(moment.instant if moment else now, past=moment is not None)
    return by_health.both(standing, question(rule, when.now, when=when).where)
