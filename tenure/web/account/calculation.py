"""How a figure of the money strip was made: its definition, and the parts that add up to it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenure.core.money import Money
from tenure.customers import bills as billed
from tenure.customers import read as customers
from tenure.metrics import explain
from tenure.metrics.explain import LeftOut, Part, Parts, conversion
from tenure.metrics.explain.calculation import (
    AGEING,
    Calculation,
    amounts_of,
    calculation,
    calculation_at,
)
from tenure.metrics.explain.values import Item
from tenure.metrics.settings import current
from tenure.web.account.head import Head, head_of, shown
from tenure.web.account.meanings import MEANINGS
from tenure.web.account.strip import TOTALS
from tenure.web.as_of import at, now_of


@dataclass(frozen=True, slots=True)
class Entry:
    """A part with the number of the invoice or subscription it speaks of, when it is one of ours."""

    part: Part | Item
    invoice: int | None = None
    subscription: int | None = None


@dataclass(frozen=True, slots=True)
class Excluded:
    """What does not count for one reason, the first of it with their addresses."""

    left: LeftOut
    entries: Sequence[Entry]

    @property
    def more(self) -> int:
        """How many there are beyond those shown."""
        return self.left.count - len(self.entries)


@dataclass(frozen=True, slots=True)
class Group:
    """One currency: its total, what adds up to it, and what does not count. ``label`` says what it is
    where it is not the figure itself."""

    total: Parts
    entries: Sequence[Entry]
    excluded: Sequence[Excluded]
    label: str = ""


@require_safe
def show(request: HttpRequest, pk: int, figure: str) -> HttpResponse:
    """The calculation: in the drawer when a page asks for it there, else a page of its own."""
    if figure not in MEANINGS:
        raise Http404("There is no such figure.")
    moment, chosen = at(request), current()
    head = head_of(pk, moment)
    if moment:
        found = calculation_at(pk, figure, head.facts, moment, chosen)
    else:
        found = calculation(pk, figure, now_of(request), chosen)
    groups = _groups(head, found)
    converted = None
    if figure in explain.FIGURES and groups:
        converted = conversion.total(_amounts(head, figure, groups), found.now, chosen)
    more = {
        "label": MEANINGS[figure].label,
        "meaning": MEANINGS[figure].words,
        "found": found,
        "groups": groups,
        "basis": _basis(head, found),
        "converted": converted,
        "kept": _amounts(head, figure, ()) if found.differs and figure in explain.FIGURES else (),
        "kept_total": _kept_total(head, figure, converted) if moment else None,
    }
    drawer = request.headers.get("HX-Target") == "drawer-content"
    template = "web/account/calculation_detail.html" if drawer else "web/account/calculation.html"
    return render(request, template, shown(request, head, "account", **more))


def _amounts(head: Head, figure: str, groups: Sequence[Group]) -> Sequence[Money]:
    """The figure as it is kept, exactly; without facts as its parts say."""
    if head.facts and (hasattr(head.facts, figure) or figure.startswith(AGEING)):
        return amounts_of(head.facts, figure)
    return [group.total.total for group in groups]


def _kept_total(head: Head, figure: str, converted: conversion.Total | None) -> Money | None:
    """The converted total that was known on a past day, where the rates known now make another."""
    if converted is None or figure not in TOTALS or head.facts is None:
        return None
    kept = head.facts.total(TOTALS[figure])
    return kept if kept and kept.rounded() != converted.total else None


def _groups(head: Head, found: Calculation) -> list[Group]:
    addressed = _addresses(head.account.pk, _every([group for _, group in found.groups]))
    return [
        Group(
            group,
            [addressed(part) for part in group.parts],
            [Excluded(left, [addressed(part) for part in left.parts]) for left in group.excluded],
            label,
        )
        for label, group in found.groups
    ]


def _basis(head: Head, found: Calculation) -> dict[str, Any] | None:
    of = found.basis
    if of is None:
        return None
    addressed = _addresses(head.account.pk, of.items)
    return {
        "of": of,
        "inside": [addressed(item) for item in of.inside],
        "outside": [addressed(item) for item in of.outside],
        "more": of.counted - len(of.inside),
    }


def _every(groups: Sequence[Parts]) -> list[Part]:
    inside = [part for group in groups for part in group.parts]
    return inside + [part for g in groups for left in g.excluded for part in left.parts]


def _addresses(account_id: int, every: Sequence[Part | Item]) -> Callable[[Part | Item], Entry]:
    """What finds the address of a part; one query for the invoices, one for the subscriptions."""
    bills = [p.upstream_id for p in every if p.kind in ("invoice", "credit")]
    agreed = [p.upstream_id for p in every if p.kind == "subscription"]
    invoices = billed.invoice_keys(account_id, bills) if bills else {}
    subscriptions = customers.subscription_keys(account_id, agreed) if agreed else {}

    def addressed(part: Part | Item) -> Entry:
        key = (part.site_id or 0, part.upstream_id)
        if part.kind == "subscription":
            return Entry(part, subscription=subscriptions.get(key))
        return Entry(part, invoice=invoices.get(key))

    return addressed
