"""A real browser for the tests marked ``browser``: the one found on PATH, never a download."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
GET_ONE = (
    "No browser was found on PATH; install one (Debian: apt-get install chromium) to run this test."
)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# What Playwright switches off too, for a list of ours replaces its own; and the two pages that every
# new window loads for the suggestions of its address bar, which cost more than most of our pages.
SWITCHED_OFF = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "PreconnectToSearch",
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
)
FEATURES = (f"--disable-features={','.join(SWITCHED_OFF)}",)

OpenPage = Callable[..., Page]
# How long something may take to start or to show says something about the machine, never about the
# page: this long it is waited for, of which a busy machine uses a part and a broken page all.
PATIENCE = 90_000
expect.set_options(timeout=PATIENCE)


def browser_path() -> str | None:
    """Where Chromium or Chrome is installed; None when it is not."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the browser, and skip it, saying how to get one, where there is none."""
    required = os.environ.get("TENURE_REQUIRE_BROWSER") == "1"
    missing = browser_path() is None and not required
    for item in items:
        if {"browser", "page", "open_page"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)
        if missing and item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason=GET_ONE))
    # Last, so that few processes of a parallel run open a browser while others need an event loop; the
    # long ones first among them, so that no process is left alone with one at the end.
    items.sort(key=lambda item: (_has(item, "browser"), not _has(item, "long")))


def _has(item: pytest.Item, mark: str) -> bool:
    return item.get_closest_marker(mark) is not None


_open = ExitStack()
_opened: list[Browser] = []


@pytest.hookimpl(trylast=True)  # once the pages of the test are closed
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """Close the browser before a test that needs none.

    While it is open, Playwright keeps an event loop running in this thread, and no other test of the
    process could start one of its own.
    """
    if nextitem is None or not nextitem.get_closest_marker("browser"):
        _opened.clear()
        _open.close()


@pytest.fixture
def browser() -> Browser:
    """A headless browser, the same one for all tests in a row that use it, unless it broke down in one."""
    if _opened and not _opened[0].is_connected():
        _opened.clear()
        _open.close()
    if not _opened:
        # Whatever was begun ends where the rest fails: the loop that a half-made start would leave
        # running could be entered by no later test.
        with ExitStack() as begun:
            _opened.append(_launched(begun))
            _open.push(begun.pop_all())
    return _opened[0]


def _launched(until: ExitStack) -> Browser:
    path = browser_path()
    if path is None:
        pytest.fail(GET_ONE, pytrace=False)
    patch = until.enter_context(pytest.MonkeyPatch.context())
    playwright = until.enter_context(sync_playwright())
    # For its loop Django would refuse every query in this thread. Nothing of ours runs inside it, so
    # the refusal protects from nothing.
    patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    launched = playwright.chromium.launch(
        executable_path=path, args=[*FLAGS, *FEATURES], timeout=PATIENCE
    )
    until.callback(launched.close)
    return launched


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens pages of a chosen width and colour scheme; each in a profile of its own.

    A script error on any of them fails the test: a page that throws is broken, whatever it shows.
    """
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_one(
        *, width: int = 1440, height: int = 900, scheme: Any = "light", **more: Any
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, **more
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert not errors, f"the page threw: {errors}"


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """A page 1440 wide in the light scheme."""
    return open_page()
