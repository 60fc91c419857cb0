"""Blanking what must never be kept: tokens that log in or charge, and digits of cards and accounts."""

import re
from decimal import Decimal
from typing import Any

import msgspec

NAMES = (
    "account_number",
    "account_reference",
    "action_result",
    "billing_agreement_id",
    "cvv",
    "first_six",
    "gateway_response_values",
    "gateway_token",
    "hosted_login_token",
    "iban",
    "last_four",
    "last_two",
    "next_action",
    "reference",
    "routing_number",
    "three_d_secure_action_token_id",
    "token",
    "token_id",
)
_STRING = rb'"(?:[^"\\]|\\.)*+"'
_NAMED = b'"(?:' + b"|".join(re.escape(name.encode()) for name in NAMES) + rb')"\s*:\s*'
# A quote inside a string is always escaped, so a name between two bare quotes, followed by a colon,
# is a property and never part of somebody's text.
_SECRET = re.compile(b"(" + _NAMED + b")(?:" + _STRING + rb"|[^\s\"{}\[\],]++)", re.DOTALL)
_STRUCTURED = re.compile(_NAMED + rb"[{\[]")
# An encoder may write any character of a name as an escape; none does, but then a name hides.
_ESCAPED_NAME = re.compile(rb'\\u00[0-7][0-9a-fA-F](?:[^"\\]|\\.)*+"\s*:', re.DOTALL)

_exactly = msgspec.json.Decoder(float_hook=Decimal)
_as_number = msgspec.json.Encoder(decimal_format="number")


def scrub(text: bytes) -> bytes:
    """The JSON with every value of such a name replaced by null; the rest byte for byte.

    Raises msgspec.DecodeError when the JSON is broken and hides names that cannot be read.
    """
    if _STRUCTURED.search(text) or _ESCAPED_NAME.search(text):
        return _as_number.encode(_blanked(_exactly.decode(text)))
    return _SECRET.sub(rb"\1null", text)


def _blanked(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: None if k in NAMES else _blanked(v) for k, v in value.items()}
    return [_blanked(item) for item in value] if isinstance(value, list) else value
