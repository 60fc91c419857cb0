"""What one site offers right now: which streams may be read, how much is there, which custom fields.

Asks upstream and saves nothing. The page that adds a site and ``tenure site check`` show it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenure.connections.models import Site
from tenure.connections.proof import prove, wait_for
from tenure.connections.read import endpoint
from tenure.core.errors import TenureError
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

PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class StreamReport:
    """One stream: whether the key may read it, how many records it holds, when the newest changed."""

    stream: str
    readable: bool
    count: int | None = None
    newest: datetime | None = None
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        newest = self.newest.isoformat() if self.newest else None
        return {
            "stream": self.stream,
            "readable": self.readable,
            "count": self.count,
            "newest": newest,
            "reason": self.reason or None,
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

    @property
    def is_good(self) -> bool:
        """Whether everything a sync reads can be read."""
        return self.error is None and all(stream.readable for stream in self.streams)

    def as_json(self) -> dict[str, Any]:
        facts = self.facts
        fields = (
            {"object": f.related_type, "name": f.name, "label": f.label} for f in self.custom_fields
        )
        error = self.error and {"message": self.error.message, "next_step": self.error.next_step}
        return {
            "subdomain": self.subdomain,
            "region": self.region,
            "ok": self.is_good,
            "site_id": facts.site_id if facts else None,
            "mode": facts.mode if facts else None,
            "default_currency": facts.default_currency if facts else None,
            "currencies": list(facts.currencies) if facts else [],
            "features": list(facts.features) if facts else [],
            "streams": [stream.as_json() for stream in self.streams],
            "custom_fields": list(fields),
            "clock_differs_seconds": self.clock_differs_seconds,
            "error": error or None,
        }


def check_site(site: Site, *, now: datetime) -> SiteReport:
    """The check of a configured site; trouble with it is in the report, never raised."""
    try:
        line = endpoint(site)
        facts = prove(site.source, site.subdomain, site.region, line.key)
        return check_endpoint(site.source, line, facts, now=now)
    except TenureError as error:
        return SiteReport(site.subdomain, site.region, error=error)


def check_endpoint(source: str, line: Endpoint, facts: SiteFacts, *, now: datetime) -> SiteReport:
    """The check of a site whose key was just proved. Raises TenureError when it stops answering."""

    async def ask() -> tuple[list[StreamReport], list[CustomField]]:
        vendor = registry.source(source)
        async with vendor.connect(line) as connection:
            streams = [await _look_at(connection, stream) for stream in vendor.streams]
            readable = {report.stream for report in streams if report.readable}
            named = Stream.CUSTOM_FIELDS in readable
            return streams, await _custom_fields(connection) if named else []

    streams, fields = wait_for(ask(), line.subdomain, PATIENCE_SECONDS)
    differs = round((facts.upstream_now - now).total_seconds(), 1)
    return SiteReport(line.subdomain, line.region, facts, streams, fields, differs)


async def _look_at(connection: Connection, stream: Stream) -> StreamReport:
    try:
        count = await connection.count(stream)
        newest = await connection.newest(stream) if count.total else None
    except StreamUnavailable as error:
        return StreamReport(stream, readable=False, reason=str(error))
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
