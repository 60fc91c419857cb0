"""Scripted changes: what a test or a demo makes happen at the current virtual time.

A spec names the ``site`` and says one of five things::

    {"site": s, "set": {field: value}, "kind": "accounts", "id": …}
    {"site": s, "create": "account" | "subscription" | "invoice" | "line_item", …}
    {"site": s, "remove": "accounts" | "subscriptions" | "invoices" | …, "id": …}
    {"site": s, "touch": kind, "count": n}           n records are stamped in one second
    {"site": s, "action": name, "kind": "invoices", "id": …, …}      (see actions.py)

A record is addressed by ``id``, ``code``, ``number`` or ``uuid``. ``"late": seconds`` makes the
change visible only that much later although it is stamped now. ``"stamp": false`` with ``set``
leaves ``updated_at`` alone, as Recurly may for changes it does not count.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from tenure.simulator.store import Record
from tenure.simulator.world.actions import ACTIONS
from tenure.simulator.world.creations import CREATIONS
from tenure.simulator.world.custom_fields import pair
from tenure.simulator.world.removals import remove
from tenure.simulator.world.showing import reshow
from tenure.simulator.world.state import Bill, Customer, Site

Spec = Mapping[str, Any]
Doer = Callable[[Site, Spec, datetime], Record | None]
VERBS = ("set", "create", "remove", "touch", "action")
ADDRESSES = ("id", "code", "number", "uuid")


def apply_change(sites: Mapping[str, Site], spec: Spec, at: datetime) -> Record | None:
    """Make the change and return the record it made or changed; None when it is yet to appear.

    Raises ValueError, in a sentence, for a spec that cannot be followed.
    """
    site = _site(sites, spec)
    verbs = [verb for verb in VERBS if verb in spec]
    if len(verbs) != 1:
        raise ValueError(f"A change says exactly one of {', '.join(VERBS)}; this one: {verbs}.")
    do = _DOERS[verbs[0]]
    late = _seconds(spec)
    if not late:
        return do(site, spec, at)
    site.plan(at + timedelta(seconds=late), lambda _: _unless_gone(do, site, spec, at))
    return None


class _Gone(ValueError):
    """The record that a spec addresses is not there."""


def _unless_gone(do: Doer, site: Site, spec: Spec, at: datetime) -> None:
    """A late change whose record was removed meanwhile has nothing left to change."""
    with suppress(_Gone):
        do(site, spec, at)


def _site(sites: Mapping[str, Site], spec: Spec) -> Site:
    name = spec.get("site") or (next(iter(sites)) if len(sites) == 1 else None)
    if not isinstance(name, str) or name not in sites:
        raise ValueError(f"There is no site {name!r}; there are {', '.join(sorted(sites))}.")
    return sites[name]


def _seconds(spec: Spec) -> int:
    late = spec.get("late", 0)
    if not isinstance(late, int) or late < 0:
        raise ValueError(f"late is a number of seconds from 0 up, not {late!r}.")
    return late


def _record(site: Site, spec: Spec, kind: str) -> Record:
    """The record that the spec addresses."""
    for field in ADDRESSES:
        if field in spec:
            found = site.store.find(kind, field, str(spec[field]))
            if found is None:
                raise _Gone(f"{site.spec.subdomain} has no {kind} with {field} {spec[field]!r}.")
            return found
    raise ValueError(f"Say which of the {kind}: {', '.join(ADDRESSES)}.")


def _set(site: Site, spec: Spec, at: datetime) -> Record:
    kind = str(spec.get("kind", "accounts"))
    made = _record(site, spec, kind)
    values = dict(spec["set"])
    unknown = values.keys() - made.keys()
    if unknown and not spec.get("new_fields"):
        raise ValueError(
            f"{kind} have no {', '.join(sorted(unknown))}. "
            "Add new_fields: true to the spec to make Recurly grow them."
        )
    if isinstance(values.get("custom_fields"), Mapping):
        values["custom_fields"] = _fields(made["custom_fields"], values["custom_fields"])
    made.update((name, _exact(value)) for name, value in values.items())
    site.touch(kind, made, at if spec.get("stamp", True) else None)
    _follow(site.known.get(made["id"]), values)
    return made


def _fields(before: list[Record], changes: Mapping[str, str | None]) -> list[Record]:
    """The custom fields with some set and those given as null or "" removed."""
    after = {field["name"]: field["value"] for field in before} | dict(changes)
    return [pair(name, str(value)) for name, value in after.items() if value]


def _exact(value: Any) -> Any:
    """No binary float enters a record, whichever JSON parser the spec came through."""
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, list):
        return [_exact(member) for member in value]
    if isinstance(value, dict):
        return {name: _exact(member) for name, member in value.items()}
    return value


def _follow(entity: object, values: Mapping[str, Any]) -> None:
    """Let the small forms in other records show what was set."""
    if isinstance(entity, Customer | Bill):
        shared = values.keys() & entity.mini.keys()
        entity.mini.update({name: entity.record[name] for name in shared})
        if shared and isinstance(entity, Customer):
            reshow(entity)


def _create(site: Site, spec: Spec, at: datetime) -> Record:
    create = CREATIONS.get(spec["create"])
    if create is None:
        raise ValueError(f"Cannot create {spec['create']!r}; can: {', '.join(CREATIONS)}.")
    return create(site, spec, at)


def _remove(site: Site, spec: Spec, _at: datetime) -> Record:
    made = _record(site, spec, str(spec["remove"]))
    remove(site, str(spec["remove"]), made)
    return made


def _touch(site: Site, spec: Spec, at: datetime) -> None:
    kind, count = str(spec["touch"]), spec.get("count", 1)
    if not isinstance(count, int) or count < 1:
        raise ValueError(f"count is a whole number from 1 up, not {count!r}.")
    for made in islice(site.store.all(kind), count):
        site.touch(kind, made, at)


def _act(site: Site, spec: Spec, at: datetime) -> Record:
    action = ACTIONS.get(spec["action"])
    if action is None:
        raise ValueError(f"There is no action {spec['action']!r}; there are {', '.join(ACTIONS)}.")
    made = _record(site, spec, action.kind)
    entity = site.known.get(made["id"])
    if entity is None:
        raise ValueError(f"{action.kind} {made['id']} cannot act: it was removed.")
    action.run(entity, spec, at)
    return made


_DOERS: dict[str, Doer] = {
    "set": _set,
    "create": _create,
    "remove": _remove,
    "touch": _touch,
    "action": _act,
}
