"""The bell's page: what a member was told, newest first."""

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from tenure.customers.models import Account
from tenure.notify import read, write
from tenure.web.frame import member_of

ON_A_PAGE = 50


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """What this member was told within Tenure."""
    rows = Paginator(read.notifications(member_of(request)), ON_A_PAGE)
    shown = {"page": rows.get_page(request.GET.get("page"))}
    return render(request, "web/notify/bell.html", shown)


@require_safe
def open_one(request: HttpRequest, pk: int) -> HttpResponse:
    """Go to what a notification is about; it is read by that."""
    found = read.notifications(member_of(request)).filter(pk=pk).first()
    if found is None:
        raise Http404("There is no such notification.")
    write.mark_read(member_of(request), now=settings.TENURE_CLOCK.now(), only=found.pk)
    return HttpResponseRedirect(found.path or reverse("notifications"))


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all as read."""
    write.mark_read(member_of(request), now=settings.TENURE_CLOCK.now())
    return HttpResponseRedirect(reverse("notifications"))


@require_POST
def follow(request: HttpRequest, pk: int) -> HttpResponse:
    """Hear of an account's alerts, or hear of them no more."""
    account = get_object_or_404(Account, pk=pk)
    member = member_of(request)
    if request.POST.get("how") == "stop":
        write.unfollow(member, account)
    else:
        write.follow(member, account, now=settings.TENURE_CLOCK.now())
    return HttpResponseRedirect(reverse("account", args=[account.pk]))
