"""The palette: accounts by a few letters, and the pages there are."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from tenure.metrics import read as metrics
from tenure.web.frame import member_of
from tenure.web.permissions import may_manage_sites

MOST = 8


@dataclass(frozen=True, slots=True)
class Found:
    """One thing to go to."""

    label: str
    address: str
    icon: str
    hint: str = ""


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """What matches the letters typed so far; every page when there are none yet."""
    typed = request.GET.get("q", "").strip()[:200].replace("\x00", "")
    page = metrics.accounts_page(search=typed, sort="-mrr", limit=MOST)
    pages = [found for found in _pages(request) if typed.lower() in found.label.lower()]
    shown = {"rows": page.rows, "pages": pages, "typed": typed, "more": page.next is not None}
    return render(request, "web/parts/found.html", shown)


def _pages(request: HttpRequest) -> list[Found]:
    pages = [
        Found("Accounts", reverse("accounts"), "accounts", "g a"),
        Found("Health", reverse("health"), "health", "g h"),
        Found("Billing: Revenue", reverse("revenue"), "billing", "g b"),
        Found("Billing: Subscriptions", reverse("subscriptions"), "plan"),
        Found("Billing: Invoices", reverse("invoices"), "invoice"),
        Found("Sync", reverse("sync"), "sync", "g y"),
        Found("Import a CSV file", reverse("imports"), "plus"),
        Found("Quarantine", reverse("quarantine"), "alert"),
        Found("Conflicts", reverse("conflicts"), "alert"),
        Found("Unidentified", reverse("unidentified"), "alert"),
        Found("Settings: Integrations Hub", reverse("integrations"), "plug", "g s"),
        Found("Settings: Currencies and numbers", reverse("numbers"), "calc"),
        Found("Change password", reverse("account_change_password"), "key"),
        Found("Time zone", reverse("time_zone"), "clock"),
    ]
    if may_manage_sites(member_of(request)):
        pages.insert(6, Found("Connect a site", reverse("connect"), "plus"))
    return pages
