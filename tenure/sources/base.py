"""The contract every source keeps: how a site is asked, and what it answers in neutral words.

A source turns its vendor's objects into the records of ``sources/records.py``. Everything behind
``sync`` sees only those records, so a second vendor changes nothing downstream.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from tenure.core.errors import ConfigurationError, TemporaryError
from tenure.core.secrets import Secret
from tenure.sources.records import AccountCoupon, Record


class Stream(StrEnum):
    """The kinds of record a site is read for, in the order a first load reads them. Coupons that an
    account has for itself are no list of the site: they are asked for account by account, last."""

    CUSTOM_FIELDS = "custom_field_definitions"
    PLANS = "plans"
    ACCOUNTS = "accounts"
    SUBSCRIPTIONS = "subscriptions"
    INVOICES = "invoices"
    TRANSACTIONS = "transactions"
    CREDIT_PAYMENTS = "credit_payments"
    COUPONS = "coupon_redemptions"


LISTED = tuple(stream for stream in Stream if stream is not Stream.COUPONS)


class By(StrEnum):
    """The time a window is cut by, and in whose ascending order it is read."""

    CREATED = "created_at"
    UPDATED = "updated_at"


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a stream, read oldest first. Both ends are inclusive; None is open."""

    by: By
    begin: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that could not be read: kept whole with its reason, and the page goes on."""

    upstream_id: str | None
    reason: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """One answered page. ``cursor`` leads to the next one and is None on the last.

    An empty page with a cursor is not the end (RELIABILITY rule 2.2). ``upstream_now`` is the
    answer's own date; ``requests`` counts what the page cost, nested reads and retries included.
    ``notices`` are sentences an operator should see though nothing is lost: text that had to be
    repaired, a version about to end.
    """

    records: Sequence[Record]
    rejected: Sequence[Rejected]
    cursor: str | None
    upstream_now: datetime
    requests: int = 1
    notices: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Coupons:
    """Every coupon that a billing account has, or had, for itself; ``upstream_now`` is None when it
    answered that there is no such account."""

    coupons: Sequence[AccountCoupon]
    upstream_now: datetime | None
    requests: int = 1


@dataclass(frozen=True, slots=True)
class Count:
    """How many records a stream or window holds upstream, by upstream's own count."""

    total: int
    upstream_now: datetime
    requests: int = 1


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and with what a site is read. ``base_url`` comes from the operator, never from a page."""

    subdomain: str
    region: str
    base_url: str
    key: Secret
    ca_file: str | None = None


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """What the site says of itself: the proof that a key belongs to the subdomain it was given for.

    ``lacks`` are sentences about features the site does not use, for whoever wonders what is missing.
    """

    site_id: str
    subdomain: str
    mode: str
    default_currency: str | None
    currencies: Sequence[str]
    features: Sequence[str]
    upstream_now: datetime
    lacks: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Headroom:
    """What the last answers said about the rate limit; None where nothing was said yet.

    ``waiting_until`` while requests are held back, by this machine's clock; ``trouble`` is a
    sentence while a request keeps failing and is tried again.
    """

    limit: int | None = None
    remaining: int | None = None
    resets_at: datetime | None = None
    waiting_until: datetime | None = None
    trouble: str | None = None


class CursorRefused(TemporaryError):
    """The cursor expired or was damaged: read this window again from its start (F8)."""


class StreamUnavailable(TemporaryError):
    """The site does not offer this stream, or this key may not read it; other streams go on."""


class FeatureMissing(StreamUnavailable):
    """The site does not have what the stream is made of, so no other key would help."""


class KeyRefused(ConfigurationError):
    """The key opens nothing at this address."""


class KeyRevoked(KeyRefused):
    """Upstream says that the key was good once."""


class NotReached(TemporaryError):
    """No answer came back."""


class Untrusted(NotReached):
    """Somebody answered whose certificate is not trusted, so nothing was said to them."""


class RateLimited(TemporaryError):
    """The site answers nobody for a while; ``retry_at`` is when it will again."""


class Connection(Protocol):
    """An open, paced, retrying line to one site. Every method raises only the errors of ``core.errors``."""

    @property
    def headroom(self) -> Headroom: ...

    async def identify(self) -> SiteFacts:
        """Ask the site who it is. ConfigurationError when the key is refused."""
        ...

    async def count(self, stream: Stream, window: Window | None = None) -> Count: ...

    async def page(self, stream: Stream, window: Window, cursor: str | None = None) -> Page:
        """One page of at most 200 records. CursorRefused when the cursor no longer works."""
        ...

    async def newest(self, stream: Stream) -> datetime | None:
        """When the stream's most recently changed record changed; None when it holds nothing."""
        ...

    async def volatile(self, stream: Stream, cursor: str | None = None) -> Page | None:
        """A page of records that time alone may have changed; None when the stream has none such."""
        ...

    async def by_ids(self, stream: Stream, ids: Sequence[str]) -> Page:
        """The named records, at most 200; the unknown are simply missing from the page."""
        ...

    async def coupons(self, account_upstream_id: str) -> Coupons:
        """What the billing account redeemed for itself, not for one of its subscriptions; nothing
        for an account that is not there."""
        ...

    async def exists(self, stream: Stream, upstream_id: str) -> bool:
        """False only when the record's own address answers that there is no such thing."""
        ...


@dataclass(frozen=True, slots=True)
class Credential:
    """One field of the form that adds a site, so that the settings page can draw itself."""

    key: str
    label: str
    help: str
    secret: bool = False
    choices: Mapping[str, str] = field(default_factory=dict)


class Source(Protocol):
    """One vendor: its name, its form, its regions (key and label) and how to open a line to a site."""

    @property
    def key(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def regions(self) -> Mapping[str, str]: ...
    @property
    def credentials(self) -> Sequence[Credential]: ...
    @property
    def about_keys(self) -> str:
        """What is known of any key's rights without trying to write, as a sentence."""
        ...

    @property
    def parity(self) -> Mapping[str, str]:
        """The settings of figures, by name, that come closest to the vendor's own dashboard; empty
        when none do better than ours."""
        ...

    @property
    def streams(self) -> Sequence[Stream]: ...

    def connect(self, endpoint: Endpoint) -> AbstractAsyncContextManager[Connection]: ...

    def read(self, stream: Stream, payloads: Sequence[bytes]) -> Sequence[Record]:
        """Payloads kept earlier as the records they were; what cannot be read is left out."""
        ...

    def record_url(self, subdomain: str, stream: Stream, natural_key: str) -> str | None:
        """Where a person sees the record in the vendor's own pages; None when there is no such page."""
        ...
