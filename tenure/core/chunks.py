"""Many things, some at a time."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def chunks(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of ``size`` of them in their order, the last one shorter; read no further than asked for."""
    left = iter(things)
    while some := list(islice(left, size)):
        yield some
