"""What several objects share: exact amounts, bounded numbers, embedded summaries, kept JSON."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct

from tenure.sources.records import NOTHING, AccountExtras, SubscriptionExtras

# A time without its zone would be read in the database's own; upstream always names UTC.
Time = Annotated[datetime, Meta(tz=True)]
Int = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
Small = Annotated[int, Meta(ge=-(2**15), le=2**15 - 1)]
Id = Annotated[str, Meta(min_length=1)]

# Far beyond any amount of money; an exponent of a million would fill the memory as a number.
LARGEST = 24

# For more than this at once the hash lets other threads go first, and is handed its turn back up to
# five milliseconds later: a page takes longer to wait for than to digest while others are written.
PIECE = 2047

_encode = msgspec.json.Encoder().encode


class Mini(Struct, gc=False):
    """An object embedded by its id in another; only the id is believed (FACTS section 5)."""

    id: Id


class Named(Struct, gc=False):
    """A plan embedded in a subscription."""

    id: str | None = None
    code: str | None = None
    name: str | None = None


class CustomField(Struct, gc=False):
    """One custom field of an object; the value is text, whatever comes."""

    name: str
    value: Raw = NOTHING


def digest(payload: bytes) -> bytes:
    """What decides whether a record changed."""
    made = blake2b(payload[:PIECE], digest_size=16)
    for start in range(PIECE, len(payload), PIECE):
        made.update(payload[start : start + PIECE])
    return made.digest()


def exact(amount: Decimal | None) -> Decimal | None:
    """The amount itself. Raises ValueError for one that is no number or absurdly large or small."""
    if amount is None or (-LARGEST <= amount.adjusted() <= LARGEST and amount.is_finite()):
        return amount
    raise ValueError(f"{amount} is no amount of money")


def by_name(fields: Sequence[CustomField] | None) -> bytes:
    """Custom fields as a JSON object of name and value; those without a value are left out."""
    if not fields:
        return b"{}"
    return _encode({field.name: field.value for field in fields if bytes(field.value) != b"null"})


def kept(extras: AccountExtras | SubscriptionExtras) -> bytes:
    """What a record has besides, as JSON."""
    return _encode(extras)


def listed(raw: Raw, name: str) -> bytes:
    """A JSON list as it came, ``[]`` for none. Raises ValueError for anything else."""
    text = bytes(raw)
    if text == b"null":
        return b"[]"
    if text[:1] != b"[":
        raise ValueError(f"{name} is not a list")
    return text


def mapped(raw: Raw, name: str) -> bytes | None:
    """A JSON object as it came, None for none. Raises ValueError for anything else."""
    text = bytes(raw)
    if text == b"null":
        return None
    if text[:1] != b"{":
        raise ValueError(f"{name} is not an object")
    return text


def folded(raw: Raw, name: str) -> Raw:
    """A JSON object as it came, left out when there is none. Raises ValueError for anything else."""
    return raw if raw is NOTHING or mapped(raw, name) else NOTHING


def id_of(mini: Mini | None) -> str | None:
    """The id of an embedded object, if it is there."""
    return mini.id if mini else None


def text_of(value: str | int | None) -> str | None:
    """A number or text as text (FACTS section 12); None for none and for an empty one."""
    return str(value) if value not in (None, "") else None
