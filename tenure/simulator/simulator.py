"""The simulator between the network and the interface: who may ask, how often, and what goes wrong."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import format_datetime

from aiohttp import BasicAuth, web

from tenure.simulator.faults.answering import error
from tenure.simulator.faults.exchange import Exchange
from tenure.simulator.faults.plan import FaultPlan
from tenure.simulator.interface import answer, check_version, cursor_age, segments_of
from tenure.simulator.rate import RateWindow, counts_toward_limit, default_limit
from tenure.simulator.request_log import RequestLog, Seen, fingerprint
from tenure.simulator.settings import Settings
from tenure.simulator.store import SiteStore, World
from tenure.simulator.wire.answers import Answer, send
from tenure.simulator.wire.filters import wire_time
from tenure.simulator.wire.refusal import (
    VERSION,
    Refused,
    invalid_key,
    not_readable,
    too_many,
    unauthorized,
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Simulator:
    """A world on the wire. ``revoked`` maps a revoked key to the status it now gets."""

    def __init__(self, world: World, settings: Settings | None = None) -> None:
        self.world = world
        self.settings = settings or Settings()
        self.faults = FaultPlan()
        self.log = RequestLog()
        self.revoked: dict[str, int] = {}
        self._windows: dict[str, RateWindow] = {}

    def window(self, site: SiteStore) -> RateWindow:
        """The rate window of a site."""
        known = self._windows.get(site.subdomain)
        if known is None:
            limit = self.settings.rate_limit or default_limit(site.site["mode"])
            known = RateWindow(limit, self.settings.minute)
            self._windows[site.subdomain] = known
        return known

    def set_window(self, site: SiteStore, window: RateWindow) -> None:
        """Give a site another rate window, empty as it is."""
        self._windows[site.subdomain] = window

    def handler(self, region: str) -> Handler:
        """What answers every request that reaches the address of one region."""

        async def handle(request: web.Request) -> web.StreamResponse:
            began = time.monotonic()
            key = _key(request)
            site = self._site_of(key, region)
            exchange = self._exchange(request, site)
            seen = self._remember(request, key, site)
            try:
                found = await self._answer(request, exchange, key, seen)
                seen.status = found.status
                return await send(request, found, gzip=self.settings.gzip)
            finally:
                seen.seconds = round(time.monotonic() - began, 4)

        return handle

    async def _answer(
        self, request: web.Request, exchange: Exchange, key: str | None, seen: Seen
    ) -> Answer:
        if self.settings.latency:
            await asyncio.sleep(self.settings.latency)

        async def proceed() -> Answer:
            return self._interface(request, exchange, key)

        found, seen.faults = await self.faults.run(exchange, proceed)
        found.headers.setdefault("Date", format_datetime(exchange.date, usegmt=True))
        found.headers.setdefault("X-Request-Id", seen.request_id)
        found.headers.setdefault("Recurly-Version", f"recurly.{VERSION}")
        return found

    def _interface(self, request: web.Request, exchange: Exchange, key: str | None) -> Answer:
        """The answer when nothing is made to go wrong."""
        headers: dict[str, str] = {}
        try:
            site = self._admitted(exchange, key)
            headers = self._spend(site, exchange)
            if request.method not in ("GET", "HEAD"):
                raise not_readable(request.method)
            check_version(request.headers.get("Accept", ""))
            found = answer(exchange, site, segments_of(request.rel_url.raw_path), self.settings)
        except Refused as refused:
            found = error(refused)
        found.headers |= headers
        return found

    def _admitted(self, exchange: Exchange, key: str | None) -> SiteStore:
        if key is None:
            raise unauthorized("Send the private API key as the user name of Basic authentication")
        if self.revoked.get(key) == 403:
            raise invalid_key()
        if exchange.site is None:
            raise unauthorized("This API key is not known here")
        return exchange.site

    def _spend(self, site: SiteStore, exchange: Exchange) -> dict[str, str]:
        counts = counts_toward_limit(site.site["mode"], exchange.method)
        standing = self.window(site).take(counts=counts)
        headers = standing.headers(exchange.date)
        if not standing.allowed:
            refused = too_many()
            refused.headers |= headers
            raise refused
        return headers

    def _exchange(self, request: web.Request, site: SiteStore | None) -> Exchange:
        segments = segments_of(request.rel_url.raw_path)
        if len(segments) > 2 and segments[0] == "sites":
            segments = segments[2:]
        exchange = Exchange(
            method=request.method,
            path="/" + "/".join(segments),
            address=request.rel_url.raw_path_qs,
            query=tuple(request.query.items()),
            site=site,
            now=self.world.now(),
        )
        exchange.cursor_age = cursor_age(exchange)
        return exchange

    def _site_of(self, key: str | None, region: str) -> SiteStore | None:
        if key is None or key in self.revoked:
            return None
        for site in self.world.sites.values():
            if key in site.keys and site.region == region:
                return site
        return None

    def _remember(self, request: web.Request, key: str | None, site: SiteStore | None) -> Seen:
        return self.log.add(
            request.method,
            request.rel_url.raw_path_qs,
            site=site.subdomain if site else None,
            key=fingerprint(key) if key else None,
            received=datetime.now(UTC).isoformat(timespec="milliseconds"),
            virtual=wire_time(self.world.now()),
            request_id=str(uuid.uuid4()),
        )


def _key(request: web.Request) -> str | None:
    """The user name of Basic authentication, or None when there is none to read."""
    try:
        return BasicAuth.decode(request.headers.get("Authorization", "")).login or None
    except ValueError:
        return None
