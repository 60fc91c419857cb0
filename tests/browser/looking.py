"""What a page looks like once it has come to rest: to axe, and to somebody with a narrow screen."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page


class Look(NamedTuple):
    """How somebody looks at a page: their colour scheme, and how wide their window is."""

    scheme: Literal["light", "dark"]
    width: int


LOOKS = (Look("light", 1440), Look("dark", 390))
# Neighbours differ in one thing where they can: each new width lays the page out again.
EVERY_LOOK = (Look("light", 1440), Look("dark", 1440), Look("dark", 390), Look("light", 390))
NARROWEST = Look("dark", 320)

# At rest: nothing is on its way through htmx, nothing that ends is still moving, for three frames.
REST = """() => new Promise((rested) => {
    const moves = (one) => one.playState === "running" && Number.isFinite(one.effect?.getComputedTiming().endTime);
    const busy = () => document.readyState !== "complete"
        || document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling")
        || document.getAnimations().some(moves);
    let calm = 0;
    const look = () => {
        calm = busy() ? 0 : calm + 1;
        calm > 3 ? rested() : requestAnimationFrame(look);
    };
    look();
})"""


def at_rest(page: Page) -> Page:
    """The page, once what it loads after itself is there and nothing moves any more."""
    page.evaluate(REST)
    return page


def violations(page: Page) -> list[str]:
    """What axe objects to, each with the first element it is about."""
    return _violations(at_rest(page))


def sideways(page: Page) -> list[str]:
    """By how much the page is wider than its window, if it scrolls sideways."""
    return _sideways(at_rest(page))


def faults(page: Page, looks: Sequence[Look] = LOOKS) -> list[str]:
    """What is wrong with the page in any of these looks, one after the other; it is left in the last."""
    found = []
    for look in looks:
        at_rest(put_on(page, look))
        # In the narrowest window only the width is of interest: axe has its narrow layout in LOOKS.
        told = [] if look == NARROWEST else _violations(page)
        told += _sideways(page) + tail(page) + (_loose_cells(page) if look.width > 1000 else [])
        found += [f"{look.scheme}, {look.width}: {one}" for one in told]
    return found


def faults_of_all(
    page: Page, addresses: Mapping[str, str], looks: Sequence[Look] = (*LOOKS, NARROWEST)
) -> dict[str, list[str]]:
    """What is wrong with these pages, by their names.

    Every other one is looked at the other way round, and so loaded as the one before it was left:
    to lay out a page again costs more than to look at it.
    """
    found = {}
    for number, (name, address) in enumerate(addresses.items()):
        page.goto(address)
        found[name] = faults(page, looks[::-1] if number % 2 else looks)
    return {name: told for name, told in found.items() if told}


def put_on(page: Page, look: Look) -> Page:
    """The page as somebody sees it who has this scheme and this window."""
    page.emulate_media(color_scheme=look.scheme)
    page.set_viewport_size({"width": look.width, "height": 900})
    return page


def _violations(page: Page) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate("axe.run({resultTypes: ['violations']}).then((one) => one.violations)")
    return [
        f"{v['id']}: {v['nodes'][0]['target']} {v['nodes'][0]['failureSummary']}" for v in found
    ]


def _sideways(page: Page) -> list[str]:
    wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [f"scrolls sideways by {wider}"] if wider > 0 else []


def tail(page: Page) -> list[str]:
    """How much of nothing the page scrolls through after its end: what is hidden in rows that scroll
    in a box of their own can lengthen it."""
    longer: int = page.evaluate(
        """() => Math.round(document.documentElement.scrollHeight - Math.max(innerHeight,
            document.querySelector("main").getBoundingClientRect().bottom + scrollY))"""
    )
    return [f"scrolls on through {longer} px of nothing"] if longer > 100 else []


def _loose_cells(page: Page) -> list[str]:
    """The cells that a wide table does not lay out as cells: they stand below each other in one
    column, and everything beside them under another's head."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("td, th")]
            .filter((one) => one.checkVisibility())
            .filter((one) => getComputedStyle(one).display !== "table-cell")
            .map((one) => `a cell is laid out otherwise: ${one.className || one.innerText}`)"""
    )
    return found[:1]
