"""What every object of this folder's ``objects`` says of itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from msgspec import json

from tenure.sources.base import Stream
from tenure.sources.records import Record


@dataclass(frozen=True)
class Rest:
    """Nested records of which a long list is cut short: where the whole list is read, below the
    record's own address. ``complete`` takes the record and the JSON of all of them."""

    path: str
    is_cut: Callable[[Any], bool]
    complete: Callable[[Any, list[bytes]], Record]


@dataclass(frozen=True)
class Kind:
    """One of Recurly's objects: where it is listed, its form there, and its neutral record.

    ``to_record`` takes the struct and its own JSON; it raises ValueError, with a sentence's worth
    of reason, for one that makes no sense. ``volatile`` are the filters under which records are
    listed whose state time alone may change. ``has_ids`` is whether the list takes ``ids``.
    """

    stream: Stream
    path: str
    decoder: "json.Decoder[Any]"
    to_record: Callable[[Any, bytes], Record]
    volatile: tuple[tuple[str, str], ...] = ()
    has_ids: bool = True
    rest: Rest | None = None
