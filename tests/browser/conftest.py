"""A served product, a simulated upstream behind it, and a browser that is signed in."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.contrib.staticfiles import handlers
from django.db import connection
from django.test import Client
from playwright.sync_api import Page
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tenure import flow
from tenure.access.models import Member
from tenure.core.clock import FrozenClock
from tenure.simulator.server import Served, running_in_thread
from tenure.simulator.world import SiteSpec, build
from tenure.sync.models import Run, RunState
from tests.plugins.browser import OpenPage
from tests.web.builders import a_member

BORN = datetime(2025, 9, 1, 8, 0, tzinfo=UTC)
TODAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
US = SiteSpec("brightwharf-us", "key-of-the-us-site-0001", "us", share=0.6)
EU = SiteSpec("brightwharf-eu", "key-of-the-eu-site-0002", "eu", share=0.4)


@pytest.fixture(autouse=True)
def _in_the_browsers_time(settings: Settings) -> None:
    settings.TENURE_CLOCK = FrozenClock(TODAY)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def upstream(settings: Settings) -> Iterator[Served]:
    """Two small simulated sites."""
    world = build([US, EU], seed=11, accounts=30, start=BORN, until=TODAY)
    with running_in_thread(world) as served:
        settings.TENURE_RECURLY_URLS = {"us": served.us, "eu": served.eu}
        yield served


@dataclass
class Worker:
    """Carries out queued runs in a thread of its own, as the worker process does, until stopped."""

    stopping: threading.Event
    thread: threading.Thread


@pytest.fixture
def worker(transactional_db: None) -> Iterator[Worker]:
    """A worker that takes up every queued run."""
    stopping = threading.Event()

    def work() -> None:
        while not stopping.is_set():
            for run in Run.objects.filter(state=RunState.QUEUED):
                flow.pull(run.pk, FrozenClock(TODAY))
            time.sleep(0.2)
        connection.close()

    thread = threading.Thread(target=work, name="worker")
    thread.start()
    yield Worker(stopping, thread)
    stopping.set()
    thread.join()  # its run is short; what it still wrote afterwards would be the next test's


@pytest.fixture
def member(transactional_db: None) -> Member:
    """An administrator."""
    return a_member()


@pytest.fixture(scope="session")
def live_server() -> Iterator[LiveServer]:
    """pytest-django's own, except that static files come as an operator's do: from WhiteNoise, with
    leave to keep them, so that not every page asks for every style sheet again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(handlers, "StaticFilesHandler", lambda application: application)
        server = LiveServer("localhost")
    yield server
    server.stop()


SignIn = Callable[..., Page]


@pytest.fixture
def sign_in(live_server: LiveServer, member: Member, open_page: OpenPage) -> SignIn:
    """Opens the accounts in some width and colour scheme, signed in as the administrator.

    The door itself is for tests/web/test_door.py and the story of a newcomer.
    """

    def go(**how: object) -> Page:
        client = Client()
        client.force_login(member)
        name = settings.SESSION_COOKIE_NAME
        cookie = {"name": name, "value": client.cookies[name].value, "url": live_server.url}
        page = open_page(base_url=live_server.url, **how)
        page.context.add_cookies([cookie])  # type: ignore[list-item]
        page.goto("/accounts/")
        return page

    return go
