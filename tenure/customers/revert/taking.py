"""A change set taken back whole: counted, shown, and done."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from tenure.core.errors import ConfigurationError
from tenure.customers.models import ChangeSet
from tenure.customers.revert import accounts, contacts, links, subscriptions
from tenure.customers.revert.act import Act
from tenure.customers.revert.lines import (
    ACCOUNT,
    CONTACT,
    KINDS,
    SUBSCRIPTION,
    Counts,
    Line,
    chunked,
)
from tenure.customers.write import By, Pin

Cursor = tuple[str, int]
START: Cursor = (ACCOUNT, 0)
_LINES: Mapping[str, Callable[..., Iterator[Line]]] = {
    ACCOUNT: accounts.lines,
    CONTACT: contacts.lines,
    SUBSCRIPTION: subscriptions.lines,
}
_PUT_BACK = {
    ACCOUNT: accounts.put_back,
    CONTACT: contacts.put_back,
    SUBSCRIPTION: subscriptions.put_back,
}


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
    counts = Counts(links=links.of(change_set).count())
    for line in _lines(change_set, START):
        counts.add(line)
    return counts


def preview(change_set: ChangeSet, *, after: Cursor = START, limit: int = 50) -> list[Line]:
    """What taking it back now would do, object by object: accounts, contacts, subscriptions. Goes on
    after an object, named by its kind and number."""
    found: list[Line] = []
    for line in _lines(change_set, after):
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
    act = Act(change_set, by, now, pin)
    with transaction.atomic():
        # One at a time: of two clicks the second finds it taken back.
        ChangeSet.objects.select_for_update(no_key=True).get(pk=change_set.pk)
        standing = reverted_by(change_set)
        if standing:
            raise RevertedAlready(
                f"This was taken back already, on {standing.created_at:%d %B %Y}.",
                next_step="Take that back, if it should count again.",
            )
        for kind in KINDS:
            for lines in chunked(_LINES[kind](change_set, lock=True)):
                for line in lines:
                    done.counts.add(line)
                done.accounts |= _PUT_BACK[kind](lines, act)
        done.counts.links, concerned = links.put_back(act)
        done.accounts |= concerned
    done.change_set = act.made
    return done


def _lines(change_set: ChangeSet, after: Cursor) -> Iterator[Line]:
    first, number = after
    for kind in KINDS[KINDS.index(first) :]:
        yield from _LINES[kind](change_set, after=number if kind == first else 0)
