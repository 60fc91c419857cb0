"""Keeping secrets: a redacting wrapper, and AES-GCM encryption under a ring of named keys."""

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tenure.core.errors import ConfigurationError

NONCE_BYTES = 12
KEY_BYTES = 32


class Secret:
    """Text that must not leak: printing, formatting or logging it shows only stars."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself; call it only where the bytes leave for their one destination."""
        return self._text

    def last4(self) -> str:
        """The last four characters, or nothing when that would show a third of a short secret."""
        return self._text[-4:] if len(self._text) >= 12 else ""

    def __repr__(self) -> str:
        return "Secret(****)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


@dataclass(frozen=True, repr=False)
class KeyRing:
    """Encryption keys by id, newest last. New text is sealed with the newest; any opens its own.

    A sealed text reads ``v1.<key id>.<base64 of nonce and ciphertext>``. ``context`` (the site and
    the field) is authenticated with it, so a ciphertext moved to another row does not open.
    """

    keys: Mapping[str, bytes]

    @classmethod
    def from_json(cls, text: str) -> "KeyRing":
        """From ``{"id": "base64 of 32 bytes", …}``. Raises ConfigurationError when it is not that."""
        try:
            keys = {str(k): base64.b64decode(v, validate=True) for k, v in json.loads(text).items()}
        except (ValueError, AttributeError, TypeError) as error:
            raise ConfigurationError(
                "The key ring is not a JSON map of key id to base64.",
                next_step="Restore TENURE_KEYRING from your backup; stored API keys need it.",
            ) from error
        if not keys or any(len(key) != KEY_BYTES or "." in name for name, key in keys.items()):
            raise ConfigurationError(
                f"The key ring needs at least one key, each of {KEY_BYTES} bytes, with no dot in its id.",
                next_step="Restore TENURE_KEYRING from your backup; stored API keys need it.",
            )
        return cls(keys)

    @staticmethod
    def fresh_json() -> str:
        """A new ring with one random key, in the form ``from_json`` reads."""
        return json.dumps({"k1": base64.b64encode(os.urandom(KEY_BYTES)).decode()})

    def seal(self, secret: Secret, *, context: str) -> str:
        """Encrypt for storage under the newest key, bound to ``context``."""
        name = list(self.keys)[-1]
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(self.keys[name]).encrypt(nonce, secret.reveal().encode(), context.encode())
        return f"v1.{name}.{base64.b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, *, context: str) -> Secret:
        """Decrypt. Raises ConfigurationError when the key is not in the ring or the text was moved."""
        version, _, rest = sealed.partition(".")
        name, _, body = rest.partition(".")
        if version != "v1" or name not in self.keys:
            raise ConfigurationError(
                f"A stored secret was sealed with key {name or '?'}, which the key ring does not hold.",
                next_step="Put that key back into TENURE_KEYRING, or enter the secret again.",
            )
        raw = base64.b64decode(body)
        try:
            plain = AESGCM(self.keys[name]).decrypt(
                raw[:NONCE_BYTES], raw[NONCE_BYTES:], context.encode()
            )
        except InvalidTag as error:
            raise ConfigurationError(
                "A stored secret does not open: it was altered, or belongs to another record.",
                next_step="Enter the secret again.",
            ) from error
        return Secret(plain.decode())
