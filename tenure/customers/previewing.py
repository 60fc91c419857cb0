"""What a mapping would show, before it is saved: on the best-, typical- and worst-filled records.

Read from what is stored, so it works while a site is still staged and no account exists.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from tenure.customers import fields, fits
from tenure.customers.convert import Unreadable, typed
from tenure.customers.fits import Fit
from tenure.customers.models import BillingAccount, Subscription

LOOKED_AT = 20_000  # the newest records; which of them is typical does not need more
PLACES = (("best", "Best filled"), ("typical", "Typical"), ("worst", "Worst filled"))


@dataclass(frozen=True, slots=True)
class Example:
    """One record under the new mapping: what the source says and what the attribute would hold.

    ``problem`` says why nothing would be held although the source says something; ``now`` is what
    the attribute holds today.
    """

    place: str
    caption: str
    title: str
    site: str
    account_id: int | None
    said: Any
    value: Any
    problem: str
    now: Any


@dataclass(frozen=True, slots=True)
class Preview:
    """The fit of a field to a type, and three records under it."""

    fit: Fit
    examples: tuple[Example, ...]


def preview(field: str, kind: str, *, name: str = "") -> Preview:
    """What an attribute ``name`` read from this field as this type would hold."""
    named = fields.canonical(field)
    object_kind, path = fields.split(named)
    rows = examples_of(object_kind)
    shown = tuple(_example(place, row, path, kind, name) for place, row in rows)
    return Preview(fits.fit(named, kind), shown)


def examples_of(object_kind: str) -> list[tuple[tuple[str, str], Any]]:
    """The best-, typical- and worst-filled stored records, each with its place; fewer when there are
    fewer."""
    ranked = _ranked(object_kind)
    if not ranked:
        return []
    best, typical, worst = ranked[-1], ranked[(len(ranked) - 1) // 2], ranked[0]
    chosen = {worst: PLACES[2], best: PLACES[0]}  # of a single record the best is shown
    chosen.setdefault(typical, PLACES[1])
    rows = fits.MODELS[object_kind].objects.select_related("site", "account").in_bulk(chosen)
    found = [(place, rows[pk]) for pk, place in chosen.items() if pk in rows]
    return sorted(found, key=lambda one: PLACES.index(one[0]))


def _ranked(object_kind: str) -> list[int]:
    """The newest records by how much of them is filled, the emptiest first."""
    table = fits.MODELS[object_kind]._meta.db_table
    named = [one.path for one in fields.STANDARD[object_kind]]
    columns = [path for path in named if fields.place(path) == (path,)]
    filled = ", ".join(f"nullif({column}::text, '')" for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM (SELECT * FROM {table} WHERE removed_at IS NULL"
            f" ORDER BY id DESC LIMIT {LOOKED_AT}) r ORDER BY num_nonnulls({filled})"
            " + (SELECT count(*) FROM jsonb_object_keys(custom_fields)), id"
        )
        return [row[0] for row in cursor]


def _example(place: tuple[str, str], row: Any, path: str, kind: str, name: str) -> Example:
    said = fields.reader([path])(row).get(path)
    problem, value = "", None
    try:
        value = typed(said, kind)
    except Unreadable as error:
        problem = str(error)
    holder = row if isinstance(row, Subscription) else row.account
    return Example(
        place=place[0],
        caption=place[1],
        title=_title(row),
        site=row.site.subdomain,
        account_id=row.account_id,
        said=said,
        value=value,
        problem=problem,
        now=holder.attributes.get(name) if holder else None,
    )


def _title(row: BillingAccount | Subscription) -> str:
    if isinstance(row, Subscription):
        owner = row.account.name if row.account else row.account_upstream_id
        return f"{row.plan_name or row.plan_code or 'Subscription'} of {owner}"
    if row.account:
        return str(row.account.name)
    return str(row.company or row.email or row.code)


def whole(object_kind: str, mapping: Sequence[Any]) -> list[tuple[str, str, str, dict[str, Any]]]:
    """The same three records under a whole mapping: caption, title, site, and values by name."""
    read = fields.reader(one.path for one in mapping)
    found = []
    for (_, caption), row in examples_of(object_kind):
        said, values = read(row), {}
        for one in mapping:
            try:
                values[one.name] = typed(said.get(one.path), one.kind)
            except Unreadable:
                values[one.name] = None
        found.append((caption, _title(row), row.site.subdomain, values))
    return found
