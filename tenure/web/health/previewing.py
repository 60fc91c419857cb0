"""What a definition would do, beside its form or before it is deleted; behind each count its accounts."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from tenure.core.errors import ConfigurationError
from tenure.customers import read as customers
from tenure.customers.models import Account
from tenure.health import preview, previewed, versions
from tenure.health.models import DefinitionVersion
from tenure.health.preview import Candidate, Move, Preview
from tenure.health.previewed import Which
from tenure.health.said import BANDS as SAID
from tenure.health.said import STATES
from tenure.segments.question import TooCostly
from tenure.web.health.editor import changes_of, newest, who_said
from tenure.web.health.form import Fault, document_from

SHOWN_MOVES, LONGEST_WHICH = 20, 1_000
BANDS = ("green", "amber", "red", "unknown", "ended")


@dataclass(frozen=True, slots=True)
class Door:
    """A count that opens the list of its accounts; ``which`` names it in a form or an address."""

    count: int
    which: str
    words: str

    @property
    def vals(self) -> str:
        """What a button sends."""
        return json.dumps({"which": self.which})


@require_POST
def preview_new(request: HttpRequest) -> HttpResponse:
    """What the form of a new definition would do; nothing is changed."""
    versions.ready(settings.TENURE_CLOCK.now())
    return _previewed(request, None)


@require_POST
def live_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """What the form in its present state would do to every account; nothing is changed."""
    return _previewed(request, newest(pk))


def _previewed(request: HttpRequest, last: DefinitionVersion | None) -> HttpResponse:
    """The preview; or, with ``which``, the accounts behind one of its counts."""
    now = settings.TENURE_CLOCK.now()
    which = which_of(request.POST.get("which", ""))
    page = "web/health/behind.html" if which else "web/health/preview.html"
    try:
        document, who = document_from(request.POST), who_said(request, last)
        if last is None and (who is None or who.everyone):
            return render(request, page, {"unsaid": True})
        name = " ".join(request.POST.get("name", "").split()) or "This one"
        name = "" if last else name
        order = preview.order_with(last, document, now=now, who=who, name=name)
        if which:
            return render(request, page, behind(order, which))
        found = preview.compare(order)
    except (ConfigurationError, TooCostly) as error:
        fault = Fault("", error.message, error.next_step)
        return render(request, page, {"fault": fault, "last": last})
    changes = changes_of(last, document, who) if last else []
    shown = {"last": last, "changes": changes, "changed": bool(changes) or last is None}
    return render(request, page, shown | told(found) | {"door": request.path})


def told(found: Preview) -> dict[str, object]:
    """A preview as its piece of page shows it."""
    return {
        "found": found,
        "counts": {
            name: door(getattr(found, field), name)
            for name, field in (
                ("all", "accounts"),
                ("moved", "moved"),
                ("changed", "changed"),
                ("kept", "kept"),
            )
        },
        "bands": [
            (band, *(door(counts.get(band, 0), when, band) for when, counts in _times(found)))
            for band in BANDS
        ],
        "between": [(pair, door(count, "between", *pair)) for pair, count in _most(found.between)],
        "switched": [
            (pair, door(count, "switched", *pair)) for pair, count in _most(found.switched)
        ],
        "moves": _named(found.moves[:SHOWN_MOVES]),
    }


def behind(order: Sequence[Candidate], which: Which) -> dict[str, object]:
    """The accounts of one count as their piece of page shows them."""
    found = previewed.behind(order, which)
    return {"behind": found, "accounts": _named(found.moves), "words": words_of(which)}


def door(count: int, *which: str) -> Door:
    """A count with what names it."""
    return Door(count, json.dumps(which), words_of(which))


def which_of(text: str) -> Which:
    """The count a request names; none where it names none. What is no count at all names one there is
    not."""
    if not text:
        return ()
    try:
        said = json.loads(text[:LONGEST_WHICH])
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, list) or not all(isinstance(one, str) for one in said):
        return ("",)
    return tuple(said)


def words_of(which: Which) -> str:
    """A count in words."""
    match which:
        case ("now", band):
            return f"{_band(band)} now"
        case ("then", band):
            return f"{_band(band)} then"
        case ("between", old, new):
            return f"From {_band(old).lower()} to {_band(new).lower()}"
        case ("switched", old, new):
            return f"From “{old}” to “{new}”"
    return _WORDS.get(which[0], "")


_WORDS = {
    "all": "Every account concerned",
    "moved": "Another band",
    "changed": "Another score",
    "kept": "What does not follow",
}


def _band(name: str) -> str:
    return STATES["ended"] if name == "ended" else SAID.get(name, name)


def _times(found: Preview) -> tuple[tuple[str, dict[str, int]], ...]:
    return (("now", found.before), ("then", found.after))


def _most(counted: dict[tuple[str, str], int]) -> list[tuple[tuple[str, str], int]]:
    return sorted(counted.items(), key=lambda pair: -pair[1])


def _named(moves: Sequence[Move]) -> list[tuple[Account, Move]]:
    named = customers.named(move.account_id for move in moves)
    return [(named[move.account_id], move) for move in moves if move.account_id in named]
