"""Ending a set-up before its accounts are made: its staged sites go with everything read of them."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from tenure.connections import setups
from tenure.core.errors import TenureError
from tenure.customers import read as customers
from tenure.sync import activation
from tenure.sync.purge import withdraw
from tenure.web.permissions import may_manage_sites, only
from tenure.web.setup import steps


@require_http_methods(["GET", "HEAD", "POST"])
@only(may_manage_sites)
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """What would go, and a button that means it."""
    setup = steps.setup_of(pk)
    sites = setups.sites_of(setup)
    staged = [site for site in sites if site.staged]
    made = activation.of(setup) is not None
    if request.method == "POST" and not made:
        try:
            for site in staged:
                withdraw(site, now=settings.TENURE_CLOCK.now())
        except TenureError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(reverse("setup_cancel", args=[pk]))
        setups.forget(setup)
        gone = ", ".join(site.subdomain for site in staged)
        told = f"The set-up was cancelled; {gone} and all that was read of it is gone."
        messages.success(request, told if staged else "The set-up was cancelled.")
        return HttpResponseRedirect(reverse("integrations"))
    shown = {
        "staged": staged,
        "staying": [site for site in sites if not site.staged],
        "held": customers.staged_counts([site.pk for site in staged]),
        "made": made,
    }
    return steps.show(request, setup, setups.Step(setup.step), shown, part="web/setup/cancel.html")
