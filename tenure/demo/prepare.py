"""What the demo sets up inside the database: a member, two sites, a first sync. A program of its own.

Writes its progress to a small file for the program that shows it, and is content with whatever an
earlier start already did.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import django
from django.conf import settings

from tenure.core.errors import TenureError
from tenure.core.secrets import Secret
from tenure.demo.folder import Demo, load
from tenure.simulator.world import DEMO_SITES

SOURCE = "recurly"
SCHEDULE = "every 20 seconds"
TICK = 0.15
# How long figures may lag behind a finished first sync before the demo goes on without them.
FIGURES_SECONDS = 60


def main(home: Path, progress: Path) -> None:
    """Set the demo of this folder up, reporting into ``progress``."""
    demo = load(home)
    if demo is None:
        raise SystemExit(f"{home} holds no demo.")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tenure.config.settings")
    django.setup()
    try:
        # Models can be imported only now that Django is set up.
        from tenure.demo.business import Business  # noqa: PLC0415

        _set_up(demo, Business(settings.TENURE_CLOCK), progress)
    except TenureError as error:
        raise SystemExit(str(error)) from error


def _set_up(demo: Demo, business: Any, progress: Path) -> None:
    business.have_member(demo.email, Secret(demo.password))
    for spec in DEMO_SITES:
        business.have_site(SOURCE, spec.subdomain, spec.region, Secret(spec.key), SCHEDULE)
    business.have_rates()
    if not business.is_loaded():
        _wait_for_first_sync(business, progress)
    business.have_habits(demo.email)
    ending = {"sights": business.sights(), "troubles": business.troubles()}
    report(progress, {"runs": business.progress(), **ending})


def _wait_for_first_sync(business: Any, progress: Path) -> None:
    while not business.is_loaded():
        report(progress, {"runs": business.progress()})
        time.sleep(TICK)
    limit = time.monotonic() + FIGURES_SECONDS
    while not business.has_figures() and time.monotonic() < limit:
        report(progress, {"runs": business.progress(), "measuring": True})
        time.sleep(TICK)


def report(path: Path, document: dict[str, Any]) -> None:
    """Put the document where the demo looks; a reader never sees half of it."""
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(document))
    partial.replace(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
