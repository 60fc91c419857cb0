"""What narrows a list for a program: a rule and a way of health, as one condition."""

from datetime import datetime

from tenure.health import listing as by_health
from tenure.metrics.as_of import Moment, UnusableDate
from tenure.rules.sql import Sql
from tenure.segments.catalogue import context
from tenure.segments.question import question


def narrowed(rule: str, way: str, now: datetime, moment: Moment | None = None) -> Sql | None:
    """The condition on account ``a`` and its figures ``f``; None for every account. With ``moment``
    both are asked of what was known then. Raises RuleRefused and UnusableDate."""
    if way == by_health.WAITING and moment:
        raise UnusableDate(
            "Who waited to be scored anew on a past day is not kept.",
            next_step="Leave out the day, or ask for green, amber, red, unknown or ended.",
        )
    standing = by_health.standing(way, now, moment)
    if not rule.strip():
        return standing
    when = context(moment.last if moment else now, past=moment is not None)
    return by_health.both(standing, question(rule, when.now, when=when).where)
