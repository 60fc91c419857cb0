"""A plan's entries and differences as pages draw them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenure.customers.models import Attribute
from tenure.sync.models import Plan, PlanEntry
from tenure.sync.planning import read
from tenure.web import moments

MOST_FIELDS = 6
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00")
OWN = {
    "name": "Name",
    "state": "State",
    "owner": "Owner",
    "identifier": "Identifier",
    "removed_at": "Hidden",
    "made": "Account",
    "email": "E-mail",
    "title": "Title",
    "removed": "Removed here",
    "named": "Named by billing",
}
KINDS = {
    "account": "Accounts",
    "contact": "Contacts",
    "subscription": "Subscriptions",
    "attribute": "Attributes",
}


@dataclass(frozen=True, slots=True)
class Verb:
    """How a verb is said: its sign, its words for a count and for one row, its tone."""

    key: str
    sign: str
    words: str
    one: str
    tone: str
    about: str


VERBS = (
    Verb(
        "override",
        "!",
        "manual edits lost",
        "Overrides a manual edit",
        "bad",
        "set by hand here, and the source says otherwise",
    ),
    Verb("create", "+", "created", "Creates", "good", "new"),
    Verb("update", "~", "updated", "Updates", "info", "values that follow the source"),
    Verb("leave", "=", "left as they are", "", "idle", "nothing to do"),
    Verb(
        "pinned",
        "=",
        "kept by a pin",
        "Kept by a pin",
        "info",
        "the source says otherwise and a pin holds",
    ),
    Verb(
        "conflict", "?", "conflicts", "Conflict", "warn", "a changed identifier waits for a person"
    ),
    Verb(
        "unidentified",
        "?",
        "unidentified",
        "Unidentified",
        "warn",
        "nobody's until it has an identifier",
    ),
    Verb("quarantine", "?", "quarantined", "Quarantined", "warn", "could not be read"),
)
OF = {verb.key: verb for verb in VERBS}


@dataclass(frozen=True, slots=True)
class Tile:
    """One count at the top of a plan."""

    verb: Verb
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Field:
    """One value that changes: from what to what, and who had set it by hand when it is lost."""

    name: str
    label: str
    old: Any
    new: Any
    lost: bool = False
    set_by: str = ""
    set_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One entry of a plan as a row."""

    entry: PlanEntry
    verb: Verb
    fields: Sequence[Field]
    more: int

    @property
    def may_keep(self) -> bool:
        """Whether pins can hold what would be lost."""
        here = self.entry.account_id is not None or self.entry.object_kind == "subscription"
        return self.entry.verb == "override" and here


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object in a plan: how many of it by verb, in the order of the tiles."""

    key: str
    words: str
    counts: Sequence[tuple[Verb, int]]
    is_chosen: bool


def tiles(plan: Plan, chosen: str) -> list[Tile]:
    """The counts of a plan, manual edits first; what does not occur is left out but for the five
    that people look for."""
    always = {"override", "create", "update", "leave"}
    counted = [Tile(verb, read.total(plan, verb.key), verb.key == chosen) for verb in VERBS]
    return [tile for tile in counted if tile.count or tile.verb.key in always]


def kinds(plan: Plan, chosen: str) -> list[Kind]:
    """What a plan does by kind of object, those it looks at."""
    objects: dict[str, dict[str, int]] = plan.counts.get("objects", {})
    return [
        Kind(
            key,
            words,
            [(v, objects[key][v.key]) for v in VERBS if objects[key].get(v.key)],
            chosen == key,
        )
        for key, words in KINDS.items()
        if any(objects.get(key, {}).values())
    ]


def rows(found: Iterable[PlanEntry]) -> list[Row]:
    """The entries with their fields in words."""
    entries = list(found)
    known = {kind: labels(kind) for kind in {entry.object_kind for entry in entries}}
    return [_row(entry, known[entry.object_kind]) for entry in entries]


def labels(object_kind: str = "account") -> dict[str, str]:
    """What each attribute of accounts, or of another kind of object, is called."""
    rows = Attribute.objects.filter(object_kind=object_kind)
    return dict(rows.values_list("name", "label"))


def fields_of(changes: Mapping[str, Sequence[Any]], known: Mapping[str, str]) -> list[Field]:
    """``{field: [old, new]}`` in words."""
    return [Field(place, label_of(place, known), old, new) for place, (old, new) in changes.items()]


def _instant(value: Any) -> Any:
    """An instant of history as people read it; anything else as it is."""
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return f"{datetime.fromisoformat(value):%Y-%m-%d %H:%M} UTC"
    return value


def label_of(place: str, known: Mapping[str, str]) -> str:
    """What a field of history is called."""
    name = place.removeprefix("attributes.")
    spoken = name.replace("_", " ").replace(".", " ").capitalize()
    return OWN.get(place) or known.get(name) or spoken


def _row(entry: PlanEntry, known: Mapping[str, str]) -> Row:
    fields = [_field(entry, place, pair, known) for place, pair in entry.changes.items()]
    fields.sort(key=lambda one: not one.lost)
    shown = fields[:MOST_FIELDS]
    return Row(entry, OF[entry.verb], shown, len(fields) - len(shown))


def _field(entry: PlanEntry, place: str, pair: Sequence[Any], known: Mapping[str, str]) -> Field:
    lost = entry.overridden.get(place)
    by = (lost or {}).get("set_by") or (lost or {}).get("source") or ""
    at = moments.instant_of((lost or {}).get("set_at"))
    old, new = map(_instant, pair)
    return Field(place, label_of(place, known), old, new, lost is not None, by, at)
