"""Proving that a key is the key of the site it was given for, before anything is saved."""

import asyncio
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from tenure.connections.read import endpoint_for
from tenure.core.errors import ConfigurationError, TemporaryError, TenureError
from tenure.core.secrets import Secret
from tenure.sources import registry
from tenure.sources.base import Connection, Endpoint, NotReached, RateLimited, SiteFacts, Untrusted

PATIENCE_SECONDS = 45.0
TRY_AGAIN = "Check that this machine may call that address (DNS, firewall, proxy), then try again."
# Longer than this nobody in front of a page should wait for a rate limit to end.
LIMIT_PATIENCE = timedelta(seconds=10)
LOOK_SECONDS = 0.2

T = TypeVar("T")


class KeyOfAnotherSite(ConfigurationError):
    """The key is good, and opens another site than the one it was given for."""


class KeyOfAnotherRegion(ConfigurationError):
    """The key is good in another region."""


def prove(source: str, subdomain: str, region: str, key: Secret) -> SiteFacts:
    """What the site says of itself when asked with this key.

    Raises ConfigurationError when the key is refused, works in another region only (which is then
    named), or is the key of another site; TemporaryError when the site cannot be asked now.
    """
    facts = _facts(source, subdomain, region, key)
    if facts.subdomain != subdomain:
        raise KeyOfAnotherSite(
            f"{subdomain}: this key belongs to {facts.subdomain}, not {subdomain}.",
            next_step=f"Enter the key of {subdomain}, or add {facts.subdomain} instead.",
        )
    return facts


def region_of(region: str | Mapping[str, str] | None, subdomain: str) -> str | None:
    """The region chosen for a site, for all of them or by its name; None where it is to be found."""
    return (region.get(subdomain) if isinstance(region, Mapping) else region) or None


def home_region(source: str, subdomain: str, key: Secret) -> str:
    """The region that knows this key. Raises as ``prove`` does when it is none."""
    refused: TenureError | None = None
    for region in registry.source(source).regions:
        try:
            _ask(endpoint_for(source, subdomain, region, key), source)
        except (ConfigurationError, NotReached) as error:
            # What a region said is worth more than that another one could not be asked.
            refused = error if not isinstance(refused, ConfigurationError) else refused
        else:
            return region
    assert refused is not None, "a source has at least one region"  # noqa: S101
    if not isinstance(refused, ConfigurationError):
        raise refused
    step = f"{refused.next_step} Every region was asked."
    raise type(refused)(refused.message, next_step=step) from refused


def wait_for(work: Coroutine[Any, Any, T], subdomain: str, seconds: float = PATIENCE_SECONDS) -> T:
    """Run asynchronous work to its end, but not longer than a person would wait for it."""

    async def limited() -> T:
        async with asyncio.timeout(seconds):
            return await work

    try:
        return asyncio.run(limited())
    except TimeoutError:
        raise TemporaryError(
            f"{subdomain}: no answer within {seconds:.0f} seconds.",
            next_step=TRY_AGAIN,
        ) from None


def _facts(source: str, subdomain: str, region: str, key: Secret) -> SiteFacts:
    try:
        return _ask(endpoint_for(source, subdomain, region, key), source)
    except ConfigurationError as refused:
        elsewhere = _region_that_knows(source, subdomain, key, refused_by=region)
        if elsewhere is None:
            raise
        labels = registry.source(source).regions
        raise KeyOfAnotherRegion(
            f"{subdomain}: this key works in the region {labels[elsewhere]}, not in {labels[region]}.",
            next_step=f"Choose the region {elsewhere}.",
        ) from refused


def _region_that_knows(source: str, subdomain: str, key: Secret, *, refused_by: str) -> str | None:
    """Another of the source's own regions that accepts the key; its addresses are the operator's."""
    refused_at = endpoint_for(source, subdomain, refused_by, key).base_url
    for region in registry.source(source).regions:
        endpoint = endpoint_for(source, subdomain, region, key)
        if endpoint.base_url == refused_at:
            continue
        try:
            _ask(endpoint, source)
        except TenureError:
            # Refused or out of reach there too: the first refusal is the one worth telling.
            continue
        return region
    return None


def _ask(endpoint: Endpoint, source: str) -> SiteFacts:
    async def ask() -> SiteFacts:
        async with registry.source(source).connect(endpoint) as connection:
            return await unless_limited(connection, connection.identify(), endpoint.subdomain)

    try:
        return wait_for(ask(), endpoint.subdomain)
    except RateLimited:
        raise
    except TemporaryError as error:
        # A source speaks to runs, which try again by themselves; here a person waits for the answer.
        step = error.next_step if isinstance(error, Untrusted) else TRY_AGAIN
        raise type(error)(error.message, next_step=step, retry_at=error.retry_at) from error


async def unless_limited(connection: Connection, work: Coroutine[Any, Any, T], subdomain: str) -> T:
    """The work's result; RateLimited, at once, when the site's rate limit would hold it up for long."""
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({task}, timeout=LOOK_SECONDS))[0]:
            until = connection.headroom.waiting_until
            if until and until - datetime.now(UTC) > LIMIT_PATIENCE:
                raise _limited(subdomain, until)
        return task.result()
    finally:
        task.cancel()


def _limited(subdomain: str, until: datetime) -> RateLimited:
    return RateLimited(
        f"{subdomain}: the site's rate limit is used up until {until:%H:%M:%S} UTC.",
        next_step="Check again after that. Other systems that read the site share its limit;"
        " slow them down if this stays.",
        retry_at=until,
    )
