"""The contacts an account had at a past time, from the history of what replaced their values."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from tenure.customers.contacts.read import MOST
from tenure.customers.models import Change, Contact

OWN = ("email", "name", "title", "identifier")


def of_account(account_id: int, instant: datetime, *, limit: int = MOST) -> list[Contact]:
    """The account's contacts at the instant, in memory alone, in the order of ``read.of_account``.
    Where a value came from is dropped when it was another then."""
    rows = Contact.objects.filter(account_id=account_id, created_at__lt=instant)
    rows = rows.select_related("account__scope")
    found = {row.pk: row for row in rows}
    gone = {pk: row.removed_at is not None for pk, row in found.items()}
    for change in _later(found, instant):
        row = found[change.object_id]
        for name, (old, _) in change.changes.items():
            if name == "removed":
                gone[row.pk] = bool(old)
            else:
                _set(row, name, old, (change.was or {}).get(name))
    there = [row for pk, row in found.items() if not gone[pk]]
    return sorted(there, key=_place)[:limit]


def _later(contacts: Collection[int], instant: datetime) -> list[Change]:
    """What changed about these contacts since, the newest first."""
    rows = Change.objects.filter(
        object_kind="contact", object_id__in=list(contacts), at__gte=instant
    )
    return list(rows.order_by("-at", "-id"))


def _set(row: Contact, name: str, old: Any, was: Any) -> None:
    if name == "named":
        since = was.get("since") if isinstance(was, dict) else None
        row.is_named = bool(old)
        row.unnamed_at = datetime.fromisoformat(since) if since and not old else None
    elif name in OWN:
        setattr(row, name, old or "")
        row.sources.pop(name, None)
        if was:
            row.sources[name] = was


def _place(row: Contact) -> tuple[bool, str, str]:
    return not row.is_named, row.name, row.identifier
