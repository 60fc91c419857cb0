"""Who would be left out by a field, and why: read record by record, so that it can be exported whole."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from tenure.connections.models import Site
from tenure.core.errors import ConfigurationError
from tenure.identity.report import forms
from tenure.identity.report.figures import ACCOUNT, CONTACT, SUBSCRIPTION
from tenure.identity.report.places import Place, place_of
from tenure.identity.resolve import LONGEST

CHUNK = 5_000
# Surely an identifier: something visible in ASCII, and not too long. The rest is read by forms.py.
_PERHAPS = f"(p.raw IS NULL OR char_length(p.raw) > {LONGEST} OR p.raw !~ '[!-~]')"
_OWNER = "b.upstream_id, b.code, coalesce(nullif(b.company, ''), nullif(concat_ws(' ', b.first_name, b.last_name), '')), b.email"
_BILLING = "customers_billingaccount b"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A record that nobody could name: what it is, whose it is, and why."""

    site: str
    source: str
    object_kind: str
    upstream_id: str
    code: str
    name: str
    email: str
    reason: str

    def as_json(self) -> dict[str, Any]:
        """As scripts see it; the record's id under its source's own name."""
        return {
            "site": self.site,
            "object": self.object_kind,
            f"{self.source}_id": self.upstream_id,
            "code": self.code,
            "name": self.name,
            "email": self.email,
            "reason": self.reason,
        }


def left_out(field: str, *, limit: int = 200, after: str = "") -> tuple[Sequence[LeftOut], str]:
    """Some of those left out, and where the next begin; empty when these are the last.

    Raises ConfigurationError for a field that is none.
    """
    found: list[LeftOut] = []
    for place_in_list, one in _each(place_named(field), after):
        if len(found) == limit:
            return found, after
        found.append(one)
        after = place_in_list
    return found, ""


def left_out_each(field: str) -> Iterator[LeftOut]:
    """All of them, one after the other, a few thousand in memory at a time."""
    return (one for _, one in _each(place_named(field), ""))


def place_named(field: str) -> Place:
    """Where the field is read. Raises ConfigurationError when there is no such field."""
    place = place_of(field)
    if place is None or place.object_kind == CONTACT:
        raise ConfigurationError(
            f"{field!r} is not a field that could name accounts.",
            next_step="Use account.code, account.id, account.custom_fields.NAME or subscription.custom_fields.NAME; tenure identifier report lists them.",
        )
    return place


def _each(place: Place, after: str) -> Iterator[tuple[str, LeftOut]]:
    sites = {
        pk: (name, source)
        for pk, name, source in Site.objects.values_list("pk", "subdomain", "source")
    }
    parts = (
        {ACCOUNT: _accounts(place)}
        if place.is_own
        else {SUBSCRIPTION: _subscriptions(place), ACCOUNT: _WITHOUT}
    )
    begin, _, last = after.partition("-")
    for kind, statement in parts.items():
        if begin and kind != begin:
            continue
        begin, start, last = "", int(last or 0), ""
        for row in _rows(statement, place, start):
            pk, site, upstream_id, code, name, email, raw = row
            reason = (
                _reason(place, raw)
                if kind != ACCOUNT or place.is_own
                else "It has no subscription."
            )
            if reason:
                named, source = sites.get(site, ("", "source"))
                yield (
                    f"{kind}-{pk}",
                    LeftOut(
                        named,
                        source,
                        kind,
                        upstream_id,
                        code or "",
                        name or "",
                        email or "",
                        reason,
                    ),
                )


def _rows(statement: str, place: Place, last: int) -> Iterator[tuple[Any, ...]]:
    while True:
        with connection.cursor() as cursor:
            cursor.execute(statement, {"name": place.name, "last": last, "limit": CHUNK})
            rows = cursor.fetchall()
        yield from rows
        if len(rows) < CHUNK:
            return
        last = rows[-1][0]


def _reason(place: Place, raw: str | None) -> str:
    """Why the value names nobody; nothing when it does."""
    if raw is None or raw == "":
        return f"{place.field} is not filled."
    if forms.identifier(raw):
        return ""
    if forms.is_too_long(raw):
        return f"{place.field} is longer than {LONGEST} characters."
    return f"{place.field} holds only blanks."


def _accounts(place: Place) -> str:
    return (
        f"SELECT b.id, b.site_id, {_OWNER}, p.raw FROM {_BILLING} JOIN {place.relation} p ON p.id = b.id"
        f" WHERE b.id > %(last)s AND {_PERHAPS} ORDER BY b.id LIMIT %(limit)s"
    )


def _subscriptions(place: Place) -> str:
    owner = _OWNER.replace("b.upstream_id", "s.upstream_id", 1)
    return (
        f"SELECT s.id, s.site_id, {owner}, p.raw FROM customers_subscription s JOIN {place.relation} p ON p.id = s.id"
        f" LEFT JOIN {_BILLING} ON b.site_id = s.site_id AND b.upstream_id = s.account_upstream_id"
        f" WHERE s.id > %(last)s AND {_PERHAPS} ORDER BY s.id LIMIT %(limit)s"
    )


_WITHOUT = (
    f"SELECT b.id, b.site_id, {_OWNER}, NULL FROM {_BILLING} WHERE b.id > %(last)s AND b.removed_at IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM customers_subscription s WHERE s.site_id = b.site_id"
    " AND s.account_upstream_id = b.upstream_id AND s.removed_at IS NULL) ORDER BY b.id LIMIT %(limit)s"
)
