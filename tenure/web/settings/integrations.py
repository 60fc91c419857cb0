"""The Integrations Hub: the sources there are, and the sites connected to each."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenure.core.clock import SystemClock
from tenure.sources import registry
from tenure.sources.base import Source
from tenure.sync.standing import standings
from tenure.web.frame import member_of
from tenure.web.permissions import may_manage_sites, may_sync
from tenure.web.runs.cards import SiteCard, card
from tenure.web.setup import resuming


@dataclass(frozen=True, slots=True)
class Shelf:
    """One source with the cards of its sites."""

    source: Source
    cards: Sequence[SiteCard]


@require_safe
def hub(request: HttpRequest) -> HttpResponse:
    """Every source with its sites."""
    now = SystemClock().now()
    cards = [card(known, now) for known in standings()]
    shelves = [
        Shelf(source, [c for c in cards if c.site.source == source.key])
        for source in registry.SOURCES.values()
    ]
    member = member_of(request)
    shown = {
        "shelves": shelves,
        "waiting": resuming.waiting(),
        "may_manage": may_manage_sites(member),
        "may_sync": may_sync(member),
    }
    return render(request, "web/settings/integrations.html", shown)
