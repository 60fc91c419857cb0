"""Merging two accounts: choosing the other one, seeing what would happen, and taking it back."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from tenure import flow
from tenure.core.errors import TenureError
from tenure.customers.lookup import account_of
from tenure.customers.models import Origin
from tenure.customers.write import By
from tenure.identity import merge as merging
from tenure.identity.merge import CannotMerge
from tenure.metrics import read as metrics
from tenure.web.account.head import head_of
from tenure.web.frame import member_of
from tenure.web.permissions import may_decide_identity, only

MOST = 8


@require_http_methods(["GET", "HEAD", "POST"])
@only(may_decide_identity)
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose what to merge into the account and see what it would do; posted, it is done."""
    head = head_of(pk)
    typed = request.POST.get("with", request.GET.get("with", "")).strip()[:300]
    shown: dict[str, Any] = {
        "account": head.account,
        "typed": typed,
        "merges": merging.of_account(pk),
    }
    if not typed:
        return render(request, "web/identity/merge.html", shown)
    try:
        other = account_of(typed)
        shown["preview"] = merging.preview(pk, other.pk)
        if request.method == "POST":
            return _merge(request, pk, other.pk)
    except TenureError as error:
        shown["error"] = str(error)
        found = metrics.accounts_page(search=typed.replace("\x00", ""), sort="name", limit=MOST)
        shown["found"] = [row for row in found.rows if row.id != pk]
    return render(request, "web/identity/merge.html", shown, status=400 if request.POST else 200)


def _merge(request: HttpRequest, kept_id: int, absorbed_id: int) -> HttpResponse:
    now = settings.TENURE_CLOCK.now()
    reason = request.POST.get("reason", "").strip()[:1000]
    with transaction.atomic():
        by = By(Origin.MANUAL, member_of(request), reason)
        done = merging.merge(kept_id, absorbed_id, by, now)
        flow.refresh(done.accounts, now)
    messages.success(
        request, f"{done.merge.absorbed.name} is part of this account now. It can be undone below."
    )
    return HttpResponseRedirect(reverse("merge", args=[kept_id]))


@require_POST
@only(may_decide_identity)
def undo(request: HttpRequest, pk: int, merge: int) -> HttpResponse:
    """Take a merge apart again."""
    now = settings.TENURE_CLOCK.now()
    try:
        with transaction.atomic():
            done = merging.unmerge(merge, By(Origin.MANUAL, member_of(request)), now)
            flow.refresh(done.accounts, now)
    except CannotMerge as error:
        messages.error(request, str(error))
    else:
        said = f"{done.merge.absorbed.name} is an account of its own again."
        messages.success(request, said)
    return HttpResponseRedirect(reverse("merge", args=[pk]))
