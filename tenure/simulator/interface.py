"""The read interface of one site, without its network: an exchange becomes an answer."""

import time
from urllib.parse import unquote

from tenure.simulator.faults.exchange import Exchange
from tenure.simulator.settings import Settings
from tenure.simulator.store import SiteStore
from tenure.simulator.table import encode
from tenure.simulator.wire.answers import Answer
from tenure.simulator.wire.cursor import read_cursor
from tenure.simulator.wire.filters import wire_time
from tenure.simulator.wire.pages import View, count, page
from tenure.simulator.wire.query import read_query
from tenure.simulator.wire.refusal import ACCEPTED, Refused, bad_parameter, unacceptable_version
from tenure.simulator.wire.routes import Collection, One, route

JSON = {"Content-Type": "application/json; charset=utf-8"}


def segments_of(raw_path: str) -> tuple[str, ...]:
    """The decoded parts of a path; an encoded slash stays within its part."""
    return tuple(unquote(part) for part in raw_path.strip("/").split("/") if part)


def check_version(accept: str) -> None:
    """Raises Refused (406) unless the header names the version this interface speaks."""
    offered = (part.partition(";")[0].strip() for part in accept.split(","))
    if not any(part in ACCEPTED for part in offered):
        raise unacceptable_version()


def answer(
    exchange: Exchange, site: SiteStore, segments: tuple[str, ...], settings: Settings
) -> Answer:
    """What the path answers at the site. Raises Refused."""
    target = route(site, segments)
    if isinstance(target, One):
        return _one(target, exchange)
    return _list(target, exchange, settings)


def cursor_age(exchange: Exchange) -> float | None:
    """Seconds of real time since the request's cursor was made; None without a readable one."""
    text = exchange.parameter("cursor")
    try:
        return None if text is None else max(0.0, time.time() - read_cursor(text).made)
    except Refused:
        return None


def _one(target: One, exchange: Exchange) -> Answer:
    for name, _ in exchange.query:
        raise bad_parameter(name, f"a single object does not know {name}")
    return Answer(200, dict(JSON), encode(target.record))


def _list(target: Collection, exchange: Exchange, settings: Settings) -> Answer:
    listing = target.listing
    query = read_query(
        exchange.query,
        now=wire_time(exchange.now),
        allowed=listing.allowed,
        filters=listing.filters,
        sorts=listing.sorts,
    )
    view = exchange.narrowed(View(target.table, target.within))
    if exchange.method == "HEAD":
        total = max(0, count(view, query) + exchange.miscount)
        return Answer(200, JSON | {"Recurly-Total-Records": str(total)})
    path = exchange.address.partition("?")[0]
    found = page(view, query, path=path, now=time.time(), offsets=settings.offsets)
    return Answer(200, dict(JSON), page=found)
