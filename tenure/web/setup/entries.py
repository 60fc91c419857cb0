"""What was typed at the first step: rows of sites and keys, or a map of them pasted as one text.

Read as one unit: every entry is good, or nothing is used and every fault has its place.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.http import QueryDict

from tenure.connections import keymap, subdomains
from tenure.connections.findings import Told
from tenure.connections.keymap import KeyMapRefused
from tenure.core.errors import ConfigurationError
from tenure.core.secrets import Secret
from tenure.sources.base import Source
from tenure.web.settings.forms import is_misplaced_key

MOST_ROWS = 20


@dataclass(slots=True)
class Row:
    """One site as typed, and what is wrong with it. The key is never part of it."""

    site: str = ""
    region: str = ""
    site_error: str = ""
    key_error: str = ""
    region_error: str = ""
    told: Told | None = None
    tag: str = field(default_factory=lambda: secrets.token_hex(4))

    @property
    def is_faulty(self) -> bool:
        """Whether something in it has to be corrected."""
        return bool(self.site_error or self.key_error or self.region_error)


@dataclass(slots=True)
class Entries:
    """What was sent: the keys by subdomain with their regions when all of it is usable."""

    rows: list[Row]
    keys: Mapping[str, Secret] = field(default_factory=dict)
    regions: Mapping[str, str] = field(default_factory=dict)
    is_map: bool = False
    map_error: str = ""
    map_faults: Sequence[str] = ()

    @property
    def is_usable(self) -> bool:
        """Whether upstream can be asked about all of it."""
        return bool(self.keys) and not self.map_error and not any(r.is_faulty for r in self.rows)


def blank(rows: int = 1) -> Entries:
    """Nothing typed yet."""
    return Entries([Row() for _ in range(max(1, min(rows, MOST_ROWS)))])


def read(source: Source, data: QueryDict) -> Entries:
    """What the form holds. Nobody is asked yet."""
    typed = list(
        zip(data.getlist("site"), data.getlist("api_key"), data.getlist("region"), strict=False)
    )[:MOST_ROWS]
    typed = [(s.strip(), k.strip(), r) for s, k, r in typed]
    filled = [row for row in typed if row[0] or row[1]]
    pasted = data.get("map", "").strip()
    alone = filled[0] if len(filled) == 1 else None
    if alone and alone[1].startswith("{") and (not alone[0] or _names(source, alone[0])):
        return _of_map(alone[1])  # a map where one key was expected is still a map
    if pasted and filled:
        told = "Use the rows or the map, not both: empty the one you do not mean."
        return Entries([Row(s, r) for s, _, r in filled], is_map=True, map_error=told)
    return _of_map(pasted) if pasted else _of_rows(source, filled or typed or [("", "", "")])


def _names(source: Source, site: str) -> bool:
    return site.lower() in {source.key.lower(), source.label.lower()}


def _of_map(text: str) -> Entries:
    try:
        return Entries([Row()], keymap.parse(text), is_map=True)
    except KeyMapRefused as error:
        faults = [fault.message for fault in error.faults]
        told = "Nothing was saved." if faults else f"{error.message} {error.next_step}"
        return Entries([Row()], is_map=True, map_error=told, map_faults=faults)


def _of_rows(source: Source, typed: Sequence[tuple[str, str, str]]) -> Entries:
    keys: dict[str, Secret] = {}
    regions: dict[str, str] = {}
    rows = []
    for site, key, region in typed:
        row = Row(site, region)
        rows.append(row)
        name = _name(source, row)
        row.key_error = _fault(key, source)
        if region and region not in source.regions:
            row.region_error = f"Choose one of {', '.join(source.regions)}."
        if name in keys:
            row.site_error = f"{name} stands more than once. Enter each site once."
        elif name:
            keys[name], regions[name] = Secret(key), region
    return Entries(rows, keys, {name: where for name, where in regions.items() if where})


def _name(source: Source, row: Row) -> str:
    """The tidy subdomain; empty, with the reason in the row, when there is none."""
    if not row.site:
        row.site_error = "Enter the site's subdomain."
        return ""
    if is_misplaced_key(row.site):
        row.site = ""
        row.site_error = (
            "This looks like an API key. Enter the site's subdomain here, its key beside it."
        )
        return ""
    if _names(source, row.site):
        row.site_error = "Enter the subdomain of the site, or paste a map of several below."
        return ""
    try:
        return subdomains.tidy(row.site)
    except ConfigurationError as error:
        row.site_error = str(error)
        return ""


def _fault(key: str, source: Source) -> str:
    if not key:
        return "Enter the private API key of the site."
    if key.startswith("{"):
        return f"This is a map of sites. Leave the site empty, or enter {source.label} there."
    if any(character.isspace() or not character.isprintable() for character in key):
        return "The key has a space or line break inside. Copy it alone."
    return ""
