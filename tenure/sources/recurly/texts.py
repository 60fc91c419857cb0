"""Text a database cannot hold, or that is no text at all: found, put aside or repaired."""

import re
from collections.abc import Iterator, Sequence

BOM = b"\xef\xbb\xbf"
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
_ESCAPE = re.compile(rb"(?<!\\)((?:\\\\)*)((?:\\u[0-9a-fA-F]{4})+)")
MOST_PLACES = 10_000
PIECE = 4_096
_UNIT = 6  # the length of one \uXXXX


def without_nul(text: bytes) -> tuple[bytes, int]:
    """JSON with each escaped NUL character replaced by U+FFFD, and how many there were."""
    if b"\\" not in text or b"\\u0000" not in text:
        return text, 0
    return _NUL.subn(rb"\1\\ufffd", text)


def is_utf8(text: bytes) -> bool:
    """Whether the bytes are strict UTF-8."""
    try:
        text.isascii() or text.decode()
    except UnicodeDecodeError:
        return False
    return True


def mended(text: bytes) -> tuple[bytes, Sequence[int]]:
    """JSON of the same length that decodes, and the places where it did not: bytes that are no
    UTF-8 become question marks, lone halves of surrogate pairs U+FFFD.

    Raises ValueError for what is so full of them that it was never text.
    """
    clean = bytearray(text)
    places = []
    for start, end in _no_text(text):
        clean[start:end] = b"?" * (end - start)
        places.append(start)
        if len(places) > MOST_PLACES:
            raise ValueError("this is no text")
    for found in _ESCAPE.finditer(bytes(clean)):
        for start in _lone(found.group(2)):
            place = found.start(2) + start
            clean[place : place + _UNIT] = b"\\ufffd"
            places.append(place)
    return bytes(clean), sorted(places)


def _no_text(text: bytes) -> Iterator[tuple[int, int]]:
    """Where bytes that are no UTF-8 begin and end. In pieces, because every error copies its input."""
    at = 0
    while at < len(text):
        end = at + PIECE
        while end < len(text) and text[end] & 0xC0 == 0x80 and end > at + PIECE - 4:
            end -= 1  # not within a character
        try:
            text[at:end].decode()
            at = end
        except UnicodeDecodeError as error:
            yield at + error.start, at + error.end
            at += error.end


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
