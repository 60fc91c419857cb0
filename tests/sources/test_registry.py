"""The registry of sources, and what the code of a source may not contain."""

import ast
from pathlib import Path

import pytest

from tenure.core.errors import ConfigurationError
from tenure.sources import registry
from tenure.sources.base import LISTED, Stream

SOURCES = Path(registry.__file__).parent
WRITING = {"POST", "PUT", "PATCH", "DELETE", "post", "put", "patch", "delete"}


def test_the_default_source_is_registered_under_its_own_key() -> None:
    assert registry.source(registry.DEFAULT).key == registry.DEFAULT


def test_an_unknown_source_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match=registry.DEFAULT):
        registry.source("chargebeast")


@pytest.mark.parametrize("path", sorted(SOURCES.rglob("*.py")), ids=lambda path: path.name)
def test_no_source_has_a_word_for_writing(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant):
            assert node.value not in WRITING
        if isinstance(node, ast.Attribute):
            assert node.attr not in WRITING


def test_every_stream_of_a_source_can_be_asked_for() -> None:
    assert set(registry.source(registry.DEFAULT).streams) == set(LISTED)


def test_records_are_linked_to_the_vendors_own_pages() -> None:
    url = registry.source("recurly").record_url
    assert url("acme", Stream.ACCOUNTS, "a b/c") == "https://acme.recurly.com/accounts/a%20b%2Fc"
    assert url("acme", Stream.SUBSCRIPTIONS, "u1") == "https://acme.recurly.com/subscriptions/u1"
    assert url("acme", Stream.INVOICES, "FR1") == "https://acme.recurly.com/invoices/FR1"
    assert url("acme", Stream.PLANS, "gold") is None
    assert url("acme", Stream.INVOICES, "") is None
