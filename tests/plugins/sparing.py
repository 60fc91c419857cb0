"""What a run of the tests need not do: compile again, look through what stays, and wait with a core idle."""

import gc
import os
import sys
from collections.abc import Generator

import pytest

from tenure.core.garbage import SELDOM


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Keep what was compiled, even where Python is told not to: dozens of programs load the same."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """One process more than there are cores: now and then one waits, for a page or a program."""
    cores = yield
    return cores if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else cores + 1


def pytest_collection_finish() -> None:
    """Leave everything that is loaded by now out of every search for garbage: modules and tests stay to
    the end, and what a test leaves behind seldom fills a megabyte."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)
