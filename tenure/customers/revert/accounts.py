"""Accounts as they were before a change set: their values put back, those it made hidden."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from tenure.access.models import Member
from tenure.customers import attributes, fields, saving
from tenure.customers.deciding import BY_HAND, is_edited
from tenure.customers.history import replaced
from tenure.customers.models import Account, BillingAccount, Change, ChangeSet, Origin
from tenure.customers.revert import links
from tenure.customers.revert.act import Act
from tenure.customers.revert.lines import (
    ACCOUNT,
    CHUNK,
    HIDDEN,
    Folded,
    Line,
    folded,
    next_changed,
    weighed,
)
from tenure.customers.searching import searchable
from tenure.customers.write import plain, value_of

RARE = {"owner", HIDDEN, "identifier"}
UNSOURCED = ("state", HIDDEN, "identifier")


def lines(change_set: ChangeSet, *, after: int = 0, lock: bool = False) -> Iterator[Line]:
    """What becomes of each account that the change set made or changed, by number."""
    while ids := touched(change_set, after):
        after = ids[-1]
        yield from of(change_set, ids, lock=lock)


def of(change_set: ChangeSet, ids: Sequence[int], *, lock: bool = False) -> Iterator[Line]:
    """What becomes of these accounts."""
    changed = folded(change_set, ACCOUNT, ids)
    rows = Account.objects.filter(pk__in=ids).select_related("owner").order_by("pk")
    if lock:
        rows = rows.select_for_update(no_key=True, of=("self",))
    accounts = list(rows)
    made = [a.pk for a in accounts if a.created_in_id == change_set.pk]
    taken_over = _changed_since(change_set, made)
    for account in accounts:
        if account.created_in_id == change_set.pk:
            yield _made(account, stays=account.pk in taken_over)
        else:
            yield _line(account, changed.get(account.pk, Folded()), change_set)


def put_back(found: Sequence[Line], act: Act) -> set[int]:
    """Write what these lines say; the accounts that changed."""
    wanted = {line.object_id: line for line in found if line.does_something}
    if not wanted:
        return set()
    rows = Account.objects.filter(pk__in=wanted).select_related("owner").order_by("pk")
    accounts = list(rows)
    mapped = attributes.mapped(fields.ACCOUNT)
    owners = _owners(wanted.values())
    changes = []
    for account in accounts:
        changes.append(_put_back(account, wanted[account.pk], owners, act))
        # A run looks at it once, whatever came back: the source may say something else by now.
        followed = wanted[account.pk].back.keys() - {"owner"}
        account.edited = bool(followed or account.removed_at or is_edited(account.sources, mapped))
    saving.save_accounts(accounts)
    # Few reverts touch these, and an update of many rows by cases is slow.
    rare = [a for a in accounts if wanted[a.pk].hides or RARE & wanted[a.pk].back.keys()]
    Account.objects.bulk_update(rare, ["owner", HIDDEN, "identifier"], batch_size=CHUNK)
    Change.objects.bulk_create(changes)
    return set(wanted)


def _put_back(account: Account, line: Line, owners: Mapping[str, Member], act: Act) -> Change:
    changes = {place: list(pair) for place, pair in line.back.items()}
    if line.hides:
        changes[HIDDEN] = [None, act.now.isoformat()]
    was = replaced(account.sources, changes)
    for place, (_, old) in changes.items():
        _set(account, place, owners.get(old) if place == "owner" else old, line.was, act)
    account.search = searchable(account, account.search)
    account.updated_at, account.changed_in = act.now, act.change_set
    return act.change(ACCOUNT, account.pk, account.pk, changes, was)


def _set(account: Account, place: str, value: Any, was: Mapping[str, Any], act: Act) -> None:
    if place == HIDDEN:
        account.removed_at = datetime.fromisoformat(value) if value else None
        return
    name = place.removeprefix("attributes.")
    if place != name and value in (None, "", []):
        account.attributes.pop(name, None)
    elif place != name:
        account.attributes[name] = value
    else:
        setattr(account, place, value)
    if place not in UNSOURCED:
        account.sources[name] = act.entry(was.get(place))


def touched(change_set: ChangeSet, after: int) -> list[int]:
    """The next accounts, by number, that the change set made or changed."""
    made = Account.objects.filter(created_in=change_set, pk__gt=after).order_by("pk")
    ids = {
        *made.values_list("pk", flat=True)[:CHUNK],
        *next_changed(change_set, ACCOUNT, after),
    }
    return sorted(ids)[:CHUNK]


def _changed_since(change_set: ChangeSet, made: Sequence[int]) -> set[int]:
    """Those of these new accounts that a person has made their own: they stay."""
    if not made:
        return set()
    rows = Change.objects.filter(object_kind=ACCOUNT, object_id__in=list(made))
    later = rows.filter(change_set__origin__in=BY_HAND - {Origin.REVERT.value})
    found = set(later.exclude(change_set=change_set).values_list("object_id", flat=True))
    if change_set.origin != Origin.SYNC:
        joined = links.of(change_set).values("object_id")  # with the making, and goes with it
        fed = BillingAccount.objects.filter(account_id__in=made).exclude(pk__in=joined)
        found |= {account for account in fed.values_list("account_id", flat=True) if account}
    return found


def _made(account: Account, *, stays: bool) -> Line:
    stayed = {"made": ["", account.identifier]} if stays else {}
    hides = not stays and account.removed_at is None
    return Line(
        ACCOUNT, account.pk, account.pk, account.identifier, account.name, {}, stayed, hides=hides
    )


def _line(account: Account, changed: Folded, change_set: ChangeSet) -> Line:
    back, stayed = weighed(
        changed,
        change_set,
        standing=lambda place: _standing(account, place),
        sources=account.sources,
    )
    return Line(
        ACCOUNT,
        account.pk,
        account.pk,
        account.identifier,
        account.name,
        back,
        stayed,
        was=changed.was,
    )


def _standing(account: Account, place: str) -> Any:
    if place == HIDDEN:
        return account.removed_at.isoformat() if account.removed_at else None
    if place in UNSOURCED:
        return getattr(account, place)
    return plain(value_of(account, place.removeprefix("attributes.")))


def _owners(lines: Iterable[Line]) -> dict[str, Member]:
    wanted = {str(line.back["owner"][1]).lower() for line in lines if "owner" in line.back}
    found = Q(pk__in=())
    for email in wanted - {"none"}:
        found |= Q(email__iexact=email)
    return {member.email: member for member in Member.objects.filter(found)}
