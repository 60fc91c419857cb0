"""The name of a site, as people paste it."""

import pytest

from tenure.connections import subdomains
from tenure.core.errors import ConfigurationError


@pytest.mark.parametrize(
    "text",
    ["acme", " Acme ", "https://acme.example.com/", "acme.example.com", '"acme"',
     "HTTP://ACME.example.com/go?x=1", "acme.eu.example.com:443"],
)  # fmt: skip
def test_the_subdomain_is_found_in_what_people_paste(text: str) -> None:
    assert subdomains.tidy(text) == "acme"


@pytest.mark.parametrize(
    "text", ["", "  ", "-acme", "acme!", "ac me", "ä", "a" * 64, "https://", "https://["]
)
def test_what_holds_no_subdomain_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is not the subdomain of a site"):
        subdomains.tidy(text)


def test_something_like_a_key_is_not_repeated() -> None:
    key = "0123456789ABCDEF0123456789abcdef="
    with pytest.raises(ConfigurationError) as caught:
        subdomains.tidy(key)
    assert key not in str(caught.value)
