"""Secrets stay secret, and open only where they were sealed."""

import base64
import json
import os

import pytest

from tenure.core.errors import ConfigurationError
from tenure.core.secrets import KeyRing, Secret


def ring(*names: str) -> KeyRing:
    """A ring with fresh random keys of these names."""
    return KeyRing({name: os.urandom(32) for name in names})


def test_a_secret_never_shows_itself() -> None:
    secret = Secret("canary-0123456789")
    assert "canary" not in f"{secret} {secret!r} {[secret]}"
    assert secret.last4() == "6789"


def test_a_short_secret_shows_not_even_its_end() -> None:
    assert Secret("abcd").last4() == ""


def test_what_was_sealed_opens_in_its_own_context() -> None:
    keys = ring("k1")
    sealed = keys.seal(Secret("key"), context="site a")
    assert keys.open(sealed, context="site a").reveal() == "key"
    assert "key" not in sealed


def test_a_ciphertext_moved_to_another_row_does_not_open() -> None:
    keys = ring("k1")
    sealed = keys.seal(Secret("key"), context="site a")
    with pytest.raises(ConfigurationError, match="belongs to another record"):
        keys.open(sealed, context="site b")


def test_a_new_key_seals_and_the_old_one_still_opens() -> None:
    old = ring("k1")
    sealed = old.seal(Secret("key"), context="c")
    both = KeyRing({**old.keys, "k2": os.urandom(32)})
    assert both.open(sealed, context="c").reveal() == "key"
    assert both.seal(Secret("key"), context="c").startswith("v1.k2.")


def test_a_lost_key_is_named() -> None:
    sealed = ring("k1").seal(Secret("key"), context="c")
    with pytest.raises(ConfigurationError, match="sealed with key k1"):
        ring("k2").open(sealed, context="c")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"k": "short"}', json.dumps({"a.b": base64.b64encode(b"x" * 32).decode()})],
)
def test_an_unusable_ring_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        KeyRing.from_json(text)


def test_a_fresh_ring_reads_back() -> None:
    assert KeyRing.from_json(KeyRing.fresh_json()).keys
