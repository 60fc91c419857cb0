"""The editor of a segment: its rule beside what it would do, before anything is saved."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from tenure.access.models import Member
from tenure.alerts import uses
from tenure.core.money import Money
from tenure.customers.models import Account
from tenure.metrics.models import AccountFacts
from tenure.rules.errors import RuleRefused
from tenure.segments import preview as previews
from tenure.segments import write
from tenure.segments.models import Segment
from tenure.segments.preview import Near, Preview
from tenure.segments.question import Question, TooCostly, question
from tenure.web.frame import member_of
from tenure.web.permissions import REFUSALS, may_define_segments, only
from tenure.web.rules.said import said_of
from tenure.web.segments.page import segment_or_404

LONGEST_PRIORITY = 10_000


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make a segment; ``?rule=`` begins with one."""
    return _edit(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a segment."""
    return _edit(request, segment_or_404(pk))


@require_POST
def live_preview(request: HttpRequest) -> HttpResponse:
    """What the rule in the form would do: a part of the page."""
    pk = request.POST.get("segment", "")
    known = pk.isdecimal() and len(pk) < 18
    against = Segment.objects.filter(pk=int(pk)).first() if known else None
    return render(
        request,
        "web/segments/preview.html",
        _previewed(request.POST.get("rule", ""), against) | {"against": against},
    )


def _edit(request: HttpRequest, found: Segment | None) -> HttpResponse:
    if request.method == "POST":
        return _save(request, found)
    begun = {
        "name": found.name if found else "",
        "rule": found.rule if found else request.GET.get("rule", ""),
        "description": found.description if found else "",
        "priority": str(found.priority) if found else "100",
        "owner": found.owner.email if found and found.owner else "",
    }
    return _shown(request, found, begun)


@only(may_define_segments)
def _save(request: HttpRequest, found: Segment | None) -> HttpResponse:
    typed = {
        name: request.POST.get(name, "").strip()
        for name in ("name", "rule", "description", "priority", "owner")
    }
    try:
        draft = _draft(typed)
        _refuse_older(request.POST.get("version", ""), found)
        saved = write.save(
            draft, now=settings.TENURE_CLOCK.now(), member=member_of(request), segment=found
        )
    except write.SegmentRefused as error:
        fault = {"field": error.field, "text": error.message, "next_step": error.next_step}
        return _shown(request, found, typed, fault=fault)
    except RuleRefused:
        fault = {"field": "rule", "text": "Nothing was saved: the rule cannot be asked."}
        fault["next_step"] = "What is wrong, and where, stands below it."
        return _shown(request, found, typed, fault=fault)
    count = saved.memberships.count()
    within = "1 account is" if count == 1 else f"{count:,} accounts are"
    messages.success(request, f"“{saved.name}” is saved: {within} in it.")
    return HttpResponseRedirect(reverse("segment", args=[saved.pk]))


def _draft(typed: Mapping[str, str]) -> write.Draft:
    """What was typed. Raises SegmentRefused for what is no priority and nobody's e-mail."""
    priority = typed["priority"]
    digits = priority.isascii() and priority.isdigit() and len(priority) < 10
    if not digits or int(priority) > LONGEST_PRIORITY:
        raise write.SegmentRefused(
            "priority",
            f"“{priority[:40]}” is no priority.",
            f"It is from 0 to {LONGEST_PRIORITY:,}.",
        )
    owner = Member.objects.filter(email__iexact=typed["owner"]).first() if typed["owner"] else None
    if typed["owner"] and owner is None:
        raise write.SegmentRefused(
            "owner", f"Nobody here has the e-mail {typed['owner'][:80]}.", "Choose a member."
        )
    return write.Draft(typed["name"], typed["rule"], typed["description"], int(priority), owner)


def _refuse_older(version: str, found: Segment | None) -> None:
    """What somebody else saved while the form stood open is not replaced unread."""
    if found is None or not version or version == str(found.version):
        return
    last = found.versions.order_by("-number").first()
    who = f" by {last.by}" if last and last.by else ""
    raise write.SegmentRefused(
        "version",
        f"The segment was changed{who} while you had it open: it is version {found.version} now.",
        "Nothing of yours is lost. Save again to put it in place of theirs.",
    )


def _shown(
    request: HttpRequest,
    found: Segment | None,
    typed: Mapping[str, str],
    *,
    fault: Mapping[str, str] | None = None,
) -> HttpResponse:
    shown: dict[str, Any] = {
        "segment": found,
        "typed": typed,
        "fault": fault,
        "owners": Member.objects.filter(is_active=True).order_by("email"),
        "may_define": may_define_segments(member_of(request)),
        "refusal": REFUSALS[may_define_segments],
        "against": found,
        "said": said_of(typed["rule"], settings.TENURE_CLOCK.now()),
        **_previewed(typed["rule"], found),
    }
    return render(request, "web/segments/editor.html", shown, status=422 if fault else 200)


def _previewed(rule: str, against: Segment | None) -> dict[str, Any]:
    """Everything the preview shows: the rule in words, the figures, and the accounts by id."""
    if not rule.strip():
        return {"asked": None, "seen": None}
    try:
        asked = question(rule, settings.TENURE_CLOCK.now())
    except RuleRefused:
        return {"asked": None, "seen": None, "refused": True}  # its input says what and where
    try:
        seen = previews.preview(asked, against=against)
    except TooCostly as error:
        return {"asked": asked, "seen": None, "slow": str(error)}
    return {"asked": asked, "seen": seen, **_figures(asked, seen, against)}


def _figures(asked: Question, seen: Preview, against: Segment | None) -> dict[str, Any]:
    crossing = [part for part in (seen.entering, seen.leaving) if part]
    ids = {*seen.sample, *(one for part in crossing for one in part.sample)}
    ids |= {one for near in seen.near for one in near.sample}
    accounts = Account.objects.in_bulk(ids)
    facts = AccountFacts.objects.in_bulk(ids)

    def named(wanted: Sequence[int]) -> list[tuple[Account, tuple[Money, ...]]]:
        mrr = {one: facts[one].money("mrr") if one in facts else () for one in wanted}
        return [(accounts[one], mrr[one]) for one in wanted if one in accounts]

    return {
        "sample": named(seen.sample),
        "near": [(near, named(near.sample)) for near in _few(seen.near)],
        "entering": named(seen.entering.sample) if seen.entering else [],
        "leaving": named(seen.leaving.sample) if seen.leaving else [],
        "used": uses.uses_of(against) if against else None,
        "unchanged": seen.same,
        "words": asked.words,
    }


def _few(near: Sequence[Near], most: int = 6) -> Sequence[Near]:
    return near[:most]
