"""An edit of very many accounts while it goes on, and taking it back."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from tenure.customers import bulk_work
from tenure.customers.models import BulkEdit
from tenure.customers.revert import reverted_by
from tenure.customers.write import ValueRefused
from tenure.web.editing.fields import field_named
from tenure.web.permissions import may_edit_customers, only

GONE = "There is no such edit."


@require_safe
@only(may_edit_customers)
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it is; alone, the part that is asked for again while it goes on."""
    template = "many_live" if request.headers.get("HX-Target") == "bulk-live" else "many"
    return render(request, f"web/editing/{template}.html", _shown(_edit_of(pk)))


@require_POST
@only(may_edit_customers)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it back, in the background too."""
    try:
        bulk_work.ask_undo(_edit_of(pk).pk, now=settings.TENURE_CLOCK.now())
    except ValueRefused as refused:
        messages.error(request, str(refused))
    return HttpResponseRedirect(reverse("bulk_edit", args=[pk]))


def _edit_of(pk: int) -> BulkEdit:
    rows = BulkEdit.objects.select_related("member", "change_set").defer("accounts")
    found: BulkEdit | None = rows.filter(pk=pk).first()
    if found is None:
        raise Http404(GONE)
    return found


def _shown(job: BulkEdit) -> dict[str, Any]:
    field = field_named(job.field)
    return {
        "job": job,
        "tags": bulk_work.changes_tags(job),
        "label": field.label if field else job.field,
        "working": job.state in bulk_work.WORKING,
        "taken_back": job.state == "done" and reverted_by(job.change_set) is not None,
        "changed": job.counts.get("changed", 0),
        "undone": job.counts.get("undone", 0),
        "stayed": job.counts.get("stayed", 0),
    }
