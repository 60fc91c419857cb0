"""The editor of a definition: weights, points, caps and bands, with what they would do beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from tenure.customers import read as customers
from tenure.customers.models import Account
from tenure.customers.write import By, ValueRefused
from tenure.health import definitions, preview, versions
from tenure.health.definitions import FALLING, document_of, plain
from tenure.health.measures import MEASURES, Measure
from tenure.health.models import DefinitionVersion
from tenure.health.preview import Move
from tenure.health.score import CAPS
from tenure.metrics.settings import current
from tenure.segments import deciding
from tenure.web.frame import member_of
from tenure.web.health.curves import Drawing, drawn
from tenure.web.permissions import REFUSALS, may_define_health, only

SHOWN_MOVES = 20
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
class Form:
    """Everything the form shows."""

    measures: Sequence[MeasureField]
    caps: Sequence[CapField]
    green: str
    amber: str
    min_coverage: str
    reason: str = ""
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version with what it changed."""

    version: DefinitionVersion
    changes: Sequence[tuple[str, str, str]] = field(default_factory=list)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The form; posted, the next version."""
    last = _newest(pk)
    if request.method == "POST":
        return _save(request, last)
    return _shown(request, last, _form(last.document))


@only(may_define_health)
def _save(request: HttpRequest, last: DefinitionVersion) -> HttpResponse:
    by = By(member=member_of(request), reason=request.POST.get("reason", ""))
    based_on = request.POST.get("based_on", "")
    try:
        made = versions.save(
            last.definition_id,
            document_from(request.POST),
            by,
            now=settings.TENURE_CLOCK.now(),
            based_on=int(based_on) if based_on.isdecimal() and len(based_on) < 9 else None,
        )
    except ValueRefused as error:
        fault = Fault(error.field, error.message, error.next_step)
        return _shown(request, last, _typed(request.POST, fault), status=422)
    text = f"Saved as version {made.number}. Scores follow within a minute."
    messages.success(request, text)
    return HttpResponseRedirect(reverse("health"))


def _shown(
    request: HttpRequest, last: DefinitionVersion, form: Form, status: int = 200
) -> HttpResponse:
    member = member_of(request)
    may = may_define_health(member)
    shown = {
        "last": last,
        "form": form,
        "lines": _lines(last.definition_id),
        "may_define": may,
        "refusal": "" if may else REFUSALS[may_define_health],
        "workspace_coverage": f"{float(current().min_coverage):g}",
    }
    return render(request, "web/health/definition.html", shown, status=status)


@require_POST
def live_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """What the form in its present state would do to every account; nothing is changed."""
    last = _newest(pk)
    try:
        document = document_from(request.POST)
        found = preview.preview(last, document, now=settings.TENURE_CLOCK.now())
    except ValueRefused as error:
        fault = Fault(error.field, error.message, error.next_step)
        return render(request, "web/health/preview.html", {"fault": fault, "last": last})
    read = definitions.read(document)
    shown = {
        "found": found,
        "bands": [
            (band, found.before.get(band, 0), found.after.get(band, 0))
            for band in ("green", "amber", "red", "unknown", "ended")
        ],
        "between": sorted(found.between.items(), key=lambda pair: -pair[1]),
        "moves": _named(found.moves[:SHOWN_MOVES]),
        "changes": definitions.differences(definitions.read(last.document), read),
        "last": last,
    }
    return render(request, "web/health/preview.html", shown)


@require_POST
@only(may_define_health)
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """An earlier version, saved anew as the newest."""
    old = DefinitionVersion.objects.select_related("definition").filter(pk=pk).first()
    if old is None:
        raise Http404("There is no such version.")
    by = By(member=member_of(request), reason=request.POST.get("reason", ""))
    try:
        made = deciding.restore(old, by, now=settings.TENURE_CLOCK.now())
    except ValueRefused as error:
        messages.error(request, error.message)
    else:
        text = f"Version {old.number} is back, as version {made.number}. Scores follow within a minute."
        messages.success(request, text)
    return HttpResponseRedirect(reverse("health_definition", args=[old.definition_id]))


def _newest(pk: int) -> DefinitionVersion:
    rows = versions.of_definition(pk)
    if not rows:
        raise Http404("There is no such definition of health.")
    return rows[0]


def _named(moves: Sequence[Move]) -> list[tuple[Account, Move]]:
    named = customers.named(move.account_id for move in moves)
    return [(named[move.account_id], move) for move in moves if move.account_id in named]


def _lines(definition_id: int) -> list[VersionLine]:
    rows = versions.of_definition(definition_id)[:30]
    lines = []
    for newer, older in zip(rows, [*rows[1:], None], strict=True):
        changes = (
            definitions.differences(
                definitions.read(older.document), definitions.read(newer.document)
            )
            if older
            else []
        )
        lines.append(VersionLine(newer, changes))
    return lines


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
        ],
        "green": posted.get("green", ""),
        "amber": posted.get("amber", ""),
        "min_coverage": posted.get("min_coverage", "").strip() or None,
    }


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


def _form(document: Mapping[str, Any], fault: Fault | None = None) -> Form:
    read = definitions.read(document)
    known = {measure.name: measure for measure in read.measures}
    caps = {cap.name: cap for cap in read.caps}
    whole = document_of(read)
    return Form(
        [
            _measure_field(
                one,
                plain(known[one.name].weight) if one.name in known else "0",
                _lines_of(known.get(one.name, one)),
                fault,
            )
            for one in MEASURES
        ],
        [
            CapField(cap.name, cap.label, plain(caps[cap.name].most) if cap.name in caps else "")
            for cap in CAPS
        ],
        whole["green"],
        whole["amber"],
        whole["min_coverage"] or "",
        fault=fault,
    )


def _typed(posted: QueryDict, fault: Fault) -> Form:
    """The form as it was sent, with what is wrong with it."""
    return Form(
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
        posted.get("green", ""),
        posted.get("amber", ""),
        posted.get("min_coverage", ""),
        posted.get("reason", ""),
        fault,
    )


def _measure_field(measure: Measure, weight: str, points: str, fault: Fault | None) -> MeasureField:
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
