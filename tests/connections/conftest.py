"""A vendor in memory in the place of the real ones."""

import pytest
from pytest_django import Settings

from tenure.sources import registry
from tests.connections.vendor import Vendor


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Vendor:
    """Two sites in the US, one in the EU; their keys are ``key-of-`` and the name."""
    settings.TENURE_RECURLY_URLS = {"us": "https://us.example", "eu": "https://eu.example"}
    made = Vendor(
        {
            ("us", "key-of-northwind-us"): "northwind-us",
            ("us", "key-of-southwind-us"): "southwind-us",
            ("eu", "key-of-northwind-eu"): "northwind-eu",
        }
    )
    monkeypatch.setattr(registry, "source", lambda _: made)
    return made
