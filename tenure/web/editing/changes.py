"""A change set: who changed what, when and why, account by account."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenure.customers import read as customers
from tenure.customers.models import Account, Change, ChangeSet
from tenure.customers.revert import reverted_by
from tenure.sync import standing
from tenure.web.account.events import Difference, difference
from tenure.web.frame import member_of
from tenure.web.permissions import may_edit_customers

PAGE = 50
SHOWN_FIELDS = 12


@dataclass(frozen=True, slots=True)
class Row:
    """One object's changes; ``account`` is None when it is gone or the object has none."""

    change: Change
    account: Account | None
    differences: list[Difference]
    more: int


@require_safe
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """A page of what the change set changed."""
    found = _change_set(pk)
    after = request.GET.get("after", "")
    changes = customers.changes_in(
        pk, limit=PAGE + 1, after=int(after) if after.isdecimal() and len(after) < 19 else 0
    )
    undone = reverted_by(found)
    shown = {
        "found": found,
        "rows": _rows(changes[:PAGE]),
        "more": changes[PAGE - 1].pk if len(changes) > PAGE else None,
        "first": not after,
        "run": standing.runs_of_change_sets([pk]).get(pk),
        "undone": undone,
        "may_undo": undone is None
        and found.origin != "sync"
        and bool(changes)
        and may_edit_customers(member_of(request)),
    }
    return render(request, "web/editing/changes.html", shown)


def _change_set(pk: int) -> ChangeSet:
    try:
        return customers.get_change_set(pk)
    except ChangeSet.DoesNotExist:
        raise Http404("There is no such change.") from None


def _rows(changes: list[Change]) -> list[Row]:
    known = customers.named({change.account_id for change in changes if change.account_id})
    rows = []
    for change in changes:
        all_of_it = [difference(field, pair) for field, pair in change.changes.items()]
        account = known.get(change.account_id or 0)
        more = max(0, len(all_of_it) - SHOWN_FIELDS)
        rows.append(Row(change, account, all_of_it[:SHOWN_FIELDS], more))
    return rows
