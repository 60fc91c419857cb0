"""A throwaway PostgreSQL for the tests: one server a run, one database for each test process.

Settings are read while pytest starts, so the address must be known before any conftest. It is:
the embedded server's address follows from its folder. The server itself starts with the first
test that asks for a database, and each process clones its database from one migrated template.
"""

import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from pytest_django.plugin import DjangoDbBlocker

from tenure.cli.additions import migrate
from tenure.core.locks import alone
from tenure.embedded import Server, attach, postmaster, url_of

ROOT = "TENURE_TEST_ROOT"
PREFIX = "tenure-test-"
TEMPLATE = "tenure_template"


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Point this process and its children at a fresh folder before anything reads settings."""
    if ROOT not in os.environ:
        _sweep_leftovers()
        root = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
        for name in [n for n in os.environ if n.startswith("TENURE_")]:
            if not name.startswith(("TENURE_REQUIRE_", "TENURE_TEST_")):
                del os.environ[name]
        (root / "home" / "static").mkdir(
            parents=True
        )  # where nothing was collected, files are found
        os.environ[ROOT] = str(root)
        early_config.add_cleanup(lambda: _remove(root))
    os.environ["TENURE_HOME"] = str(_root() / "home")
    os.environ["TENURE_DATABASE_URL"] = url_of(_root() / "server")
    return (yield)


@contextmanager
def own_database(name: str, *, blocker: DjangoDbBlocker) -> Iterator[str]:
    """The address of an empty, migrated database of this process; gone after the block."""
    with _server() as server:
        with blocker.unblock():
            _have_template(server)
        _administer(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        _administer(server, "CREATE DATABASE {} TEMPLATE {}", name, TEMPLATE)
        yield server.url(name)
        _administer(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


@contextmanager
def _server() -> Iterator[Server]:
    server = attach(_root() / "server", durable=False)
    try:
        yield server
    finally:
        server.leave()


def _have_template(server: Server) -> None:
    """Migrate the template once a run, whichever process comes first."""
    made = _root() / "template-made"
    with alone(_root() / "template.lock"):
        if made.exists():
            return
        _administer(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", TEMPLATE)
        _administer(server, "CREATE DATABASE {}", TEMPLATE)
        _migrate(server.url(TEMPLATE))
        made.touch()


def _migrate(url: str) -> None:
    with connected_to(url):
        migrate()


@contextmanager
def connected_to(url: str) -> Iterator[None]:
    """Let Django's default connection use this address for the length of a block."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = conninfo_to_dict(url)["dbname"]
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def _administer(server: Server, statement: str, *names: str) -> None:
    identifiers = (sql.Identifier(name) for name in names)
    with psycopg.connect(server.url("postgres"), autocommit=True) as session:
        session.execute(sql.SQL(statement).format(*identifiers))


def _root() -> Path:
    return Path(os.environ[ROOT])


def _remove(root: Path) -> None:
    """Stop what still runs there and delete it all."""
    if postmaster.of(root / "server" / "postgres" / "data"):
        attach(root / "server", durable=False).leave()
    shutil.rmtree(root, ignore_errors=True)
    if os.environ.get(ROOT) == str(root):
        del os.environ[ROOT]


def _sweep_leftovers() -> None:
    """Clear away what killed test runs of ours left behind."""
    for root in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        pid = root.name.removeprefix(PREFIX).partition("-")[0]
        with suppress(OSError, ValueError):
            if root.stat().st_uid == os.geteuid() and not _runs(int(pid)):
                _remove(root)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
