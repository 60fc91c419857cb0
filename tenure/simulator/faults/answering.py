"""Faults that answer in place of the interface, or change what it will see of the request."""
# ruff: noqa: ARG001 - every fault has the same two first arguments, needed or not

import asyncio
import zlib
from datetime import timedelta

from tenure.simulator.faults.exchange import Exchange, Proceed
from tenure.simulator.wire.answers import Answer
from tenure.simulator.wire.cursor import expired_cursor
from tenure.simulator.wire.refusal import Refused, invalid_key, not_found, too_many, unauthorized

# Longer than any client should wait.
FOR_EVER = 3_600.0

_HTML = """<!DOCTYPE html>
<html><head><title>{title}</title></head>
<body><h1>{title}</h1><p>The edge could not reach the application.</p></body></html>
"""


async def rate_limited(
    exchange: Exchange,
    proceed: Proceed,
    *,
    retry_after: int | None = None,
    reset: int = 60,
    unit: str = "s",
    headers: bool = True,
    limit: int = 5000,
) -> Answer:
    """429. ``reset`` is in seconds from now and may be past; ``unit`` "ms" writes it in milliseconds;
    without ``headers`` the answer names no limit at all.
    """
    at = int(exchange.date.timestamp()) + reset
    named = {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(at * 1000 if unit == "ms" else at),
    }
    return error(too_many(), (named if headers else {}) | _retry(retry_after))


async def status(
    exchange: Exchange,
    proceed: Proceed,
    *,
    status: int = 500,
    retry_after: int | None = None,
    json: bool = False,
    kind: str = "",
) -> Answer:
    """Any status: an HTML page, as edge servers send, or with ``json`` the envelope; with ``kind``
    the envelope of that kind of refusal.

    401, 403 and 404 always come in the envelope.
    """
    if kind:
        return error(Refused(status, kind, "This is refused"), _retry(retry_after))
    known = {
        401: unauthorized("This API key is not known"),
        403: invalid_key(),
        404: not_found("Object", exchange.path.rsplit("/", 1)[-1]),
    }
    trouble = "internal_server_error" if status == 500 else "service_not_available"
    if status in known or json:
        refused = known.get(status) or Refused(status, trouble, "Something went wrong")
        return error(refused, _retry(retry_after))
    page = _HTML.format(title=f"{status} Server Error").encode()
    headers = {"Content-Type": "text/html; charset=utf-8"} | _retry(retry_after)
    return Answer(status, headers, page)


async def stall(exchange: Exchange, proceed: Proceed, *, seconds: float = FOR_EVER) -> Answer:
    """Nothing at all for so many seconds, then the answer."""
    await asyncio.sleep(seconds)
    return await proceed()


async def hold(exchange: Exchange, proceed: Proceed) -> Answer:
    """Nothing at all until the rule is lifted, then the answer."""
    await exchange.lifted.wait()
    return await proceed()


async def redirect(exchange: Exchange, proceed: Proceed, *, to: str, status: int = 302) -> Answer:
    """A redirect to another address."""
    return Answer(status, {"Location": to})


async def expire_cursor(
    exchange: Exchange, proceed: Proceed, *, after: float = 0.0, status: int = 400
) -> Answer:
    """Refuses cursors older than ``after`` seconds of real time; with ``status`` 404 as not found."""
    age = exchange.cursor_age
    if age is None or age < after:
        return await proceed()
    return error(not_found("Cursor", "expired") if status == 404 else expired_cursor())


async def late(exchange: Exchange, proceed: Proceed, *, seconds: float) -> Answer:
    """Lists do not show yet what was updated in the last ``seconds`` of virtual time."""
    exchange.late = timedelta(seconds=seconds)
    return await proceed()


async def shrunken_list(exchange: Exchange, proceed: Proceed, *, keep: float = 0.0) -> Answer:
    """Lists and counts hold only that part of their records, always the same ones."""
    exchange.shows = lambda id_: zlib.crc32(id_.encode()) < keep * 2**32
    return await proceed()


async def miscount(exchange: Exchange, proceed: Proceed, *, by: int = 1) -> Answer:
    """``Recurly-Total-Records`` is that much too high; negative for too low."""
    exchange.miscount = by
    return await proceed()


async def date_skew(exchange: Exchange, proceed: Proceed, *, seconds: float) -> Answer:
    """The ``Date`` header is that much ahead; negative for behind."""
    exchange.date += timedelta(seconds=seconds)
    return await proceed()


def error(refused: Refused, headers: dict[str, str] | None = None) -> Answer:
    """The refusal as an answer."""
    json = {"Content-Type": "application/json; charset=utf-8"}
    return Answer(refused.status, json | refused.headers | (headers or {}), refused.body())


def _retry(seconds: int | None) -> dict[str, str]:
    return {} if seconds is None else {"Retry-After": str(seconds)}
