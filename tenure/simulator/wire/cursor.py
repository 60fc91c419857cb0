"""Cursors: where the next page begins, as text nobody is meant to read.

A seek cursor holds the last record's (time, id), so paging survives records that come, go or move.
An offset cursor holds a number of records, so it does not; Recurly does not say which it uses, and a
client must live with both.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

import msgspec

from tenure.simulator.table import Key
from tenure.simulator.wire.refusal import Refused


@dataclass(frozen=True, slots=True)
class Cursor:
    """``after`` for a seek cursor, ``skip`` for an offset one; ``made`` is real time in seconds."""

    sort: str
    descending: bool
    made: float
    after: Key | None = None
    skip: int = 0

    def text(self) -> str:
        """The form that travels: JSON and its checksum in URL-safe base 64."""
        raw = msgspec.json.encode(self)
        return urlsafe_b64encode(raw + _check(raw)).decode().rstrip("=")


def read_cursor(text: str) -> Cursor:
    """The cursor behind the text. Raises Refused (400) for one that was damaged."""
    try:
        packed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        raw, check = packed[:-4], packed[-4:]
        if check != _check(raw) or urlsafe_b64encode(packed).decode().rstrip("=") != text:
            raise damaged_cursor()
        return msgspec.json.decode(raw, type=Cursor)
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        raise damaged_cursor() from None


def damaged_cursor() -> Refused:
    """400, as Recurly answers a cursor it does not understand."""
    return Refused(400, "bad_request", "cursor format is invalid", params=("cursor",))


def expired_cursor() -> Refused:
    """400 for a cursor that used to be good."""
    return Refused(400, "bad_request", "cursor has expired", params=("cursor",))


def _check(raw: bytes) -> bytes:
    return binascii.crc32(raw).to_bytes(4, "big")
