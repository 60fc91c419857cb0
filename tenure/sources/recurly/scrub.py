"""Blanking what must never be kept: tokens that log in or charge, and digits of cards and accounts."""

import re
from decimal import Decimal
from typing import Any

import msgspec

# By the ends of their names, so that a token of a kind not known yet is blanked too. All hold an
# underscore: searching for that first is several times faster than for whole names.
ENDINGS = (
    "_agreement_id",
    "_four",
    "_reference",
    "_references",
    "_response_values",
    "_six",
    "_token",
    "_token_id",
    "_two",
)
NAMES = ("account_number", "action_result", "next_action", "routing_number")

_STRING = rb'"(?:[^"\\]|\\.)*+"'


def _nested(deep: int) -> bytes:
    """An object or list with so many more inside one another."""
    inner = b"|" + _nested(deep - 1) if deep else b""
    return rb'[{\[](?:[^{}\[\]"]++|' + _STRING + inner + rb")*+[}\]]"


# A quote inside a string is always escaped, so a name before a bare quote and a colon is the name of
# a property, never part of somebody's text. Most of them are null already and need no replacing.
_SECRET = re.compile(
    rb"(_(?:agreement_id|four|number(?:(?<=\"account_number)|(?<=\"routing_number))|references?"
    rb"|res(?:ponse_values|ult(?<=\"action_result))|six|action(?<=\"next_action)"
    rb'|t(?:oken(?:_id)?|wo))"\s*:\s*+(?!null))'
    rb"(?:(" + _STRING + rb'|[^\s"{}\[\],]++|' + _nested(2) + rb")|[{\[])",
    re.DOTALL,
)
# An encoder may write any character of a name as an escape; none does, but then a name hides.
_ESCAPED_NAME = re.compile(rb'\\u00[0-7][0-9a-fA-F](?:[^"\\]|\\.)*+"\s*:', re.DOTALL)

_exactly = msgspec.json.Decoder(float_hook=Decimal)
_as_number = msgspec.json.Encoder(decimal_format="number")


class _TooDeep(Exception):
    """A secret's value holds more than the pattern follows."""


def scrub(text: bytes) -> bytes:
    """The JSON with every value of such a name replaced by null; the rest byte for byte.

    Raises msgspec.DecodeError when the JSON is broken and hides names that cannot be read.
    """
    # Looking for a single byte first costs next to nothing, and most pages hold no backslash.
    if b"\\" in text and b"\\u00" in text and _ESCAPED_NAME.search(text):
        return _rewritten(text)
    try:
        return _SECRET.sub(_to_null, text)
    except _TooDeep:
        return _rewritten(text)


def is_secret(name: str) -> bool:
    """Whether the value of a property with this name is blanked."""
    return name in NAMES or name.endswith(ENDINGS)


def _to_null(found: re.Match[bytes]) -> bytes:
    if found[2] is None:
        raise _TooDeep
    return found[1] + b"null"


def _rewritten(text: bytes) -> bytes:
    return _as_number.encode(_blanked(_exactly.decode(text)))


def _blanked(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: None if is_secret(k) else _blanked(v) for k, v in value.items()}
    return [_blanked(item) for item in value] if isinstance(value, list) else value
