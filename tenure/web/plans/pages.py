"""The plan of a site's next sync: counts, manual edits about to be lost first, keep, apply, download."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from tenure.access.models import Member
from tenure.connections import read as connections
from tenure.core import csvs
from tenure.core.errors import TenureError
from tenure.customers.models import Origin
from tenure.customers.write import By
from tenure.sync.models import Plan, Trigger
from tenure.sync.planning import background, holding, keeping, read
from tenure.web import moments
from tenure.web.frame import member_of
from tenure.web.permissions import may_edit_customers, may_sync, only
from tenure.web.plans.differences import differences
from tenure.web.plans.entries import KINDS, OF, fields_of, kinds, labels, rows, tiles

PAGE = 50
KEPT = "Kept from a plan"
WHOLE = {"yes": True, "no": False}  # left out, the plan finds out by itself


@require_POST
@only(may_sync)
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a plan of a site's next sync worked out."""
    site = next((site for site in connections.sites() if site.pk == pk), None)
    if site is None:
        raise Http404("There is no such site. It may have been removed.")
    try:
        connections.open_key(site)
        plan = background.ask(
            site,
            member=member_of(request),
            now=settings.TENURE_CLOCK.now(),
            whole=WHOLE.get(request.POST.get("whole", "")),
        )
    except TenureError as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("site", args=[pk]))
    return _to(plan)


@require_safe
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """A plan. While it is being worked out the page asks again by itself."""
    plan = _plan(pk)
    context = shown(request, plan)
    part = request.headers.get("HX-Target") == "plan-live"
    return render(request, "web/plans/live.html" if part else "web/plans/page.html", context)


def shown(request: HttpRequest, plan: Plan) -> dict[str, Any]:
    """What the templates of a plan need; the set-up shows the same parts."""
    member = member_of(request)
    chosen = request.GET.get("verb", "")
    chosen = chosen if chosen in OF else ""
    kind = request.GET.get("kind", "")
    kind = kind if kind in KINDS else ""
    after = request.GET.get("after", "")
    found = read.entries(
        plan,
        verbs=[chosen] if chosen else (),
        kind=kind,
        after=int(after) if after.isdecimal() and len(after) < 10 else 0,
        limit=PAGE + 1,
    )
    run = read.run_of(plan)
    known = labels()
    return {
        "plan": plan,
        "tiles": tiles(plan, chosen),
        "kinds": kinds(plan, kind),
        "kind": KINDS.get(kind, ""),
        "pending": _pending(plan),
        "rows": rows(found[:PAGE]),
        "chosen": OF.get(chosen),
        "more": found[PAGE - 1].position if len(found) > PAGE else None,
        "first": not after,
        "lost": read.total(plan, "override"),
        "following": _following(plan),
        "run": run,
        "newer": Plan.objects.filter(site=plan.site, pk__gt=plan.pk).first(),
        "may_sync": may_sync(member),
        "may_keep": may_edit_customers(member) and plan.site.allows_pins,
        "may_apply": may_sync(member) and not plan.whole and run is None,
        "differences": [
            (one, fields_of(one.now or {}, known)) for one in differences(plan, limit=PAGE)
        ],
    }


def _pending(plan: Plan) -> list[dict[str, Any]]:
    """The changes of the mapping that had not been gone through when the plan was made."""
    return [{**one, "at": moments.instant_of(one["at"])} for one in plan.pending]


def _following(plan: Plan) -> list[tuple[str, int]]:
    counted: dict[str, int] = plan.counts.get("following", {})
    return [(name.replace("_", " "), n) for name, n in counted.items() if n]


@require_POST
@only(may_sync)
def apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Carry the plan out: exactly what is shown, or nothing."""
    plan = _plan(pk)
    try:
        run = holding.apply(plan, Trigger.MANUAL, member=member_of(request))
    except TenureError as error:
        messages.error(request, str(error))
        return _to(plan)
    return HttpResponseRedirect(reverse("run", args=[run.pk]))


@require_POST
@only(may_edit_customers)
def keep(request: HttpRequest, pk: int) -> HttpResponse:
    """Pin what one row, or every row, would lose; then the plan is made anew."""
    plan = _plan(pk)
    position = request.POST.get("position", "")
    reason = request.POST.get("reason", "").strip()[:500] or KEPT
    member = member_of(request)
    try:
        kept = pin_lost(plan, position, member, reason=reason, now=settings.TENURE_CLOCK.now())
        again = background.ask(plan.site, member=member, now=settings.TENURE_CLOCK.now())
    except TenureError as error:
        messages.error(request, str(error))
        return _to(plan)
    values = f"{kept} value{'' if kept == 1 else 's'}"
    messages.success(request, f"{values} pinned. This is the plan as it is with them.")
    return _to(again)


def pin_lost(plan: Plan, position: str, member: Member, *, reason: str, now: datetime) -> int:
    """Pin what the row at this position would lose, or every row when it names none; how many values.
    Raises TenureError. Whoever shows the plan has it made anew."""
    by = By(Origin.MANUAL, member, reason=reason)
    at = int(position) if position.isdecimal() and len(position) < 10 else None
    return keeping.keep(plan, by, now=now, position=at)


@require_safe
def download(request: HttpRequest, pk: int, form: str) -> HttpResponseBase:  # noqa: ARG001
    """The whole plan as a file, safe to open in a spreadsheet."""
    plan = _plan(pk)
    name = f"plan-{plan.pk}-{plan.site.subdomain}.{form}"
    if form == "csv":
        body = csvs.lines(read.csv_rows(plan), marked=True)
        kind = "text/csv; charset=utf-8"
    else:
        body, kind = _json(plan), "application/json"
    answer = StreamingHttpResponse(body, content_type=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _json(plan: Plan) -> Iterator[str]:
    head = json.dumps(read.as_json(plan), ensure_ascii=False)
    yield f'{head[:-1]}, "entries": ['
    for number, entry in enumerate(plan.entries.order_by("position").iterator()):
        yield (", " if number else "") + json.dumps(read.entry_as_json(entry), ensure_ascii=False)
    yield "]}"


def _plan(pk: int) -> Plan:
    try:
        return read.get_plan(pk)
    except TenureError:
        raise Http404("There is no such plan. It may have gone with its site.") from None


def _to(plan: Plan) -> HttpResponse:
    return HttpResponseRedirect(reverse("plan", args=[plan.pk]))
