"""A pinned value meets what the source says now: somebody accepts the one or keeps the other."""

from datetime import datetime
from typing import Any

from django.db import transaction

from tenure.customers import attributes, fields, saving
from tenure.customers.deciding import is_edited, key_of
from tenure.customers.history import open_set, replaced
from tenure.customers.models import Account, Change, ChangeSet, Origin
from tenure.customers.outlook import outlook
from tenure.customers.write import By, Edited, ValueRefused, plain, value_of


def accept(account_id: int, name: str, by: By, *, now: datetime, shown: Any) -> Edited:
    """Put what the source says in the place of the pinned value, and end the pin.

    ``shown`` is the value the person saw; raises ValueRefused when another one waits by now.
    """
    with transaction.atomic():
        account = _waiting(account_id, name, shown)
        old = plain(value_of(account, name))
        change_set = open_set(by.origin, now=now, member=by.member, reason=by.reason)
        was = replaced(account.sources, [key_of(name)])
        _take(account, name, shown, _entry(account_id, name, shown, by, change_set, now))
        account.edited = is_edited(account.sources, attributes.mapped(fields.ACCOUNT))
        account.updated_at, account.changed_in = now, change_set
        saving.save_accounts([account])
        Change.objects.create(
            change_set=change_set,
            object_kind="account",
            object_id=account.pk,
            account_id=account.pk,
            changes={key_of(name): [old, shown]},
            was=was,
            at=now,
        )
    return Edited(change_set, [account_id])


def keep(account_id: int, name: str, *, shown: Any) -> None:
    """Note that the pinned value is right although the source says ``shown``, until it says
    something else. Raises ValueRefused when another value waits by now."""
    with transaction.atomic():
        account = _waiting(account_id, name, shown)
        entry = account.sources[name]
        account.sources[name] = {**entry, "pin": {**entry["pin"], "kept": shown}}
        account.save(update_fields=["sources"])


def _waiting(account_id: int, name: str, shown: Any) -> Account:
    """The account, locked, when this very value waits behind a pin of the field."""
    rows = Account.objects.select_for_update(no_key=True, of=("self",)).select_related("owner")
    account = rows.get(pk=account_id)
    entry = account.sources.get(name, {})
    if not entry.get("pin") or "incoming" not in entry:
        raise ValueRefused(name, "No value waits behind a pin here any more.", "Reload the page.")
    if entry["incoming"] != shown:
        raise ValueRefused(
            name, "The source says something else by now.", "Reload the page to see it."
        )
    return account


def _take(account: Account, name: str, value: Any, entry: dict[str, Any]) -> None:
    if name == "name":
        account.name = value
    elif value in (None, "", []):
        account.attributes.pop(name, None)
    else:
        account.attributes[name] = value
    account.sources[name] = entry


def _entry(
    account_id: int, name: str, value: Any, by: By, change_set: ChangeSet, now: datetime
) -> dict[str, Any]:
    """The value is the site's again; who let it in stands beside."""
    told = outlook(account_id, name)
    return {
        "source": Origin.SYNC.value,
        "site": told.site if told.says == value else None,
        "set_by": by.signature,
        "set_at": now.isoformat(),
        "change_set": change_set.pk,
    }
