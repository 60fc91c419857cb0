"""HTTP as every caller of ours wants it: bounded in time and size, never redirected, and with no
secret in any error."""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from yarl import URL

from tenure.core.errors import ConfigurationError

MOST_CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Limits:
    """What one exchange may cost: seconds to connect, between two reads and in all, and bytes."""

    connect: float = 10.0
    read: float = 30.0
    whole: float = 120.0
    size: int = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer read to its end; ``headers`` are found whatever their case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Unanswered(Exception):
    """No usable answer arrived. ``str`` is the cause, to stand after "because".

    ``is_lasting`` when asking again at once will not help, as with a certificate nobody trusts.
    """

    def __init__(self, cause: str, *, is_lasting: bool = False) -> None:
        super().__init__(cause)
        self.is_lasting = is_lasting


@asynccontextmanager
async def session(
    *,
    headers: Mapping[str, str],
    ca_file: str | None = None,
    limits: Limits | None = None,
) -> AsyncIterator[aiohttp.ClientSession]:
    """A session that sends ``headers`` with each request; ``ca_file`` is trusted beside the system's.

    Raises ConfigurationError when the CA file cannot be used.
    """
    limits = limits or Limits()
    connector = aiohttp.TCPConnector(limit=MOST_CONNECTIONS, ssl=_trust(ca_file))
    timeout = aiohttp.ClientTimeout(
        total=limits.whole, sock_connect=limits.connect, sock_read=limits.read
    )
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        headers=headers,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
    ) as opened:
        yield opened


async def fetch(
    opened: aiohttp.ClientSession, method: str, url: URL, limits: Limits | None = None
) -> Answer:
    """One exchange, read to its end. Redirects are answers like any other. Raises Unanswered."""
    limits = limits or Limits()
    try:
        async with opened.request(method, url, allow_redirects=False) as response:
            body = await _read(response, limits.size)
            return Answer(response.status, response.headers, body)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        trouble = _trouble(error, url, limits)
    # Raised here and not above: the library's own error carries the request, and its key with it.
    raise trouble


def _trust(ca_file: str | None) -> ssl.SSLContext | bool:
    if ca_file is None:
        return True
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"The CA file {ca_file} cannot be used: {error}.",
            next_step="Point TENURE_CA_FILE at a readable file of PEM certificates.",
        ) from error
    return context


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes:
    pieces, size = [], 0
    async for piece in response.content.iter_any():
        size += len(piece)
        if size > most:
            raise Unanswered(f"the answer is larger than {most // 1024:,} KiB")
        pieces.append(piece)
    return b"".join(pieces)


def _trouble(error: Exception, url: URL, limits: Limits) -> Unanswered:
    """The cause in words. Order matters: the library's errors inherit from one another."""
    match error:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return Unanswered(f"no trusted TLS with {url.host}: {error}", is_lasting=True)
        case aiohttp.ClientConnectorDNSError():
            return Unanswered(f"the name {url.host} cannot be resolved")
        case aiohttp.ConnectionTimeoutError():
            return Unanswered(f"{url.host} did not take the call within {limits.connect:g} s")
        case aiohttp.ClientConnectorError():
            return Unanswered(f"{url.host} cannot be reached: {error.strerror or error.os_error}")
        case aiohttp.SocketTimeoutError():
            return Unanswered(f"nothing arrived for {limits.read:g} s")
        case TimeoutError():
            return Unanswered(f"the answer was not complete within {limits.whole:g} s")
        case aiohttp.ClientPayloadError():
            return Unanswered("the answer broke off before its declared end")
        case _:
            return Unanswered(f"the connection failed ({type(error).__name__})")
