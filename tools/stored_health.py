"""Worked examples of scores through the path that scores everybody: whole numbers, one statement that
saves the row, and the answer read back from it."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from msgspec.structs import replace

from tenure.health import overrides, scoring
from tenure.health.evidence import Evidence
from tenure.health.measures import BY_NAME, past_due_months
from tenure.health.models import HealthScore, Override, OverrideKind
from tenure.health.score import DEFAULT
from tenure.health.write import save
from tenure.metrics import refresh
from tenure.metrics.days import local_day
from tenure.metrics.inputs import Settings
from tenure.metrics.signals import signals_of
from tools.ledgered import Ledgered, taken_back

Document = Mapping[str, Any]


def _health_measure(given: Document, as_of: datetime, settings: Settings) -> Document:
    """A score that is made of this measure alone is the points it gives."""
    value = given.get("value")
    if "past_due" in given or "mrr" in given:
        value = past_due_months(*(_number(given.get(name)) for name in ("past_due", "mrr")))
    alone = {"measures": {given["measure"]: value}}
    found = _health_score(alone, as_of, replace(settings, min_coverage=Fraction(0)))
    return {"score": found["uncapped"]}


def _number(value: Any) -> Fraction | None:
    return None if value is None else Fraction(str(value))


def _health_score(given: Document, as_of: datetime, settings: Settings) -> Document:
    here = Ledgered(given, as_of, settings)
    refresh.measure([here.account.pk], as_of, settings=here.settings)
    signals = signals_of([here.account.pk], as_of, here.settings.zone)
    told = Evidence(events=frozenset(given.get("events") or ()))
    for name in BY_NAME:
        value = given["measures"].get(name)
        told.enter(name, "no_invoices" if value is None else Fraction(str(value)))
    around = scoring.circumstances(signals, {here.account.pk: told}, as_of, here.settings)
    row = scoring.row_of(signals[0], told, around)
    save([row] if row else [])
    return _document(HealthScore.objects.get(pk=here.account.pk))


def _document(found: HealthScore) -> Document:
    shares = found.explanation["shares"]
    return {
        "score": found.computed_score,
        "band": found.computed_band,
        "uncapped": found.uncapped,
        "coverage": found.coverage,
        "caps": found.caps,
        "missing": found.missing,
        "contributions": {name: Decimal(one[1]).scaleb(-4) for name, one in shares.items()},
        "losses": {name: Decimal(one[2]).scaleb(-4) for name, one in shares.items()},
    }


def _health_override(given: Document, as_of: datetime, settings: Settings) -> Document:
    here, wanted = Ledgered(given, as_of, settings), given.get("override")
    if wanted:
        Override.objects.create(
            account=here.account,
            kind=OverrideKind.SCORE,
            score=Decimal(str(wanted["score"])),
            reason="An example",
            made_at=as_of,
            until=date.fromisoformat(wanted["until"][:10]),
        )
    today = local_day(as_of, here.settings.zone)
    held = overrides.in_force([here.account.pk], today).get(here.account.pk)
    if held:
        _, score, band = overrides.word(held, DEFAULT)
        return {"effective": Decimal(score or 0), "band": band}
    computed = None if given.get("computed") is None else Decimal(str(given["computed"]))
    return {"effective": computed, "band": DEFAULT.band(computed)}


ANSWERS: Mapping[str, Callable[..., Document]] = {
    "health_measure": taken_back(_health_measure),
    "health_score": taken_back(_health_score),
    "health_override": taken_back(_health_override),
}
