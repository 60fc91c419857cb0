"""What an edit of many accounts would do, worked out before it is done."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tenure.customers import provenance
from tenure.customers.deciding import is_pinned
from tenure.customers.models import Account
from tenure.customers.outlook import NOBODY, Outlook, outlooks
from tenure.customers.values import read_values
from tenure.customers.write import plain, value_of

SAMPLES = 10
EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Sample:
    """One account that would change: its value now, where that came from, and what follows it."""

    account: Account
    old: Any
    source: str
    replaced_by: str | None


@dataclass(slots=True)
class Effect:
    """The reach of an edit. ``changing`` are the accounts whose value would differ, ``by_source``
    counts where those values come from now, ``replaced`` how many a site in Daily Sync would take
    back at its next run, by site; ``unpinnable`` how many of these allow no pin."""

    chosen: int
    changing: list[int] = field(default_factory=list)
    by_source: Counter[str] = field(default_factory=Counter)
    replaced: Counter[str] = field(default_factory=Counter)
    pinned: int = 0
    unpinnable: int = 0
    samples: list[Sample] = field(default_factory=list)

    @property
    def same(self) -> int:
        """How many have this value already."""
        return self.chosen - len(self.changing)

    @property
    def owned(self) -> int:
        """How many Daily Sync would take back."""
        return self.replaced.total()


def effect(accounts: Sequence[int], name: str, value: Any, *, now: datetime) -> Effect:
    """What setting this field of these accounts would do. Raises ValueRefused for a bad value."""
    new = read_values({name: value})[name]
    rows = Account.objects.filter(pk__in=accounts, removed_at=None).select_related("owner")
    listed = list(rows.defer("search").order_by("name", "pk"))
    told = outlooks([account.pk for account in listed], [name])
    found = Effect(chosen=len(listed))
    for account in listed:
        if value_of(account, name) != new:
            _count(found, account, name, new, told.get(account.pk, {}), now)
    return found


def _count(
    found: Effect,
    account: Account,
    name: str,
    new: Any,
    told: Mapping[str, Outlook],
    now: datetime,
) -> None:
    old, outlook = plain(value_of(account, name)), told.get(name, NOBODY)
    source = EMPTY if old in (None, "", []) else _source(account, name)
    found.changing.append(account.pk)
    found.by_source[source] += 1
    found.pinned += is_pinned(account.sources.get(name, {}), now)
    takes_back = outlook.follows if outlook.replaces and outlook.says != new else None
    if takes_back:
        found.replaced[takes_back] += 1
        found.unpinnable += not outlook.allows_pins
    if len(found.samples) < SAMPLES:
        found.samples.append(Sample(account, old, source, takes_back))


def _source(account: Account, name: str) -> str:
    return provenance.of_attribute(account, name, ()).source
