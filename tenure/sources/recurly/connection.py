"""The contract of ``sources/base.py`` kept for one Recurly site."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from tenure.core.errors import ConfigurationError, PermanentError
from tenure.sources.base import (
    By,
    Count,
    Coupons,
    CursorRefused,
    Headroom,
    Page,
    Rejected,
    SiteFacts,
    Stream,
    StreamUnavailable,
    Window,
)
from tenure.sources.records import Record
from tenure.sources.recurly import site as sites
from tenure.sources.recurly.address import counting, listing, single, with_query
from tenure.sources.recurly.client import Client, Heard
from tenure.sources.recurly.kind import Kind
from tenure.sources.recurly.objects import KINDS
from tenure.sources.recurly.pages import Listed, PageReader, Read, complete, read_records
from tenure.sources.recurly.redemptions import of_account
from tenure.sources.recurly.refusals import NotFound

FIRST_TRIES = 3  # somebody is waiting to see whether the key works
MOST_PAGES_OF_LINES = 1_000


@dataclass(slots=True)
class RecurlyConnection:
    """An open line to one site."""

    client: Client
    subdomain: str
    _told: set[str] = field(default_factory=set)

    @property
    def headroom(self) -> Headroom:
        return replace(self.client.pace.headroom, trouble=self.client.trouble)

    async def identify(self) -> SiteFacts:
        try:
            heard = await self.client.get("/sites", sites.sites_in, tries=FIRST_TRIES)
        except StreamUnavailable:
            return await self._unnamed()
        if not heard.value:
            raise ConfigurationError(
                f"{self.subdomain}: the API key is valid but shows no site.",
                next_step="Create a key in that site's own settings and enter it.",
            )
        named = [site for site in heard.value if site.subdomain == self.subdomain]
        return sites.facts((named or heard.value)[0], heard.at)

    async def count(self, stream: Stream, window: Window | None = None) -> Count:
        heard = await self.client.head(counting(KINDS[stream].path, window), sites.total_in)
        return Count(heard.value, heard.at, heard.requests)

    async def page(self, stream: Stream, window: Window, cursor: str | None = None) -> Page:
        kind = KINDS[stream]
        if cursor is None:
            return await self._page(kind, listing(kind.path, window))
        return await self._page(kind, self.client.address.relative(cursor, kind.path))

    async def newest(self, stream: Stream) -> datetime | None:
        query = {"limit": "1", "order": "desc", "sort": str(By.UPDATED)}
        heard = await self.client.get(with_query(KINDS[stream].path, query), sites.newest_in)
        return heard.value

    async def volatile(self, stream: Stream, cursor: str | None = None) -> Page | None:
        """The filters follow one another; the cursor is ``<number of the filter>:<way on>``."""
        kind = KINDS[stream]
        if not kind.volatile:
            return None
        number, target = self._volatile_place(kind, cursor)
        page = await self._page(kind, target)
        if page.cursor is not None:
            return replace(page, cursor=f"{number}:{page.cursor}")
        following = number + 1
        if following == len(kind.volatile):
            return page
        return replace(page, cursor=f"{following}:{_filtered(kind, following)}")

    async def by_ids(self, stream: Stream, ids: Sequence[str]) -> Page:
        kind = KINDS[stream]
        wanted = list(dict.fromkeys(ids))
        if not kind.has_ids:
            return await self._one_by_one(kind, wanted)
        if not wanted:
            facts = await self.identify()
            return Page((), (), None, facts.upstream_now)
        page = await self._page(kind, with_query(kind.path, {"ids": ",".join(wanted)}))
        while page.cursor is not None:
            more = await self._page(kind, page.cursor)
            page = _joined(page, more)
        return page

    async def coupons(self, account_upstream_id: str) -> Coupons:
        # The list takes neither a limit nor an order; a page of it is more than almost anyone has.
        path = f"{single('/accounts', account_upstream_id)}/coupon_redemptions"
        try:
            raws, requests, at = await self._whole(path, path)
        except NotFound:
            return Coupons((), None)
        return Coupons(of_account(raws), at, requests)

    async def exists(self, stream: Stream, upstream_id: str) -> bool:
        target = single(KINDS[stream].path, upstream_id)
        try:
            await self.client.get(target, sites.one_in)
        except NotFound:
            return False
        return True

    async def _unnamed(self) -> SiteFacts:
        """A key that may not list sites still proves itself by reading an account; which site it
        belongs to then rests on the operator's word."""
        target = with_query("/accounts", {"limit": "1"})
        heard = await self.client.get(target, sites.newest_in, tries=FIRST_TRIES)
        name = f"subdomain-{self.subdomain}"
        return SiteFacts(name, self.subdomain, "unknown", None, (), (), heard.at)

    async def _page(self, kind: Kind, target: str) -> Page:
        heard = await self._list(kind.path, target)
        read = read_records(kind, heard.value.data)
        requests = heard.requests + await self._complete(kind, read)
        return Page(
            records=read.records,
            rejected=[*heard.value.spoilt, *read.rejected],
            cursor=heard.value.next,
            upstream_now=heard.at,
            requests=requests,
            notices=self._news(heard.value.notices),
        )

    async def _list(self, path: str, target: str) -> Heard[Listed]:
        reader = PageReader(self.client.address, path, target)
        return await self.client.get(target, reader)

    async def _complete(self, kind: Kind, read: Read) -> int:
        """Fetch what nested lists were cut of; the number of requests it took."""
        requests = 0
        rests: dict[int, list[bytes]] = {}
        for place in read.cut:
            rests[place], took = await self._rest(kind, read.records[place])
            requests += took
        complete(kind, read, rests)
        return requests

    async def _rest(self, kind: Kind, record: Record) -> tuple[list[bytes], int]:
        if kind.rest is None:
            return [], 0
        path = f"{single(kind.path, record.upstream_id)}/{kind.rest.path}"
        raws, requests, _ = await self._whole(path, listing(path, Window(By.CREATED)))
        return raws, requests

    async def _whole(self, path: str, target: str) -> tuple[list[bytes], int, datetime]:
        """Everything a list below a record holds, the requests it took, and when it was said."""
        raws: list[bytes] = []
        requests = 0
        for _ in range(MOST_PAGES_OF_LINES):
            heard = await self._list(path, target)
            raws += heard.value.data
            requests += heard.requests
            if heard.value.next is None:
                return raws, requests, heard.at
            target = heard.value.next
        raise PermanentError(
            f"{self.subdomain}: {path} does not end.",
            next_step="Run the sync again; if it stays, report it to the vendor.",
        )

    async def _one_by_one(self, kind: Kind, ids: Sequence[str]) -> Page:
        records: list[Record] = []
        put_aside: list[Rejected] = []
        requests = 0
        at: datetime | None = None
        for upstream_id in ids:
            requests += 1
            try:
                heard = await self.client.get(single(kind.path, upstream_id), sites.one_in)
            except NotFound:
                continue
            requests += heard.requests - 1
            at = heard.at
            read = read_records(kind, [heard.value])
            records += read.records
            put_aside += read.rejected
        now = at or (await self.identify()).upstream_now
        return Page(records, put_aside, None, now, requests)

    def _volatile_place(self, kind: Kind, cursor: str | None) -> tuple[int, str]:
        if cursor is None:
            return 0, _filtered(kind, 0)
        number, _, target = cursor.partition(":")
        if not (number.isascii() and number.isdigit() and int(number) < len(kind.volatile)):
            raise CursorRefused(f"{self.subdomain}: {cursor[:80]!r} is no cursor of {kind.path}.")
        return int(number), self.client.address.relative(target, kind.path)

    def _news(self, notices: Sequence[str]) -> Sequence[str]:
        """Notices of the page, and each of the connection's own once."""
        fresh = self.client.notices - self._told
        self._told |= fresh
        return (*notices, *sorted(fresh))


def _filtered(kind: Kind, number: int) -> str:
    name, value = kind.volatile[number]
    return listing(kind.path, Window(By.CREATED), **{name: value})


def _joined(page: Page, more: Page) -> Page:
    return Page(
        records=[*page.records, *more.records],
        rejected=[*page.rejected, *more.rejected],
        cursor=more.cursor,
        upstream_now=more.upstream_now,
        requests=page.requests + more.requests,
        notices=[*page.notices, *more.notices],
    )
