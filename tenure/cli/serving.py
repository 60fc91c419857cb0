"""``tenure serve``: the pages, by gunicorn in this process and its children."""

import gc
import os
from typing import Any

import click
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.urls import get_resolver
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from tenure.cli.command import DatabaseCommand
from tenure.cli.screen import Screen
from tenure.processes import ports

THREADS = 8
MOST_PROCESSES = 4
STOP_SECONDS = 7


@click.command(cls=DatabaseCommand)
@click.option("--bind", default="127.0.0.1:8000", metavar="HOST:PORT", show_default=True)
@click.option(
    "--processes", type=click.IntRange(1, 64), help="How many; one for each core otherwise."
)
@click.pass_obj
def serve(screen: Screen, bind: str, processes: int | None) -> None:
    """Answer web requests until stopped."""
    host, port = ports.parse(bind)
    port = port or ports.any_free(host)
    ports.require_free(host, port)
    shown = f"[{host}]" if ":" in host else host
    # Loaded before the first fork: the children share its memory, and a mistake in it shows here.
    application = get_wsgi_application()
    _ = get_resolver().url_patterns  # every page, which the first request would load otherwise
    settle()
    connections.close_all()
    options = _options(f"{shown}:{port}", processes or min(os.cpu_count() or 1, MOST_PROCESSES))

    def ready(_: object) -> None:
        screen.answer(
            {"address": f"http://{shown}:{port}"}, f"Tenure answers at http://{shown}:{port}"
        )

    _Web(application, {**options, "when_ready": ready}).run()


def settle() -> None:
    """Take what is loaded out of the search for garbage: it stays as long as the process does, and
    looking through all of it held a page up for a tenth of a second now and then."""
    gc.collect()
    gc.freeze()


def _options(bind: str, processes: int) -> dict[str, Any]:
    return {
        "bind": [bind],
        "worker_class": "gthread",
        "workers": processes,
        "threads": THREADS,
        "timeout": 60,
        "graceful_timeout": STOP_SECONDS,
        "keepalive": 5,
        # A filter stands in the address: fifty conditions are longer than the usual 4,094 characters.
        "limit_request_line": 8190,
        "loglevel": "warning",
        "control_socket_disable": True,
        "proc_name": "tenure serve",
    }


class _Web(BaseApplication):  # type: ignore[misc]
    """Gunicorn, told what to serve and how instead of reading command line and files."""

    def __init__(self, application: Any, options: dict[str, Any]) -> None:
        self._application = application
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return self._application
