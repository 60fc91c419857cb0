"""Fixtures every test may use: a database of its own process, through the embedded server."""

import os
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
from django.test import TransactionTestCase
from pytest_django.plugin import DjangoDbBlocker
from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]

from tests.plugins.emptying import the_beginning
from tests.plugins.postgres import connected_to, own_database

# How long an example takes says something about the machine, never about the code.
hypothesis.settings.register_profile("tenure", deadline=None)
hypothesis.settings.load_profile("tenure")


@pytest.fixture(scope="session")
def database_url(django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The address of this test process's own migrated database."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with own_database(f"tenure_test_{worker}", blocker=django_db_blocker) as url:
        yield url


@pytest.fixture(scope="session")
def django_db_setup(database_url: str, django_test_environment: None) -> Iterator[None]:
    """pytest-django's own, replaced: the database is a clone, and programs a test starts get it too."""
    with (
        the_beginning(database_url) as beginning,
        pytest.MonkeyPatch.context() as patch,
        connected_to(database_url),
    ):
        patch.setenv("TENURE_DATABASE_URL", database_url)
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: beginning.restore())
        yield


@pytest.fixture(scope="session", autouse=True)
def _static_files_found_once() -> Iterator[None]:
    """Every test client loads the middleware anew, which looks each static file up on the disk; where
    they lie does not change meanwhile."""
    found: dict[str, Any] = {}
    look = WhiteNoiseMiddleware.add_files_from_finders

    def once(self: WhiteNoiseMiddleware) -> None:
        if not found:
            look(self)
            found.update(self.files)
        self.files.update(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", once)
        yield
