"""The lock files install the same thing everywhere, and nothing that was not looked at."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("requirements.lock", "requirements-dev.lock")


def pins(name: str) -> dict[str, str]:
    """The packages of a lock with their versions."""
    lines = (ROOT / name).read_text().splitlines()
    found = (re.match(r"([a-z0-9._-]+)==(\S+)", line) for line in lines)
    return {match[1]: match[2] for match in found if match}


@pytest.mark.parametrize("name", NAMES)
def test_every_package_has_its_hashes(name: str) -> None:
    blocks = re.split(r"\n(?=[a-z0-9])", (ROOT / name).read_text())
    without = [b.split("==")[0] for b in blocks if "==" in b and "--hash=sha256:" not in b]
    assert not without


@pytest.mark.parametrize("name", NAMES)
def test_no_address_of_a_registry_is_written_down(name: str) -> None:
    assert "://" not in (ROOT / name).read_text()


def test_development_uses_exactly_the_versions_of_the_product() -> None:
    product, development = (pins(name) for name in NAMES)
    assert product.items() <= development.items()
