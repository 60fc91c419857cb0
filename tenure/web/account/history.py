"""The history of one value: what it was before, who changed it when, and in which run or change."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from tenure.customers import read as customers
from tenure.customers.deciding import key_of
from tenure.customers.models import Change
from tenure.sync import standing
from tenure.web.account.attributes import values
from tenure.web.account.head import head_of, shown
from tenure.web.editing.fields import OWN
from tenure.web.frame import member_of

MOST = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of the value. ``now`` marks the entry whose new value still stands."""

    change: Change
    old: Any
    new: Any
    now: bool


@require_safe
def history(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """What a value was before, newest first; of an attribute, or of the account's name or owner."""
    head = head_of(pk)
    field = key_of(name)
    entries = entries_of(customers.changes_of_field(pk, field, limit=MOST), field)
    known = {one.name: one for one in values(head, customers.attributes(), member_of(request))}
    value = known.get(name)
    context = shown(
        request,
        head,
        "account_attributes",
        entries=entries,
        most=MOST,
        value=value,
        label=value.label if value else OWN[name].label if name in OWN else name,
        name=name,
        is_own=name in OWN,
        here=reverse("attribute_history", args=[pk, name]),
        restore_at=reverse("restore_value", args=[pk, name]),
        kind=value.kind if value else "text",
        unit=value.unit if value else "",
        runs=standing.runs_of_change_sets(
            [entry.change.change_set_id for entry in entries]
            + ([value.change_set] if value and value.change_set else [])
        ),
    )
    drawer = request.headers.get("HX-Target") == "drawer-content"
    template = "history_detail" if drawer else "history"
    return render(request, f"web/account/{template}.html", context)


def entries_of(changes: Sequence[Change], field: str) -> list[Entry]:
    """The changes of one field; the first of them still stands."""
    return [
        Entry(change, change.changes[field][0], change.changes[field][1], now=position == 0)
        for position, change in enumerate(changes)
    ]
