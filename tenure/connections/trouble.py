"""Which trouble an error is, as one word: for scripts that act on it and pages that draw it."""

from enum import StrEnum

from tenure.connections.keymap import KeyMapRefused
from tenure.connections.proof import KeyOfAnotherRegion, KeyOfAnotherSite
from tenure.core.errors import TenureError
from tenure.sources.base import (
    FeatureMissing,
    KeyRefused,
    KeyRevoked,
    NotReached,
    RateLimited,
    StreamUnavailable,
    Untrusted,
)


class Trouble(StrEnum):
    """What may be wrong with a key, its site or the way there."""

    WRONG_KEY = "wrong_key"
    REVOKED = "revoked"
    OTHER_SITE = "key_of_another_site"
    OTHER_REGION = "wrong_region"
    NOT_AUTHORISED = "not_authorised"
    NOT_OFFERED = "not_offered"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    RATE_LIMITED = "rate_limited"
    MALFORMED_MAP = "malformed_map"
    OTHER = "other"


# The more exact kinds come before those they are kinds of.
_KINDS: tuple[tuple[type[TenureError], Trouble], ...] = (
    (KeyRevoked, Trouble.REVOKED),
    (KeyRefused, Trouble.WRONG_KEY),
    (KeyOfAnotherSite, Trouble.OTHER_SITE),
    (KeyOfAnotherRegion, Trouble.OTHER_REGION),
    (FeatureMissing, Trouble.NOT_OFFERED),
    (StreamUnavailable, Trouble.NOT_AUTHORISED),
    (Untrusted, Trouble.TLS),
    (NotReached, Trouble.UNREACHABLE),
    (RateLimited, Trouble.RATE_LIMITED),
    (KeyMapRefused, Trouble.MALFORMED_MAP),
)


def kind_of(error: TenureError) -> Trouble:
    """The trouble's word; ``other`` for what none of them says."""
    return next((word for kind, word in _KINDS if isinstance(error, kind)), Trouble.OTHER)
