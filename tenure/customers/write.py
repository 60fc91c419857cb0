"""The one door through which people and programs change customers: pages, API, CSV and commands.

Every change is in a change set (who, when, why), keeps the old value as history and marks its
source, so that it is seen wherever the value is shown. Rows are locked in the order in which a sync
locks them; an edit and a sync of the same account wait for each other (F37).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from tenure.access.models import Member
from tenure.customers import attributes, fields, saving
from tenure.customers.deciding import is_edited, key_of
from tenure.customers.history import open_set, replaced
from tenure.customers.models import Account, Alias, Change, ChangeSet, Origin
from tenure.customers.searching import searchable
from tenure.customers.touched import touch
from tenure.customers.values import ValueRefused as ValueRefused  # noqa: PLC0414  # the door raises it
from tenure.customers.values import read_values, tidy

OWN = ("name", "owner")


@dataclass(frozen=True, slots=True)
class By:
    """Who changes something, from where and why. ``name`` is shown where there is no member, as for
    an API token."""

    origin: Origin = Origin.MANUAL
    member: Member | None = None
    reason: str = ""
    name: str = ""

    @property
    def signature(self) -> str:
        """How a value's provenance names them."""
        return self.member.email if self.member else self.name


@dataclass(frozen=True, slots=True)
class Pin:
    """Holds a value against Daily Sync, for a reason and until an instant or for good."""

    reason: str
    until: datetime | None = None

    def as_json(self, by: By, now: datetime) -> dict[str, Any]:
        """The pin as a value's provenance keeps it."""
        until = self.until.isoformat() if self.until else None
        return {"reason": self.reason, "until": until, "by": by.signature, "at": now.isoformat()}


@dataclass(slots=True)
class Edited:
    """What an edit did: ``change_set`` is None when nothing differed."""

    change_set: ChangeSet | None = None
    accounts: list[int] = field(default_factory=list)


def edit(
    accounts: Iterable[int],
    values: Mapping[str, Any],
    by: By,
    *,
    now: datetime,
    pin: Pin | None = None,
    change_set: ChangeSet | None = None,
) -> Edited:
    """Set these fields on these accounts: attributes by name, ``name``, ``owner`` (a member's e-mail).

    None or "" empties an attribute. With ``pin`` the values hold against Daily Sync. ``change_set`` is
    one that stands already, for an edit done in parts. Raises ValueRefused, with nothing changed, for an unknown field or a value of another type.
    """
    wanted = read_values(values)
    with transaction.atomic():
        rows = Account.objects.select_for_update(no_key=True, of=("self",)).select_related("owner")
        locked = list(rows.filter(pk__in=list(accounts), removed_at=None).order_by("pk"))
        each = {account.pk: wanted for account in locked}
        return _write(each, locked, by, now, pin, change_set)


def edit_each(
    wanted: Mapping[int, Mapping[str, Any]],
    by: By,
    *,
    now: datetime,
    change_set: ChangeSet | None = None,
) -> Edited:
    """Set other values on each account, as one change set; the values as ``read_values`` returns.

    ``change_set`` is one that stands already, for edits that belong together with something else.
    """
    with transaction.atomic():
        rows = Account.objects.select_for_update(no_key=True, of=("self",)).select_related("owner")
        locked = list(rows.filter(pk__in=list(wanted), removed_at=None).order_by("pk"))
        return _write(wanted, locked, by, now, None, change_set)


def create(
    identifier: str,
    values: Mapping[str, Any],
    by: By,
    *,
    now: datetime,
    scope_id: int | None = None,
) -> Account:
    """A new account made by a person or program. Raises ValueRefused when there is one already."""
    named = tidy(identifier)
    _refuse_taken(named, scope_id)
    wanted = NewAccount(named, scope_id, read_values(values))
    change_set = open_set(by.origin, now=now, member=by.member, reason=by.reason)
    account = _made(wanted, by, change_set, now)
    try:
        with transaction.atomic():
            account.save()
            touch({account.pk}, now)
    except IntegrityError:
        raise ValueRefused(
            "identifier",
            f"There is an account {named!r} already.",
            "Change that one, or choose another identifier.",
        ) from None
    return account


def _refuse_taken(identifier: str, scope_id: int | None) -> None:
    """Say who has the identifier already, also an account that is hidden or answers to it."""
    hidden = Account.objects.filter(identifier=identifier, scope_id=scope_id)
    found = hidden.select_related("merged_into").first()
    if found and found.merged_into:
        told = f"{found.name}, which was merged into {found.merged_into.name}"
    elif found and found.removed_at:
        told = f"{found.name}, whose making was reverted"
    elif found:
        told = found.name
    else:
        alias = Alias.objects.filter(identifier=identifier, scope_id=scope_id)
        other = alias.select_related("account").first()
        if other is None:
            return
        told = f"{other.account.name}, which also answers to it"
    raise ValueRefused(
        "identifier",
        f"The identifier {identifier!r} is already taken by {told}.",
        "Change that account, or choose another identifier.",
    )


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to be made: its values as ``read_values`` returns them."""

    identifier: str
    scope_id: int | None
    values: Mapping[str, Any]


def create_each(
    wanted: Sequence[NewAccount],
    by: By,
    *,
    now: datetime,
    change_set: ChangeSet | None = None,
) -> tuple[ChangeSet, list[Account]]:
    """Make these accounts in one change set, a new one unless it is given. Raises IntegrityError,
    with nothing made, when one of them exists: whoever calls has looked before."""
    change_set = change_set or _new_set(by, now)
    with transaction.atomic():
        if change_set._state.adding:
            change_set.save()
        rows = [_made(one, by, change_set, now) for one in wanted]
        made = Account.objects.bulk_create(rows, batch_size=1000)
        touch({account.pk for account in made}, now)
        return change_set, made


def _made(one: NewAccount, by: By, change_set: ChangeSet, now: datetime) -> Account:
    account = Account(
        identifier=one.identifier,
        scope_id=one.scope_id,
        created_at=now,
        updated_at=now,
        created_in=change_set,
        changed_in=change_set,
    )
    for name, value in {"name": one.identifier, **one.values}.items():
        _set(account, name, value, _entry(by, change_set, now, None))
    account.search = searchable(account, "")
    return account


def _new_set(by: By, now: datetime) -> ChangeSet:
    return ChangeSet(origin=by.origin, member=by.member, reason=by.reason, created_at=now)


def pin(account_id: int, names: Sequence[str], how: Pin, by: By, *, now: datetime) -> None:
    """Hold the values these fields have now against Daily Sync. Raises ValueRefused without one."""
    _repin(account_id, names, how.as_json(by, now))


def unpin(account_id: int, names: Sequence[str]) -> None:
    """Let Daily Sync have these fields again, from the next run on."""
    _repin(account_id, names, None)


def _write(
    wanted: Mapping[int, Mapping[str, Any]],
    locked: Sequence[Account],
    by: By,
    now: datetime,
    pin: Pin | None,
    change_set: ChangeSet | None = None,
) -> Edited:
    change_set = change_set or _new_set(by, now)
    mapping = attributes.mapped(fields.ACCOUNT)
    changes, changed, repinned = [], [], []
    for account in locked:
        differing = {n: v for n, v in wanted[account.pk].items() if value_of(account, n) != v}
        if differing and change_set._state.adding:
            change_set.save()
        entry = _entry(by, change_set, now, pin)
        before = {key_of(n): [plain(value_of(account, n)), plain(v)] for n, v in differing.items()}
        was = replaced(account.sources, before)
        for name, value in differing.items():
            _set(account, name, value, dict(entry))
        if pin:
            # A pin alone says nothing of where the value came from: its source stays what it was.
            for name in wanted[account.pk].keys() - differing.keys():
                account.sources[name] = {**account.sources.get(name, {}), "pin": entry["pin"]}
        account.edited = is_edited(account.sources, mapping)
        if before:
            account.search = searchable(account, account.search)
            account.updated_at, account.changed_in = now, change_set
            changes.append(_change(account, before, was, change_set, now))
            changed.append(account)
        elif pin:
            repinned.append(account)
    saving.save_accounts([*changed, *repinned])
    _save_owners(changed, wanted)
    Change.objects.bulk_create(changes)
    touch({account.pk for account in changed}, now)  # rules read what was edited
    return Edited(
        None if change_set._state.adding else change_set, [account.pk for account in changed]
    )


def _save_owners(changed: Sequence[Account], wanted: Mapping[int, Mapping[str, Any]]) -> None:
    owned = [account for account in changed if "owner" in wanted[account.pk]]
    if owned:
        Account.objects.bulk_update(owned, ["owner"])


def value_of(account: Account, name: str) -> Any:
    """The field's value as it stands."""
    return getattr(account, name) if name in OWN else account.attributes.get(name)


def plain(value: Any) -> Any:
    """A value as history keeps it: an owner is their e-mail."""
    return value.email if isinstance(value, Member) else value


def _set(account: Account, name: str, value: Any, entry: dict[str, Any]) -> None:
    if name in OWN:
        setattr(account, name, value)
    elif value in (None, "", []):
        account.attributes.pop(name, None)
    else:
        account.attributes[name] = value
    account.sources[name] = entry


def _entry(by: By, change_set: ChangeSet, now: datetime, pin: Pin | None) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "source": str(by.origin),
        "set_by": by.signature,
        "set_at": now.isoformat(),
        "change_set": change_set.pk,
    }
    return entry | {"pin": pin.as_json(by, now)} if pin else entry


def _change(
    account: Account,
    changes: dict[str, list[Any]],
    was: Mapping[str, Any],
    change_set: ChangeSet,
    now: datetime,
) -> Change:
    return Change(
        change_set=change_set,
        object_kind="account",
        object_id=account.pk,
        account_id=account.pk,
        changes=changes,
        was=was,
        at=now,
    )


def _repin(account_id: int, names: Sequence[str], pin: dict[str, Any] | None) -> None:
    with transaction.atomic():
        account = Account.objects.select_for_update(no_key=True).get(pk=account_id)
        for name in names:
            if pin and value_of(account, name) in (None, "") and name not in account.sources:
                raise ValueRefused(name, f"{name} has no value to pin.", "Set a value first.")
            entry = dict(account.sources.get(name, {}))
            entry.pop("pin", None)
            account.sources[name] = {**entry, "pin": pin} if pin else entry
        account.edited = is_edited(account.sources, attributes.mapped(fields.ACCOUNT))
        account.save(update_fields=["sources", "edited"])
