"""The story of ``tenure demo``, from an empty folder to a page that lives."""

import hashlib
import json
import os
import sys
import time
import webbrowser
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg

from tenure.core.clock import FastClock
from tenure.core.errors import ConfigurationError
from tenure.demo import days, folder
from tenure.demo.folder import Demo
from tenure.demo.showing import Show
from tenure.processes import ports
from tenure.processes.child import Child
from tenure.processes.claim import CLOCK, claimed, is_demo, refuse_real
from tenure.processes.supervisor import Supervisor, running
from tenure.processes.up import (
    DATABASE_VARIABLES,
    Place,
    migrate,
    start_web,
    start_worker,
    wait_for_first_page,
    with_database,
)

HOST = "127.0.0.1"
PORT = 8000
# The clock stands while everything starts, so that the first sync does not chase the days.
FIRST_STAND, LATER_STAND = timedelta(seconds=25), timedelta(seconds=6)


def demo(home: Path, *, port: int | None, scale: str | None, browser: bool, show: Show) -> None:
    """Run the demo of this folder until it is told to stop.

    Raises TenureError when the folder is taken or holds a real deployment, when the port is not
    free, or when something does not start.
    """
    refuse_real(home)
    with claimed(home, by="tenure demo"):
        chosen = _chosen_port(port, show)
        this = _opened(home, scale, show)
        clock = _clock(home, this)
        with running(show.say) as supervisor:
            try:
                place = _start(supervisor, home, this, chosen, show)
                sights = _prepare(supervisor, place, show)
                wait_for_first_page(supervisor, place)
                show.ready(this, place.address, sights)
                if browser:
                    _open_browser(place.address)
                if this.ready:
                    _start_worker(supervisor, this, place)
                _live(supervisor, home, clock, show)
            finally:
                days.stand_still(home, clock)


def _chosen_port(port: int | None, show: Show) -> int:
    if port is not None:
        ports.require_free(HOST, port)
        return port
    chosen = ports.first_free(HOST, PORT)
    if chosen != PORT:
        show.say(f"Port {PORT} is taken by another program; using {chosen}. --port chooses one.")
    return chosen


def _opened(home: Path, scale: str | None, show: Show) -> Demo:
    """The demo of the folder with this start's addresses, marked as one before anything else."""
    found = folder.load(home)
    if found and scale and scale != found.scale:
        show.say(f"This demo was made {found.scale}; remove {home} to begin a {scale} one.")
    this = found or folder.begin(scale or "small")
    _refuse_foreign_database(this, known=is_demo(home))
    us, eu = ports.any_free(HOST), ports.any_free(HOST)
    this = replace(
        this,
        urls={"us": f"http://{HOST}:{us}", "eu": f"http://{HOST}:{eu}"},
        database=_database_mark(),
    )
    this.save(home)
    return this


def _clock(home: Path, this: Demo) -> FastClock:
    stand = LATER_STAND if this.ready else FIRST_STAND
    clock = days.resume(home, this.first_day, real=datetime.now(UTC), standing_for=stand)
    clock.save(home / CLOCK)
    return clock


def _start(supervisor: Supervisor, home: Path, this: Demo, port: int, show: Show) -> Place:
    show.say("Starting the database and a simulated Recurly.")
    environment = with_database(supervisor, home, os.environ)
    place = Place(home, HOST, port, environment, logs=home / "logs")
    upstream = [sys.executable, "-P", "-m", "tenure.demo.upstream", str(home)]
    supervisor.start(Child("simulated Recurly", upstream, environment, place.log_of("upstream")))
    # Asking Django whether a schema is current takes longer than all the rest of a second start.
    schema = _schema_mark()
    if this.schema != schema:
        migrate(supervisor, place)
        replace(this, schema=schema).save(home)
    start_web(supervisor, place)
    if not this.ready:
        # Sites are added by asking them who they are. Later starts find them added.
        _start_worker(supervisor, this, place)
    return place


def _start_worker(supervisor: Supervisor, this: Demo, place: Place) -> None:
    """Start the worker once there is somebody for it to ask."""
    supervisor.tend_until(
        lambda: _listens(this.urls["us"]), seconds=600, waiting_for="The simulated Recurly"
    )
    start_worker(supervisor, place)


def _prepare(supervisor: Supervisor, place: Place, show: Show) -> list[dict[str, str]]:
    """Member, sites and first sync, shown as they come; what to look at first."""
    progress = place.home / "demo-progress.json"
    progress.unlink(missing_ok=True)
    command = [sys.executable, "-P", "-m", "tenure.demo.prepare", str(place.home), str(progress)]
    log = place.home / "logs" / "prepare.log"

    def look() -> None:
        show.sync(_read(progress).get("runs", []))

    supervisor.run_once("Setting the demo up", command, place.environment, log, meanwhile=look)
    look()
    show.synced()
    for trouble in _read(progress).get("troubles", []):
        show.say(trouble)
    this = folder.load(place.home)
    if this and not this.ready:
        replace(this, ready=True).save(place.home)
    sights: list[dict[str, str]] = _read(progress).get("sights", [])
    return sights


def _live(supervisor: Supervisor, home: Path, clock: FastClock, show: Show) -> None:
    """Keep everything running while the days pass, and say so when the last one has."""
    renewed, over = time.monotonic(), False
    while True:
        supervisor.tend()
        time.sleep(0.1)
        if time.monotonic() - renewed > days.RENEWED_EVERY:
            renewed = time.monotonic()
            days.renew(home, clock)
            if days.is_over(clock) and not over:
                over = True
                show.say(
                    "The demo's year has passed: its clock stands still now, the pages stay. "
                    f"Remove {home} to begin again."
                )


def _refuse_foreign_database(this: Demo, *, known: bool) -> None:
    """Raise ConfigurationError when the operator's database already holds somebody's deployment."""
    url = os.environ.get("TENURE_DATABASE_URL")
    if not url or (known and this.database == _database_mark()):
        return
    with psycopg.connect(url, connect_timeout=10) as session:
        row = session.execute("SELECT to_regclass('access_member')").fetchone()
    if row and row[0]:
        raise ConfigurationError(
            "The database of TENURE_DATABASE_URL already holds a deployment, and a demo would mix "
            "its made-up customers in.",
            next_step="Unset the variable, or name an empty database.",
        )


def _database_mark() -> str:
    named = "".join(os.environ.get(name, "") for name in DATABASE_VARIABLES)
    return hashlib.sha256(named.encode()).hexdigest()[:16] if named else "embedded"


def _schema_mark() -> str:
    """Changes when any migration does, ours or a library's."""
    package = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for path in sorted(package.glob("*/migrations/*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    for name in ("django", "django-allauth", "procrastinate"):
        digest.update(version(name).encode())
    return digest.hexdigest()[:16]


def _listens(url: str) -> bool:
    host, port = ports.parse(url.removeprefix("http://"))
    return ports.answers(host, port)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        document: Mapping[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return document


def _open_browser(address: str) -> None:
    """Show the address where there is a screen to show it on; a text browser would take the terminal."""
    if sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        webbrowser.open(address)
