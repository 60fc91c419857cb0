"""Worked examples of scores, in the format of ``metrics.vectors``."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tenure.health.measures import BY_NAME, OUTLOOKS, past_due_months, renewal_outlook
from tenure.health.score import DEFAULT, Definition, Override, Score, combine, effective, score
from tenure.metrics.amounts import rounded
from tenure.metrics.inputs import Settings
from tenure.metrics.vectors import Answers

Document = Mapping[str, Any]


def _number(value: Any) -> Fraction | None:
    return None if value is None else Fraction(str(value))


def _health_measure(given: Document, _as_of: datetime, _settings: Settings) -> Document:
    value = _number(given.get("value"))
    if "past_due" in given or "mrr" in given:
        value = past_due_months(_number(given.get("past_due")), _number(given.get("mrr")))
    measure = BY_NAME[given["measure"]]
    return {"score": None if value is None else rounded(measure.score(value), 1)}


def _definition(settings: Settings) -> Definition:
    """The built-in definition with the workspace's least coverage."""
    return replace(DEFAULT, min_coverage=settings.min_coverage)


def _health_combine(given: Document, _as_of: datetime, settings: Settings) -> Document:
    points = {n: Fraction(str(s)) for n, s in given["scores"].items() if s is not None}
    return _document(combine(points, given.get("events") or (), _definition(settings)))


def _health_score(given: Document, _as_of: datetime, settings: Settings) -> Document:
    values = {name: _number(value) for name, value in given["measures"].items()}
    return _document(score(values, given.get("events") or (), _definition(settings)))


def _document(found: Score) -> Document:
    return {
        "score": found.score,
        "band": found.band,
        "uncapped": found.uncapped,
        "coverage": found.coverage,
        "caps": list(found.caps),
        "missing": list(found.missing),
        "contributions": {part.measure.name: part.contribution for part in found.parts},
        "losses": {part.measure.name: part.loss for part in found.parts},
    }


def _renewal_outlook(given: Document, _as_of: datetime, _settings: Settings) -> Document:
    parts = [
        (Fraction(str(one["mrr"])), _outlook(one["outlook"])) for one in given["subscriptions"]
    ]
    found = renewal_outlook(parts)
    return {"score": None if found is None else rounded(found, 1)}


def _outlook(word: str) -> str:
    if word in OUTLOOKS:
        return word
    if word in _SYNONYMS:
        return _SYNONYMS[word]
    far = any(part in word for part in ("over", "more", "far", "later", "beyond", "gt", ">"))
    return "ends_later" if far or "90" not in word else "ends_soon"


# The specification names two of the six outright; these are its words for the others.
_SYNONYMS = {
    "no_auto_renew": "ends_later",
    "no_auto_renew_far": "ends_later",
    "no_auto_renew_over_90": "ends_later",
    "no_auto_renew_near": "ends_soon",
    "no_auto_renew_90": "ends_soon",
    "no_auto_renew_within_90": "ends_soon",
    "no_auto_renew_soon": "ends_soon",
    "all_ended": "ended",
    "expired": "ended",
    "canceled": "cancelling",
    "pause": "paused",
}


def _health_override(given: Document, as_of: datetime, settings: Settings) -> Document:
    computed, override = given.get("computed"), given.get("override")
    exact = None if computed is None else Decimal(str(computed))
    own = Score(exact, DEFAULT.band(exact), None, Fraction(1))
    held = override and Override(
        Decimal(str(override["score"])), date.fromisoformat(override["until"][:10])
    )
    today = as_of.astimezone(settings.zone).date()
    found, band = effective(own, held or None, today)
    return {"effective": found, "band": band}


ANSWERS: Answers = {
    "health_measure": _health_measure,
    "health_combine": _health_combine,
    "health_score": _health_score,
    "renewal_outlook": _renewal_outlook,
    "health_override": _health_override,
}
