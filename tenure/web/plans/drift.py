"""The drift report: what sources say now of what was imported once, and accepting it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
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
from tenure.customers import comparisons
from tenure.customers import drift as drifting
from tenure.customers.models import Origin, Subscription
from tenure.customers.write import By, ValueRefused
from tenure.metrics import drift as moneys
from tenure.metrics.amounts import ZERO, stored
from tenure.web.editing.toasts import undo_tag
from tenure.web.frame import member_of
from tenure.web.permissions import may_edit_customers, only
from tenure.web.plans.entries import label_of, labels

PAGE = 50
AT_ONCE = (
    2_000  # accounts compared before the page is shown; the others follow while it is looked at
)
PRICED_AT_ONCE = 100
FIELDS_SHOWN = 8
REASON = "Drift accepted"


@dataclass(frozen=True, slots=True)
class Differing:
    """One value that differs, in words; ``seen`` is what the source says as accepting sends it
    back, so that nobody accepts what they have not seen."""

    field: str
    label: str
    held: Any
    says: Any
    seen: str


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Counts by field and by money, then the values, a page at a time. What takes long follows while
    the page is looked at: ``part`` asks for it."""
    chosen = _chosen(request)
    accounts, agreements = drifting.importing(chosen), moneys.importing(chosen)
    match request.GET.get("part"):
        case "values":
            left = comparisons.settle(most=AT_ONCE)
            shown = _values(request, accounts, left=left)
            return render(request, "web/plans/drift_values.html", shown)
        case "money":
            shown = _money(request, agreements, whole=True)
            return render(request, "web/plans/drift_money.html", shown)
    sites = [*{site.pk: site for site in (*accounts, *agreements)}.values()]
    settled = comparisons.settle() if comparisons.are_few() else None
    shown = _values(request, accounts, left=settled) | _money(request, agreements, whole=False)
    return render(request, "web/plans/drift.html", shown | {"sites": sites})


def _values(request: HttpRequest, accounts: list[Site], *, left: int | None) -> dict[str, Any]:
    """The values of accounts that differ. ``left`` are to be compared yet; None when that is to be
    found out still."""
    field, after = request.GET.get("field", ""), _number(request, "after")
    values = drifting.listing(accounts, name=field, after=after, limit=PAGE, settled=True)
    found = drifting.count(accounts, settled=True)
    known = labels()
    return {
        "left": left,
        "unsettled": left is None or left > 0,
        "found": found,
        "by_field": [(n, label_of(n, known), c) for n, c in found.fields.most_common()],
        "field": field,
        "field_label": label_of(field, known) if field else "",
        "values": [(one, _differing(one.field, one.held, one.says, known)) for one in values],
        "more": values[-1].account_id if len(values) >= PAGE else None,
        "may_accept": may_edit_customers(member_of(request)),
    }


def _money(request: HttpRequest, agreements: list[Site], *, whole: bool) -> dict[str, Any]:
    """The subscriptions that differ and what that comes to; later, when they are many."""
    now = settings.TENURE_CLOCK.now()
    if not whole and moneys.are_more_than(PRICED_AT_ONCE, agreements):
        return {"priced_later": True}
    priced = moneys.listing(agreements, now, after=_number(request, "beyond"), limit=PAGE + 1)
    sums = moneys.count(agreements, now)
    return {
        "sums": sums,
        "mrr": _mrr(sums),
        "kinds": [
            (name, label_of(name, {}), n)
            for name, n in sorted(sums.fields.items(), key=lambda pair: (-pair[1], pair[0]))
        ],
        "priced": [(one, _fields(one), *_two(one)) for one in priced[:PAGE]],
        "beyond": priced[PAGE - 1].pk if len(priced) > PAGE else None,
        "may_accept": may_edit_customers(member_of(request)),
    }


def _fields(one: moneys.SubscriptionDrift) -> list[Differing]:
    shown = list(one.changes.items())[:FIELDS_SHOWN]
    return [_differing(place, held, says, {}) for place, (held, says) in shown]


def _differing(place: str, held: Any, says: Any, known: Mapping[str, str]) -> Differing:
    return Differing(place, label_of(place, known), held, says, json.dumps(says))


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
        pk = int(posted["subscription"])
        change_set = moneys.accept(pk, by, now=now, name=field, shown=_seen(request))
        what = label_of(field, {}) if field else "Everything"
        return f"{what} of the subscription is as the source has it.", change_set.pk
    if posted.get("account", "").isdecimal():
        shown = _seen(request)
        done = drifting.accept(int(posted["account"]), field, by, now=now, shown=shown)
        return "The value is the source's now.", done.change_set.pk if done.change_set else None
    if posted.get("all") == "subscriptions":
        return _accept_subscriptions(request, field, by, now)
    sites = drifting.importing(_chosen(request))
    done = drifting.accept_all(sites, by, now=now, name=field)
    count = len(set(done.accounts))
    words = f"{count:,} account{'' if count == 1 else 's'} took what the source says."
    return words, done.change_set.pk if done.change_set else None


def _accept_subscriptions(
    request: HttpRequest, field: str, by: By, now: Any
) -> tuple[str, int | None]:
    sites = moneys.importing(_chosen(request))
    done = moneys.accept_all(sites, by, now=now, name=field)
    count = done.subscriptions
    words = f"{count:,} subscription{'' if count == 1 else 's'} took what the source says."
    return words, done.change_set.pk if done.change_set else None


def _seen(request: HttpRequest) -> Any:
    """What the person saw the source say. Raises ValueRefused when it cannot be read."""
    if "seen" not in request.POST:
        return ...
    try:
        return json.loads(request.POST["seen"])
    except ValueError:
        raise ValueRefused(
            "seen", "What you saw cannot be told any more.", "Reload the page."
        ) from None


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
