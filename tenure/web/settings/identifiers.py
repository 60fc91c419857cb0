"""Settings › Identifiers: every field that could name accounts, held against the records; choosing one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from tenure.connections.models import IdentifierRule, Truth
from tenure.connections.read import identifier_rule
from tenure.core import csvs
from tenure.core.errors import ConfigurationError
from tenure.customers.touched import touch
from tenure.identity import rules
from tenure.identity.foreseeing import Preview
from tenure.identity.report import Report, left_out, left_out_each, report
from tenure.identity.report.choosing import NotSeen, choose
from tenure.identity.report.figures import CONTACT, Candidate, Near
from tenure.identity.report.making import is_quick
from tenure.sources import registry
from tenure.web.frame import member_of
from tenure.web.permissions import may_manage_sites, only
from tenure.web.settings.contact_rule import ContactsForm
from tenure.web.settings.forms import Styled

SHOWN_LEFT_OUT = 20
KINDS = {
    "case": "Upper and lower case",
    "spaces": "Blanks inside",
    "zeros": "Leading zeros",
    "unicode": "Characters that look alike",
}
WAYS = {"around": "Blanks around it", "composed": "Accents kept apart from their letters"}
CSV_COLUMNS = ("site", "object", "id", "code", "name", "email", "reason")


@dataclass(frozen=True, slots=True)
class Line:
    """A candidate as the table draws it. ``warnings`` are short words; ``can_choose`` is whether an
    identifier may be read from it."""

    candidate: Candidate
    warnings: Sequence[str]
    can_choose: bool
    chosen: bool


@dataclass(frozen=True, slots=True)
class NearKind:
    """One kind of near-collision with its groups."""

    label: str
    near: Near


class RuleForm(Styled):
    """What is chosen with a field: whose it is, and how its values are compared."""

    truth = forms.ChoiceField(
        label="Source of truth",
        help_text="Whose identifier it is.",
    )
    sites = forms.ChoiceField(
        label="Equal values of two sites are",
        choices=[("join", "one customer"), ("apart", "two customers")],
    )
    fold_case = forms.BooleanField(label="Take upper and lower case for the same", required=False)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        field = self.fields["truth"]
        if isinstance(field, forms.ChoiceField):
            field.choices = truths()
        self.fields["fold_case"].widget.attrs["class"] = ""


def truths() -> list[tuple[str, str]]:
    """The sources of truth by what people call them; the billing system has a name."""
    names = {Truth.SOURCE.value: registry.source(registry.DEFAULT).label}
    return [(value, names.get(value, label)) for value, label in Truth.choices]


def candidates_context(made: Report, *, chosen: str = "", picking: bool = False) -> dict[str, Any]:
    """What ``web/settings/identifier_candidates.html`` needs. With ``picking`` each row that can be
    chosen has a radio button named ``field``, ``chosen`` (else the recommended one) checked."""
    best = made.recommendation.field if made.recommendation else ""
    picked = chosen or best
    return {
        "report": made,
        "lines": [_line(one, picked if picking else chosen) for one in made.candidates],
        "contact_lines": [_line(one, "", of_contacts=True) for one in made.contacts],
        "picking": picking,
        # How many values looks were told from, where that is not all.
        "sampled": max(
            (one.figures.looked_at for one in made.candidates if one.figures.is_sampled), default=0
        ),
    }


def terms_of(made: Report, field: str) -> dict[str, Any]:
    """What the form of the rule begins with for this field: as recommended, or as suits the field."""
    advised = made.recommendation
    if advised and advised.field == field:
        return {"truth": advised.truth, "sites": "join" if advised.joins else "apart"}
    own = field not in rules.STANDARD
    return {
        "truth": Truth.TENANT.value if own else Truth.SOURCE.value,
        "sites": "join" if rules.joins_of(field) else "apart",
    }


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The candidates; while counting would take long, the page first and the figures when they are there."""
    shown: dict[str, Any] = {
        "rule": identifier_rule(),
        "standard": rules.in_force(),
        "truths": dict(truths()),
    }
    if is_quick() or request.headers.get("HX-Target") == "identifier-report":
        made = report(now=settings.TENURE_CLOCK.now())
        shown |= candidates_context(made, chosen=_field_in_force())
        shown |= {
            "contacts": ContactsForm(made=made),
            "may_manage": may_manage_sites(member_of(request)),
        }
    template = "identifier_report" if request.headers.get("HX-Target") else "identifiers"
    return render(request, f"web/settings/{template}.html", shown)


@require_safe
def field(request: HttpRequest, name: str) -> HttpResponse:
    """One candidate: its figures, the values that speak against it, who is left out, and choosing it."""
    return _show_field(request, name)


@require_POST
@only(may_manage_sites)
def set_rule(request: HttpRequest, name: str) -> HttpResponse:
    """Choose the field."""
    form = RuleForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        now = settings.TENURE_CLOCK.now()
        try:
            with transaction.atomic():
                chosen = choose(
                    name,
                    truth=data["truth"],
                    joins=data["sites"] == "join",
                    fold_case=data["fold_case"],
                    member=member_of(request),
                    now=now,
                    seen=bool(request.POST.get("seen")),
                )
                touch(set(chosen.touched), now)  # a worker makes their figures anew
        except NotSeen as unseen:
            return _show_field(request, name, form, foreseen=unseen.preview)
        except ConfigurationError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"Accounts are recognised by {name}. {chosen.words}".strip())
            return HttpResponseRedirect(reverse("identifiers"))
    return _show_field(request, name, form)


@require_safe
def export(request: HttpRequest, name: str) -> StreamingHttpResponse:  # noqa: ARG001  # Django passes it
    """Everybody whom the field leaves out, with the reason, as CSV, written while it is read."""
    try:
        rows = _cells(name)
        first = next(rows)
    except ConfigurationError as error:
        raise Http404(str(error)) from None
    lines = csvs.lines(_after(first, rows), marked=True)
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="left-out-by-{_file_name(name)}.csv"'
    return answer


def _cells(name: str) -> Iterator[Sequence[str]]:
    found = left_out_each(name)
    yield CSV_COLUMNS
    for one in found:
        yield (
            one.site,
            one.object_kind,
            one.upstream_id,
            one.code,
            one.name,
            one.email,
            one.reason,
        )


def _after(first: Sequence[str], rest: Iterator[Sequence[str]]) -> Iterator[Sequence[str]]:
    yield first
    yield from rest


def _file_name(name: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name)[:80]


def _show_field(
    request: HttpRequest,
    name: str,
    form: RuleForm | None = None,
    foreseen: Preview | None = None,
) -> HttpResponse:
    made = report(now=settings.TENURE_CLOCK.now())
    found = made.candidate(name)
    if found is None:
        raise Http404(f"{name} is not a field that any record has, or any site defines.")
    of_contacts = found.object_kind == CONTACT
    some, more = ((), "") if of_contacts else left_out(name, limit=SHOWN_LEFT_OUT)
    rule = identifier_rule()
    shown: Mapping[str, Any] = {
        "report": made,
        "candidate": found,
        "line": _line(found, _field_in_force()),
        "near": [NearKind(KINDS[k], near) for k, near in found.figures.near.items() if near.groups],
        "same": [NearKind(WAYS[k], near) for k, near in found.figures.same.items() if near.groups],
        "left_out": some,
        "more_left_out": bool(more),
        "of_contacts": of_contacts,
        "rule": rule,
        "foreseen": foreseen,
        "form": form or RuleForm(initial=_initial(made, name, rule)),
        "may_manage": may_manage_sites(member_of(request)),
    }
    status = 400 if form is not None and form.errors else 200
    return render(request, "web/settings/identifier_field.html", shown, status=status)


def _initial(made: Report, name: str, rule: IdentifierRule | None) -> dict[str, Any]:
    if rule is not None and rule.field == name:
        return {
            "truth": rule.truth,
            "sites": "join" if rule.joins else "apart",
            "fold_case": rule.fold_case,
        }
    return terms_of(made, name)


def _field_in_force() -> str:
    rule = identifier_rule()
    return rule.field if rule else ""


def _line(one: Candidate, chosen: str, *, of_contacts: bool = False) -> Line:
    warnings = _warnings_of_contact(one) if of_contacts else _warnings(one)
    return Line(one, tuple(warnings), _can_choose(one.field), one.field == chosen)


def _can_choose(name: str) -> bool:
    try:
        return bool(rules.checked(name))
    except rules.RuleRefused:
        return False


def _warnings_of_contact(one: Candidate) -> Iterator[str]:
    """One person may be known to several customers, and a customer has several persons."""
    found = one.figures
    if found.filled < found.records:
        yield f"{found.records - found.filled:,} without it"
    if found.look.shape in {"name", "word", "date", "url", "mixed"}:
        yield "Not an id"


def _warnings(one: Candidate) -> Iterator[str]:
    """At most a handful of words, the gravest first."""
    found = one.figures
    if not found.filled:
        yield "Not filled"
        return
    if found.collision_groups:
        yield f"{found.collision_groups:,} shared by several"
    near = sum(kind.groups for kind in found.near.values())
    if near:
        yield f"{near:,} nearly equal"
    if found.several:
        yield f"{found.several:,} with several values"
    if found.compared and found.agreeing * 2 < found.compared:
        yield "Means others on other sites"
    if found.look.shape in {"email", "name", "word", "date", "url", "mixed"}:
        yield "Not an id"
