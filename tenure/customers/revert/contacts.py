"""Contacts as they were before a change set: their values put back, those it made taken off.

The contacts of an account that the change set made go and come back with that account.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from tenure.customers.contacts import rows as writing
from tenure.customers.deciding import BY_HAND
from tenure.customers.history import replaced
from tenure.customers.models import Account, Change, ChangeSet, Contact, Origin
from tenure.customers.revert.act import Act
from tenure.customers.revert.lines import (
    CHUNK,
    CONTACT,
    REMOVED,
    Folded,
    Line,
    folded,
    next_changed,
    weighed,
)

NAMED, IDENTIFIER = "named", "identifier"


def lines(change_set: ChangeSet, *, after: int = 0, lock: bool = False) -> Iterator[Line]:
    """What becomes of each contact that the change set made or changed, by number."""
    while ids := touched(change_set, after):
        after = ids[-1]
        yield from of(change_set, ids, lock=lock)


def of(change_set: ChangeSet, ids: Sequence[int], *, lock: bool = False) -> Iterator[Line]:
    """What becomes of these contacts."""
    changed = folded(change_set, CONTACT, ids)
    found = Contact.objects.filter(pk__in=ids).exclude(account__created_in=change_set)
    if lock:
        _lock_accounts(found)
        list(found.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk"))
    contacts = list(found.select_related("account").order_by("pk"))
    made = [c.pk for c in contacts if c.created_in_id == change_set.pk]
    taken_over = _changed_since(change_set, made)
    for contact in contacts:
        if contact.created_in_id == change_set.pk:
            named = contact.is_named and change_set.origin != Origin.SYNC
            yield _made(contact, stays=named or contact.pk in taken_over)
        else:
            yield _line(contact, changed.get(contact.pk, Folded()), change_set)


def put_back(found: Sequence[Line], act: Act) -> set[int]:
    """Write what these lines say; the accounts whose contacts changed."""
    wanted = {line.object_id: line for line in found if line.does_something}
    contacts = list(Contact.objects.filter(pk__in=wanted).order_by("pk"))
    changes = [_put_back(contact, wanted[contact.pk], act) for contact in contacts]
    writing.save(contacts, changes)
    return {contact.account_id for contact in contacts}


def _put_back(contact: Contact, line: Line, act: Act) -> Change:
    changes = {place: list(pair) for place, pair in line.back.items()}
    if line.hides:
        changes[REMOVED] = [False, True]
    was = replaced(contact.sources, changes)
    if NAMED in changes and contact.unnamed_at:
        was[NAMED] = {"since": contact.unnamed_at.isoformat()}
    for place, (_, old) in changes.items():
        _set(contact, place, old, line, act)
    # A run looks at it once, whatever came back: the source may say something else by now.
    contact.edited = contact.is_named or NAMED in changes
    contact.updated_at, contact.changed_in = act.now, act.change_set
    return act.change(CONTACT, contact.pk, contact.account_id, changes, was)


def _set(contact: Contact, place: str, value: Any, line: Line, act: Act) -> None:
    was = line.was.get(place)
    if place == REMOVED:
        contact.removed_at = act.now if value else None
        if value:
            contact.sources[REMOVED] = act.removal() if line.hides else act.entry(was)
        else:
            contact.sources.pop(REMOVED, None)
    elif place == NAMED:
        since = (was or {}).get("since")
        contact.is_named = bool(value)
        contact.unnamed_at = None if value else datetime.fromisoformat(since) if since else act.now
    else:
        setattr(contact, place, value)
        if place != IDENTIFIER:
            contact.sources[place] = act.entry(was)


def touched(change_set: ChangeSet, after: int) -> list[int]:
    """The next contacts, by number, that the change set made or changed."""
    made = Contact.objects.filter(created_in=change_set, pk__gt=after).order_by("pk")
    apart = made.exclude(account__created_in=change_set)
    ids = {
        *apart.values_list("pk", flat=True)[:CHUNK],
        *next_changed(change_set, CONTACT, after),
    }
    return sorted(ids)[:CHUNK]


def _lock_accounts(found: Any) -> None:
    """The accounts first: a sync locks them before their contacts."""
    ids = set(found.values_list("account_id", flat=True))
    locked = Account.objects.select_for_update(no_key=True).filter(pk__in=ids)
    list(locked.order_by("pk").values_list("pk"))


def _changed_since(change_set: ChangeSet, made: Sequence[int]) -> set[int]:
    """Those of these new contacts that a person has made their own: they stay."""
    changes = Change.objects.filter(object_kind=CONTACT, object_id__in=list(made))
    later = changes.filter(change_set__origin__in=BY_HAND - {Origin.REVERT.value})
    return set(later.exclude(change_set=change_set).values_list("object_id", flat=True))


def _made(contact: Contact, *, stays: bool) -> Line:
    here = contact.removed_at is None
    stayed = {"made": ["", contact.identifier]} if stays and here else {}
    return _about(contact, {}, stayed, {}, hides=here and not stays)


def _line(contact: Contact, changed: Folded, change_set: ChangeSet) -> Line:
    back, stayed = weighed(
        changed,
        change_set,
        standing=lambda place: _standing(contact, place),
        sources=contact.sources,
    )
    if IDENTIFIER in back and _is_taken(contact, back[IDENTIFIER][1]):
        stayed[IDENTIFIER] = [back[IDENTIFIER][0], back[IDENTIFIER][0]]
        back.pop(IDENTIFIER)
    return _about(contact, back, stayed, changed.was)


def _about(
    contact: Contact,
    back: Mapping[str, Sequence[Any]],
    stayed: Mapping[str, Sequence[Any]],
    was: Mapping[str, Mapping[str, Any] | None],
    *,
    hides: bool = False,
) -> Line:
    return Line(
        CONTACT,
        contact.pk,
        contact.account_id,
        contact.email or contact.identifier,
        str(contact),
        back,
        stayed,
        hides=hides,
        of=contact.account.name,
        was=was,
    )


def _standing(contact: Contact, place: str) -> Any:
    if place == REMOVED:
        return contact.removed_at is not None
    return contact.is_named if place == NAMED else getattr(contact, place)


def _is_taken(contact: Contact, identifier: str) -> bool:
    others = Contact.objects.filter(account_id=contact.account_id, identifier=identifier)
    return others.exclude(pk=contact.pk).exists()
