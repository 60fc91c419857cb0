"""What the rule input asks while somebody types: is this a rule, and what may come next."""

from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from tenure.rules.parse import LONGEST
from tenure.rules.suggest import MOST, Suggestion, Wanted, suggest
from tenure.rules.text import literal_text
from tenure.segments.catalogue import catalogue, context
from tenure.segments.values import Value, values_of
from tenure.web.rules.said import said_of

ASKED = require_http_methods(["GET", "HEAD", "POST"])  # POST: a rule may be longer than an address


@dataclass(frozen=True, slots=True)
class Offer:
    """One line of the list under the input; ``count`` is how many accounts have the value."""

    kind: str
    insert: str
    label: str
    detail: str
    start: int
    count: int | None = None
    about: bool = False


@ASKED
def check(request: HttpRequest) -> HttpResponse:
    """What is said of the rule, as a piece of page; ``chips`` asks for its parts too."""
    sent = request.POST or request.GET
    said = said_of(sent.get("rule", ""), settings.TENURE_CLOCK.now())
    shown = {"said": said, "with_chips": bool(sent.get("chips"))}
    return render(request, "web/rules/said.html", shown)


@ASKED
def suggestions(request: HttpRequest) -> JsonResponse:
    """What may follow the text before the cursor."""
    before = (request.POST or request.GET).get("before", "").replace("\x00", "")[:LONGEST]
    known = catalogue()
    wanted = suggest(before, known)
    found: list[Value] = []
    if wanted.values_of:
        when = context(settings.TENURE_CLOCK.now())
        found = values_of(wanted.values_of, wanted.relation, wanted.begun, known, when)
    return JsonResponse({"offers": [_sent(one) for one in _offers(wanted, found)]})


def _offers(wanted: Wanted, found: list[Value]) -> list[Offer]:
    counted = {literal_text(value.text): value for value in found}
    offers = [_offer(one, counted.pop(one.insert, None)) for one in wanted.suggestions]
    offers.sort(key=lambda one: -(one.count or 0))  # stable: the rest as they came
    more = [_of_value(text, value, wanted.start) for text, value in counted.items()]
    return [*offers, *more][:MOST]


def _offer(one: Suggestion, value: Value | None) -> Offer:
    count, about = (value.count, value.about) if value else (None, False)
    return Offer(one.kind, one.insert, one.label, one.detail, one.start, count, about)


def _of_value(text: str, value: Value, start: int) -> Offer:
    return Offer("value", text, value.text, "", start, value.count, value.about)


def _sent(offer: Offer) -> dict[str, Any]:
    return asdict(offer)
