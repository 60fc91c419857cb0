"""Text a database cannot hold, or that is no text at all: found, put aside or repaired."""

import re
from collections.abc import Sequence

BOM = b"\xef\xbb\xbf"
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
_ESCAPE = re.compile(rb"(?<!\\)((?:\\\\)*)((?:\\u[0-9a-fA-F]{4})+)")
_UNIT = 6  # the length of one \uXXXX


def without_nul(text: bytes) -> tuple[bytes, int]:
    """JSON with each escaped NUL character replaced by U+FFFD, and how many there were."""
    if b"\\u0000" not in text:
        return text, 0
    return _NUL.subn(rb"\1\\ufffd", text)


def is_utf8(text: bytes) -> bool:
    """Whether the bytes are strict UTF-8."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def mended(text: bytes) -> tuple[bytes, Sequence[int]]:
    """JSON of the same length that decodes, and the places where it did not: bytes that are no
    UTF-8 become question marks, lone halves of surrogate pairs U+FFFD."""
    clean = bytearray(text)
    places = []
    at = 0
    while True:
        try:
            clean[at:].decode()
            break
        except UnicodeDecodeError as error:
            start, end = at + error.start, at + error.end
            clean[start:end] = b"?" * (end - start)
            places.append(start)
            at = end
    for found in _ESCAPE.finditer(bytes(clean)):
        for start in _lone(found.group(2)):
            place = found.start(2) + start
            clean[place : place + _UNIT] = b"\\ufffd"
            places.append(place)
    return bytes(clean), sorted(places)


def _lone(escapes: bytes) -> list[int]:
    """Where in a row of escapes a surrogate stands without its other half."""
    units = [int(escapes[i + 2 : i + _UNIT], 16) for i in range(0, len(escapes), _UNIT)]
    lone, at = [], 0
    while at < len(units):
        high = 0xD800 <= units[at] < 0xDC00
        if high and at + 1 < len(units) and 0xDC00 <= units[at + 1] < 0xE000:
            at += 2
            continue
        if 0xD800 <= units[at] < 0xE000:
            lone.append(at * _UNIT)
        at += 1
    return lone
