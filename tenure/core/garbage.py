"""Python's search for garbage, made seldom where much is made that stays.

What a page or a chunk of accounts is read into is let go of by itself at its end. Searching it every
seven hundred objects, and now and then all that was ever loaded beside it, took a third of the time that
accounts are measured in.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

# How much must be new before what is young, then what is older, is looked through.
SELDOM = (50_000, 20, 50)

_lock = Lock()
_inside: list[tuple[int, int, int]] = []  # what held before, once for each block that has not ended


@contextmanager
def searched_seldom() -> Iterator[None]:
    """Search seldom for garbage within the block. The process's blocks may overlap: the last to end
    lets it be searched as before."""
    with _lock:
        _inside.append(_inside[0] if _inside else gc.get_threshold())
        gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        with _lock:
            before = _inside.pop()
            if not _inside:
                gc.set_threshold(*before)
