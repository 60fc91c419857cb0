"""A source that lives in memory, with two regions and a few sites, for tests of what stands above it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tenure.core.errors import ConfigurationError, TemporaryError
from tenure.core.secrets import Secret
from tenure.sources.base import (
    Count,
    Credential,
    Endpoint,
    Headroom,
    Page,
    SiteFacts,
    Stream,
    StreamUnavailable,
    Window,
)

UPSTREAM_NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
UNREACHABLE = "https://unreachable.example"


@dataclass
class Line:
    """A connection that answers from what the vendor holds."""

    vendor: "Vendor"
    endpoint: Endpoint
    headroom: Headroom = field(default_factory=Headroom)

    async def identify(self) -> SiteFacts:
        self.vendor.asked.append((self.endpoint.region, self.endpoint.key))
        if self.endpoint.base_url == UNREACHABLE:
            raise TemporaryError("The address does not answer.", next_step="What was read is kept.")
        owner = self.vendor.keys.get((self.endpoint.region, self.endpoint.key.reveal()))
        if owner is None:
            raise ConfigurationError("The API key was refused.", next_step="Enter another one.")
        return SiteFacts(
            f"id-{owner}", owner, "sandbox", "USD", ["USD", "EUR"], ["credit"], UPSTREAM_NOW
        )

    async def count(self, stream: Stream, window: Window | None = None) -> Count:
        if stream in self.vendor.unavailable:
            raise StreamUnavailable(f"{stream} is not offered.", next_step="Ask the vendor.")
        return Count(len(stream), UPSTREAM_NOW)

    async def newest(self, stream: Stream) -> datetime | None:
        return UPSTREAM_NOW

    async def page(self, stream: Stream, window: Window, cursor: str | None = None) -> Page:
        return Page((), (), None, UPSTREAM_NOW)

    async def volatile(self, stream: Stream, cursor: str | None = None) -> Page | None:
        return None

    async def by_ids(self, stream: Stream, ids: Sequence[str]) -> Page:
        return Page((), (), None, UPSTREAM_NOW)

    async def exists(self, stream: Stream, upstream_id: str) -> bool:
        return True


@dataclass
class Vendor:
    """``keys`` says which site a key opens in which region; ``asked`` remembers each question."""

    keys: dict[tuple[str, str], str]
    unavailable: set[Stream] = field(default_factory=set)
    asked: list[tuple[str, Secret]] = field(default_factory=list)
    key: str = "recurly"
    label: str = "Recurly"
    regions: Mapping[str, str] = field(default_factory=lambda: {"us": "US", "eu": "EU"})
    credentials: Sequence[Credential] = ()
    about_keys: str = "Keys of this vendor may write; nothing here does."
    parity: Mapping[str, str] = field(default_factory=dict)
    streams: Sequence[Stream] = (Stream.CUSTOM_FIELDS, Stream.ACCOUNTS, Stream.INVOICES)

    @asynccontextmanager
    async def connect(self, endpoint: Endpoint) -> AsyncIterator[Line]:
        yield Line(self, endpoint)

    def record_url(self, subdomain: str, stream: Stream, natural_key: str) -> str | None:
        return None
