"""How deep JSON is nested, without decoding it."""

import re
from array import array
from itertools import accumulate

_REST = bytes(set(range(256)) - set(b'{}[]"'))
_STRING = re.compile(rb'"[^"]*"')
# One step down, one up, none.
_STEPS = bytes({"[": 1, "{": 1, "]": 255, "}": 255}.get(chr(byte), 0) for byte in range(256))


def is_deeper_than(text: bytes, most: int) -> bool:
    """Whether objects and lists stand more than ``most`` inside one another. Broken JSON may be either."""
    if b"\\" in text:
        text = text.replace(rb"\\", b"").replace(rb"\"", b"")
    bare = text.translate(None, _REST)
    # Most strings hold no bracket and are now two quotes. Where those of neighbours meet, the two
    # become one string, which changes nothing of what stands outside of them.
    bare = bare.replace(b'""', b"")
    if b'"' in bare:
        bare = _STRING.sub(b"", bare)
    depths = list(accumulate(array("b", bare.translate(_STEPS))))
    return bool(depths) and (depths[-1] != 0 or max(depths) > most)
