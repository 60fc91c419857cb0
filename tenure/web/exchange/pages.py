"""Bringing a file in: upload, choose columns, look at what would happen, apply, undo.

Each step is kept, so the page can be closed and gone on with later. What takes long a worker does.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tenure.core.errors import ConfigurationError
from tenure.customers.exchange import columns, imports
from tenure.customers.exchange.outcome import OUTCOMES
from tenure.customers.exchange.reading import DELIMITERS, ENCODINGS, LARGEST_FILE, MOST_ROWS
from tenure.customers.exchange.work import WORKING
from tenure.customers.models import Import, ImportReject, ImportState
from tenure.web.exchange.choosing import Said, choices, formats_of, said_in
from tenure.web.frame import member_of
from tenure.web.permissions import may_edit_customers, only

GONE = "There is no such import. It was discarded, or its file was deleted after a week."
SHOWN_REJECTS = 10
SHOWN_IMPORTS = 30
WORDS = {
    "created": "New",
    "changed": "Changed",
    "unchanged": "Unchanged",
    "rejected": "Refused",
}


def import_of(pk: int) -> Import:
    """The import of this number. Raises Http404 with a sentence."""
    found = Import.objects.select_related("member", "change_set").filter(pk=pk).first()
    if found is None:
        raise Http404(GONE)
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@only(may_edit_customers)
def listing(request: HttpRequest) -> HttpResponse:
    """The place to upload a file, and the files there were."""
    error, kind = "", request.GET.get("kind", columns.ACCOUNTS)
    if request.method == "POST":
        kind = request.POST.get("kind", columns.ACCOUNTS)
        try:
            return HttpResponseRedirect(reverse("import", args=[_uploaded(request, kind).pk]))
        except ConfigurationError as refused:
            error = str(refused)
    found = Import.objects.select_related("member").order_by("-pk")[:SHOWN_IMPORTS]
    shown = {
        "jobs": found,
        "kinds": columns.KINDS,
        "kind": kind if kind in columns.KINDS else columns.ACCOUNTS,
        "error": error,
        "largest": LARGEST_FILE // 2**20,
        "most": MOST_ROWS,
        "kept_days": imports.KEPT_DAYS,
    }
    return render(request, "web/exchange/imports.html", shown, status=400 if error else 200)


def _uploaded(request: HttpRequest, kind: str) -> Import:
    file = request.FILES.get("file")
    if kind not in columns.KINDS:
        raise ConfigurationError("Choose what the file holds.")
    if file is None:
        raise ConfigurationError("Choose a file to upload.")
    name = file.name or "file.csv"
    return imports.upload(kind, name, file.chunks(), member=member_of(request))


@require_safe
@only(may_edit_customers)
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Whatever comes next for this import."""
    job = import_of(pk)
    if request.headers.get("HX-Target") == "import-live":
        if job.state in (ImportState.UPLOADED, ImportState.FAILED):
            return _leave_for(reverse("import", args=[pk]))
        return render(request, "web/exchange/live.html", _progress(job))
    again = request.GET.get("step") == "columns" and job.state == ImportState.CHECKED
    if job.state == ImportState.UPLOADED or again:
        return _mapping_page(request, job, Said(job.mapping, job.numbers, job.dates, job.clears))
    return render(request, "web/exchange/import.html", _progress(job))


@require_POST
@only(may_edit_customers)
def choose(request: HttpRequest, pk: int) -> HttpResponse:
    """Settle the columns and ask for the check."""
    job = import_of(pk)
    said = said_in(request.POST, len(job.columns))
    try:
        imports.choose(
            job, said.mapping, numbers=said.numbers, dates=said.dates, clears=said.clears
        )
    except ConfigurationError as refused:
        return _mapping_page(request, job, said, error=refused)
    return HttpResponseRedirect(reverse("import", args=[pk]))


@require_POST
@only(may_edit_customers)
def formats(request: HttpRequest, pk: int) -> HttpResponse:
    """How numbers and dates can be read, for the columns as they are chosen just now."""
    job = import_of(pk)
    said = said_in(request.POST, len(job.columns))
    shown = {"job": job, "formats": formats_of(job, said)}
    return render(request, "web/exchange/formats.html", shown)


@require_POST
@only(may_edit_customers)
def read_as(request: HttpRequest, pk: int) -> HttpResponse:
    """Read the file in another alphabet or with another separator."""
    job = import_of(pk)
    delimiter = request.POST.get("delimiter", "").replace("tab", "\t")
    try:
        imports.read_as(job, request.POST.get("encoding", ""), delimiter)
    except ConfigurationError as refused:
        messages.error(request, str(refused))
    return HttpResponseRedirect(reverse("import", args=[pk]))


def _act(begin: Callable[..., None]) -> Callable[[HttpRequest, int], HttpResponse]:
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        try:
            begin(import_of(pk), now=settings.TENURE_CLOCK.now())
        except ConfigurationError as refused:
            messages.error(request, str(refused))
        return HttpResponseRedirect(reverse("import", args=[pk]))

    return require_POST(only(may_edit_customers)(view))


apply = _act(imports.begin_apply)
undo = _act(imports.begin_undo)


@require_POST
@only(may_edit_customers)
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a file that was not applied."""
    job = import_of(pk)
    imports.discard(job)
    messages.success(request, f"{job.file_name} is discarded. Nothing was written.")
    return HttpResponseRedirect(reverse("imports"))


def _mapping_page(
    request: HttpRequest, job: Import, said: Said, error: ConfigurationError | None = None
) -> HttpResponse:
    shown: dict[str, Any] = {
        "job": job,
        "columns": choices(job, said),
        "formats": formats_of(job, said, error),
        "said": said,
        "error": error,
        **_read_choices(job),
    }
    return render(request, "web/exchange/columns.html", shown, status=400 if error else 200)


def _read_choices(job: Import) -> dict[str, Any]:
    return {
        "encodings": ENCODINGS,
        "encoding": ENCODINGS[job.encoding],
        "delimiters": {("tab" if d == "\t" else d): word for d, word in DELIMITERS.items()},
        "delimiter": DELIMITERS[job.delimiter],
    }


def _progress(job: Import) -> dict[str, Any]:
    working = job.state in WORKING
    total = max(job.total_rows, 1)
    done = job.counts.get("undone", 0) if job.state == ImportState.UNDOING else job.done_rows
    return {
        "job": job,
        "working": working,
        "share": min(100, round(100 * done / total)),
        "done": done,
        "outcomes": [(name, WORDS[name], job.counts.get(name, 0)) for name in OUTCOMES],
        "samples": [
            (name, WORDS[name], job.counts.get(name, 0), job.samples.get(name, []))
            for name in OUTCOMES
            if name != "rejected" and job.samples.get(name)
        ],
        "writes": job.counts.get("created", 0) + job.counts.get("changed", 0),
        "owned": job.counts.get("owned", 0),
        "rejected": ImportReject.objects.filter(of=job).order_by("line")[:SHOWN_REJECTS],
        "refused": job.counts.get("rejected", 0),
        "undone": job.counts.get("undone", 0),
        "stayed": job.counts.get("stayed", 0),
        "kept_days": imports.REJECTS_KEPT_DAYS,
    }


def _leave_for(address: str) -> HttpResponse:
    response = HttpResponse(status=204)
    response["HX-Redirect"] = address
    return response
