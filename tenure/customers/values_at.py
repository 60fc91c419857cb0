"""The values accounts had at a past time, from the history of what replaced them."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from tenure.access.models import Member
from tenure.customers.models import Account, Change

ATTRIBUTE = "attributes."
OWN = frozenset({"name", "owner", "state", "identifier"})


def values_at(
    accounts: Iterable[Account], instant: datetime, *, with_attributes: bool = True
) -> None:
    """Give these accounts, in memory alone, the values they had at the instant. Where a value came
    from is dropped when it was another then. Values an account was made with count from its making."""
    rows = {account.pk: account for account in accounts}
    owners: dict[int, Any] = {}
    for change in _later(rows, instant):
        account = rows[change.object_id]
        for place, (old, _) in change.changes.items():
            if place == "owner":
                owners[account.pk] = old
            elif place in OWN:
                setattr(account, place, old or "")
            elif place.startswith(ATTRIBUTE) and with_attributes:
                _set(account, place.removeprefix(ATTRIBUTE), old)
    if owners:
        named = {
            member.email: member for member in Member.objects.filter(email__in=owners.values())
        }
        for pk, email in owners.items():
            rows[pk].owner = named.get(email)


def _later(accounts: Collection[int], instant: datetime) -> list[Change]:
    """What changed about the accounts themselves since, the newest first."""
    rows = Change.objects.filter(
        object_kind="account", object_id__in=list(accounts), at__gte=instant
    )
    return list(rows.order_by("-at", "-id").only("object_id", "changes"))


def _set(account: Account, name: str, old: Any) -> None:
    account.sources.pop(name, None)
    if old in (None, "", []):
        account.attributes.pop(name, None)
    else:
        account.attributes[name] = old
