"""Receivers on this machine that behave as told: an SMTP server and an HTTP server."""

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Post:
    """One request that arrived."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Http:
    """An HTTP receiver. ``status`` and ``location`` are what it answers, ``wait`` how long it hangs
    before, ``drip`` makes it send its headers a byte at a time."""

    url: str = ""
    posts: list[Post] = field(default_factory=list)
    status: int = 200
    location: str = ""
    text: str = "thank you"
    wait: float = 0
    drip: bool = False


@contextmanager
def http() -> Iterator[Http]:
    """A listening HTTP receiver."""
    state = Http()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            state.posts.append(Post(self.path, dict(self.headers.items()), body))
            time.sleep(state.wait)
            if state.drip:
                return _drip(self.wfile)
            self.send_response(state.status)
            if state.location:
                self.send_header("Location", state.location)
            self.end_headers()
            self.wfile.write(state.text.encode())
            return None

        do_GET = do_POST  # noqa: N815 - the name is the library's

        def log_message(self, *args: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass

    with _serving(Quiet(("127.0.0.1", 0), Handler)) as port:
        state.url = f"http://127.0.0.1:{port}/hook"
        yield state


def _drip(out: Any) -> None:
    out.write(b"HTTP/1.1 200 OK\r\n")
    for _ in range(100):
        out.write(b"X-More: 1\r\n")
        out.flush()
        time.sleep(0.1)


@dataclass
class Smtp:
    """An SMTP receiver. ``answer`` is what it says to a recipient."""

    port: int = 0
    mails: list[Message] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    answer: str = "250 fine"
    wait: float = 0


@contextmanager
def smtp() -> Iterator[Smtp]:
    """A listening SMTP receiver without TLS."""
    state = Smtp()

    class Handler(socketserver.StreamRequestHandler):
        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

        def handle(self) -> None:
            time.sleep(state.wait)
            self.say("220 here")
            while line := self.rfile.readline():
                word = line.decode().strip().upper()
                if word.startswith("RCPT"):
                    state.recipients.append(line.decode().split("<")[1].split(">")[0])
                    self.say(state.answer)
                elif word == "DATA":
                    self.say("354 go on")
                    lines = []
                    while (part := self.rfile.readline()) not in (b".\r\n", b""):
                        lines.append(part)
                    state.mails.append(message_from_bytes(b"".join(lines)))
                    self.say("250 taken")
                elif word == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 fine")

    class Quiet(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass

    with _serving(Quiet(("127.0.0.1", 0), Handler)) as port:
        state.port = port
        yield state


@contextmanager
def _serving(server: Any) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
