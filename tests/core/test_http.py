"""HTTP within limits: whom we trust, how long we wait, and what an error says."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from yarl import URL

from tenure.core.errors import ConfigurationError
from tenure.core.http import Answer, Limits, Unanswered, fetch, session


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate of this machine that nobody signed but itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = tmp_path / "ca.pem", tmp_path / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, secret


@asynccontextmanager
async def serving(trust: tuple[Path, Path] | None = None) -> AsyncIterator[str]:
    async def handle(request: web.Request) -> web.Response:
        if request.path == "/elsewhere":
            raise web.HTTPFound("/here")
        if request.path == "/slow":
            await asyncio.sleep(5)
        return web.Response(text="hello")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    context = None
    if trust:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*trust)
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    scheme = "https" if trust else "http"
    try:
        yield f"{scheme}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def ask(address: str, *, ca_file: str | None = None, limits: Limits | None = None) -> Answer:
    async with session(headers={}, ca_file=ca_file, limits=limits) as opened:
        return await fetch(opened, "GET", URL(address), limits)


async def test_a_certificate_of_the_operators_own_authority_is_trusted(
    certificate: tuple[Path, Path],
) -> None:
    async with serving(certificate) as address:
        assert (await ask(address, ca_file=str(certificate[0]))).body == b"hello"


async def test_a_certificate_nobody_vouches_for_is_refused_for_good(
    certificate: tuple[Path, Path],
) -> None:
    async with serving(certificate) as address:
        with pytest.raises(Unanswered, match="no trusted TLS") as caught:
            await ask(address)
    assert caught.value.is_lasting


@pytest.mark.parametrize("content", [None, "no certificate"])
async def test_a_ca_file_of_no_use_is_a_matter_of_configuration(
    tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "ca.pem"
    if content:
        path.write_text(content)
    with pytest.raises(ConfigurationError, match="CA file"):
        await ask("https://127.0.0.1:1", ca_file=str(path))


async def test_a_redirect_is_an_answer() -> None:
    async with serving() as address:
        assert (await ask(f"{address}/elsewhere")).status == 302


async def test_silence_ends_the_exchange() -> None:
    limits = Limits(read=0.1)
    async with serving() as address:
        with pytest.raises(Unanswered, match=r"nothing arrived for 0\.1 s"):
            await ask(f"{address}/slow", limits=limits)


async def test_an_answer_past_the_size_limit_is_dropped() -> None:
    async with serving() as address:
        with pytest.raises(Unanswered, match="larger than"):
            await ask(address, limits=Limits(size=3))


async def test_a_port_without_a_server_is_named() -> None:
    with pytest.raises(Unanswered, match=r"127\.0\.0\.1 cannot be reached"):
        await ask("http://127.0.0.1:9")


async def test_an_error_carries_nothing_of_the_request() -> None:
    with pytest.raises(Unanswered) as caught:
        await ask("http://127.0.0.1:9")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
