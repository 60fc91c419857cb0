"""Recurly as a source: its form, its regions, and how a line to a site is opened."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import quote

from aiohttp import encode_basic_auth

from tenure.core.http import Limits, session
from tenure.sources.base import Credential, Endpoint, Stream
from tenure.sources.records import Record
from tenure.sources.recurly.address import Address
from tenure.sources.recurly.client import Client
from tenure.sources.recurly.connection import RecurlyConnection
from tenure.sources.recurly.objects import KINDS
from tenure.sources.recurly.pacing import SHARE, WINDOW, Pace
from tenure.sources.recurly.pages import read_records
from tenure.sources.recurly.refusals import VERSION
from tenure.sources.recurly.retrying import Breaker
from tenure.sources.recurly.timing import Timing

REGIONS = MappingProxyType({"us": "US", "eu": "EU"})
CREDENTIALS = (
    Credential(
        "subdomain",
        "Site",
        "The subdomain of the site: acme for acme.recurly.com. To add several sites at once, enter"
        " Recurly here and a JSON map of subdomain to key below.",
    ),
    Credential(
        "key",
        "API Key",
        "A private key of its own, from Integrations > API Credentials in Recurly.",
        secret=True,
    ),
    Credential(
        "region",
        "Region",
        "Where Recurly keeps the site's data.",
        choices={"us": "US (v3.recurly.com)", "eu": "EU (v3.eu.recurly.com)"},
    ),
)
ABOUT_KEYS = (
    "Recurly's private keys have full access, and whether one was limited cannot be seen without"
    " writing. Tenure never writes: it sends GET and HEAD only."
)
# Recurly's dashboard takes a day thirty times a month and nets every coupon. It works from what was
# invoiced, prorated credits included, so that these narrow the gap and cannot close it.
PARITY = MappingProxyType({"days_per_month": "30", "mrr_discounts": "all"})
# Which page of Recurly's own shows a record, by the record's natural key.
PAGES: Mapping[Stream, str] = MappingProxyType(
    {
        Stream.ACCOUNTS: "accounts",
        Stream.SUBSCRIPTIONS: "subscriptions",
        Stream.INVOICES: "invoices",
    }
)


@dataclass(frozen=True)
class Recurly:
    """``share`` is how much of a site's rate limit is ours, ``window`` how long the limit counts,
    in seconds; tests shorten what only takes time."""

    key: str = "recurly"
    label: str = "Recurly"
    regions: Mapping[str, str] = field(default_factory=lambda: REGIONS)
    credentials: Sequence[Credential] = CREDENTIALS
    about_keys: str = ABOUT_KEYS
    parity: Mapping[str, str] = field(default_factory=lambda: PARITY)
    streams: Sequence[Stream] = tuple(KINDS)
    share: float = SHARE
    window: float = WINDOW
    limits: Limits = field(default_factory=Limits)
    timing: Timing = field(default_factory=Timing)

    @asynccontextmanager
    async def connect(self, endpoint: Endpoint) -> AsyncIterator[RecurlyConnection]:
        """Nothing is sent yet. Raises ConfigurationError for an address or CA file of no use."""
        address = Address.of(endpoint.base_url)
        headers = {
            "Accept": f"application/vnd.recurly.{VERSION}+json",
            "Authorization": encode_basic_auth(endpoint.key.reveal(), encoding="utf-8"),
            "User-Agent": "Tenure",
        }
        async with session(headers=headers, ca_file=endpoint.ca_file, limits=self.limits) as opened:
            client = Client(
                session=opened,
                address=address,
                site=endpoint.subdomain,
                region=endpoint.region,
                pace=Pace(share=self.share, window=self.window, timing=self.timing),
                timing=self.timing,
                limits=self.limits,
                breaker=Breaker(endpoint.subdomain, self.timing),
            )
            yield RecurlyConnection(client, endpoint.subdomain)

    def read(self, stream: Stream, payloads: Sequence[bytes]) -> Sequence[Record]:
        """As a page of the stream is read, each record on its own."""
        return read_records(KINDS[stream], payloads).records

    def record_url(self, subdomain: str, stream: Stream, natural_key: str) -> str | None:
        """An account by its code, a subscription by its uuid, an invoice by its number."""
        page = PAGES.get(stream)
        if page is None or not natural_key:
            return None
        return f"https://{subdomain}.recurly.com/{page}/{quote(natural_key, safe='')}"
