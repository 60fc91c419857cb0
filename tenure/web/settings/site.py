"""One site: how it stands, how it is kept, and the acts that change it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from tenure.connections import check as checks
from tenure.connections import write
from tenure.connections.findings import told
from tenure.connections.models import Site, SiteState
from tenure.core.clock import SystemClock
from tenure.core.errors import TenureError
from tenure.core.secrets import Secret
from tenure.customers import read as customers
from tenure.customers.switching import switch
from tenure.sync.purge import purge
from tenure.sync.standing import Standing, standings
from tenure.web.frame import member_of
from tenure.web.permissions import may_manage_sites, may_sync, only
from tenure.web.runs.cards import card
from tenure.web.settings.forms import KeptForm, KeyForm, RemoveForm


@require_safe
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """The site with its settings."""
    return _show(request, _standing(pk))


@require_POST
@only(may_manage_sites)
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the site now what its key may read; nothing is saved."""
    known = _standing(pk)
    report = told(checks.check_site(known.site, now=settings.TENURE_CLOCK.now()))
    if request.headers.get("HX-Target") == "site-check":
        return render(request, "web/settings/check.html", {"report": report})
    return _show(request, known, report=report)


@sensitive_post_parameters("api_key")
@require_POST
@only(may_manage_sites)
def replace_key(request: HttpRequest, pk: int) -> HttpResponse:
    """Prove a new key and put it in the place of the old one."""
    known, form = _standing(pk), KeyForm(request.POST)
    if form.is_valid():
        try:
            key = Secret(form.cleaned_data["api_key"])
            write.rekey(known.site, key, now=settings.TENURE_CLOCK.now())
        except TenureError as error:
            form.add_error("api_key", str(error))
        else:
            messages.success(request, f"{known.site.subdomain} has its new key.")
            return _to(known.site)
    return _show(request, known, status=400, key_form=form)


@require_POST
@only(may_manage_sites)
def modes(request: HttpRequest, pk: int) -> HttpResponse:
    """Change modes, pins and schedule from the next run on. What changes whose values count is
    shown first, and saved when it comes back as it was shown."""
    known, form = _standing(pk), KeptForm(request.POST)
    if not form.is_valid():
        return _show(request, known, status=400, modes_form=form)
    change = _change(known.site, form.cleaned_data)
    if change.matters and request.POST.get("seen") != change.seal:
        coming = switch(
            known.site,
            accounts_mode=change.accounts_to,
            allows_pins=change.allows_pins,
            now=settings.TENURE_CLOCK.now(),
        )
        return _show(request, known, modes_form=form, change=change, switch=coming)
    write.set_site(known.site, **form.cleaned_data)
    messages.success(request, f"{known.site.subdomain}: saved. It holds from the next run on.")
    return _to(known.site)


@dataclass(frozen=True, slots=True)
class Change:
    """What a form would change about whose values count."""

    accounts_from: str
    accounts_to: str
    subscriptions_from: str
    subscriptions_to: str
    allows_pins: bool
    pins_off: bool

    @property
    def matters(self) -> bool:
        """Whether somebody should see beforehand what it does."""
        modes = (self.accounts_from, self.subscriptions_from)
        return modes != (self.accounts_to, self.subscriptions_to) or self.pins_off

    @property
    def seal(self) -> str:
        """What the form sends back to say that this was shown."""
        return f"{self.accounts_to}/{self.subscriptions_to}/{self.allows_pins}"


def _change(site: Site, wanted: Mapping[str, Any]) -> Change:
    chosen = wanted.get("allows_pins")
    allows = site.allows_pins if chosen is None else chosen
    return Change(
        accounts_from=site.accounts_mode,
        accounts_to=wanted["accounts_mode"],
        subscriptions_from=site.subscriptions_mode,
        subscriptions_to=wanted["subscriptions_mode"],
        allows_pins=allows,
        pins_off=site.allows_pins and not allows,
    )


@require_POST
@only(may_manage_sites)
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop reading the site by itself, or go on reading it."""
    site = _standing(pk).site
    if site.state == SiteState.PAUSED:
        try:
            write.resume(site)
            messages.success(request, f"{site.subdomain} is read again.")
        except TenureError as error:
            messages.error(request, str(error))
    else:
        write.pause(site, f"Paused by {member_of(request)}.")
        messages.success(request, f"{site.subdomain} is paused; what is here stays as it is.")
    return _to(site)


@require_POST
@only(may_manage_sites)
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget the key and keep the data, or delete both."""
    known = _standing(pk)
    form = RemoveForm(known.site.subdomain, request.POST)
    if not form.is_valid():
        return _show(request, known, status=400, remove_form=form)
    try:
        return _remove(request, known.site, purging=form.cleaned_data["fate"] == "purge")
    except TenureError as error:
        form.add_error("confirm", str(error))
        return _show(request, known, status=400, remove_form=form)


def _remove(request: HttpRequest, site: Site, *, purging: bool) -> HttpResponse:
    if purging:
        purge(site, now=settings.TENURE_CLOCK.now())
        messages.success(request, f"{site.subdomain} was removed with all its data.")
    else:
        write.forget_key(site)
        messages.success(request, f"{site.subdomain} was disconnected; its data is kept.")
    return HttpResponseRedirect(reverse("integrations"))


def _show(request: HttpRequest, known: Standing, status: int = 200, **forms: Any) -> HttpResponse:
    site, member = known.site, member_of(request)
    kept = {
        "accounts_mode": site.accounts_mode,
        "subscriptions_mode": site.subscriptions_mode,
        "schedule": site.schedule,
        "allows_pins": "yes" if site.allows_pins else "no",
    }
    shown = {
        "card": card(known, SystemClock().now()),
        "site": site,
        "held": customers.held_of(site.pk),
        "may_manage": may_manage_sites(member),
        "may_sync": may_sync(member),
        "key_form": KeyForm(),
        "modes_form": KeptForm(initial=kept),
        "remove_form": RemoveForm(site.subdomain),
        **forms,
    }
    return render(request, "web/settings/site.html", shown, status=status)


def _standing(pk: int) -> Standing:
    found = next((known for known in standings() if known.site.pk == pk), None)
    if found is None:
        raise Http404("There is no such site. It may have been removed.")
    return found


def _to(site: Site) -> HttpResponse:
    return HttpResponseRedirect(reverse("site", args=[site.pk]))
