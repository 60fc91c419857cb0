"""What stands beside the list and is brought after it: sums, the count, and what a rule missed by."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenure.core.money import Money
from tenure.health import listing as by_health
from tenure.metrics import read as metrics
from tenure.metrics.as_of import Moment
from tenure.metrics.read import Totals
from tenure.rules.errors import RuleRefused
from tenure.segments.question import PATIENCE_SECONDS, TooCostly, patient, question
from tenure.web.accounts.asked import Asked, address_without, asked_of, usable
from tenure.web.as_of import at, now_of

COUNT_CAP = 10_000
COUNT_SECONDS = 0.8


@dataclass(frozen=True, slots=True)
class CurrencyTotals:
    """The sums in one currency; None where there is nothing."""

    currency: str
    mrr: Money
    due: Money | None
    overdue: Money | None


@require_safe
def totals(request: HttpRequest) -> HttpResponse:
    """The sums over the accounts asked for, brought after the page so that the list never waits for them."""
    moment, now = at(request), now_of(request)
    try:
        asked = usable(request.GET, now, moment)
        with patient():
            totals = _totals(asked, moment)
    except (TooCostly, RuleRefused) as error:
        return render(request, "web/accounts/totals.html", {"error": error})
    found = {"mrr": totals.mrr, "total_due": totals.total_due, "past_due": totals.past_due}
    beside = metrics.converted(found, now)
    lines = _by_currency(totals)
    foreign = [line for line in lines if line.currency != beside.currency]
    shown = {"totals": totals, "lines": lines, "beside": beside if foreign else None}
    return render(request, "web/accounts/totals.html", shown)


def _totals(asked: Asked, moment: Moment | None) -> Totals:
    if moment:
        return metrics.totals_at(moment, asked.search, where=asked.where)
    return metrics.totals(asked.search, where=asked.where)


def _by_currency(totals: Totals) -> list[CurrencyTotals]:
    """One line for each currency, in the order of the codes."""
    mrr, due, late = (
        {money.currency: money for money in amounts if money}
        for amounts in (totals.mrr, totals.total_due, totals.past_due)
    )
    return [
        CurrencyTotals(code, mrr.get(code, Money(Decimal(0), code)), due.get(code), late.get(code))
        for code in sorted(mrr.keys() | due.keys())
    ]


@require_safe
def count(request: HttpRequest) -> HttpResponse:
    """How many match, asked for after the page: a rule may have to look at every account."""
    shown: dict[str, Any] = {"cap": COUNT_CAP}
    try:
        moment = at(request)
        asked = usable(request.GET, now_of(request), moment)
        shown |= _counted(asked, moment)
    except (TooCostly, RuleRefused) as error:
        shown["error"] = error
    return render(request, "web/accounts/count.html", shown)


def _counted(asked: Asked, moment: Moment | None) -> dict[str, Any]:
    """The number, or about how many where the exact one takes longer than one waits for a word."""
    try:
        with patient(COUNT_SECONDS if moment is None else PATIENCE_SECONDS):
            found = metrics.capped_count(
                asked.search, cap=COUNT_CAP, where=asked.where, moment=moment
            )
        return {"found": found}
    except TooCostly:
        if moment is not None:
            raise
    with patient():
        return {"found": metrics.estimated_count(asked.search, where=asked.where), "about": True}


@require_safe
def near(request: HttpRequest) -> HttpResponse:
    """For a rule that nothing fits: which part alone keeps accounts out, and the way on without it."""
    moment = at(request)
    asked = asked_of(request.GET, now_of(request), moment)
    ways: list[Any] = []
    if asked.said.asked:
        try:
            with patient():
                ways = [
                    (chip, found, address_without(request, chip.without))
                    for chip in asked.said.chips
                    if (found := _without(asked, chip.without, moment))
                ]
        except TooCostly:
            ways = []
    return render(
        request, "web/accounts/near.html", {"asked": asked, "ways": ways, "cap": COUNT_CAP}
    )


def _without(asked: Asked, rule: str, moment: Moment | None) -> int:
    """How many there were without a part of the rule."""
    first = asked.said.asked
    assert first is not None  # noqa: S101  # a rule that is wrong has no parts
    other = question(rule, first.context.now, known=first.catalogue, when=first.context)
    standing = by_health.standing(asked.way, first.context.now, moment)
    where = by_health.both(standing, other.where)
    return metrics.capped_count(asked.search, cap=COUNT_CAP, where=where, moment=moment)
