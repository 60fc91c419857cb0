"""What every source answers when nothing goes wrong."""

import itertools
from collections.abc import Sequence
from datetime import timedelta

import pytest

from tenure.sources import registry
from tenure.sources.base import LISTED, By, Connection, Page, Stream, Window
from tenure.sources.paging import walk
from tenure.sources.records import Record
from tests.contracts.standin import STAND_INS, UNTIL, Stand

EVERYTHING = Window(By.CREATED, None, UNTIL)


async def pages(line: Connection, stream: Stream, window: Window = EVERYTHING) -> list[Page]:
    return [page async for page in walk(line, stream, window, ahead=True)]


async def records(
    line: Connection, stream: Stream, window: Window = EVERYTHING
) -> Sequence[Record]:
    return [record for page in await pages(line, stream, window) for record in page.records]


def test_every_source_has_a_stand_in() -> None:
    assert set(STAND_INS) == set(registry.SOURCES)


def test_every_source_describes_its_form() -> None:
    for source in registry.SOURCES.values():
        assert {field.key for field in source.credentials if field.secret} == {"key"}
        assert all(field.label and field.help for field in source.credentials)
        assert source.regions
        assert source.label


async def test_a_site_says_who_it_is(stand: Stand) -> None:
    async with stand.source.connect(stand.endpoint) as line:
        facts = await line.identify()
    assert facts.subdomain == stand.endpoint.subdomain
    assert facts.upstream_now == UNTIL
    assert facts.default_currency in facts.currencies


@pytest.mark.parametrize("stream", LISTED)
async def test_every_stream_is_read_whole_and_in_order(stand: Stand, stream: Stream) -> None:
    async with stand.source.connect(stand.endpoint) as line:
        for by in By:
            window = Window(by, None, UNTIL)
            found = await pages(line, stream, window)
            read = [record for page in found for record in page.records]
            count = await line.count(stream, window)
            times = [getattr(record, by) for record in read]
            assert sorted(r.upstream_id for r in read) == sorted(stand.truth[stream])
            assert not [rejected for page in found for rejected in page.rejected]
            assert count.total == len(read)
            assert times == sorted(times)
            assert all(page.upstream_now == UNTIL for page in found)


async def test_compressed_answers_are_read_whole(vendor: str) -> None:
    async with (
        STAND_INS[vendor](compressed=True) as stand,
        stand.source.connect(stand.endpoint) as line,
    ):
        read = await records(line, Stream.INVOICES)
    assert sorted(r.upstream_id for r in read) == sorted(stand.truth[Stream.INVOICES])


async def test_both_ends_of_a_window_are_inclusive(stand: Stand) -> None:
    async with stand.source.connect(stand.endpoint) as line:
        everything = await records(line, Stream.INVOICES)
        begin, end = everything[20].created_at, everything[120].created_at
        window = Window(By.CREATED, begin, end)
        found = await records(line, Stream.INVOICES, window)
        assert (await line.count(Stream.INVOICES, window)).total == len(found)
    expected = [r.upstream_id for r in everything if begin <= r.created_at <= end]
    assert [r.upstream_id for r in found] == expected


async def test_a_list_goes_on_from_a_kept_cursor_on_a_new_line(stand: Stand) -> None:
    async with stand.source.connect(stand.endpoint) as line:
        first = await line.page(Stream.INVOICES, EVERYTHING)
    assert first.cursor
    async with stand.source.connect(stand.endpoint) as line:
        rest = [page async for page in walk(line, Stream.INVOICES, EVERYTHING, first.cursor)]
    read = [r.upstream_id for page in (first, *rest) for r in page.records]
    assert sorted(read) == sorted(stand.truth[Stream.INVOICES])


async def test_nothing_is_found_where_nothing_is(stand: Stand) -> None:
    late = Window(By.UPDATED, UNTIL + timedelta(days=1), UNTIL + timedelta(days=2))
    async with stand.source.connect(stand.endpoint) as line:
        page = await line.page(Stream.ACCOUNTS, late)
        assert (page.records, page.cursor) == ([], None)
        assert (await line.count(Stream.ACCOUNTS, late)).total == 0


@pytest.mark.parametrize("stream", LISTED)
async def test_records_are_found_by_their_ids(stand: Stand, stream: Stream) -> None:
    wanted = list(itertools.islice(stand.truth[stream], 5))
    async with stand.source.connect(stand.endpoint) as line:
        page = await line.by_ids(stream, [*wanted, "unknown0000", wanted[0]])
        assert sorted(r.upstream_id for r in page.records) == sorted(wanted)
        assert await line.exists(stream, wanted[0])
        assert not await line.exists(stream, "unknown0000")


async def test_an_account_tells_the_coupons_it_has_for_itself_and_only_these(stand: Stand) -> None:
    without = next(i for i in stand.truth[Stream.ACCOUNTS] if i not in stand.coupons)
    some = [*itertools.islice(stand.coupons, 10), without]
    async with stand.source.connect(stand.endpoint) as line:
        before = len(stand.requests())
        for account in some:
            heard = await line.coupons(account)
            assert {one.upstream_id for one in heard.coupons} == stand.coupons.get(account, set())
            assert (heard.upstream_now, heard.requests) == (UNTIL, 1)
        assert len(stand.requests()) == before + len(some)
        assert not (await line.coupons("unknown0000")).coupons


async def test_asking_for_no_ids_costs_nothing_but_the_date(stand: Stand) -> None:
    async with stand.source.connect(stand.endpoint) as line:
        page = await line.by_ids(Stream.ACCOUNTS, [])
    assert not page.records
    assert page.upstream_now == UNTIL


@pytest.mark.parametrize("stream", LISTED)
async def test_the_newest_change_is_known(stand: Stand, stream: Stream) -> None:
    async with stand.source.connect(stand.endpoint) as line:
        everything = await records(line, stream)
        assert await line.newest(stream) == max(r.updated_at for r in everything)


async def test_what_time_alone_may_change_is_read_filter_after_filter(stand: Stand) -> None:
    states = {"past_due", "pending", "processing"}
    async with stand.source.connect(stand.endpoint) as line:
        everything = await records(line, Stream.INVOICES)
        found: list[Record] = []
        page = await line.volatile(Stream.INVOICES)
        while page:
            found += page.records
            page = await line.volatile(Stream.INVOICES, page.cursor) if page.cursor else None
        assert await line.volatile(Stream.PLANS) is None
    expected = [r.upstream_id for r in everything if getattr(r, "state", "") in states]
    assert expected
    assert sorted(r.upstream_id for r in found) == sorted(expected)


async def test_an_unchanged_record_has_the_same_digest_each_time(stand: Stand) -> None:
    async with stand.source.connect(stand.endpoint) as line:
        once, again = [await records(line, Stream.INVOICES) for _ in range(2)]
    assert [r.content_hash for r in once] == [r.content_hash for r in again]
    assert len({r.content_hash for r in once}) == len(once)


async def test_only_reading_verbs_reach_a_site(stand: Stand) -> None:
    async with stand.source.connect(stand.endpoint) as line:
        await line.identify()
        for stream in LISTED:
            await line.count(stream)
            await line.newest(stream)
            await line.volatile(stream)
            await line.page(stream, EVERYTHING)
            await line.by_ids(stream, list(stand.truth[stream])[:2])
            await line.exists(stream, "unknown0000")
        await line.coupons(next(iter(stand.coupons)))
    assert {request["method"] for request in stand.requests()} == {"GET", "HEAD"}


async def test_the_first_load_takes_hardly_more_requests_than_pages(stand: Stand) -> None:
    async with stand.source.connect(stand.endpoint) as line:
        for stream in (Stream.ACCOUNTS, Stream.INVOICES):
            found = await pages(line, stream)
            least = -(-len(stand.truth[stream]) // 200)
            assert sum(page.requests for page in found) <= 1.1 * least + 1


async def test_no_secret_shows_in_any_form(stand: Stand) -> None:
    key = stand.endpoint.key.reveal()
    async with stand.source.connect(stand.endpoint) as line:
        await line.identify()
        shown = [repr(line), repr(stand.source), repr(stand.endpoint), repr(line.headroom)]
        shown += [repr(getattr(line, name)) for name in dir(line) if not name.startswith("__")]
        payloads = [r.payload for s in LISTED for r in await records(line, s)]
    assert key not in " ".join(shown)
    assert key.encode() not in b"".join(payloads)
