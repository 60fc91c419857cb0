"""What only a scripted answer can show: refusals in words, versions that end, texts that are none."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from tenure.core.errors import ConfigurationError, PermanentError, TemporaryError
from tenure.core.http import Limits
from tenure.core.secrets import Secret
from tenure.sources.base import By, Endpoint, Stream, StreamUnavailable, Window
from tenure.sources.recurly.client import AT_ONCE
from tenure.sources.recurly.connection import RecurlyConnection
from tenure.sources.recurly.source import Recurly
from tests.sources.recurly.fake_time import FakeTime

ACCOUNT = {
    "id": "acc1",
    "code": "c-1",
    "state": "active",
    "created_at": "2026-03-01T10:00:00Z",
    "updated_at": "2026-03-01T10:00:00Z",
}
DATE = {"Date": "Tue, 10 Mar 2026 12:00:00 GMT"}
EVERYTHING = Window(By.CREATED)
KEY = "a-key-nobody-may-see"

Script = Callable[[web.Request], web.Response]


@dataclass
class Vendor:
    """Answers every request from a script and remembers them."""

    script: Script
    asked: list[web.Request] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        return self.script(request)


def listed(*records: Any, **more: Any) -> web.Response:
    envelope = {"object": "list", "has_more": False, "next": None, "data": records}
    return answer(json.dumps(envelope | more).encode())


def answer(body: bytes, status: int = 200, **headers: str) -> web.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.Response(
        body=body, status=status, content_type="application/json", headers=DATE | named
    )


def refused(status: int, type_: str, message: str = "No") -> web.Response:
    return answer(json.dumps({"error": {"type": type_, "message": message}}).encode(), status)


@asynccontextmanager
async def asking(script: Script, **source: Any) -> AsyncIterator[tuple[RecurlyConnection, Vendor]]:
    vendor = Vendor(script)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", vendor.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    endpoint = Endpoint("acme", "us", f"http://127.0.0.1:{port}", Secret(KEY))
    try:
        async with Recurly(timing=FakeTime().timing(), **source).connect(endpoint) as line:
            yield line, vendor
    finally:
        await runner.cleanup()


async def test_a_request_carries_key_and_version_and_only_these() -> None:
    async with asking(lambda _: listed()) as (line, vendor):
        await line.page(Stream.ACCOUNTS, EVERYTHING)
    (request,) = vendor.asked
    assert request.headers["Accept"] == "application/vnd.recurly.v2021-02-25+json"
    assert request.headers["Authorization"].startswith("Basic ")
    assert "Cookie" not in request.headers
    assert request.query["limit"] == "200"
    assert request.query["order"] == "asc"


async def test_of_many_pages_eight_are_asked_for_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    arrived, eight, go = [], asyncio.Event(), asyncio.Event()

    async def held(_: Vendor, request: web.Request) -> web.Response:
        arrived.append(request)
        if len(arrived) == AT_ONCE:
            eight.set()
        await go.wait()
        return listed()

    monkeypatch.setattr(Vendor, "handle", held)
    async with asking(lambda _: listed()) as (line, _):
        pages = [asyncio.create_task(line.page(Stream.ACCOUNTS, EVERYTHING)) for _ in range(12)]
        await eight.wait()
        await asyncio.sleep(0.1)  # more would have come by now
        assert len(arrived) == AT_ONCE == 8
        go.set()
        await asyncio.gather(*pages)
    assert len(arrived) == 12


@pytest.mark.parametrize(
    ("status", "type_"),
    [(403, "invalid_permissions"), (422, "missing_feature"), (403, "missing_feature")],
)
async def test_a_stream_that_may_not_be_read_is_unavailable(status: int, type_: str) -> None:
    def script(request: web.Request) -> web.Response:
        return refused(status, type_) if request.path == "/plans" else listed(ACCOUNT)

    async with asking(script) as (line, _):
        with pytest.raises(StreamUnavailable, match=type_):
            await line.page(Stream.PLANS, EVERYTHING)
        with pytest.raises(StreamUnavailable, match=type_):
            await line.count(Stream.PLANS)
        assert (await line.page(Stream.ACCOUNTS, EVERYTHING)).records


async def test_a_site_that_may_not_name_itself_still_proves_its_key() -> None:
    def script(request: web.Request) -> web.Response:
        if request.path == "/sites":
            return refused(403, "invalid_permissions")
        return listed(ACCOUNT)

    async with asking(script) as (line, vendor):
        facts = await line.identify()
    assert facts.subdomain == "acme"
    assert vendor.asked[-1].path_qs == "/accounts?limit=1"


async def test_the_named_site_is_picked_among_several() -> None:
    sites = [{"id": f"id-{name}", "subdomain": name} for name in ("globex", "acme")]
    async with asking(lambda _: listed(*sites)) as (line, _):
        assert (await line.identify()).site_id == "id-acme"


async def test_a_key_without_a_site_is_a_matter_of_configuration() -> None:
    async with asking(lambda _: listed()) as (line, _):
        with pytest.raises(ConfigurationError, match="shows no site"):
            await line.identify()


async def test_a_version_that_ends_is_told_once() -> None:
    def script(request: web.Request) -> web.Response:
        told = {"Recurly_Deprecated": "TRUE", "Recurly_Sunset_Date": "2027-01-01"}
        return answer(listed(ACCOUNT).body, **told)  # type: ignore[arg-type]

    async with asking(script) as (line, _):
        first = await line.page(Stream.ACCOUNTS, EVERYTHING)
        second = await line.page(Stream.ACCOUNTS, EVERYTHING)
    assert len(first.notices) == 1
    assert "2027-01-01" in first.notices[0]
    assert not second.notices


@pytest.mark.parametrize(
    ("spoil", "offset_of"),
    [
        (lambda text: text.replace(b"MARK", b"M\xffRK"), b"MARK"),
        (lambda text: text.replace(b"MARK", b"M\\ud83d"), b"MARK"),
    ],
)
async def test_a_record_whose_text_is_none_is_put_aside_after_asking_again(
    spoil: Callable[[bytes], bytes], offset_of: bytes
) -> None:
    victim = {**ACCOUNT, "id": "acc2", "company": "MARK"}
    third = {**ACCOUNT, "id": "acc3", "company": "é"}
    body = spoil(bytes(listed(ACCOUNT, victim, third).body))  # type: ignore[arg-type]
    async with asking(lambda _: answer(body)) as (line, vendor):
        page = await line.page(Stream.ACCOUNTS, EVERYTHING)
    assert [record.upstream_id for record in page.records] == ["acc1", "acc3"]
    (rejected,) = page.rejected
    assert rejected.upstream_id == "acc2"
    offset = json.dumps(victim).encode().index(offset_of) + 1
    assert f"at byte {offset} " in rejected.reason
    assert len(vendor.asked) == 3


async def test_bytes_that_were_never_text_are_no_page() -> None:
    async with asking(lambda _: answer(b"\xff" * 200_000)) as (line, _):
        with pytest.raises(TemporaryError):
            await line.page(Stream.ACCOUNTS, EVERYTHING)


async def test_an_answer_larger_than_allowed_is_not_read() -> None:
    limits = Limits(size=10_000)
    async with asking(lambda _: answer(b" " * 50_000), limits=limits) as (line, _):
        with pytest.raises(TemporaryError, match="larger than"):
            await line.page(Stream.ACCOUNTS, EVERYTHING)


async def test_an_answer_without_a_date_is_not_used() -> None:
    def script(request: web.Request) -> web.Response:
        response = listed(ACCOUNT)
        response.headers["Date"] = "long ago"
        return response

    async with asking(script) as (line, _):
        with pytest.raises(TemporaryError, match="no date"):
            await line.page(Stream.ACCOUNTS, EVERYTHING)


@pytest.mark.parametrize("total", ["", "many", "-1"])
async def test_a_count_that_is_none_is_not_used(total: str) -> None:
    async with asking(lambda _: answer(b"", Recurly_Total_Records=total)) as (line, _):
        with pytest.raises(TemporaryError, match="counts no records"):
            await line.count(Stream.ACCOUNTS)


async def test_a_page_that_is_not_there_says_to_check_the_address() -> None:
    async with asking(lambda _: web.Response(status=404, text="nginx")) as (line, _):
        with pytest.raises(PermanentError, match="did not answer as an API"):
            await line.page(Stream.ACCOUNTS, EVERYTHING)


async def test_a_record_is_missing_only_by_its_own_word() -> None:
    async with asking(lambda _: refused(404, "not_found")) as (line, _):
        assert not await line.exists(Stream.ACCOUNTS, "acc1")
    async with asking(lambda _: web.Response(status=404, text="nginx")) as (line, _):
        with pytest.raises(PermanentError):
            await line.exists(Stream.ACCOUNTS, "acc1")


async def test_a_failure_names_the_request_for_the_vendors_support() -> None:
    async with asking(lambda _: answer(b"{}", 500, X_Request_Id="req-77")) as (line, _):
        with pytest.raises(TemporaryError, match="request req-77"):
            await line.page(Stream.ACCOUNTS, EVERYTHING)


@pytest.mark.parametrize("status", [401, 403, 404, 422, 429, 500, 302])
async def test_no_error_shows_the_key(status: int) -> None:
    async with asking(lambda _: refused(status, "whatever")) as (line, _):
        with pytest.raises((ConfigurationError, PermanentError, TemporaryError)) as caught:
            await line.page(Stream.ACCOUNTS, EVERYTHING)
    seen: BaseException | None = caught.value
    while seen is not None:
        assert KEY not in repr(seen) + str(seen) + repr(seen.__dict__)
        assert "Authorization" not in repr(seen.args)
        seen = seen.__cause__ or seen.__context__


async def test_secrets_in_answers_reach_neither_payload_nor_digest() -> None:
    tokens = iter("abc")

    def script(request: web.Request) -> web.Response:
        method = {"object": "credit_card", "first_six": "411111", "last_four": "1111"}
        return listed(
            {
                **ACCOUNT,
                "hosted_login_token": f"login-{next(tokens)}",
                "billing_info": {"payment_method": method},
            }
        )

    async with asking(script) as (line, _):
        first = (await line.page(Stream.ACCOUNTS, EVERYTHING)).records[0]
        second = (await line.page(Stream.ACCOUNTS, EVERYTHING)).records[0]
    assert b"login-" not in first.payload
    assert b"1111" not in first.payload
    assert first.content_hash == second.content_hash
