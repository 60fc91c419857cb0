"""The drift report: what sources say now of what was imported once, and accepting it."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from tenure.connections.models import Site
from tenure.core.errors import TenureError
from tenure.core.money import Money
from tenure.customers import drift as drifting
from tenure.customers.models import Origin, Subscription
from tenure.customers.write import By
from tenure.metrics import drift as moneys
from tenure.metrics.amounts import ZERO, stored
from tenure.web.editing.toasts import undo_tag
from tenure.web.frame import member_of
from tenure.web.permissions import may_edit_customers, only
from tenure.web.plans.entries import fields_of, label_of, labels

PAGE = 50
REASON = "Drift accepted"


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Counts by field and by money, then the values, a page at a time."""
    chosen = _chosen(request)
    now = settings.TENURE_CLOCK.now()
    accounts, agreements = drifting.importing(chosen), moneys.importing(chosen)
    field = request.GET.get("field", "")
    after, beyond = _number(request, "after"), _number(request, "beyond")
    values = drifting.listing(accounts, name=field, after=after, limit=PAGE)
    priced = moneys.listing(agreements, now, after=beyond, limit=PAGE + 1)
    sums = moneys.count(agreements, now)
    found = drifting.count(accounts)
    known = labels()
    shown: dict[str, Any] = {
        "sites": [*{site.pk: site for site in (*accounts, *agreements)}.values()],
        "found": found,
        "by_field": [(n, label_of(n, known), c) for n, c in found.fields.most_common()],
        "field": field,
        "field_label": label_of(field, known) if field else "",
        "values": [(one, label_of(one.field, known)) for one in values],
        "more": values[-1].account_id if len(values) >= PAGE else None,
        "sums": sums,
        "mrr": _mrr(sums),
        "priced": [(one, fields_of(one.changes, {}), *_two(one)) for one in priced[:PAGE]],
        "beyond": priced[PAGE - 1].pk if len(priced) > PAGE else None,
        "may_accept": may_edit_customers(member_of(request)),
    }
    return render(request, "web/plans/drift.html", shown)


@require_POST
@only(may_edit_customers)
def accept(request: HttpRequest) -> HttpResponse:
    """Take what the source says: for one value, one subscription, or all of a field."""
    by = By(Origin.MANUAL, member_of(request), reason=REASON)
    now = settings.TENURE_CLOCK.now()
    try:
        words, change_set = _accept(request, by, now)
    except (TenureError, Subscription.DoesNotExist) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, words, extra_tags=undo_tag(change_set))
    return HttpResponseRedirect(f"{reverse('drift')}?{request.GET.urlencode()}")


def _accept(request: HttpRequest, by: By, now: Any) -> tuple[str, int | None]:
    posted = request.POST
    field = posted.get("field", "")
    if posted.get("subscription", "").isdecimal():
        moneys.accept(int(posted["subscription"]), by, now=now)
        return "The subscription is as the source has it.", None
    if posted.get("account", "").isdecimal():
        done = drifting.accept(int(posted["account"]), field, by, now=now)
        return "The value is the source's now.", done.change_set.pk if done.change_set else None
    sites = drifting.importing(_chosen(request))
    done = drifting.accept_all(sites, by, now=now, name=field)
    count = len(done.accounts)
    words = f"{count} account{'' if count == 1 else 's'} took what the source says."
    return words, done.change_set.pk if done.change_set else None


def _chosen(request: HttpRequest) -> list[Site] | None:
    wanted = request.GET.get("site", "")
    return list(Site.objects.filter(subdomain=wanted)) if wanted else None


def _number(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 18 else 0


def _mrr(sums: moneys.Money) -> list[tuple[Money, ...]]:
    """Of each currency: held, said, and the difference."""
    found = []
    for currency in sorted({*sums.held, *sums.says}):
        held, says = sums.held.get(currency, ZERO), sums.says.get(currency, ZERO)
        amounts = (held, says, says - held)
        found.append(tuple(Money(stored(amount), currency) for amount in amounts))
    return found


def _two(one: moneys.SubscriptionDrift) -> tuple[Money | None, Money | None]:
    held = None if one.held is None else Money(stored(one.held), one.currency)
    says = None if one.says is None else Money(stored(one.says), one.says_currency)
    return held, says
