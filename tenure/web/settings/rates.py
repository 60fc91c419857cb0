"""Entering rates by hand and from a file, and deleting them, on Settings › Currencies and numbers."""

from collections.abc import Iterable

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from tenure.core.errors import ConfigurationError
from tenure.customers.models import Origin
from tenure.customers.write import By, ValueRefused
from tenure.metrics import basis, ratebook, ratefile
from tenure.metrics.ratebook import Entry
from tenure.web.frame import member_of
from tenure.web.permissions import may_set_numbers, only
from tenure.web.settings.numbers import show

LARGEST_FILE = 5_000_000
SHOWN_FAULTS = 50


@require_POST
@only(may_set_numbers)
def add(request: HttpRequest) -> HttpResponse:
    """Enter one rate by hand."""
    given = {name: request.POST.get(name, "") for name in ("from", "to", "date", "rate")}
    try:
        one = ratebook.entry(given["from"], given["to"], given["date"], given["rate"])
    except ValueRefused as refused:
        return show(request, entered=given, fault=refused, status=422)
    return _entered(request, [one])


@require_POST
@only(may_set_numbers)
def import_file(request: HttpRequest) -> HttpResponse:
    """Enter the rates of a file, all or none; what is wrong is told line by line."""
    upload = request.FILES.get("file")
    if upload is None or upload.size is None:
        return show(request, file_fault="Choose a CSV file first.", status=422)
    if upload.size > LARGEST_FILE:
        said = "The file is larger than 5 MB. Import it in parts."
        return show(request, file_fault=said, status=422)
    try:
        read = ratefile.read(upload.read())
    except ConfigurationError as error:
        return show(request, file_fault=str(error), status=422)
    if read.faults:
        shown = {"faults": read.faults[:SHOWN_FAULTS], "fault_count": len(read.faults)}
        return show(request, status=422, **shown)
    return _entered(request, read.entries)


def _entered(request: HttpRequest, entries: Iterable[Entry]) -> HttpResponse:
    done = ratebook.enter(entries, _by(request), settings.TENURE_CLOCK.now())
    messages.success(request, f"Rates: {done.sentence}. Totals follow in the background.")
    for sentence in done.odd:
        messages.warning(request, sentence)
    return HttpResponseRedirect(f"{reverse('numbers')}#rates-title")


@require_http_methods(["GET", "HEAD", "POST"])
@only(may_set_numbers)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """What deleting a rate would do; and deleting it."""
    found = ratebook.live().select_related("set_by").filter(pk=pk).first()
    if found is None:
        raise Http404("There is no such rate: somebody may have deleted or replaced it.")
    now = settings.TENURE_CLOCK.now()
    if request.method == "POST":
        ratebook.remove([pk], _by(request), now)
        messages.success(request, f"Deleted: {found}. Totals follow in the background.")
        return HttpResponseRedirect(f"{reverse('numbers')}#rates-title")
    seen = basis.impact(lambda: ratebook.remove([pk], _by(request), now), now)
    return render(request, "web/settings/rate_delete.html", {"rate": found, "impact": seen})


def _by(request: HttpRequest) -> By:
    return By(Origin.MANUAL, member_of(request))
