"""The guide cannot go stale: its examples are those that are run, and its quotes are the code's words."""

import json
import re
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
GUIDE = ROOT / "docs" / "guide"
PAGES = sorted((GUIDE / "metrics").glob("*.md"))
EXAMPLE = re.compile(r"^\| `([\w-]+)` \| (.+) \| `([^`]+)` \| (.+) \|$", re.MULTILINE)
QUOTE = re.compile(r"((?:^> .*\n)+)\nQuoted from `([^`]+)`", re.MULTILINE)
VECTORS = {
    vector["id"]: vector
    for name in ("golden.json", "worked.json")
    for vector in json.loads((HERE / name).read_text())["vectors"]
}


def pages(page: Path) -> str:
    return page.stem


@pytest.mark.parametrize("page", PAGES, ids=pages)
def test_every_result_in_the_guide_is_what_its_example_expects(page: Path) -> None:
    found = EXAMPLE.findall(page.read_text())
    assert found, "a page without a worked example"
    wrong = [
        (name, figure, result)
        for name, _, figure, result in found
        if not same(expected(VECTORS[name], figure), result)
    ]
    assert not wrong


@pytest.mark.parametrize("page", PAGES, ids=pages)
def test_every_quote_in_the_guide_is_the_code_s_own_words(page: Path) -> None:
    found = QUOTE.findall(page.read_text())
    assert found, "a page without a definition"
    for quote, source in found:
        words = " ".join(quote.replace("\n> ", " ").removeprefix("> ").split())
        assert words in " ".join((ROOT / source).read_text().split()), words


def test_the_index_names_every_page_and_no_other() -> None:
    linked = re.findall(r"\]\(metrics/([\w-]+)\.md\)", (GUIDE / "metrics.md").read_text())
    assert set(linked) == {page.stem for page in PAGES}


def test_links_between_pages_of_the_guide_lead_somewhere() -> None:
    for page in (GUIDE / "metrics.md", *PAGES):
        for target in re.findall(r"\]\(([^)#:]+\.md)", page.read_text()):
            assert (page.parent / target).exists(), (page.name, target)


def expected(vector: dict[str, Any], figure: str) -> Any:
    """What an example expects of a figure; a currency and a date may stand in its path."""
    value: Any = vector["expected"]
    for part in figure.split("."):
        assert part in value, (vector["id"], figure)
        value = value[part]
    return value


def same(value: Any, shown: str) -> bool:
    """Whether the guide shows the value, numbers rounded to the decimals it shows."""
    if value is None:
        return shown == "unknown"
    try:
        number = Decimal(shown.replace("−", "-"))
        return round(Decimal(str(value)), -int(number.as_tuple().exponent)) == number
    except InvalidOperation:
        return str(value) == shown
