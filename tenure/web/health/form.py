"""The form of a definition: what it shows, and the document and rule that a sent one describes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from tenure.customers.write import ValueRefused
from tenure.health import definitions
from tenure.health.applies import who_of
from tenure.health.definitions import FALLING, LONGEST_CAP, MOST_RULES, document_of, plain
from tenure.health.measures import MEASURES, Measure
from tenure.health.membership import in_segment
from tenure.health.models import DefinitionVersion
from tenure.health.score import CAPS
from tenure.web.health.curves import Drawing, drawn
from tenure.web.rules.said import cleaned

_RULED = ("name", "rule", "most")
UNITS = {
    "oldest_past_due_days": "days",
    "past_due_months_of_mrr": "months",
    "on_time_rate_12m": "share, 0 to 1",
    "mrr_trend_90d": "change, −1 to 1",
    "renewal_outlook": "outlook, 0 to 100",
    "payment_failures_90d": "failures",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What cannot be saved, and at which field."""

    field: str
    text: str
    next_step: str


@dataclass(frozen=True, slots=True)
class MeasureField:
    """One measure of the form: its texts as typed, and its curve as drawn when it can be."""

    name: str
    label: str
    unit: str
    weight: str
    points: str
    falls: bool
    drawing: Drawing | None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class CapField:
    """One cap of the form; empty is off."""

    name: str
    label: str
    most: str


@dataclass(frozen=True, slots=True)
class RuledField:
    """One cap by rule of the form, by its number there; all empty is none."""

    number: str
    name: str = ""
    rule: str = ""
    most: str = ""

    @property
    def said(self) -> dict[str, str]:
        """What the field of a rule begins with."""
        return {"text": self.rule}


@dataclass(frozen=True, slots=True)
class Whom:
    """Whom the definition is for, as the form asks: the accounts of a segment, or of a rule."""

    by: str = "rule"
    rule: str = ""
    segment: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """Everything the form shows."""

    name: str
    whom: Whom
    measures: Sequence[MeasureField]
    caps: Sequence[CapField]
    ruled: Sequence[RuledField]
    green: str
    amber: str
    min_coverage: str
    reason: str = ""
    fault: Fault | None = None


def opened(version: DefinitionVersion | None, document: Mapping[str, Any]) -> Form:
    """The form as it begins: a version, or a new definition with what another one is made of."""
    read = definitions.read(document)
    known = {measure.name: measure for measure in read.measures}
    caps = {cap.name: cap for cap in read.caps}
    whole = document_of(read)
    return Form(
        version.definition.name if version else "",
        _whom_of(version),
        [
            _measure_field(
                one,
                plain(known[one.name].weight) if one.name in known else "0",
                _lines_of(known.get(one.name, one)),
            )
            for one in MEASURES
        ],
        [
            CapField(cap.name, cap.label, plain(caps[cap.name].most) if cap.name in caps else "")
            for cap in CAPS
        ],
        _ruled_fields([(cap.name, cap.rule, plain(cap.most)) for cap in read.caps if cap.rule]),
        whole["green"],
        whole["amber"],
        whole["min_coverage"] or "",
    )


def typed(posted: QueryDict, fault: Fault) -> Form:
    """The form as it was sent, with what is wrong with it."""
    return Form(
        posted.get("name", ""),
        Whom(posted.get("by", "rule"), cleaned(posted.get("rule", "")), posted.get("segment", "")),
        [
            _measure_field(
                one,
                posted.get(f"weight-{one.name}", ""),
                posted.get(f"points-{one.name}", ""),
                fault,
            )
            for one in MEASURES
        ],
        [CapField(cap.name, cap.label, posted.get(f"cap-{cap.name}", "")) for cap in CAPS],
        _ruled_fields(_ruled_from(posted)),
        posted.get("green", ""),
        posted.get("amber", ""),
        posted.get("min_coverage", ""),
        posted.get("reason", ""),
        fault,
    )


def rule_from(posted: QueryDict) -> str:
    """The rule that a sent form describes; empty for none."""
    if posted.get("by") == "segment":
        segment = posted.get("segment", "").replace("\x00", "").strip()
        return in_segment(segment) if segment else ""
    return cleaned(posted.get("rule", "")).strip()


def document_from(posted: QueryDict) -> dict[str, Any]:
    """The document that a sent form describes. Raises ValueRefused for points that cannot be read."""
    return {
        "measures": [
            {
                "name": one.name,
                "weight": posted.get(f"weight-{one.name}", "").strip() or "0",
                "curve": _points(one, posted.get(f"points-{one.name}", "")),
            }
            for one in MEASURES
        ],
        "caps": [
            {"name": cap.name, "most": most}
            for cap in CAPS
            if (most := posted.get(f"cap-{cap.name}", "").strip())
        ]
        + [_ruled_cap(*typed) for typed in _ruled_from(posted)],
        "green": posted.get("green", ""),
        "amber": posted.get("amber", ""),
        "min_coverage": posted.get("min_coverage", "").strip() or None,
    }


def _ruled_from(posted: QueryDict) -> list[tuple[str, str, str]]:
    """The caps by rule of a sent form: name, rule and the most, without the empty ones."""
    rows = (
        tuple(cleaned(posted.get(f"ruled-{number}-{part}", "")).strip() for part in _RULED)
        for number in range(MOST_RULES)
    )
    return [(name, rule, most) for name, rule, most in rows if name or rule or most]


def _ruled_cap(name: str, rule: str, most: str) -> dict[str, str]:
    if not rule:
        raise ValueRefused(
            "caps", f"The cap “{name or most}” has no rule.", "Write one, as in total_due > 50000."
        )
    return {"name": name or rule[:LONGEST_CAP], "rule": rule, "most": most}


def _ruled_fields(caps: Sequence[tuple[str, str, str]]) -> list[RuledField]:
    """The caps there are, and one more to fill in while there may be one."""
    shown = [*caps, ("", "", "")][:MOST_RULES]
    return [RuledField(str(number), *cap) for number, cap in enumerate(shown)]


def _points(measure: Measure, text: str) -> list[list[str]]:
    """Lines like ``30 → 40`` or ``30 40``: a value and its points."""
    points = []
    for line in text.replace("\x00", "").splitlines():
        parts = (
            line.replace("→", " ").replace("->", " ").replace(":", " ").replace("=", " ").split()
        )
        if not parts:
            continue
        if len(parts) != 2:
            raise ValueRefused(
                f"{measure.name}.curve",
                f"{measure.label}: “{line.strip()[:40]}” is not a value with its points.",
                "Write one point a line, as in 30 → 40.",
            )
        points.append([part.replace("−", "-").replace(",", ".") for part in parts])
    return points


def _whom_of(version: DefinitionVersion | None) -> Whom:
    if version is None or not version.rule:
        return Whom()
    segment = who_of(version).segment
    return Whom("segment", "", segment) if segment else Whom("rule", version.rule)


def _measure_field(
    measure: Measure, weight: str, points: str, fault: Fault | None = None
) -> MeasureField:
    own = fault if fault and fault.field.split(".")[0] == measure.name else None
    return MeasureField(
        measure.name,
        measure.label,
        UNITS[measure.name],
        weight,
        points,
        measure.name in FALLING,
        drawn(measure, points),
        own,
    )


def _lines_of(measure: Measure) -> str:
    return "\n".join(f"{plain(value)} → {plain(height)}" for value, height in measure.curve)
