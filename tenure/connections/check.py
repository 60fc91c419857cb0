"""What one site offers right now: which streams may be read, how much is there, which custom fields.

Asks upstream and saves nothing. The set-up shows it before a key is saved, the page of a site and
``tenure site check`` for a site that is there; ``findings.py`` puts it into words for all of them.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from tenure.connections import trouble
from tenure.connections.models import Site
from tenure.connections.proof import home_region, prove, region_of, unless_limited, wait_for
from tenure.connections.read import endpoint, endpoint_for
from tenure.core.errors import TemporaryError, TenureError
from tenure.core.secrets import Secret
from tenure.sources import registry
from tenure.sources.base import (
    By,
    Connection,
    Endpoint,
    SiteFacts,
    Stream,
    StreamUnavailable,
    Window,
)
from tenure.sources.records import CustomFieldDefinition

PATIENCE_SECONDS = 60.0
AT_ONCE = 8  # sites asked side by side


@dataclass(frozen=True, slots=True)
class StreamReport:
    """One stream: whether the key may read it, how many records it holds, when the newest changed.

    ``reason`` and ``next_step`` say why not and what to do; ``trouble`` is the reason as one word.
    """

    stream: str
    readable: bool
    count: int | None = None
    newest: datetime | None = None
    reason: str = ""
    next_step: str = ""
    trouble: str = ""

    def as_json(self) -> dict[str, Any]:
        newest = self.newest.isoformat() if self.newest else None
        return {
            "stream": self.stream,
            "readable": self.readable,
            "count": self.count,
            "newest": newest,
            "reason": self.reason or None,
            "next_step": self.next_step or None,
            "trouble": self.trouble or None,
        }


@dataclass(frozen=True, slots=True)
class CustomField:
    """A custom field the site defines, by the kind of object that carries it."""

    related_type: str
    name: str
    label: str


@dataclass(frozen=True, slots=True)
class SiteReport:
    """The whole check of one site. ``error`` is the reason when the site could not be asked at all."""

    subdomain: str
    region: str
    facts: SiteFacts | None = None
    streams: Sequence[StreamReport] = ()
    custom_fields: Sequence[CustomField] = ()
    clock_differs_seconds: float | None = None
    error: TenureError | None = None
    about_keys: str = ""

    @property
    def is_good(self) -> bool:
        """Whether everything a sync reads can be read."""
        return self.error is None and not self.closed

    @property
    def closed(self) -> Sequence[StreamReport]:
        """Streams that are there and cannot be read; what a site does not offer is none of them."""
        offered = (one for one in self.streams if one.trouble != trouble.Trouble.NOT_OFFERED)
        return [one for one in offered if not one.readable]

    def as_json(self) -> dict[str, Any]:
        facts = self.facts
        fields = (
            {"object": f.related_type, "name": f.name, "label": f.label} for f in self.custom_fields
        )
        error = self.error and {
            "trouble": trouble.kind_of(self.error),
            "message": self.error.message,
            "next_step": self.error.next_step,
        }
        return {
            "subdomain": self.subdomain,
            "region": self.region,
            "ok": self.is_good,
            "site_id": facts.site_id if facts else None,
            "mode": facts.mode if facts else None,
            "default_currency": facts.default_currency if facts else None,
            "currencies": list(facts.currencies) if facts else [],
            "features": list(facts.features) if facts else [],
            "lacks": list(facts.lacks) if facts else [],
            "streams": [stream.as_json() for stream in self.streams],
            "custom_fields": list(fields),
            "clock_differs_seconds": self.clock_differs_seconds,
            "about_keys": self.about_keys,
            "error": error or None,
        }


def check_site(site: Site, *, now: datetime) -> SiteReport:
    """The check of a configured site; trouble with it is in the report, never raised."""
    try:
        key = endpoint(site).key
    except TenureError as error:
        return SiteReport(site.subdomain, site.region, error=error)
    return check_key(site.source, site.subdomain, key, site.region, now=now)


def check_sites(sites: Sequence[Site], *, now: datetime) -> Sequence[SiteReport]:
    """The check of several configured sites, asked side by side."""
    with ThreadPoolExecutor(max(1, min(len(sites), AT_ONCE))) as threads:
        return list(threads.map(lambda site: check_site(site, now=now), sites))


def check_keys(
    source: str,
    keys: Mapping[str, Secret],
    region: str | Mapping[str, str] | None = None,
    *,
    now: datetime,
) -> Sequence[SiteReport]:
    """The check of sites that need not be saved, asked side by side, in the order given. The region
    is one for all or each site's own by its name; where there is none it is found."""

    def one(entry: tuple[str, Secret]) -> SiteReport:
        return check_key(source, *entry, region_of(region, entry[0]), now=now)

    with ThreadPoolExecutor(max(1, min(len(keys), AT_ONCE))) as threads:
        return list(threads.map(one, keys.items()))


def check_key(
    source: str, subdomain: str, key: Secret, region: str | None = None, *, now: datetime
) -> SiteReport:
    """The check of one key of one site; without a region each is tried. Nothing is raised for
    trouble: it is in the report."""
    where = region or ""
    try:
        where = region or home_region(source, subdomain, key)
        facts = prove(source, subdomain, where, key)
    except TenureError as error:
        return SiteReport(subdomain, where, error=error)
    line = endpoint_for(source, subdomain, where, key)
    try:
        return _look(source, line, facts, now=now)
    except TenureError as error:
        return SiteReport(subdomain, where, facts, error=error)


def _look(source: str, line: Endpoint, facts: SiteFacts, *, now: datetime) -> SiteReport:
    vendor = registry.source(source)

    async def ask() -> tuple[list[StreamReport], list[CustomField]]:
        async with vendor.connect(line) as connection:
            asked = _ask(connection, vendor.streams)
            return await unless_limited(connection, asked, line.subdomain)

    streams, fields = wait_for(ask(), line.subdomain, PATIENCE_SECONDS)
    # A demo's clocks run faster than ours on purpose.
    ahead = None if settings.TENURE_DEMO else round((facts.upstream_now - now).total_seconds(), 1)
    about = vendor.about_keys
    return SiteReport(line.subdomain, line.region, facts, streams, fields, ahead, about_keys=about)


async def _ask(
    connection: Connection, wanted: Sequence[Stream]
) -> tuple[list[StreamReport], list[CustomField]]:
    streams = await asyncio.gather(*(_look_at(connection, stream) for stream in wanted))
    named = any(one.stream == Stream.CUSTOM_FIELDS and one.readable for one in streams)
    return list(streams), await _custom_fields(connection) if named else []


async def _look_at(connection: Connection, stream: Stream) -> StreamReport:
    try:
        count = await connection.count(stream)
        newest = await connection.newest(stream) if count.total else None
    except (StreamUnavailable, TemporaryError) as error:
        # One stream in trouble says nothing of the others; the report has the verdict on each.
        return StreamReport(
            stream,
            readable=False,
            reason=error.message,
            next_step=error.next_step,
            trouble=trouble.kind_of(error),
        )
    return StreamReport(stream, readable=True, count=count.total, newest=newest)


async def _custom_fields(connection: Connection) -> list[CustomField]:
    found: list[CustomField] = []
    cursor: str | None = None
    while True:
        page = await connection.page(Stream.CUSTOM_FIELDS, Window(By.CREATED), cursor)
        found.extend(_fields_of(page.records))
        cursor = page.cursor
        if cursor is None:
            return sorted(found, key=lambda field: (field.related_type, field.name))


def _fields_of(records: Sequence[object]) -> Iterator[CustomField]:
    for record in records:
        if isinstance(record, CustomFieldDefinition) and record.deleted_at is None:
            yield CustomField(record.related_type, record.name, record.display_name or record.name)
