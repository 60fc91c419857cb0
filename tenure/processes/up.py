"""The whole product on one machine: database, schema, web and worker, until told to stop."""

import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tenure.processes import ports
from tenure.processes.child import Child
from tenure.processes.claim import claimed, refuse_demo
from tenure.processes.supervisor import Say, Supervisor, running

READY_SECONDS = 120.0
# A proxy meant for the outside world must not stand between us and our own web.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
DATABASE_VARIABLES = ("TENURE_DATABASE_URL", "TENURE_DATABASE_URL_FILE")


@dataclass(frozen=True, slots=True)
class Place:
    """Where one deployment runs: its folder, the address its web listens on, its environment."""

    home: Path
    host: str
    port: int
    environment: Mapping[str, str]
    logs: Path | None = None

    @property
    def address(self) -> str:
        host = "localhost" if self.host in ("0.0.0.0", "::", "127.0.0.1") else self.host  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    def log_of(self, name: str) -> Path | None:
        return self.logs / f"{name}.log" if self.logs else None


def up(home: Path, *, bind: str, say: Say, ready: Callable[[str], None]) -> None:
    """Run everything until SIGINT, SIGTERM or SIGHUP; returns when all of it has ended.

    ``ready`` hears the address once the first page answers.

    Raises TenureError when the folder is taken or a demo's, the port is not free, or the database
    or the schema cannot be brought up.
    """
    host, port = ports.parse(bind)
    refuse_demo(home)
    with claimed(home, by="tenure up"):
        ports.require_free(host, port)
        with running(say) as supervisor:
            environment = with_database(supervisor, home, os.environ)
            place = Place(home, host, port, environment)
            migrate(supervisor, place)
            start_web(supervisor, place)
            start_worker(supervisor, place)
            wait_for_first_page(supervisor, place)
            ready(place.address)
            supervisor.tend_forever()


def with_database(
    supervisor: Supervisor, home: Path, environment: Mapping[str, str]
) -> dict[str, str]:
    """The environment for the children, naming a database that runs: the operator's or our own."""
    known = {**environment, "TENURE_HOME": str(home)}
    if not any(known.get(name) for name in DATABASE_VARIABLES):
        known["TENURE_DATABASE_URL"] = supervisor.start_database(home)
    return known


def tenure(*words: str) -> list[str]:
    """A command of ours as a program to start; ``-P`` keeps the current folder out of imports."""
    return [sys.executable, "-P", "-m", "tenure", *words]


def migrate(supervisor: Supervisor, place: Place) -> None:
    """Bring the schema up to date."""
    command = tenure("migrate")
    log = place.home / "logs" / "migrate.log"
    supervisor.run_once("Bringing the schema up to date", command, place.environment, log)


def start_web(supervisor: Supervisor, place: Place) -> None:
    """Start the pages."""
    serve = tenure("serve", "--bind", f"{place.host}:{place.port}")
    supervisor.start(Child("web", serve, place.environment, place.log_of("web")))


def start_worker(supervisor: Supervisor, place: Place) -> None:
    """Start the background jobs."""
    supervisor.start(Child("worker", tenure("worker"), place.environment, place.log_of("worker")))


def wait_for_first_page(supervisor: Supervisor, place: Place) -> None:
    """Until the web answers; raises TemporaryError when it does not come up."""
    supervisor.tend_until(
        lambda: answers(place.address), seconds=READY_SECONDS, waiting_for="The first page"
    )


def answers(address: str) -> bool:
    """True when the web gives any answer but a server error."""
    try:
        with _direct.open(f"{address}/", timeout=2) as answer:
            return bool(answer.status < 500)
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False
