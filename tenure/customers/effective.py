"""What an account is called and which values it shows, given everything that bills it. Pure.

Several billing accounts may feed one account. A value is the first non-empty one in the order
site priority, age, id: the same whatever order the records arrived in (DESIGN 3.2).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tenure.customers import fields
from tenure.customers.attributes import Mapped
from tenure.customers.convert import Unreadable, typed

CUSTOM = f"{fields.CUSTOM}."
NAMING = ("company", "first_name", "last_name", "email", "username", "billing_name", "code")


@dataclass(frozen=True, slots=True)
class Contribution:
    """One billing account as far as an account's values need it. ``site`` is the subdomain and
    ``fields`` its non-empty values by path (see ``customers.fields``)."""

    site: str
    priority: int
    created_at: datetime
    upstream_id: str
    state: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Effective:
    """The outcome: typed ``values`` by attribute name, and the site each one came from.

    ``named`` says whether anybody gave ``name``: for want of one, the code stands in.
    ``unreadable`` has the reason for each attribute whose field holds something of another type.
    """

    name: str
    state: str
    values: dict[str, Any]
    sites: dict[str, str] = field(default_factory=dict)
    search: str = ""
    unreadable: dict[str, str] = field(default_factory=dict)
    named: bool = False


def paths_of(mapping: Sequence[Mapped]) -> tuple[str, ...]:
    """The fields a contribution must carry for this mapping, and for the account's name."""
    return tuple(dict.fromkeys((*NAMING, *(one.path for one in mapping))))


def compose(contributions: Sequence[Contribution], mapping: Sequence[Mapped]) -> Effective:
    """The account that these billing accounts (at least one) make together."""
    ordered = sorted(contributions, key=lambda c: (c.priority, c.created_at, c.upstream_id))
    values: dict[str, Any] = {}
    sites: dict[str, str] = {}
    unreadable: dict[str, str] = {}
    for one in mapping:
        for contribution in ordered:
            value = contribution.fields.get(one.path)
            if value is None:
                continue
            try:
                value = typed(value, one.kind)
            except Unreadable as error:
                unreadable.setdefault(one.name, str(error))
                continue
            if value is not None and value != []:
                values[one.name], sites[one.name] = value, contribution.site
                break
    given = _given_name(ordered)
    name, named_by = given or (str(ordered[0].fields.get("code", "")), ordered[0].site)
    return Effective(
        name=name,
        state="active" if any(c.state == "active" for c in ordered) else ordered[0].state,
        values=values,
        sites={**sites, "name": named_by},
        search=_search(values, ordered),
        unreadable=unreadable,
        named=given is not None,
    )


def _given_name(ordered: Sequence[Contribution]) -> tuple[str, str] | None:
    """The company, else the person, else who pays, else a way to reach them; and whose site says so."""
    for words in (("company",), ("first_name", "last_name"), ("billing_name",), ("email",)):
        for contribution in ordered:
            found = " ".join(str(contribution.fields[w]) for w in words if w in contribution.fields)
            if found:
                return found, contribution.site
    return None


def _search(values: Mapping[str, Any], ordered: Sequence[Contribution]) -> str:
    words = [str(c.fields[n]) for n in NAMING for c in ordered if n in c.fields]
    words += [str(v) for c in ordered for path, v in c.fields.items() if path.startswith(CUSTOM)]
    words += [v for v in values.values() if isinstance(v, str)]
    return " ".join(dict.fromkeys(words)).lower()[:4000]
