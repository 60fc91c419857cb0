"""A definition as a document: read and checked, and written.

    {"measures": [{"name", "weight", "curve": [[value, points], …]}, …],
     "caps": [{"name", "most"}, {"name", "rule", "most"}, …],
     "green": "70", "amber": "40", "min_coverage": "0.5" or null}

A cap with a rule holds for the accounts the rule holds for, and has any name. Numbers are decimal text;
without a least coverage of its own the workspace's holds. A measure or cap that is not named does not
count. Points go one way only: more of what is bad never earns more, which is also what makes the smallest
change findable.
"""

import itertools
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from tenure.customers.write import ValueRefused
from tenure.health.measures import BY_NAME, Curve, Measure
from tenure.health.score import CAPS, DEFAULT, Cap, Definition
from tenure.health.scorer import MISSING_DATA
from tenure.rules.errors import RuleRefused
from tenure.rules.parse import parse
from tenure.rules.text import text_of

MOST_POINTS = 20
MOST_RULES, LONGEST_CAP = 10, 80
LARGEST = Decimal(10) ** 9
CAPS_BY_NAME = {cap.name: cap for cap in CAPS}
# What earns fewer points the more there is of it; of the others more earns more.
FALLING = frozenset({"oldest_past_due_days", "past_due_months_of_mrr", "payment_failures_90d"})


def document_of(definition: Definition) -> dict[str, Any]:
    """The definition as it is stored and as scripts write it."""
    return {
        "measures": [
            {
                "name": measure.name,
                "weight": plain(measure.weight),
                "curve": [[plain(value), plain(points)] for value, points in measure.curve],
            }
            for measure in definition.measures
        ],
        "caps": [
            {"name": cap.name, "most": plain(cap.most)} | ({"rule": cap.rule} if cap.rule else {})
            for cap in definition.caps
        ],
        "green": plain(definition.green),
        "amber": plain(definition.amber),
        "min_coverage": None if definition.min_coverage is None else plain(definition.min_coverage),
    }


def plain(number: Fraction | Decimal) -> str:
    """A decimal as people write it: no exponent, no idle zeros."""
    exact = number if isinstance(number, Decimal) else _decimal(number)
    text = f"{exact:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _decimal(number: Fraction) -> Decimal:
    return Decimal(number.numerator) / Decimal(number.denominator)


def read(document: Any) -> Definition:
    """The definition a document describes. Raises ValueRefused naming the field at fault."""
    if not isinstance(document, Mapping):
        raise ValueRefused("definition", "A definition is an object with measures and caps.")
    unknown = sorted(set(document) - set(document_of(DEFAULT)))
    if unknown:
        raise ValueRefused(str(unknown[0]), f"A definition has no {str(unknown[0])[:80]!r}.")
    green = _number(document.get("green"), "green", 0, 100, tenths=True)
    amber = _number(document.get("amber"), "amber", 0, 100, tenths=True)
    if not amber < green:
        raise ValueRefused(
            "amber",
            f"Amber starts at {plain(amber)}, which is not below green at {plain(green)}.",
            "Choose a lower number for amber or a higher one for green.",
        )
    return Definition(
        measures=_measures(document.get("measures")),
        caps=_caps(document.get("caps") or ()),
        green=green,
        amber=amber,
        min_coverage=None
        if document.get("min_coverage") in (None, "")
        else Fraction(_number(document["min_coverage"], "min_coverage", 0, 1)),
    )


def _measures(listed: Any) -> tuple[Measure, ...]:
    given = {_name(one, "measures", BY_NAME): one for one in _list(listed, "measures")}
    measures = tuple(_measure(BY_NAME[name], given[name]) for name in BY_NAME if name in given)
    if not any(measure.weight for measure in measures):
        raise ValueRefused(
            "measures", "No measure has a weight, so nothing would count.", "Give one a weight."
        )
    return measures


def _measure(known: Measure, given: Mapping[str, Any]) -> Measure:
    weight = _number(given.get("weight"), f"{known.name}.weight", 0, LARGEST)
    points = _curve(known, given.get("curve"))
    return Measure(known.name, known.label, Fraction(weight), points, known.unit)


def _curve(known: Measure, listed: Any) -> Curve:
    field = f"{known.name}.curve"
    pairs = [_point(one, field) for one in _list(listed, field)]
    if not 1 <= len(pairs) <= MOST_POINTS:
        raise ValueRefused(field, f"{known.label}: give between 1 and {MOST_POINTS} points.")
    pairs.sort()
    for (left, low), (right, high) in itertools.pairwise(pairs):
        if left == right:
            raise ValueRefused(field, f"{known.label}: {plain(left)} is there twice.", "Keep one.")
        if (high > low) if known.name in FALLING else (high < low):
            way = "more" if known.name in FALLING else "fewer"
            raise ValueRefused(
                field,
                f"{known.label}: {plain(right)} would earn {way} points than {plain(left)},"
                f" although it is {'worse' if known.name in FALLING else 'better'}.",
                "Let the points go one way.",
            )
    return tuple(pairs)


def _point(one: Any, field: str) -> tuple[Fraction, Fraction]:
    if not isinstance(one, Sequence) or isinstance(one, str) or len(one) != 2:
        raise ValueRefused(field, "A point is a value with its points, as in [30, 40].")
    value = _number(one[0], field, -LARGEST, LARGEST)
    return Fraction(value), Fraction(_number(one[1], field, 0, 100))


def _caps(listed: Any) -> tuple[Cap, ...]:
    entries = _list(listed, "caps")
    ruled = [one for one in entries if isinstance(one, Mapping) and one.get("rule")]
    given = {_name(one, "caps", CAPS_BY_NAME): one for one in entries if one not in ruled}
    known = tuple(
        Cap(cap.name, cap.label, Fraction(_number(given[name].get("most"), name, 0, 100)))
        for name, cap in CAPS_BY_NAME.items()
        if name in given
    )
    return known + _ruled(ruled)


def _ruled(entries: Sequence[Mapping[str, Any]]) -> tuple[Cap, ...]:
    """Caps that hold while a rule does, in their order."""
    if len(entries) > MOST_RULES:
        raise ValueRefused("caps", f"A definition has at most {MOST_RULES} caps by rule.")
    found: dict[str, Cap] = {}
    for one in entries:
        cap = _ruled_cap(one)
        if cap.name.lower() in {*found, *CAPS_BY_NAME, MISSING_DATA}:
            raise ValueRefused("caps", f"There are two caps “{cap.name}”.", "Rename one.")
        found[cap.name.lower()] = cap
    return tuple(found.values())


def _ruled_cap(one: Mapping[str, Any]) -> Cap:
    name = " ".join(str(one.get("name") or "").split())
    if not 1 <= len(name) <= LONGEST_CAP or "\x00" in name:
        raise ValueRefused(
            "caps",
            f"A cap by rule has a name of 1 to {LONGEST_CAP} characters.",
            "It is what people read beside the score, as in Due over 50,000.",
        )
    most = Fraction(_number(one.get("most"), "caps", 0, 100))
    try:
        return Cap(name, name, most, text_of(parse(str(one["rule"]))))
    except RuleRefused as error:
        raise ValueRefused("caps", f"Cap “{name}”: {error.message}", error.next_step) from error


def _list(listed: Any, field: str) -> Sequence[Any]:
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        raise ValueRefused(field, f"{field}: a list is expected.")
    return listed


def _name(one: Any, field: str, known: Mapping[str, Any]) -> str:
    name = one.get("name") if isinstance(one, Mapping) else None
    if not isinstance(name, str) or name not in known:
        raise ValueRefused(
            field, f"There is none named {str(name)[:80]!r}.", f"Use {', '.join(known)}."
        )
    return name


def _number(
    given: Any, field: str, least: int | Decimal, most: int | Decimal, *, tenths: bool = False
) -> Decimal:
    try:
        number = Decimal(str(given).strip())
    except InvalidOperation:
        raise ValueRefused(field, f"{str(given)[:40]!r} is not a number.", "As in 12.5.") from None
    if not number.is_finite() or not least <= number <= most or number != round(number, 6):
        raise ValueRefused(
            field, f"{str(given)[:40]} is not a number from {least} to {most} as it is used here."
        )
    if tenths and number != round(number, 1):
        raise ValueRefused(field, f"{number} has too many decimals.", "Scores have one decimal.")
    return number
