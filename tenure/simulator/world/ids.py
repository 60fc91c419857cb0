"""Identifiers in Recurly's forms, derived from a name so that every rebuild gives the same ones."""

from dataclasses import dataclass
from hashlib import blake2b
from uuid import UUID

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
PAIRS = [a + b for a in DIGITS for b in DIGITS]
FLOOR = 36**11


@dataclass(frozen=True, slots=True)
class Identity:
    """One object's internal id (base 36, 12 characters) and its 32-digit hexadecimal uuid."""

    id: str
    uuid: str


def base36(number: int) -> str:
    """Twelve base-36 digits of a number below 36**12."""
    text = ""
    for _ in range(6):
        number, pair = divmod(number, 1296)
        text = PAIRS[pair] + text
    return text


def identity(*path: object) -> Identity:
    """The identity of whatever the path names, for example ``(seed, site, "invoice", account, 3)``."""
    digest = blake2b("/".join(map(str, path)).encode(), digest_size=24).digest()
    number = FLOOR + int.from_bytes(digest[:8]) % (35 * FLOOR)
    return Identity(base36(number), digest[8:].hex())


def tenant_uuid(*path: object) -> str:
    """A dashed uuid, the form in which some customers of the business know themselves."""
    return str(UUID(bytes=blake2b("/".join(map(str, path)).encode(), digest_size=16).digest()))
