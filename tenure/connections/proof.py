"""Proving that a key is the key of the site it was given for, before anything is saved."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from tenure.connections.read import endpoint_for
from tenure.core.errors import ConfigurationError, TemporaryError, TenureError
from tenure.core.secrets import Secret
from tenure.sources import registry
from tenure.sources.base import Endpoint, SiteFacts

PATIENCE_SECONDS = 45.0
TRY_AGAIN = "Check that this machine reaches that address, then try again."

T = TypeVar("T")


def prove(source: str, subdomain: str, region: str, key: Secret) -> SiteFacts:
    """What the site says of itself when asked with this key.

    Raises ConfigurationError when the key is refused, works in another region only (which is then
    named), or is the key of another site; TemporaryError when the site cannot be asked now.
    """
    facts = _facts(source, subdomain, region, key)
    if facts.subdomain != subdomain:
        raise ConfigurationError(
            f"{subdomain}: this key belongs to {facts.subdomain}, not {subdomain}.",
            next_step=f"Enter the key of {subdomain}, or add {facts.subdomain} instead.",
        )
    return facts


def home_region(source: str, subdomain: str, key: Secret) -> str:
    """The region that knows this key. Raises as ``prove`` does when it is none."""
    refused: ConfigurationError | None = None
    for region in registry.source(source).regions:
        try:
            _ask(endpoint_for(source, subdomain, region, key), source)
        except ConfigurationError as error:
            refused = error
        else:
            return region
    assert refused is not None, "a source has at least one region"  # noqa: S101
    raise ConfigurationError(
        refused.message, next_step=f"{refused.next_step} Every region was asked."
    ) from refused


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
        raise ConfigurationError(
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
            return await connection.identify()

    try:
        return wait_for(ask(), endpoint.subdomain)
    except TemporaryError as error:
        # A source speaks to runs, which try again by themselves; here a person waits for the answer.
        raise TemporaryError(error.message, next_step=TRY_AGAIN, retry_at=error.retry_at) from error
