"""What taking a change set back does to one object, and what all of it comes to."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from tenure.customers.models import Change, ChangeSet

T = TypeVar("T")

CHUNK = 1_000
ACCOUNT, CONTACT, SUBSCRIPTION = "account", "contact", "subscription"
KINDS = (ACCOUNT, CONTACT, SUBSCRIPTION)
HIDDEN = "removed_at"
REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Line:
    """What a revert does to one object: ``back`` maps field to what it is and what it becomes,
    ``stayed`` the fields changed again since to what the change set had made them and what they are.
    ``hides`` an account or contact that the change set made. ``of`` is the name of the account that a
    contact or subscription belongs to; ``was`` where the values that come back came from."""

    kind: str
    object_id: int
    account_id: int | None
    identifier: str
    name: str
    back: Mapping[str, Sequence[Any]]
    stayed: Mapping[str, Sequence[Any]]
    hides: bool = False
    of: str = ""
    was: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)

    @property
    def does_something(self) -> bool:
        """Whether anything of it comes back."""
        return self.hides or bool(self.back)


@dataclass(slots=True)
class Counts:
    """What a revert comes to: accounts whose values come back, accounts hidden and shown again, links
    of billing accounts taken back, contacts and subscriptions that become as before, and objects of
    any kind with something that stays as it was changed since."""

    values: int = 0
    hidden: int = 0
    shown: int = 0
    links: int = 0
    contacts: int = 0
    subscriptions: int = 0
    stayed: int = 0

    def add(self, line: Line) -> None:
        """Count one object in."""
        self.stayed += bool(line.stayed)
        if line.kind == CONTACT:
            self.contacts += line.does_something
        elif line.kind == SUBSCRIPTION:
            self.subscriptions += line.does_something
        else:
            self.hidden += line.hides or (HIDDEN in line.back and line.back[HIDDEN][1] is not None)
            self.shown += HIDDEN in line.back and line.back[HIDDEN][1] is None
            self.values += any(place != HIDDEN for place in line.back)


@dataclass(slots=True)
class Folded:
    """All changes of one object in a change set as one: the first old and the last new value of each
    field, and where the first came from; None where that was not kept."""

    pairs: dict[str, list[Any]] = field(default_factory=dict)
    was: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)


def folded(change_set: ChangeSet, kind: str, ids: Sequence[int]) -> dict[int, Folded]:
    """What the change set changed about these objects, by object."""
    found: dict[int, Folded] = {}
    rows = Change.objects.filter(change_set=change_set, object_kind=kind, object_id__in=list(ids))
    for row in rows.order_by("pk"):
        whole = found.setdefault(row.object_id, Folded())
        for place, (old, new) in row.changes.items():
            whole.pairs[place] = [whole.pairs[place][0] if place in whole.pairs else old, new]
            kept = None if row.was is None else row.was.get(place, {})
            whole.was.setdefault(place, kept)
        for place, kept in (row.was or {}).items():
            whole.was.setdefault(place, kept)
    return found


def weighed(
    changed: Folded,
    change_set: ChangeSet,
    *,
    standing: Callable[[str], Any],
    sources: Mapping[str, Mapping[str, Any]],
) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """Which fields come back, and which stay since somebody has changed or pinned them since."""
    back: dict[str, list[Any]] = {}
    stayed: dict[str, list[Any]] = {}
    for place, (old, new) in changed.pairs.items():
        now = standing(place)
        if old == new or now == old:
            continue
        entry = sources.get(place.removeprefix("attributes."), {})
        if now == new and _is_of(entry, change_set):
            back[place] = [now, old]
        else:
            stayed[place] = [new, now]
    return back, stayed


def _is_of(entry: Mapping[str, Any], change_set: ChangeSet) -> bool:
    """Whether the value of this provenance is still there because of the change set."""
    by = {entry.get("change_set"), (entry.get("back") or {}).get("change_set")} - {None}
    pinned = (entry.get("pin") or {}).get("at")
    if pinned and datetime.fromisoformat(pinned) > change_set.created_at:
        return False  # somebody said since that it holds
    return not by or change_set.pk in by


def next_changed(
    change_set: ChangeSet, kind: str, after: int, *, only: Sequence[Any] = ()
) -> list[int]:
    """The next objects of a kind, by number, that the change set changed; ``only`` are conditions
    on the changes."""
    rows = Change.objects.filter(*only, change_set=change_set, object_kind=kind)
    following = rows.filter(object_id__gt=after).order_by("object_id")
    return list(following.values_list("object_id", flat=True).distinct()[:CHUNK])


def chunked(things: Iterable[T]) -> Iterator[list[T]]:
    """The things in lists of at most a thousand."""
    chunk: list[T] = []
    for thing in things:
        chunk.append(thing)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
