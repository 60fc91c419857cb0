"""One attribute's mapping, edited beside a live preview of what it would show."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from tenure.customers import attributes, fields, fits, mapping, overview
from tenure.customers.models import Attribute, AttributeKind
from tenure.customers.previewing import Preview, preview
from tenure.customers.write import ValueRefused
from tenure.web.frame import member_of
from tenure.web.permissions import REFUSALS, may_map
from tenure.web.settings.attributes import asked, by
from tenure.web.settings.forms import Styled

BY_HAND = "by-hand"
PLACES = {"name": "name", "field": "field", "type": "kind", "label": "label", "unit": "unit"}


class AttributeForm(Styled):
    """An attribute: what it is read from, what it is called, of which type and unit."""

    field = forms.ChoiceField(label="Read from")
    name = forms.CharField(
        label="Name",
        max_length=attributes.LONGEST,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="Letters, digits and underscores. It never changes afterwards.",
    )
    label = forms.CharField(label="Label", max_length=mapping.LONGEST_LABEL, required=False)
    kind = forms.ChoiceField(label="Type", choices=AttributeKind.choices)
    unit = forms.CharField(
        label="Unit",
        max_length=mapping.LONGEST_UNIT,
        required=False,
        help_text="A currency for money, such as USD; else any short word, such as seats.",
    )
    anyway = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, kept: Attribute | None, data: QueryDict | None = None, **more: Any) -> None:
        super().__init__(data, **more)
        self.kept = kept
        only = kept.object_kind if kept else None
        choice = self.fields["field"]
        if isinstance(choice, forms.ChoiceField):
            choice.choices = choices(only, kept.source_field if kept else "")
        if kept:
            del self.fields["name"]


def choices(object_kind: str | None, current: str = "") -> list[tuple[str, Any]]:
    """The fields to choose from with how full each is, custom ones first, by the object that has them."""
    found: list[tuple[str, Any]] = []
    for kind in (object_kind,) if object_kind else fields.KINDS:
        known = overview.choices(kind)
        custom = [(one.field, _words(one)) for one in known if one.is_custom]
        lost = fields.custom_name(fields.split(current)[1])
        if lost and current not in dict(custom) and fields.split(current)[0] == kind:
            custom.append((current, f"{lost} (gone)"))
        if custom:
            found.append((f"Custom fields of {kind}s", custom))
        standard = [(one.field, _words(one)) for one in known if not one.is_custom]
        found.append((f"Fields of {kind}s", standard))
    return [*found, ("No field", [(BY_HAND, "Nothing: set by hand only")])]


def _words(one: overview.Choice) -> str:
    fill = one.fill
    full = f"{'about ' if fill.about else ''}{fill.percent} %" if fill.count else "empty"
    if not one.is_custom:
        return f"{one.label} · {full}"
    name = fields.custom_name(fields.split(one.field)[1]) or one.field
    named = name if one.label == attributes.label_for(name) else f"{name} ({one.label})"
    return f"{named} · {full}"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the form proposes, as far as it can be previewed."""

    field: str
    kind: str
    name: str


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make an attribute; ``?field=`` begins with a field and what it suggests."""
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, object_kind: str, name: str) -> HttpResponse:
    """Change an attribute."""
    kept = Attribute.objects.filter(object_kind=object_kind, name=name).first()
    if kept is None:
        raise Http404(f"There is no attribute {name} of {object_kind}s.")
    return _edit(request, kept)


@require_safe
def live_preview(request: HttpRequest) -> HttpResponse:
    """What the form in its present state would show, on three records."""
    kind = request.GET.get("kind", "")
    wanted = _Wanted(
        request.GET.get("field", ""),
        kind if kind in AttributeKind.values else AttributeKind.TEXT.value,
        request.GET.get("name", "") or request.GET.get("kept", ""),
    )
    return render(request, "web/settings/attribute_preview.html", {"preview": _preview(wanted)})


def _edit(request: HttpRequest, kept: Attribute | None) -> HttpResponse:
    if not may_map(member_of(request)):
        shown = {"kept": kept, "refused": REFUSALS[may_map], "form": None}
        return render(request, "web/settings/attribute.html", shown, status=403)
    if request.method != "POST":
        form = AttributeForm(kept, initial=_initial(request, kept))
        return _show(request, kept, form)
    form = AttributeForm(kept, request.POST)
    if not form.is_valid():
        return _show(request, kept, form, status=400)
    field = "" if form.cleaned_data["field"] == BY_HAND else form.cleaned_data["field"]
    if field and not form.cleaned_data["anyway"]:
        fit = fits.fit(field, form.cleaned_data["kind"])
        if fit.unreadable:
            return _show(request, kept, form, status=409, misfit=fit)
    try:
        return _save(request, kept, form, field)
    except ValueRefused as error:
        form.add_error(_place(error.field, form), str(error))
        return _show(request, kept, form, status=400)


def _save(
    request: HttpRequest, kept: Attribute | None, form: AttributeForm, field: str
) -> HttpResponse:
    with transaction.atomic():
        changed = mapping.set_attribute(
            kept.name if kept else form.cleaned_data["name"],
            field,
            kind=form.cleaned_data["kind"],
            label=form.cleaned_data["label"] or None,
            unit=form.cleaned_data["unit"],
            object_kind=kept.object_kind if kept else None,
            by=by(request),
            now=settings.TENURE_CLOCK.now(),
        )
        asked(changed, by(request))
    said = "saved; values follow at once." if changed.change_set else "nothing changed."
    messages.success(request, f"{changed.attribute.label}: {said}")
    return HttpResponseRedirect(reverse("attributes"))


def _place(at_fault: str, form: AttributeForm) -> str | None:
    place = PLACES.get(at_fault)
    return place if place in form.fields else None


def _initial(request: HttpRequest, kept: Attribute | None) -> dict[str, Any]:
    if kept:
        return {
            "field": request.GET.get("field") or kept.source_field or BY_HAND,
            "label": kept.label,
            "kind": kept.kind,
            "unit": kept.unit,
        }
    field = request.GET.get("field", "")
    waiting = next((one for one in overview.unmapped() if one.field == field), None)
    standard = fields.standard(field)
    if standard is not None:
        named = {"name": standard.name, "label": standard.label, "kind": standard.kind}
        return {"field": field, **named}
    if waiting is None:
        return {"field": field}
    return {
        "field": field,
        "name": waiting.name,
        "label": waiting.label,
        "kind": waiting.kind,
    }


def _preview(wanted: _Wanted) -> Preview | None:
    if not fields.is_known(wanted.field):
        return None
    return preview(wanted.field, wanted.kind, name=wanted.name)


def _show(
    request: HttpRequest,
    kept: Attribute | None,
    form: AttributeForm,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    wanted = _Wanted(
        str(form["field"].value() or ""),
        str(form["kind"].value() or AttributeKind.TEXT.value),
        kept.name if kept else str(form["name"].value() or ""),
    )
    shown = {"kept": kept, "form": form, "preview": _preview(wanted), **more}
    return render(request, "web/settings/attribute.html", shown, status=status)
