"""An answer on its way out: still editable by a fault, then written to the socket."""

import asyncio
import socket
import struct
import zlib
from dataclasses import dataclass, field

from aiohttp import web

from tenure.simulator.wire.pages import Page


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the bytes of a body reach the client when not at once and whole.

    ``cut`` ends the body there, by a clean close or, with ``reset``, by a TCP reset. With
    ``honest`` the declared length is that of the cut body. ``pause`` waits (at byte, seconds).
    ``drip`` sends so many bytes every so many seconds.
    """

    cut: int | None = None
    reset: bool = False
    honest: bool = False
    pause: tuple[int, float] | None = None
    drip: tuple[int, float] | None = None


@dataclass(slots=True)
class Answer:
    """Status, headers and body. A list's body stays a ``Page`` until it is sent."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""
    page: Page | None = None
    delivery: Delivery | None = None

    def body(self) -> bytes:
        """The bytes to send."""
        return self.page.body() if self.page is not None else self.content

    def replace_body(self, content: bytes) -> None:
        """Send these bytes instead; a page is none any more."""
        self.page, self.content = None, content


async def send(request: web.Request, answer: Answer, *, gzip: bool) -> web.StreamResponse:
    """Write the answer; the response is returned for aiohttp to finish."""
    body = answer.body()
    if gzip and "gzip" in request.headers.get("Accept-Encoding", "") and body:
        body = _gzipped(body)
        answer.headers["Content-Encoding"] = "gzip"
    if request.method == "HEAD":
        return web.Response(status=answer.status, headers=answer.headers)
    if answer.delivery is None:
        return web.Response(status=answer.status, headers=answer.headers, body=body)
    return await _send_slowly(request, answer, body, answer.delivery)


async def _send_slowly(
    request: web.Request, answer: Answer, body: bytes, delivery: Delivery
) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    end = len(body) if delivery.cut is None else min(delivery.cut, len(body))
    response.content_length = end if delivery.honest else len(body)
    await response.prepare(request)
    at = 0
    while at < end:
        to, wait = _step(at, end, delivery)
        await response.write(body[at:to])
        at = to
        await asyncio.sleep(wait)
    if end < len(body) and not delivery.honest:
        _hang_up(request, reset=delivery.reset)
    return response


def _step(at: int, end: int, delivery: Delivery) -> tuple[int, float]:
    """Where the next piece ends and how long to wait after it."""
    if delivery.drip:
        size, seconds = delivery.drip
        return min(end, at + max(1, size)), seconds
    if delivery.pause and at < delivery.pause[0] < end:
        return delivery.pause
    return end, 0.0


def _hang_up(request: web.Request, *, reset: bool) -> None:
    transport = request.transport
    if transport is None:
        return
    if not reset:
        transport.close()
        return
    sock = transport.get_extra_info("socket")
    if sock is not None:
        # Lingering for zero seconds turns the close into a reset.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _gzipped(body: bytes) -> bytes:
    packer = zlib.compressobj(1, wbits=31)
    return packer.compress(body) + packer.flush()
