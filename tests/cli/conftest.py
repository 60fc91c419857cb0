"""The real command as a program, with a home and a database of its own and a simulated upstream."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from tenure.simulator.server import Served, running_in_thread
from tenure.simulator.world import SiteSpec, build
from tests.cli.loaded import Loaded
from tests.plugins.emptying import Beginning, the_beginning
from tests.plugins.postgres import own_database

ROOT = Path(__file__).resolve().parents[2]
BORN = datetime(2025, 9, 1, 8, 0, tzinfo=UTC)
TODAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
US = SiteSpec("northwind-us", "a-key-of-the-us-site-0001", "us", share=0.5)
EU = SiteSpec("northwind-eu", "a-key-of-the-eu-site-0002", "eu", share=0.3)
OTHER = SiteSpec("southwind-us", "a-key-of-the-other-site-3", "us", share=0.2)
Load = Callable[[Mapping[str, str]], Loaded]


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on standard output; anything more is an error."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Program:
    """``tenure`` with an environment; call it with words and what it finds on standard input.

    Where a process that has loaded it stands ready, commands are forked from it, unless they are
    given ``more`` in their environment, which is read while loading.
    """

    environment: Mapping[str, str]
    loaded: Loaded | None = None

    def __call__(self, *words: str, stdin: str = "", timeout: float = 90, **more: str) -> Done:
        if self.loaded and not more:
            return Done(*self.loaded.run(words, stdin, timeout))
        done = subprocess.run(
            self.command(*words),
            input=stdin,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """The command, running on; the test stops it, with Ctrl-C too: whoever started the tests in the
        background made them, and so their programs, deaf to it."""
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        return subprocess.Popen(
            self.command(*words),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-P", "-m", "tenure", *words]


def clean_environment(home: Path, **more: str) -> dict[str, str]:
    """This process's environment with no setting of ours but these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TENURE_")}
    for name in ("DJANGO_SETTINGS_MODULE", "PYTEST_CURRENT_TEST"):
        kept.pop(name, None)
    return {**kept, "TENURE_HOME": str(home), "PYTHONPATH": str(ROOT), **more}


@pytest.fixture(scope="module")
def upstream() -> Iterator[Served]:
    """Three small sites on loopback, two in the US."""
    world = build([US, EU, OTHER], seed=3, accounts=30, start=BORN, until=TODAY)
    with running_in_thread(world) as served:
        yield served


@pytest.fixture(scope="module")
def busy_upstream() -> Iterator[Served]:
    """One site with three pages of invoices."""
    world = build([US], seed=3, accounts=60, start=BORN, until=TODAY)
    with running_in_thread(world) as served:
        yield served


@pytest.fixture(scope="session")
def programs_database(django_db_blocker: DjangoDbBlocker) -> Iterator[Beginning]:
    """A migrated database beside the one that the tests themselves use."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with (
        own_database(f"tenure_cli_{worker}", blocker=django_db_blocker) as url,
        the_beginning(url) as beginning,
    ):
        yield beginning


@pytest.fixture
def database(programs_database: Beginning) -> Iterator[str]:
    """A migrated database that only this test uses."""
    yield programs_database.url
    programs_database.begin_anew()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the commands of a file keep their secrets; their databases are each test's own."""
    return tmp_path_factory.mktemp("tenure") / "home"


@pytest.fixture(scope="module")
def load() -> Iterator[Load]:
    """Gives the process that has loaded Tenure in an environment; one for all tests of a file."""
    standing: dict[str, Loaded] = {}

    def give(environment: Mapping[str, str]) -> Loaded:
        key = json.dumps(environment, sort_keys=True)
        if key not in standing or standing[key].has_ended:
            standing[key] = Loaded(environment)
        return standing[key]

    yield give
    for one in standing.values():
        one.end()


@pytest.fixture
def tenure(database: str, upstream: Served, home: Path, load: Load) -> Program:
    """The command on a migrated database beside the simulated upstream."""
    return program(database, upstream, home, load)


def program(database: str, upstream: Served, home: Path, load: Load) -> Program:
    """The command on a database beside an upstream."""
    environment = clean_environment(
        home,
        TENURE_DATABASE_URL=database,
        TENURE_RECURLY_US_URL=upstream.us,
        TENURE_RECURLY_EU_URL=upstream.eu,
    )
    return Program(environment, load(environment))


@dataclass(frozen=True, slots=True)
class Held:
    """The command beside an upstream that stops answering in the middle of a run."""

    tenure: Program
    upstream: Served

    def let_go(self) -> None:
        """Answer everything, what waits for an answer too."""
        self.upstream.call(lambda simulator: simulator.faults.clear())


@pytest.fixture
def held(database: str, busy_upstream: Served, home: Path, load: Load) -> Iterator[Held]:
    """The first page of invoices is answered, and no other until it is let go."""
    pages = {"path": "/invoices", "method": "GET"}
    busy_upstream.call(lambda s: s.faults.add({"match": pages, "from": 2, "fault": "hold"}))
    made = Held(program(database, busy_upstream, home, load), busy_upstream)
    yield made
    made.let_go()


@pytest.fixture
def bare(tmp_path: Path) -> Program:
    """The command with a home and nothing else: no database was ever made."""
    return Program(clean_environment(tmp_path / "home"))
