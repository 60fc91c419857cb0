"""What a threshold would have had to be, judged by how people closed a rule's alerts."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from tenure.alerts.models import AlertRule, Outcome, State

LAST = 20
WRONG = frozenset({Outcome.NO_RISK, Outcome.WRONG_DATA})


@dataclass(frozen=True, slots=True)
class Tuning:
    """A tighter condition: ``gone`` of ``wrong`` false alarms would not have come, and every alert
    that was a risk still would. ``rule`` is the whole condition with the new threshold."""

    rule: str
    condition: str
    gone: int
    wrong: int

    @property
    def sentence(self) -> str:
        """What it would have done, in words."""
        return f"With {self.condition}, {self.gone} of those {self.wrong} would not have come."


def tuning(rule: AlertRule) -> Tuning | None:
    """The one threshold that removes the most false alarms among the last closures without removing
    an alert that was a risk; None when no single threshold does."""
    closed = list(
        rule.alerts.filter(state=State.CLOSED, version__gt=0)
        .order_by("-ended_at")
        .values_list("evidence", "outcome")[:LAST]
    )
    places = range(max((len(evidence) for evidence, _ in closed), default=0))
    found = [one for place in places if (one := _at(rule, place, closed))]
    return max(found, key=lambda one: one.gone, default=None)


def _at(rule: AlertRule, place: int, closed: Sequence[tuple[Any, str]]) -> Tuning | None:
    """The better threshold of the condition at one place of the evidence."""
    lines = [(evidence[place], outcome) for evidence, outcome in closed if place < len(evidence)]
    texts = {line.get("condition") for line, _ in lines}
    text = texts.pop() if len(texts) == 1 else None
    operand, sign, limit = _parts(text or "")
    if not text or sign is None or limit is None or rule.rule.count(text) != 1:
        return None
    seen = [(_number(line.get("value")), outcome in WRONG) for line, outcome in lines]
    wrong = [value for value, false in seen if false and value is not None]
    right = [value for value, false in seen if not false and value is not None]
    up = sign.startswith(">")
    # Beyond every false alarm, but not beyond an alert that was a risk.
    wanted = (max if up else min)(wrong, default=limit)
    edge = (min if up else max)(right, default=None)
    strict = ">" if up else "<"
    if edge is not None and (edge <= wanted if up else edge >= wanted):
        below = [value for value in wrong if (value < edge if up else value > edge)]
        if not below:
            return None
        wanted = (max if up else min)(below)
    gone = sum(value <= wanted if up else value >= wanted for value in wrong)
    condition = f"{operand} {strict} {_plain(wanted)}"
    if not gone or (wanted == limit and sign == strict):
        return None
    return Tuning(rule.rule.replace(text, condition), condition, gone, len(wrong))


def _parts(text: str) -> tuple[str, str | None, Decimal | None]:
    """The operand, sign and threshold of a condition that compares with one number."""
    words = text.split()
    if len(words) != 3 or words[1] not in {">", ">=", "<", "<="}:
        return "", None, None
    return words[0], words[1], _number(words[2].replace(",", "").replace("_", ""))


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
