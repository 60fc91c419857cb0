"""Settings › Currencies and numbers: how figures are counted, and the rates that convert them."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from tenure.connections import workspace
from tenure.connections.workspace import NO_PRESET, SettingRefused
from tenure.customers import touched
from tenure.metrics import basis, ratebook
from tenure.metrics.currencies import in_use
from tenure.web.frame import member_of
from tenure.web.permissions import may_set_numbers, only
from tenure.web.settings.forms import Styled

SHOWN_RATES = 200
SHOWN_CHANGES = 12


class NumbersForm(Styled):
    """Every setting of figures, each drawn from its own description."""

    def __init__(self, data: QueryDict | None = None, **more: Any) -> None:
        super().__init__(data, **more)
        self.fields.update(_fields())
        for field in self.fields.values():
            field.widget.attrs.setdefault("class", "input")


def _fields() -> dict[str, forms.Field]:
    names = [(NO_PRESET, "None: as chosen below"), *((n, _spoken(n)) for n in workspace.presets())]
    help_text = (
        "Sets days in a month and discounts to what comes closest to a billing dashboard. It narrows"
        " the gap and cannot close it: a dashboard works from what was invoiced."
    )
    preset = forms.ChoiceField(label="Preset", choices=names, required=False, help_text=help_text)
    fields: dict[str, forms.Field] = {"preset": preset}
    for one in workspace.SETTINGS:
        plain: dict[str, Any] = {"label": one.label, "help_text": one.words}
        fields[one.name] = (
            forms.ChoiceField(choices=list(one.choices.items()), **plain)
            if one.choices
            else forms.CharField(max_length=60, **plain)
        )
    return fields


def _spoken(preset: str) -> str:
    source, _, kind = preset.partition("_")
    return f"{source.capitalize()} {kind}"


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The settings and the rates."""
    return show(request)


@require_POST
@only(may_set_numbers)
def save(request: HttpRequest) -> HttpResponse:
    """Change settings: what it would do is shown first, and done when that was seen."""
    form = NumbersForm(request.POST)
    now = settings.TENURE_CLOCK.now()
    if not form.is_valid():
        return show(request, form=form, status=422)
    wanted = _wanted(form.cleaned_data)

    def change() -> Any:
        return workspace.change(wanted, now=now, member=member_of(request))

    try:
        seen = basis.impact(change, now)
    except SettingRefused as refused:
        form.add_error(refused.field, str(refused))
        return show(request, form=form, status=422)
    if seen.accounts and request.POST.get("seen") != str(seen.accounts):
        return show(request, form=form, impact=seen)
    made = change()
    if made:
        said = "; ".join(f"{workspace.BY_NAME[one.setting].label}: {one.new}" for one in made)
        again = f" {seen.accounts:,} accounts are being measured again." if seen.accounts else ""
        messages.success(request, f"Saved. {said}.{again}")
    else:
        messages.success(request, "Nothing was changed.")
    return HttpResponseRedirect(reverse("numbers"))


def _wanted(cleaned: Mapping[str, Any]) -> dict[str, str]:
    """What differs from what holds now. A preset that is chosen anew goes before the fields below
    it, which still show what was there."""
    now = workspace.values()
    differs = {name: text for name, text in cleaned.items() if text.strip() != now[name]}
    if "preset" in differs:
        made = workspace.presets().get(differs["preset"], {})
        differs = {name: text for name, text in differs.items() if name not in made}
    return differs


def show(request: HttpRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    """The page with all its parts; ``more`` is what an act on it has to say."""
    now = settings.TENURE_CLOCK.now()
    used = in_use(now)
    rates = list(ratebook.listing()[: SHOWN_RATES + 1])
    shown = {
        "form": NumbersForm(initial=workspace.values()),
        "used": used,
        "missing": [one for one in used if one.quote is None],
        "currency": workspace.values()["currency"],
        "rates": rates[:SHOWN_RATES],
        "more_rates": len(rates) > SHOWN_RATES,
        "waiting": touched.count(),
        "changes": workspace.history(SHOWN_CHANGES),
        "labels": {one.name: one.label for one in workspace.SETTINGS},
        "may_set": may_set_numbers(member_of(request)),
        "entered": {"to": workspace.values()["currency"], "date": now.date().isoformat()},
        **more,
    }
    return render(request, "web/settings/numbers.html", shown, status=status)
