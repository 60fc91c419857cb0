"""Editing encoded records: drift and disorder that a real vendor brings without asking."""

from collections.abc import Iterable
from itertools import chain, groupby
from random import Random
from typing import Any

import msgspec

from tenure.simulator.table import encode

_decode = msgspec.json.Decoder(float_hook=lambda text: msgspec.Raw(text.encode())).decode


def edited(raw: bytes, changes: dict[str, Any], drop: list[str], ids: list[str] | None) -> bytes:
    """The record with values set and properties dropped, both by dotted path; numbers stay exact."""
    record = _decode(raw)
    if ids is not None and record.get("id") not in ids:
        return raw
    for path, value in changes.items():
        holder, name = _holder(record, path)
        if holder is not None:
            holder[name] = value
    for path in drop:
        holder, name = _holder(record, path)
        if holder is not None:
            holder.pop(name, None)
    return encode(record)


def shuffled_within(records: Iterable[bytes], field: str, lot: Random) -> tuple[bytes, ...]:
    """The records with runs of one value in a field shuffled."""
    runs = [list(run) for _, run in groupby(records, lambda raw: _decode(raw).get(field))]
    for run in runs:
        lot.shuffle(run)
    return tuple(chain.from_iterable(runs))


def _holder(record: dict[str, Any], path: str) -> tuple[dict[str, Any] | None, str]:
    """The object a dotted path ends in, and the property's name; None when the way is not there."""
    *way, name = path.split(".")
    holder: Any = record
    for step in way:
        holder = holder.get(step) if isinstance(holder, dict) else None
    return (holder if isinstance(holder, dict) else None), name
