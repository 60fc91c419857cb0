"""How deep JSON is nested, without decoding it."""

import re

_BRACKETS = b'{}[]"\\'
_REST = bytes(set(range(256)) - set(_BRACKETS))
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_PAIR = re.compile(rb"\{\}|\[\]")


def is_deeper_than(text: bytes, most: int) -> bool:
    """Whether objects and lists stand more than ``most`` inside one another. Broken JSON may be either."""
    bare = text.translate(None, _REST)
    # Most strings hold neither bracket nor backslash and are now two quotes. What is left of any
    # other is an unpaired quote, and then the strings are taken out with care.
    bare = bare.replace(b'""', b"")
    if b'"' in bare or b"\\" in bare:
        bare = _STRING.sub(b"", text).translate(None, _REST)
    for _ in range(most):
        if not bare:
            return False
        bare, replaced = _PAIR.subn(b"", bare)
        if not replaced:
            break
    return bool(bare)
