"""A newcomer with a subdomain and a key: from *Add Recurly* to the accounts list in a real browser,
on the demo's data, with the time it takes to read what each page newly says."""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Locator, Page, sync_playwright

from tenure.core.clock import SystemClock
from tenure.demo.folder import LIFE, SCALES
from tenure.processes import ports
from tenure.simulator.server import running_in_thread
from tenure.simulator.world import DEMO_SITES, build

WORDS_A_MINUTE = 240
MOST_STEPS, MOST_SECONDS = 10, 180
PATIENCE = 120_000
EMAIL, PASSWORD = "newcomer@tenure.example", "a-password-of-the-newcomer"
STEPS = ("test", "sample", "identifier", "map", "mode", "dry-run", "progress", "done")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# What a person sees: no text for screen readers, no closed part, of a list only what is chosen.
SEEN = """() => {
  const out = [], walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT,
    n => n.nodeType === 3 ? NodeFilter.FILTER_ACCEPT
      : n.matches("script, style, svg, option, .hush, [hidden], [aria-hidden=true]") || !n.checkVisibility() ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_SKIP);
  while (walk.nextNode()) { const told = walk.currentNode.data.trim(); if (told) out.push(told); }
  for (const one of document.querySelectorAll("main select")) if (one.checkVisibility()) out.push(one.selectedOptions[0]?.text ?? "");
  return out;
}"""


@dataclass(slots=True)
class Walk:
    """Somebody on the way: what they pressed, what they read, and how long each page took."""

    page: Page
    pictures: Path | None
    loud: bool = False
    reads: bool = True
    pressed: int = 0
    read: set[str] = field(default_factory=set)
    rows: list[tuple[str, int, float]] = field(default_factory=list)
    since: float = field(default_factory=time.monotonic)

    def look(self, name: str) -> None:
        """Read what this page newly says; the time since the page before is this one's wait."""
        now = time.monotonic()
        told = [one for one in dict.fromkeys(self.page.evaluate(SEEN)) if one not in self.read]
        self.read.update(told)
        words = sum(len(re.findall(r"\w[\w'’.,-]*", one)) for one in told)
        self.rows.append((name, words, now - self.since))
        if self.loud:
            print(f"{name}: {' | '.join(told)}\n")
        if self.pictures:
            self.page.screenshot(path=self.pictures / f"{name}.png", full_page=True)
        if self.reads:  # as long as a person is there, so that what goes on meanwhile goes on
            time.sleep(words / WORDS_A_MINUTE * 60)
        self.since = time.monotonic()

    def press(self, what: Locator) -> None:
        """One step."""
        self.pressed += 1
        what.click()

    @property
    def seconds(self) -> float:
        """Everything together: waiting, and reading at an unhurried pace."""
        words = sum(words for _, words, _ in self.rows)
        return sum(waited for *_, waited in self.rows) + words / WORDS_A_MINUTE * 60


def walk(
    page: Page, subdomain: str, key: str, pictures: Path | None, *, loud: bool, reads: bool
) -> Walk:
    """From *Add Recurly* to the accounts, taking what each step offers first."""
    page.goto("/settings/integrations/")
    one = Walk(page, pictures, loud, reads)
    one.press(page.get_by_role("link", name="Add Recurly").first)
    page.wait_for_url("**/set-up/*")
    one.look("connect")
    page.get_by_label("Site", exact=True).fill(subdomain)
    page.get_by_label("API Key", exact=True).fill(key)
    one.press(page.get_by_role("button", name="Check"))
    for step in STEPS:
        page.wait_for_url(f"**/{step}/", timeout=PATIENCE)
        offered = page.locator(".acts .primary").first
        offered.wait_for(timeout=PATIENCE)
        one.look(step)
        one.press(offered)
    page.wait_for_url("**/accounts/")
    page.locator("#accounts-table tbody tr").first.wait_for()
    one.rows.append(("accounts", 0, time.monotonic() - one.since))
    return one


@contextmanager
def fresh_deployment(us: str, eu: str) -> Iterator[str]:
    """The address of a whole Tenure that nobody has set up yet, with one administrator."""
    port = ports.any_free("127.0.0.1")
    with tempfile.TemporaryDirectory(prefix="tenure-newcomer-") as home:
        kept = {name: v for name, v in os.environ.items() if not name.startswith("TENURE_")}
        kept |= {"TENURE_HOME": home, "TENURE_RECURLY_US_URL": us, "TENURE_RECURLY_EU_URL": eu}
        tenure = [sys.executable, "-P", "-m", "tenure"]
        with (
            Path(home, "up.log").open("w") as log,
            subprocess.Popen(
                [*tenure, "up", "--bind", f"127.0.0.1:{port}", "--json"],
                env=kept,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            ) as up,
        ):
            try:
                told = up.stdout.readline() if up.stdout else ""
                if not told:
                    raise SystemExit(Path(home, "up.log").read_text())
                who = ["member", "add", EMAIL, "--role", "administrator", "--password-stdin"]
                subprocess.run(
                    [*tenure, *who], env=kept, input=PASSWORD, text=True, check=True, stdout=log
                )
                yield json.loads(told)["address"]
            finally:
                up.terminate()
                up.wait(timeout=60)


def main(words: Sequence[str]) -> int:
    """Time one newcomer; 1 when it took more steps or longer than is promised."""
    asked = argparse.ArgumentParser(prog="./run bench newcomer", description=__doc__)
    asked.add_argument("--scale", choices=list(SCALES), default="small", help="as of the demo")
    asked.add_argument("--width", type=int, default=1440)
    asked.add_argument("--scheme", choices=["light", "dark"], default="light")
    asked.add_argument("--pictures", type=Path, help="folder for a picture of every step")
    asked.add_argument("--words", action="store_true", help="also print what is read on each page")
    asked.add_argument("--skim", action="store_true", help="do not stay on a page to read it")
    chosen = asked.parse_args(words)
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        raise SystemExit("No browser was found on PATH; install one (Debian: chromium).")
    if chosen.pictures:
        chosen.pictures.mkdir(parents=True, exist_ok=True)
    today = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    world = build(DEMO_SITES, accounts=SCALES[chosen.scale], start=today - LIFE, until=today)
    with (
        running_in_thread(world, clock=SystemClock()) as served,
        fresh_deployment(served.us, served.eu) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(
            base_url=address,
            viewport={"width": chosen.width, "height": 900},
            color_scheme=chosen.scheme,
        )
        page.goto("/login/")
        page.get_by_label("E-mail").fill(EMAIL)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/accounts/")
        site = DEMO_SITES[0]
        done = walk(
            page,
            site.subdomain,
            site.key,
            chosen.pictures,
            loud=chosen.words,
            reads=not chosen.skim,
        )
        browser.close()
    return _told(done)


def _told(done: Walk) -> int:
    print("| page | new words | waited |\n|---|---|---|")
    for name, words, waited in done.rows:
        print(f"| {name} | {words} | {waited:.1f} s |")
    words, waited = sum(w for _, w, _ in done.rows), sum(s for *_, s in done.rows)
    print(
        f"\n{done.pressed} steps, {waited:.1f} s of waiting and {words:,} words"
        f" ({words / WORDS_A_MINUTE * 60:.0f} s at {WORDS_A_MINUTE} a minute): {done.seconds:.0f} s"
        f" of at most {MOST_SECONDS}."
    )
    return 0 if done.pressed <= MOST_STEPS and done.seconds <= MOST_SECONDS else 1
