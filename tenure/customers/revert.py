"""Taking back a change set, a run's or anybody's: what it changed is put back as a new change set.

What comes back: values, names, owners, states and identifiers of accounts, which billing account is
whose, and the making of accounts (they are hidden, not deleted). A value that somebody changed since
stays, and is listed as such; billing facts follow their source and are not touched. Taking back what
took something back restores it (docs/decisions/0007).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from tenure.access.models import Member
from tenure.core.errors import ConfigurationError
from tenure.customers import attributes, fields, saving
from tenure.customers.deciding import BY_HAND, is_edited
from tenure.customers.models import Account, BillingAccount, Change, ChangeSet, Origin
from tenure.customers.searching import searchable
from tenure.customers.write import By, Pin, plain, value_of

CHUNK = 1_000
HIDDEN = "removed_at"
STATES = ("state", HIDDEN)
RARE = {"owner", HIDDEN, "identifier"}
LINK = "account_id"


@dataclass(frozen=True, slots=True)
class Line:
    """What a revert does to one account: ``back`` maps field to what it is and what it becomes,
    ``stayed`` the fields changed again since to what the change set had made them and what they are.
    ``hides`` an account that the change set made."""

    account_id: int
    identifier: str
    name: str
    back: Mapping[str, Sequence[Any]]
    stayed: Mapping[str, Sequence[Any]]
    hides: bool = False

    @property
    def does_something(self) -> bool:
        """Whether anything of it comes back."""
        return self.hides or bool(self.back)


@dataclass(slots=True)
class Counts:
    """What a revert comes to: accounts whose values come back, accounts hidden and shown again, links
    of billing accounts taken back, and accounts with something that stays as it was changed since."""

    values: int = 0
    hidden: int = 0
    shown: int = 0
    links: int = 0
    stayed: int = 0

    def add(self, line: Line) -> None:
        """Count one account in."""
        self.hidden += line.hides or (HIDDEN in line.back and line.back[HIDDEN][1] is not None)
        self.shown += HIDDEN in line.back and line.back[HIDDEN][1] is None
        self.values += any(place != HIDDEN for place in line.back)
        self.stayed += bool(line.stayed)


@dataclass(slots=True)
class Reverted:
    """What was taken back. ``change_set`` is None when there was nothing to take back."""

    of: ChangeSet
    change_set: ChangeSet | None = None
    accounts: set[int] = field(default_factory=set)
    counts: Counts = field(default_factory=Counts)


class RevertedAlready(ConfigurationError):
    """Somebody took this change set back before."""


def count(change_set: ChangeSet) -> Counts:
    """What taking it back now would come to."""
    counts = Counts(links=_links(change_set).count())
    for line in _lines(change_set):
        counts.add(line)
    return counts


def preview(change_set: ChangeSet, *, after: int = 0, limit: int = 50) -> list[Line]:
    """What taking it back now would do, by account, going on after an account's number."""
    found: list[Line] = []
    for line in _lines(change_set, after=after):
        if line.does_something or line.stayed:
            found.append(line)
        if len(found) == limit:
            break
    return found


def reverted_by(change_set: ChangeSet) -> ChangeSet | None:
    """The change set that took this one back, if it was, and was not itself taken back."""
    return ChangeSet.objects.filter(undoes=change_set, undone_by=None).first()


def revert(change_set: ChangeSet, by: By, now: datetime, *, pin: Pin | None = None) -> Reverted:
    """Put back what the change set replaced, all or nothing. With ``pin`` the restored values hold
    against Daily Sync, which otherwise brings its own back at its next run. Raises RevertedAlready."""
    done = Reverted(change_set)
    with transaction.atomic():
        # One at a time: of two clicks the second finds it taken back.
        ChangeSet.objects.select_for_update(no_key=True).get(pk=change_set.pk)
        standing = reverted_by(change_set)
        if standing:
            raise RevertedAlready(
                f"This was taken back already, on {standing.created_at:%d %B %Y}.",
                next_step="Take that back, if it should count again.",
            )
        work = _Work(change_set, by, now, pin, done)
        for lines in _chunked(_lines(change_set, lock=True)):
            work.put_back(lines)
        work.unlink()
    return done


@dataclass(slots=True)
class _Work:
    change_set: ChangeSet
    by: By
    now: datetime
    pin: Pin | None
    done: Reverted

    def put_back(self, lines: Sequence[Line]) -> None:
        wanted = {line.account_id: line for line in lines if line.does_something}
        for line in lines:
            self.done.counts.add(line)
        if not wanted:
            return
        rows = Account.objects.filter(pk__in=wanted).select_related("owner").order_by("pk")
        mapping = attributes.mapped(fields.ACCOUNT)
        changes = []
        accounts = list(rows)
        owners = _owners(wanted.values())
        for account in accounts:
            changes.append(self._put_back(account, wanted[account.pk], owners))
            account.edited = bool(account.removed_at) or is_edited(account.sources, mapping)
        saving.save_accounts(accounts)
        # Few reverts touch these, and an update of many rows by cases is slow.
        rare = [a for a in accounts if wanted[a.pk].hides or RARE & wanted[a.pk].back.keys()]
        Account.objects.bulk_update(rare, ["owner", HIDDEN, "identifier"], batch_size=CHUNK)
        Change.objects.bulk_create(changes)
        self.done.accounts |= wanted.keys()

    def _put_back(self, account: Account, line: Line, owners: Mapping[str, Member]) -> Change:
        changes = {place: list(pair) for place, pair in line.back.items()}
        if line.hides:
            changes[HIDDEN] = [None, self.now.isoformat()]
        for place, (_, old) in changes.items():
            self._set(account, place, owners.get(old) if place == "owner" else old)
        account.search = searchable(account, account.search)
        account.updated_at, account.changed_in = self.now, self.under()
        return _change("account", account.pk, account.pk, changes, self.under(), self.now)

    def _set(self, account: Account, place: str, value: Any) -> None:
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
        if place not in (*STATES, "identifier"):
            account.sources[name] = self._entry()

    def _entry(self) -> dict[str, Any]:
        entry = {
            "source": Origin.REVERT.value,
            "set_by": self.by.signature,
            "set_at": self.now.isoformat(),
            "change_set": self.under().pk,
        }
        return entry | {"pin": self.pin.as_json(self.by, self.now)} if self.pin else entry

    def under(self) -> ChangeSet:
        """The change set that everything put back belongs to, made with the first of it."""
        if self.done.change_set is None:
            self.done.change_set = ChangeSet.objects.create(
                origin=Origin.REVERT,
                member=self.by.member,
                reason=self.by.reason,
                created_at=self.now,
                undoes=self.change_set,
            )
        return self.done.change_set

    def unlink(self) -> None:
        """Give billing accounts back to whom they belonged before, if they still are as they were
        made."""
        for changes in _chunked(_links(self.change_set).order_by("object_id").iterator()):
            rows = BillingAccount.objects.select_for_update(no_key=True)
            standing = {row.pk: row for row in rows.filter(pk__in=[c.object_id for c in changes])}
            back = []
            for one in changes:
                row, (old, new) = standing.get(one.object_id), one.changes[LINK]
                if row is not None and row.account_id == new:
                    move(row, old)
                    account = old or new
                    back.append(
                        _change(
                            "billing_account",
                            row.pk,
                            account,
                            {LINK: [new, old]},
                            self.under(),
                            self.now,
                        )
                    )
                    self.done.accounts |= {a for a in (old, new) if a}
            Change.objects.bulk_create(back)
            self.done.counts.links += len(back)


_MOVE = """
    UPDATE {table} SET account_id = %(to)s
    WHERE site_id = %(site)s AND account_upstream_id = %(payer)s
      AND account_id IS NOT DISTINCT FROM %(from)s
"""


def move(row: BillingAccount, account_id: int | None) -> None:
    """Make a billing account, with what it paid for, another account's, or nobody's. It keeps the
    identifier it had, by which the next sync finds that it was recognised before."""
    bound = {
        "to": account_id,
        "from": row.account_id,
        "site": row.site_id,
        "payer": row.upstream_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_MOVE.format(table="customers_invoice"), bound)
        own = _MOVE.format(table="customers_subscription") + " AND identified_as IS NULL"
        cursor.execute(own, bound)
    BillingAccount.objects.filter(pk=row.pk).update(account_id=account_id)


def _links(change_set: ChangeSet) -> Any:
    return Change.objects.filter(
        change_set=change_set, object_kind="billing_account", changes__has_key=LINK
    )


def _lines(change_set: ChangeSet, *, after: int = 0, lock: bool = False) -> Iterator[Line]:
    """What becomes of each account that the change set made or changed, by number."""
    while ids := _touched(change_set, after):
        after = ids[-1]
        changed = _folded(change_set, ids)
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
                yield _line(account, changed.get(account.pk, {}))


def _touched(change_set: ChangeSet, after: int) -> list[int]:
    made = Account.objects.filter(created_in=change_set, pk__gt=after).order_by("pk")
    changed = Change.objects.filter(change_set=change_set, object_kind="account")
    others = changed.filter(object_id__gt=after).order_by("object_id")
    ids = {
        *made.values_list("pk", flat=True)[:CHUNK],
        *others.values_list("object_id", flat=True).distinct()[:CHUNK],
    }
    return sorted(ids)[:CHUNK]


def _folded(change_set: ChangeSet, ids: Sequence[int]) -> dict[int, dict[str, list[Any]]]:
    """The first old and the last new value of each field, by account."""
    found: dict[int, dict[str, list[Any]]] = {}
    rows = Change.objects.filter(
        change_set=change_set, object_kind="account", object_id__in=list(ids)
    )
    for row in rows.order_by("pk"):
        whole = found.setdefault(row.object_id, {})
        for place, (old, new) in row.changes.items():
            whole[place] = [whole[place][0] if place in whole else old, new]
    return found


def _changed_since(change_set: ChangeSet, made: Sequence[int]) -> set[int]:
    """Those of these new accounts that a person has made their own: they stay."""
    if not made:
        return set()
    rows = Change.objects.filter(object_kind="account", object_id__in=list(made))
    later = rows.filter(change_set__origin__in=BY_HAND - {Origin.REVERT.value})
    found = set(later.exclude(change_set=change_set).values_list("object_id", flat=True))
    if change_set.origin != Origin.SYNC:
        fed = BillingAccount.objects.filter(account_id__in=made)
        found |= {account for account in fed.values_list("account_id", flat=True) if account}
    return found


def _made(account: Account, *, stays: bool) -> Line:
    stayed = {"made": ["", account.identifier]} if stays else {}
    hides = not stays and account.removed_at is None
    return Line(account.pk, account.identifier, account.name, {}, stayed, hides=hides)


def _line(account: Account, changes: Mapping[str, Sequence[Any]]) -> Line:
    back: dict[str, list[Any]] = {}
    stayed: dict[str, list[Any]] = {}
    for place, (old, new) in changes.items():
        standing = _standing(account, place)
        if old == new or standing == old:
            continue
        if standing == new:
            back[place] = [standing, old]
        else:
            stayed[place] = [new, standing]
    return Line(account.pk, account.identifier, account.name, back, stayed)


def _standing(account: Account, place: str) -> Any:
    if place == HIDDEN:
        return account.removed_at.isoformat() if account.removed_at else None
    if place in ("state", "identifier"):
        return getattr(account, place)
    return plain(value_of(account, place.removeprefix("attributes.")))


def _owners(lines: Iterable[Line]) -> dict[str, Member]:
    wanted = {str(line.back["owner"][1]).lower() for line in lines if "owner" in line.back}
    found = Q(pk__in=())
    for email in wanted - {"none"}:
        found |= Q(email__iexact=email)
    return {member.email: member for member in Member.objects.filter(found)}


def _change(
    kind: str,
    pk: int,
    account_id: int | None,
    changes: dict[str, list[Any]],
    change_set: ChangeSet,
    now: datetime,
) -> Change:
    return Change(
        change_set=change_set,
        object_kind=kind,
        object_id=pk,
        account_id=account_id,
        changes=changes,
        at=now,
    )


def _chunked(things: Iterable[Any]) -> Iterator[list[Any]]:
    chunk: list[Any] = []
    for thing in things:
        chunk.append(thing)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
