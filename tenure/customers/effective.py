"""What an account is called and which values it shows, given everything that bills it. Pure.

Several billing accounts may feed one account. A value is the first non-empty one in the order
site priority, age, id: the same whatever order the records arrived in (DESIGN 3.2).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tenure.customers.attributes import STANDARD


@dataclass(frozen=True, slots=True)
class Contribution:
    """One billing account as far as an account's values need it. ``site`` is the subdomain."""

    site: str
    priority: int
    created_at: datetime
    upstream_id: str
    code: str
    state: str
    standard: Mapping[str, str | None]
    custom: Mapping[str, str]
    billing_name: str | None = None
    extra_search: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Effective:
    """The outcome: ``values`` by attribute name and the site each one came from."""

    name: str
    state: str
    values: dict[str, str]
    sites: dict[str, str] = field(default_factory=dict)
    search: str = ""


def compose(contributions: Sequence[Contribution]) -> Effective:
    """The account that these billing accounts (at least one) make together."""
    ordered = sorted(contributions, key=lambda c: (c.priority, c.created_at, c.upstream_id))
    values: dict[str, str] = {}
    sites: dict[str, str] = {}
    for contribution in ordered:
        for name, value in _named(contribution).items():
            if value and name not in values:
                values[name] = value
                sites[name] = contribution.site
    return Effective(
        name=_name(values, ordered),
        state="active" if any(c.state == "active" for c in ordered) else ordered[0].state,
        values=values,
        sites=sites,
        search=_search(values, ordered),
    )


def _named(contribution: Contribution) -> dict[str, str | None]:
    # A custom field named like a standard field must not hide it.
    return {**contribution.custom, **{f.name: contribution.standard.get(f.name) for f in STANDARD}}


def _name(values: Mapping[str, str], ordered: Sequence[Contribution]) -> str:
    person = " ".join(filter(None, (values.get("first_name"), values.get("last_name"))))
    billing = next((c.billing_name for c in ordered if c.billing_name), None)
    return values.get("company") or person or billing or values.get("email") or ordered[0].code


def _search(values: Mapping[str, str], ordered: Sequence[Contribution]) -> str:
    words = [values.get(n, "") for n in ("company", "first_name", "last_name", "email", "username")]
    words += [c.code for c in ordered]
    words += [value for c in ordered for value in c.custom.values()]
    return " ".join(dict.fromkeys(word.lower() for word in words if word))[:4000]


def parse_custom(payload: bytes) -> dict[str, str]:
    """A record's custom fields as text by name."""
    return {name: str(value) for name, value in json.loads(payload).items() if value is not None}
