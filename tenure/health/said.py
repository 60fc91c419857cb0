"""Scores and their parts in people's words."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from tenure.health.definitions import CAPS_BY_NAME
from tenure.health.evidence import REASONS
from tenure.health.measures import BY_NAME
from tenure.health.membership import Who
from tenure.health.models import DefinitionVersion
from tenure.health.scorer import MISSING_DATA
from tenure.metrics.amounts import rounded

BANDS = {"green": "Green", "amber": "Amber", "red": "Red", "unknown": "Unknown"}
STATES = {
    "overridden": "Set by a person",
    "frozen": "Frozen by a person",
    "ended": "Ended",
    "stale": "Data too old",
}
OUTLOOK_WORDS = {
    "auto_renew": "renews by itself",
    "ends_later": "ends in more than 90 days",
    "ends_soon": "ends within 90 days",
    "paused": "paused",
    "cancelling": "being cancelled",
    "ended": "ended",
    "unknown": "cannot be told",
}


def measure(name: str) -> str:
    """What a measure is called."""
    return BY_NAME[name].label if name in BY_NAME else name


def cap(name: str) -> str:
    """Why a cap holds."""
    if name == MISSING_DATA:
        return "A figure that was known cannot be told now; the score is no better than with its last value"
    return CAPS_BY_NAME[name].label if name in CAPS_BY_NAME else name


def because(version: DefinitionVersion) -> str:
    """Why a definition applies to an account, as the end of a sentence."""
    if not version.rule:
        return "no other definition is for it"
    segment = _segment(version.rule)
    return f"it is in the segment “{segment}”" if segment else f"this holds for it: {version.rule}"


@lru_cache(maxsize=256)
def _segment(rule: str) -> str:
    return Who(rule).segment


def reason(code: str) -> str:
    """Why a measure is missing."""
    return REASONS.get(code, code)


def value(name: str, text: str | None) -> str:
    """A measure's raw value with its unit."""
    if text is None:
        return "missing"
    told = _VALUES.get(name)
    return told(Decimal(text)) if told else text


def _share(number: Decimal) -> str:
    return f"{rounded(number * 100, 1)} %"


def _change(number: Decimal) -> str:
    return f"{rounded(number * 100, 1):+} %"


def _counted(number: Decimal, one: str, many: str) -> str:
    return f"{number:f} {one if number == 1 else many}"


_VALUES: Mapping[str, Callable[[Decimal], str]] = {
    "oldest_past_due_days": lambda n: _counted(n, "day", "days") if n else "nothing past due",
    "past_due_months_of_mrr": lambda n: f"{rounded(n, 2)} months" if n else "nothing past due",
    "on_time_rate_12m": _share,
    "mrr_trend_90d": _change,
    "renewal_outlook": lambda n: f"{rounded(n, 1)} of 100",
    "payment_failures_90d": lambda n: _counted(n, "failure", "failures") if n else "none",
}


def inputs(name: str, made: Any) -> str:
    """What a raw value was made from, in one line."""
    if not made:
        return ""
    if name == "oldest_past_due_days" and not made["invoices"]:
        return ""
    if name == "oldest_past_due_days":
        return _counted(Decimal(made["invoices"]), "invoice past due", "invoices past due")
    if name == "past_due_months_of_mrr":
        return f"{amounts(made['past_due'])} past due, {amounts(made['mrr'])} MRR"
    if name == "on_time_rate_12m":
        return f"{made['on_time']} of {made['considered']} due in a year"
    if name == "mrr_trend_90d":
        return f"{amounts(made['mrr_before'])} then, {amounts(made['mrr'])} now"
    if name == "renewal_outlook":
        return "; ".join(f"{count} {OUTLOOK_WORDS[word]}" for word, (count, _) in made.items())
    return ""


def amounts(sums: Mapping[str, str]) -> str:
    """Amounts by currency; nothing is said so."""
    told = [f"{rounded(Decimal(text), 2):,} {code}" for code, text in sorted(sums.items())]
    return " and ".join(told) or "nothing"


def in_tenths(exact: Sequence[int], total: Decimal | None) -> list[Decimal]:
    """Ten-thousandths as numbers with one decimal that add up to ``total``: what rounding each alone
    would miss goes to those that were cut the most."""
    if total is None:
        return [Decimal(one).scaleb(-4) for one in exact]
    floors = [one // 1_000 for one in exact]
    left = int(total * 10) - sum(floors)
    order = sorted(range(len(exact)), key=lambda place: -(exact[place] % 1_000))
    for place in order[: max(0, left)]:
        floors[place] += 1
    return [Decimal(one).scaleb(-1) for one in floors]


def points(number: Fraction) -> str:
    """A difference of points with its sign."""
    return f"{rounded(number, 1):+}"


def joined(words: Iterable[str]) -> str:
    """Words in one sentence: a, b and c."""
    several = list(words)
    return " and ".join([", ".join(several[:-1]), several[-1]] if len(several) > 1 else several)
