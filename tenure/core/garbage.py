"""Python's search for garbage, made seldom where much is made that stays."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# How much must be new before what is young, then what is older, is looked through.
SELDOM = (50_000, 20, 50)


@contextmanager
def searched_seldom() -> Iterator[None]:
    """Search seldom for garbage within the block."""
    before = gc.get_threshold()
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
