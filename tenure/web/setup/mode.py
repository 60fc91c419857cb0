"""Step 6, Mode: how each site is kept from now on. It stands before the dry run, which depends on it."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.views.decorators.http import require_http_methods

from tenure.connections import schedule, setups, write
from tenure.connections.models import Mode, Site
from tenure.connections.schedule import Daily
from tenure.connections.setups import Step
from tenure.core.errors import ConfigurationError
from tenure.web.permissions import may_manage_sites, only
from tenure.web.preferences import zone_names
from tenure.web.settings.forms import Styled
from tenure.web.setup import steps

SAME = ""


class ModeForm(Styled):
    """One site's mode, when it is synced, and whether values may be pinned."""

    mode = forms.ChoiceField(label="Mode", choices=Mode.choices, widget=forms.RadioSelect)
    subscriptions = forms.ChoiceField(
        label="Subscriptions", choices=[(SAME, "As accounts"), *Mode.choices], required=False
    )
    at = forms.CharField(label="At", max_length=5, widget=forms.TimeInput(attrs={"type": "time"}))
    zone = forms.ChoiceField(label="Time zone")
    pins = forms.BooleanField(label="Values may be pinned", required=False)

    def __init__(self, site: Site, data: QueryDict | None = None, **more: Any) -> None:
        super().__init__(data, prefix=f"site-{site.pk}", initial=_initial(site), **more)
        self.site = site
        zone = self.fields["zone"]
        assert isinstance(zone, forms.ChoiceField)  # noqa: S101
        zone.choices = [(name, name) for name in zone_names()]

    def clean_at(self) -> str:
        try:
            return str(schedule.parse(f"daily {self.cleaned_data['at']} UTC")).split()[1]
        except ConfigurationError as error:
            raise forms.ValidationError(str(error)) from None

    def save(self) -> None:
        """Keep the site like this."""
        data = self.cleaned_data
        write.set_site(
            self.site,
            accounts_mode=data["mode"],
            subscriptions_mode=data["subscriptions"] or data["mode"],
            schedule=f"daily {data['at']} {data['zone']}",
            allows_pins=data["pins"],
        )


def _initial(site: Site) -> dict[str, Any]:
    kept = schedule.parse(site.schedule)
    same = site.subscriptions_mode == site.accounts_mode
    daily = kept if isinstance(kept, Daily) else schedule.parse(schedule.DEFAULT)
    assert isinstance(daily, Daily)  # noqa: S101
    return {
        "mode": site.accounts_mode,
        "subscriptions": SAME if same else site.subscriptions_mode,
        "at": f"{daily.at:%H:%M}",
        "zone": daily.zone.key,
        "pins": site.allows_pins,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@only(may_manage_sites)
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Daily Sync, Import Only or Link only: one choice for all sites, or one for each."""
    setup = steps.setup_of(pk)
    if elsewhere := steps.misplaced(setup, Step.MODE):
        return elsewhere
    sites = setups.sites_of(setup)
    posted = request.POST if request.method == "POST" else None
    chosen = [sites[0]] if posted and len(sites) > 1 and "apart" not in posted else sites
    forms_ = [ModeForm(site, posted if site in chosen else None) for site in sites]
    if posted and all(form.is_valid() for form in forms_ if form.site in chosen):
        _save(forms_, same_for_all=len(chosen) == 1)
        return steps.onward(setup, Step.MODE)
    shown = {
        "forms": forms_,
        "apart": "apart" in (posted or ()) or _differ(sites),
    }
    return steps.show(request, setup, Step.MODE, shown, status=400 if posted else 200)


def _save(forms_: list[ModeForm], *, same_for_all: bool) -> None:
    first = forms_[0]
    for form in forms_:
        if same_for_all:
            form.cleaned_data = first.cleaned_data
        form.save()


def _differ(sites: Any) -> bool:
    kept = {(s.accounts_mode, s.subscriptions_mode, s.schedule, s.allows_pins) for s in sites}
    return len(kept) > 1
