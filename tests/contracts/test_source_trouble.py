"""What every source does when the vendor, the network or the key gives trouble (RELIABILITY section 4)."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tenure.core.errors import ConfigurationError, PermanentError, TemporaryError, TenureError
from tenure.sources.base import (
    LISTED,
    By,
    Connection,
    CursorRefused,
    Page,
    Stream,
    Window,
)
from tenure.sources.paging import walk
from tests.contracts.standin import UNTIL, Stand, with_key

EVERYTHING = Window(By.CREATED, None, UNTIL)
LIST = {"path": "/invoices"}
MAINTENANCE = {"body": "<html>Back soon</html>", "content_type": "text/html"}


async def read_invoices(stand: Stand) -> tuple[list[str], list[Page]]:
    async with stand.source.connect(stand.endpoint) as line:
        pages = [page async for page in walk(line, Stream.INVOICES, EVERYTHING)]
    return [record.upstream_id for page in pages for record in page.records], pages


async def ask(line: Connection) -> Page:
    return await line.page(Stream.INVOICES, EVERYTHING)


def paths(stand: Stand, after: int = 0) -> Sequence[str]:
    return [request["path"] for request in stand.requests()[after:]]


@pytest.mark.parametrize(
    ("fault", "args"),
    [
        ("rate_limited", {}),
        ("rate_limited", {"retry_after": 7}),
        ("rate_limited", {"unit": "ms"}),
        ("rate_limited", {"reset": -60}),
        ("rate_limited", {"headers": False}),
        ("status", {"status": 500}),
        ("status", {"status": 502}),
        ("status", {"status": 503, "retry_after": 20}),
        ("status", {"status": 504, "json": True}),
        ("status", {"status": 401}),
        ("status", {"status": 403}),
        ("stall", {}),
        ("stall_body", {"at": 0.5}),
        ("drip", {"size": 64, "seconds": 0.05}),
        ("reset", {"at": 0.3}),
        ("truncate", {"at": 0.3}),
        ("truncate", {"at": 0.9, "honest": True}),
        ("truncate", {"at": 1, "honest": True}),
        ("empty_page", {}),
        ("null_next", {}),
        ("repeated_next", {}),
        ("invalid_utf8", {}),
        ("replace_body", {"body": ""}),
        ("replace_body", {"body": "{}"}),
        ("replace_body", {"body": "[]"}),
        ("replace_body", {"body": "{}", "bom": True}),
        ("replace_body", {"body": '{"data":' + "[" * 500 + "]" * 500 + "}"}),
        ("replace_body", MAINTENANCE),
        ("wrong_content_type", {}),
        ("extra_fields", {}),
    ],
)
async def test_passing_trouble_loses_nothing(
    stand: Stand, fault: str, args: dict[str, Any]
) -> None:
    stand.trouble(fault, match=LIST, nth=2, args=args)
    read, _ = await read_invoices(stand)
    assert sorted(read) == sorted(stand.truth[Stream.INVOICES])


@pytest.mark.parametrize("at", [0.001, 0.2, 0.5, 0.8, 0.999])
@pytest.mark.parametrize("honest", [True, False])
async def test_no_part_of_a_page_is_believed(stand: Stand, at: float, honest: bool) -> None:
    stand.trouble("truncate", match=LIST, args={"at": at, "honest": honest}, times=3)
    read, _ = await read_invoices(stand)
    assert sorted(read) == sorted(stand.truth[Stream.INVOICES])


@pytest.mark.parametrize(
    ("fault", "args", "says"),
    [
        ("status", {"status": 500}, "it answered 500, request "),
        ("status", {"status": 503}, "it answered 503"),
        ("rate_limited", {}, "rate limit"),
        ("replace_body", MAINTENANCE, "did not answer as an API: the content type is text/html"),
        ("replace_body", {"body": ""}, "the body is empty"),
        ("replace_body", {"body": "{}"}, "this is no list"),
        ("truncate", {"at": 0.5, "honest": True}, "broken"),
        ("truncate", {"at": 0.5}, "broke off"),
        ("null_next", {}, "does not say where"),
        ("stall", {}, "nothing arrived for"),
        ("drip", {"size": 8, "seconds": 0.05}, "not complete within"),
    ],
)
async def test_lasting_trouble_ends_after_six_tries_with_a_sentence(
    stand: Stand, fault: str, args: dict[str, Any], says: str
) -> None:
    stand.trouble(fault, match=LIST, args=args)
    async with stand.source.connect(stand.endpoint) as line:
        with pytest.raises(TemporaryError) as caught:
            await ask(line)
    assert len(paths(stand)) == 6
    assert says in str(caught.value)
    assert stand.endpoint.subdomain in str(caught.value)
    assert caught.value.next_step
    assert caught.value.retry_at is not None


async def test_a_refusal_for_want_of_allowance_stops_everything_until_told(stand: Stand) -> None:
    stand.trouble("rate_limited", match=LIST, nth=1, args={"reset": 90})
    async with stand.source.connect(stand.endpoint) as line:
        began = stand.time.now
        await ask(line)
        await asyncio.gather(*(line.count(stream) for stream in LISTED))
    assert stand.time.now >= began + 90
    assert len(paths(stand)) == 2 + len(LISTED)


async def test_trouble_is_told_while_it_lasts(stand: Stand) -> None:
    stand.trouble("status", match=LIST, times=4, args={"status": 502})
    told: list[str | None] = []
    async with stand.source.connect(stand.endpoint) as line:
        sleep = stand.time.sleep

        async def look(seconds: float) -> None:
            told.append(line.headroom.trouble)
            await sleep(seconds)

        stand.time.__dict__["sleep"] = look
        line.client.timing = stand.time.timing()  # type: ignore[attr-defined]
        await ask(line)
        assert line.headroom.trouble is None
    assert told[:2] == [None, None]
    assert "failed 3 times because it answered 502" in (told[2] or "")


async def test_after_failures_in_a_row_the_site_is_left_alone(stand: Stand) -> None:
    stand.trouble("status", args={"status": 500})
    async with stand.source.connect(stand.endpoint) as line:
        for _ in range(3):
            with pytest.raises(TemporaryError):
                await ask(line)
        asked = len(paths(stand))
        with pytest.raises(TemporaryError, match="left alone") as caught:
            await ask(line)
        assert caught.value.retry_at
        assert len(paths(stand)) == asked


@pytest.mark.parametrize("status", [401, 403])
async def test_a_revoked_key_is_not_hammered(stand: Stand, status: int) -> None:
    async with stand.source.connect(stand.endpoint) as line:
        await ask(line)
        stand.revoke(status)
        before = len(paths(stand))
        with pytest.raises(ConfigurationError) as caught:
            await ask(line)
        with pytest.raises(ConfigurationError):
            await line.count(Stream.ACCOUNTS)
        assert len(paths(stand)) - before == 2
    assert "key was refused" in str(caught.value)
    assert stand.endpoint.subdomain in str(caught.value)
    assert "region" in caught.value.next_step


async def test_requests_under_way_confirm_a_refused_key_together(stand: Stand) -> None:
    async with stand.source.connect(stand.endpoint) as line:
        stand.revoke(401)
        asked = await asyncio.gather(*(ask(line) for _ in range(6)), return_exceptions=True)
    assert all(isinstance(error, ConfigurationError) for error in asked)
    assert len(paths(stand)) <= 6 + 1


async def test_a_wrong_key_is_a_matter_of_configuration(stand: Stand) -> None:
    async with stand.source.connect(with_key(stand.endpoint, "no such key")) as line:
        with pytest.raises(ConfigurationError, match="key was refused"):
            await line.identify()


async def test_the_key_of_another_site_shows_whose_it_is(stand: Stand) -> None:
    endpoint = with_key(stand.endpoint, stand.key_of_another_site)
    async with stand.source.connect(endpoint) as line:
        assert (await line.identify()).subdomain == "globex"


async def test_an_expired_cursor_is_told_from_other_trouble(stand: Stand) -> None:
    for status in (400, 404):
        stand.trouble("expire_cursor", match=LIST, nth=2, args={"status": status})
        async with stand.source.connect(stand.endpoint) as line:
            first = await ask(line)
            with pytest.raises(CursorRefused):
                await line.page(Stream.INVOICES, EVERYTHING, first.cursor)


async def test_a_list_in_a_circle_ends(stand: Stand) -> None:
    stand.trouble("repeated_next", match=LIST)
    with pytest.raises(PermanentError, match="leads back"):
        await read_invoices(stand)
    assert len(paths(stand)) == 2


async def test_a_list_that_leads_elsewhere_is_not_followed(stand: Stand) -> None:
    canary: list[bytes] = []

    async def heard(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        canary.append(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(heard, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    stand.trouble("foreign_next", match=LIST, args={"host": f"http://127.0.0.1:{port}"})
    stand.trouble("redirect", match={"path": "/accounts"}, args={"to": f"http://127.0.0.1:{port}/"})
    with pytest.raises(PermanentError, match="nothing was asked there"):
        await read_invoices(stand)
    async with stand.source.connect(stand.endpoint) as line:
        with pytest.raises(PermanentError, match="never followed"):
            await line.page(Stream.ACCOUNTS, EVERYTHING)
    server.close()
    await server.wait_closed()
    assert not canary


async def test_a_damaged_cursor_of_ours_goes_nowhere(stand: Stand) -> None:
    async with stand.source.connect(stand.endpoint) as line:
        for cursor in ("http://evil.example/invoices?cursor=1", "/accounts?cursor=1", "x"):
            with pytest.raises(TenureError):
                await line.page(Stream.INVOICES, EVERYTHING, cursor)
        with pytest.raises(CursorRefused):
            await line.volatile(Stream.INVOICES, "99:/invoices?cursor=1")
    assert not paths(stand)


async def test_a_whole_address_on_the_same_host_is_followed(stand: Stand) -> None:
    stand.trouble("absolute_next", match=LIST, args={"base": stand.endpoint.base_url})
    read, _ = await read_invoices(stand)
    assert sorted(read) == sorted(stand.truth[Stream.INVOICES])


async def test_lasting_nonsense_in_one_record_costs_only_that_record(stand: Stand) -> None:
    victim = stand.truth[Stream.INVOICES][10]
    stand.trouble("edit_records", match=LIST, args={"set": {"total": "lots"}, "ids": [victim]})
    read, pages = await read_invoices(stand)
    assert sorted([*read, victim]) == sorted(stand.truth[Stream.INVOICES])
    (rejected,) = [rejected for page in pages for rejected in page.rejected]
    assert rejected.upstream_id == victim
    assert "decimal" in rejected.reason
    assert json.loads(rejected.payload)["total"] == "lots"


async def test_a_nul_character_is_replaced_and_told(stand: Stand) -> None:
    victim = stand.truth[Stream.INVOICES][0]
    edit = {"set": {"po_number": "a\x00b"}, "ids": [victim]}
    stand.trouble("edit_records", match=LIST, args=edit)
    async with stand.source.connect(stand.endpoint) as line:
        pages = [page async for page in walk(line, Stream.INVOICES, EVERYTHING)]
    (record,) = [r for page in pages for r in page.records if r.upstream_id == victim]
    assert getattr(record, "po_number", None) == "a\ufffdb"
    assert b"\\u0000" not in record.payload
    assert [notice for page in pages for notice in page.notices]


async def test_a_cut_list_of_lines_is_read_whole(stand: Stand) -> None:
    async with stand.source.connect(stand.endpoint) as line:
        whole = await ask(line)
        victim = next(r for r in whole.records if len(getattr(r, "lines", ())) >= 1)
        cut = {"line_items": [], "has_more_line_items": True}
        edit = {"set": cut, "ids": [victim.upstream_id]}
        stand.trouble("edit_records", match=LIST, args=edit)
        again = await ask(line)
    (found,) = [r for r in again.records if r.upstream_id == victim.upstream_id]
    lines = {one.upstream_id for one in getattr(found, "lines", ())}
    assert lines == {one.upstream_id for one in getattr(victim, "lines", ())}
    assert again.requests == 2


async def test_a_version_that_is_no_longer_spoken_is_final(stand: Stand) -> None:
    stand.trouble("status", match=LIST, args={"status": 406, "json": True})
    async with stand.source.connect(stand.endpoint) as line:
        with pytest.raises(PermanentError) as caught:
            await ask(line)
    assert "version" in str(caught.value)
    assert len(paths(stand)) == 1


async def test_a_host_that_does_not_answer_is_temporary(stand: Stand) -> None:
    nobody = replace(stand.endpoint, base_url="http://127.0.0.1:9")
    async with stand.source.connect(nobody) as line:
        with pytest.raises(TemporaryError, match="cannot be reached") as caught:
            await line.identify()
    assert caught.value.retry_at


async def test_a_host_without_trusted_tls_is_temporary_and_asked_once(stand: Stand) -> None:
    hidden = replace(
        stand.endpoint, base_url=stand.endpoint.base_url.replace("http://", "https://")
    )
    async with stand.source.connect(hidden) as line:
        with pytest.raises(TemporaryError):
            await line.identify()
    assert not paths(stand)
