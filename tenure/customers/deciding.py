"""Who wins each value of an account when the source speaks: one pure function.

The sync applies its answer, the plan shows it, and the drift report reads it, so the three cannot
differ. Daily Sync overrides what was set by hand and says what it replaced; a pin holds against
it; what was imported once, or never had a source, is nobody's to overwrite (DESIGN 3.3).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tenure.customers.attributes import Mapped
from tenure.customers.effective import Effective
from tenure.customers.models import Origin

BY_HAND = frozenset(
    {
        Origin.MANUAL.value,
        Origin.API.value,
        Origin.CSV.value,
        Origin.RULE.value,
        Origin.REVERT.value,
    }
)


@dataclass(frozen=True, slots=True)
class Standing:
    """An account's values as they stand. ``sources`` is as on the account's row."""

    name: str
    state: str
    attributes: Mapping[str, Any]
    sources: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Terms:
    """What the source may do here. ``daily`` are the subdomains in Daily Sync among those that feed
    the account; ``gone`` the fields that a site which feeds it had once, whose values stay; ``filling``
    the attributes that were mapped just now, which a site among ``importing`` gives its value once.
    ``spares_hand`` leaves what was set by hand to the next run, which a plan can show beforehand.
    ``change_set`` is the one that goes on: a first value given in it is settled when it ends."""

    mapping: Sequence[Mapped]
    daily: Collection[str]
    everything_daily: bool = True
    allows_pins: bool = True
    gone: Collection[str] = ()
    filling: Collection[str] = ()
    importing: Collection[str] = ()
    spares_hand: bool = False
    change_set: int | None = None


@dataclass(frozen=True, slots=True)
class Naming:
    """What an import calls an account it joins, None if nothing; ``stand_ins`` are the codes that
    stand in for a name as long as nobody who was there before gave one."""

    name: str | None
    site: str
    stand_ins: Collection[str]


@dataclass(slots=True)
class Decision:
    """The values that change: ``changes`` maps field to ``[old, new]``, attributes as
    ``attributes.NAME``; ``overridden`` has the provenance of those that were set by hand; ``held``
    the incoming values that a pin keeps out."""

    changes: dict[str, list[Any]] = field(default_factory=dict)
    sites: dict[str, str | None] = field(default_factory=dict)
    overridden: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    held: dict[str, Any] = field(default_factory=dict)


def decide(
    account: Standing,
    incoming: Effective,
    terms: Terms,
    *,
    now: datetime,
    filler: Effective | None = None,
    naming: Naming | None = None,
) -> Decision:
    """What the source changes about this account at ``now``. ``filler`` has the first values of what
    is ``filling``, where they are not those of ``incoming``; ``naming`` is the name that an import
    brings, where others fed the account before."""
    decision = Decision()
    for one in terms.mapping:
        held = account.attributes.get(one.name)
        followed = incoming.sites.get(one.name) in terms.daily
        if not followed and _fill(decision, account, one.name, held, filler or incoming, terms):
            continue
        new = incoming.values.get(one.name)
        if one.name in incoming.unreadable and new is None and one.name not in terms.filling:
            # Something else than nothing is there: it must not blank a good value, unless that
            # value is of a field the attribute is no longer read from.
            continue
        if one.path in terms.gone and new is None:
            continue
        _weigh(decision, account, one.name, held, new, incoming.sites.get(one.name), terms, now)
    by = incoming.sites.get("name")
    if naming and not (by in terms.daily and by not in terms.importing):
        _fill_name(decision, account, naming, terms)
    else:
        _weigh(decision, account, "name", account.name, incoming.name, by, terms, now)
    if terms.daily and terms.everything_daily and account.state != incoming.state:
        decision.changes["state"] = [account.state, incoming.state]
    return decision


def _weigh(
    decision: Decision,
    account: Standing,
    name: str,
    held: Any,
    new: Any,
    site: str | None,
    terms: Terms,
    now: datetime,
) -> None:
    if held == new:
        return
    entry = account.sources.get(name, {})
    if not _follows(entry, new, site, terms):
        return
    if terms.allows_pins and is_pinned(entry, now):
        decision.held[name] = new
        return
    place = key_of(name)
    decision.changes[place] = [held, new]
    decision.sites[place] = site
    if is_by_hand(entry):
        decision.overridden[place] = entry


def _fill(
    decision: Decision, account: Standing, name: str, held: Any, filler: Effective, terms: Terms
) -> bool:
    """Give an attribute its first value, if it is still to have one; whether that settles it."""
    new, site = filler.values.get(name), filler.sites.get(name)
    if name not in terms.filling or site not in terms.importing or new is None:
        return False
    if not _is_open(account.sources.get(name, {}), held, terms):
        return False
    if new != held:
        decision.changes[key_of(name)] = [held, new]
        decision.sites[key_of(name)] = site
    return True


def _fill_name(decision: Decision, account: Standing, naming: Naming, terms: Terms) -> None:
    """Call the account what the import does, if nobody gave it a name: a name is a first value too."""
    entry = account.sources.get("name", {})
    held = account.name
    mine = _is_mine(entry, terms) and entry.get("site") in terms.importing
    is_open = mine if entry else held in naming.stand_ins
    if naming.name and is_open and naming.name != held:
        decision.changes["name"] = [held, naming.name]
        decision.sites["name"] = naming.site


def _follows(entry: Mapping[str, Any], new: Any, site: str | None, terms: Terms) -> bool:
    if terms.spares_hand and is_by_hand(entry):
        return False
    if new is None:
        # A value the source never had (set by hand, no field behind it) is not the source's to blank.
        return terms.everything_daily and bool(terms.daily) and not _was_set_here(entry)
    if site not in terms.daily:
        return False
    came_from = entry.get("site")
    return came_from is None or came_from in terms.daily or _was_set_here(entry)


def _is_open(entry: Mapping[str, Any], held: Any, terms: Terms) -> bool:
    """Whether the value is still to be filled: nobody gave one before the present change set."""
    if not entry:
        return held in (None, "", [])
    return _is_mine(entry, terms)


def _is_mine(entry: Mapping[str, Any], terms: Terms) -> bool:
    """Whether the source gave the value in the change set that still goes on."""
    mine = terms.change_set is not None and entry.get("change_set") == terms.change_set
    return mine and not is_by_hand(entry)


def key_of(name: str) -> str:
    """The field's name in history: attributes carry their prefix, the account's own do not."""
    return name if name in ("name", "owner") else f"attributes.{name}"


def is_by_hand(entry: Mapping[str, Any]) -> bool:
    """Whether a value of this provenance is here by somebody's hand and not by a source: set, or
    brought back against what a run had taken from the source."""
    return _was_set_here(entry) or bool(entry.get("back", {}).get("against"))


def _was_set_here(entry: Mapping[str, Any]) -> bool:
    return entry.get("source") in BY_HAND


def is_pinned(entry: Mapping[str, Any], now: datetime) -> bool:
    """Whether a pin holds at ``now``; one with an end date ends by itself."""
    pin = entry.get("pin")
    if not pin:
        return False
    until = pin.get("until")
    return until is None or datetime.fromisoformat(until) > now


def is_edited(sources: Mapping[str, Mapping[str, Any]], mapping: Sequence[Mapped]) -> bool:
    """Whether Daily Sync must look at the account although its records did not change."""
    names = {one.name for one in mapping} | {"name"}
    return any(is_by_hand(sources[name]) for name in names & sources.keys())
