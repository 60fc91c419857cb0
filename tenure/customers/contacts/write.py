"""Contacts changed by people and programs. Each change is in a change set, with what was before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from tenure.customers.contacts import rows
from tenure.customers.contacts.follow import is_edited
from tenure.customers.contacts.people import LONGEST_EMAIL, LONGEST_NAME, addresses_in, fold
from tenure.customers.history import open_set, replaced
from tenure.customers.models import Account, Change, ChangeSet, Contact
from tenure.customers.write import By, Pin, ValueRefused

FIELDS = ("email", "name", "title")
LONGEST = {"email": LONGEST_EMAIL, "name": LONGEST_NAME, "title": 120, "identifier": LONGEST_EMAIL}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A contact as somebody wants it: ``values`` of FIELDS as ``read_values`` returns them."""

    account_id: int
    identifier: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Act:
    """What every row of one act shares; also the batch its history is written in."""

    by: By
    change_set: ChangeSet
    now: datetime

    def entry(self, pin: Pin | None = None) -> dict[str, Any]:
        """The provenance of a value set now."""
        return {
            "source": str(self.by.origin),
            "set_by": self.by.signature,
            "set_at": self.now.isoformat(),
            "change_set": self.change_set.pk,
            **({"pin": pin.as_json(self.by, self.now)} if pin else {}),
        }


def read_values(values: Mapping[str, Any]) -> dict[str, str]:
    """The values as they are kept. Raises ValueRefused for one that cannot be."""
    return {name: _read(name, value) for name, value in values.items()}


def identifier_of(values: Mapping[str, Any]) -> str:
    """What a contact with these values is recognised by: its ``identifier``, else its e-mail.
    Raises ValueRefused without either."""
    found = fold(str(values.get("identifier") or values.get("email") or ""))
    if not found:
        raise ValueRefused("email", "A contact needs an e-mail address.", "Enter one.")
    if len(found) > LONGEST["identifier"] or "\x00" in found:
        raise ValueRefused("identifier", "An identifier has 1 to 320 characters.")
    return found


def create(account_id: int, values: Mapping[str, Any], by: By, *, now: datetime) -> Contact:
    """A new contact of the account; a removed one of the same identifier comes back. Raises
    ValueRefused when the account has one already."""
    identifier = identifier_of(values)
    wanted = read_values({n: v for n, v in values.items() if n != "identifier"})
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).get(pk=account_id)
        there = Contact.objects.filter(account_id=account_id, identifier=identifier).first()
        if there and not there.removed_at:
            raise ValueRefused(
                "email", f"{there} is a contact of this account already.", "Edit that one."
            )
        act = _act(by, now)
        put([Wanted(account_id, identifier, wanted)], by, act.change_set, now=now)
        return Contact.objects.get(account_id=account_id, identifier=identifier)


def edit(
    contact_id: int,
    values: Mapping[str, Any],
    by: By,
    *,
    now: datetime,
    pin: Pin | None = None,
) -> ChangeSet | None:
    """Change a contact's fields; None when nothing differed. With ``pin`` what was changed holds
    against Daily Sync. Raises ValueRefused, with nothing changed."""
    wanted = read_values(values)
    with transaction.atomic():
        contact = _locked(contact_id)
        differing = {n: v for n, v in wanted.items() if getattr(contact, n) != v}
        if not differing:
            return None
        act = _act(by, now)
        rows.save([contact], [_apply(contact, differing, act, pin)])
        return act.change_set


def remove(contact_id: int, by: By, *, now: datetime, pin: Pin | None = None) -> ChangeSet:
    """Take a contact off the account; the row and its history stay. Where billing names the person,
    Daily Sync brings them back, unless the removal is pinned."""
    with transaction.atomic():
        contact = _locked(contact_id)
        act = _act(by, now)
        rows.save([contact], [_remove(contact, act, pin)])
        return act.change_set


def pin(
    account_id: int, identifier: str, names: Iterable[str], how: Pin, by: By, *, now: datetime
) -> None:
    """Hold the values these fields of a contact have now, its removal among them, against Daily Sync.
    Raises ValueRefused when there is no such contact any more."""
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).filter(pk=account_id).first()
        locked = Contact.objects.select_for_update(no_key=True)
        contact = locked.filter(account_id=account_id, identifier=identifier).first()
        if contact is None:
            raise ValueRefused(
                "contact", f"{identifier!r} is no contact here any more.", "Plan again."
            )
        for name in names:
            entry = contact.sources.get(name, {})
            contact.sources[name] = {**entry, "pin": how.as_json(by, now)}
        contact.save(update_fields=["sources"])


def merge(kept_id: int, absorbed_id: int, by: By, *, now: datetime) -> ChangeSet:
    """Make one contact of two of the same account: what the kept one lacks it takes from the other,
    which is removed for good. Raises ValueRefused for two of different accounts."""
    with transaction.atomic():
        kept, absorbed = _locked(kept_id), _locked(absorbed_id)
        if kept.account_id != absorbed.account_id or kept_id == absorbed_id:
            raise ValueRefused("other", "Only two contacts of the same account are one person.")
        act = _act(by, now)
        missing = {n: getattr(absorbed, n) for n in FIELDS if not getattr(kept, n)}
        missing = {name: value for name, value in missing.items() if value}
        changes = [_apply(kept, missing, act, None)] if missing else []
        gone = Pin(f"The same person as {kept}")
        rows.save([kept, absorbed], [*changes, _remove(absorbed, act, gone)])
        return act.change_set


def put(
    wanted: Sequence[Wanted], by: By, change_set: ChangeSet, *, now: datetime
) -> dict[str, int]:
    """Make or change these contacts, one an identifier and account; how many were ``created``,
    ``changed`` and ``unchanged``. Runs in the caller's transaction, which holds the accounts."""
    act = _Act(by, change_set, now)
    there = standing(wanted)
    made, changed, changes = [], [], []
    for one in wanted:
        contact = there.get((one.account_id, one.identifier))
        if contact is None:
            made.append(_made(one, act))
            continue
        differing = differences(contact, one.values)
        if differing:
            changes.append(_apply(contact, differing, act, None))
            changed.append(contact)
    Contact.objects.bulk_create(made)
    rows.save(changed, changes)
    counted = len(made) + len(changed)
    return {
        "created": len(made),
        "changed": len(changed),
        "unchanged": len(wanted) - counted,
    }


def standing(wanted: Iterable[Wanted]) -> dict[tuple[int, str], Contact]:
    """The contacts there are of those wanted, locked, by account and identifier."""
    ids = {one.account_id for one in wanted}
    names = {one.identifier for one in wanted}
    found = Contact.objects.select_for_update(no_key=True).filter(
        account_id__in=ids, identifier__in=names
    )
    return {(c.account_id, c.identifier): c for c in found.order_by("account_id", "pk")}


def differences(contact: Contact, values: Mapping[str, str]) -> dict[str, Any]:
    """What of these values the contact does not have yet; a removed one comes back with them."""
    found: dict[str, Any] = {n: v for n, v in values.items() if getattr(contact, n) != v}
    return found | ({"removed": False} if contact.removed_at else {})


def _locked(contact_id: int) -> Contact:
    # The account first: a sync locks it before its contacts.
    account = Contact.objects.values_list("account_id", flat=True).get(pk=contact_id)
    Account.objects.select_for_update(no_key=True).get(pk=account)
    return Contact.objects.select_for_update(no_key=True).get(pk=contact_id)


def _act(by: By, now: datetime) -> _Act:
    return _Act(by, open_set(by.origin, now=now, member=by.member, reason=by.reason), now)


def _made(one: Wanted, act: _Act) -> Contact:
    return Contact(
        account_id=one.account_id,
        identifier=one.identifier,
        **one.values,
        sources={name: act.entry() for name, value in one.values.items() if value},
        created_at=act.now,
        updated_at=act.now,
        created_in=act.change_set,
        changed_in=act.change_set,
    )


def _apply(contact: Contact, differing: Mapping[str, Any], act: _Act, pin: Pin | None) -> Change:
    changes: dict[str, list[Any]] = {}
    was = replaced(contact.sources, differing)
    for name, value in differing.items():
        if name == "removed":
            changes[name] = [contact.removed_at is not None, bool(value)]
            contact.removed_at = act.now if value else None
        else:
            changes[name] = [getattr(contact, name), value]
            setattr(contact, name, value)
        contact.sources[name] = act.entry(pin)
    if changes.get("removed") == [True, False]:
        contact.sources.pop("removed", None)
    contact.edited = is_edited(contact)
    contact.updated_at, contact.changed_in = act.now, act.change_set
    return rows.change_of(contact, changes, was, act)


def _remove(contact: Contact, act: _Act, pin: Pin | None) -> Change:
    return _apply(contact, {"removed": True}, act, pin)


def _read(name: str, value: Any) -> str:
    text = str(value or "").strip()
    if name not in FIELDS:
        raise ValueRefused(name, f"A contact has no {name!r}.", "It has an e-mail, name and title.")
    if len(text) > LONGEST[name] or "\x00" in text:
        raise ValueRefused(name, f"The {name} has at most {LONGEST[name]} characters.")
    if name == "email" and text and addresses_in(text) != [text]:
        raise ValueRefused("email", f"{text[:80]!r} is not an e-mail address.", "Correct it.")
    return text
