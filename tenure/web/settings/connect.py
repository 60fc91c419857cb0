"""Connecting sites: one by its subdomain and key, or several by a map pasted into the key's field."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from tenure.connections import keymap, subdomains, write
from tenure.connections.keymap import KeyMapRefused
from tenure.connections.models import Site
from tenure.connections.write import SitesRefused
from tenure.core.errors import ConfigurationError, TenureError
from tenure.core.secrets import Secret
from tenure.sources import registry
from tenure.sources.base import Source
from tenure.sync import write as syncing
from tenure.sync.models import Trigger
from tenure.web.permissions import may_manage_sites, only
from tenure.web.settings.forms import ConnectForm


@dataclass(frozen=True, slots=True)
class Entry:
    """One site of a map and what its check said: fine, or the reason it was refused."""

    name: str
    good: bool
    words: str


@sensitive_post_parameters("api_key")
@require_http_methods(["GET", "HEAD", "POST"])
@only(may_manage_sites)
def connect(request: HttpRequest) -> HttpResponse:
    """The form; on success the first import begins and is shown."""
    source = _source(request)
    form = ConnectForm(source, request.POST or None)
    entries: Sequence[Entry] = ()
    if request.method == "POST" and form.is_valid():
        try:
            return _begin(request, _save(source, form))
        except TenureError as refused:
            error = _alone(refused)
            entries = _entries(error)
            form.add_error(_at_fault(error, form), str(error) if not entries else _summary(error))
    shown = {"form": form, "source": source, "entries": entries}
    return render(request, "web/settings/connect.html", shown, status=400 if form.errors else 200)


def _source(request: HttpRequest) -> Source:
    try:
        return registry.source(request.GET.get("source", registry.DEFAULT))
    except ConfigurationError as error:
        raise Http404(str(error)) from None


@sensitive_variables()
def _save(source: Source, form: ConnectForm) -> Sequence[Site]:
    """The saved sites. Raises TenureError with nothing saved."""
    data = form.cleaned_data
    region = data["region"] or None
    if form.is_map:
        keys = keymap.parse(data["api_key"])
    else:
        keys = {subdomains.tidy(data["site"]): Secret(data["api_key"])}
    return write.add_sites(
        source.key,
        keys,
        region,
        accounts_mode=data["accounts_mode"],
        subscriptions_mode=data["subscriptions_mode"],
        schedule=data["schedule"],
        now=settings.TENURE_CLOCK.now(),
    )


def _begin(request: HttpRequest, sites: Sequence[Site]) -> HttpResponse:
    """Ask for the first import of each and go where it can be watched."""
    runs = [syncing.request_run(site, Trigger.FIRST)[0] for site in sites]
    names = ", ".join(site.subdomain for site in sites)
    messages.success(request, f"Connected {names}. The first import has begun.")
    address = reverse("run", args=[runs[0].pk]) if len(runs) == 1 else reverse("sync")
    return HttpResponseRedirect(address)


def _alone(error: TenureError) -> TenureError:
    """What one site met, without the summary that several would need."""
    if isinstance(error, SitesRefused) and len(error.outcomes) == 1:
        return error.outcomes[0].error or error
    return error


def _entries(error: TenureError) -> Sequence[Entry]:
    """What each entry of a map met; nothing when it was one site or the map could not be read."""
    if isinstance(error, SitesRefused):
        return [
            Entry(o.subdomain, not o.error, _words(o.subdomain, o.error)) for o in error.outcomes
        ]
    if isinstance(error, KeyMapRefused):
        return [Entry(fault.name, False, fault.message) for fault in error.faults]
    return ()


def _words(name: str, error: TenureError | None) -> str:
    return str(error).removeprefix(f"{name}: ") if error else "The key is good."


def _summary(error: TenureError) -> str:
    if isinstance(error, SitesRefused):
        bad = sum(1 for outcome in error.outcomes if outcome.error)
        return f"Nothing was saved: {bad} of {len(error.outcomes)} sites were refused. See each below, and paste the map again: keys are never written back into a page."
    return f"Nothing was saved. {error.next_step}".strip()


def _at_fault(error: TenureError, form: ConnectForm) -> str:
    """The field to put the refusal at."""
    if form.is_map:
        return "api_key"
    try:
        subdomains.tidy(form.cleaned_data.get("site", ""))
    except TenureError:
        return "site"
    if "Choose the region" in error.next_step:
        return "region"
    return "site" if "already connected" in error.message else "api_key"
