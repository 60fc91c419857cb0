"""One subscription: what it is worth a month and how that is made, and everything the source says."""

from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenure.customers.models import Subscription
from tenure.metrics.explain import Worth, of_subscription
from tenure.metrics.explain.calculation import HOW
from tenure.metrics.explain.then import Then, reading
from tenure.metrics.lists import subscriptions
from tenure.metrics.lists.subscriptions import SubscriptionRow
from tenure.metrics.settings import current
from tenure.sources import registry
from tenure.sources.base import Stream
from tenure.web.as_of import at
from tenure.web.billing.asked import here


@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """The subscription: in the drawer when a page asks for it there, else a page of its own."""
    try:
        one = subscriptions.get(pk, here(request))
    except Subscription.DoesNotExist:
        moment = at(request)
        then = f" that was known at the end of {moment.day}" if moment else ""
        raise Http404(f"There is no such subscription here{then}.") from None
    source = registry.source(one.row.site.source)
    shown: dict[str, Any] = {
        "one": one,
        "row": one.row,
        "account": one.row.account,
        "part": _worth(request, one),
        "address": source.record_url(
            one.row.site.subdomain, Stream.SUBSCRIPTIONS, one.row.uuid or one.row.upstream_id
        ),
    }
    drawer = request.headers.get("HX-Target") == "drawer-content"
    shown |= {"top": 2, "sub": 3} if drawer else {"top": 1, "sub": 2}  # levels of the headings
    name = "subscription_detail" if drawer else "subscription"
    return render(request, f"web/billing/{name}.html", shown)


def _worth(request: HttpRequest, one: SubscriptionRow) -> Worth:
    """How its MRR is made: of a past day out of what was known then, or that it was made out since."""
    moment, row = at(request), one.row
    then = Then(row.account_id or 0, moment.instant, moment.last) if moment else None
    with reading(then if row.account_id else None):
        found = of_subscription(row, here(request).now, current())
    if moment is None or not HOW.get(one.known or ""):
        return found
    return replace(found, amount=one.mrr, steps=(), notes=(HOW[one.known or ""],))
