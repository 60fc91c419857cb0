"""What a run of the tests need not do: compile again, and look through what stays."""

import gc
import os
import sys

import pytest

# Modules and tests stay to the end; what a test leaves behind seldom fills a megabyte.
THRESHOLDS = (50_000, 20, 50)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Keep what was compiled, even where Python is told not to: dozens of programs load the same."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def pytest_collection_finish() -> None:
    """Leave everything that is loaded by now out of every collection of garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
