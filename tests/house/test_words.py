"""The vendor is named in one place only, so that a second billing source changes nothing else."""

import ast
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "tenure"
# The vendor's own package and the line that registers it; its stand-in and the demo played on it;
# and the settings, whose variable names are promised to operators.
MAY_NAME_IT = ("sources/recurly", "sources/registry.py", "simulator", "demo", "config")
LONGEST = 600


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def may_name_it(path: Path) -> bool:
    place = path.relative_to(PACKAGE).as_posix()
    return any(place == allowed or place.startswith(f"{allowed}/") for allowed in MAY_NAME_IT)


def docstrings(path: Path) -> set[int]:
    """The lines on which the docstrings of a file begin."""
    lines = set()
    for node in ast.walk(ast.parse(path.read_text())):
        documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        if isinstance(node, documented) and ast.get_docstring(node, clean=False):
            lines.add(node.body[0].lineno)
    return lines


def mentions(path: Path) -> Iterator[str]:
    """Names and texts of the code (not its comments and docstrings) that name the vendor."""
    prose = docstrings(path)
    with tokenize.open(path) as file:
        for token in tokenize.generate_tokens(file.readline):
            code = token.type in (tokenize.NAME, tokenize.STRING)
            if code and token.start[0] not in prose and "recurly" in token.string.lower():
                yield f"{path.relative_to(ROOT)}:{token.start[0]}: {token.string}"


def test_code_outside_its_places_does_not_name_the_vendor() -> None:
    found = [said for path in sources() if not may_name_it(path) for said in mentions(path)]
    assert not found, "take the label from the source instead:\n" + "\n".join(found)


def test_pages_do_not_name_the_vendor() -> None:
    pages = [path for kind in ("html", "js", "css", "svg") for path in PACKAGE.rglob(f"*.{kind}")]
    found = [str(path.relative_to(ROOT)) for path in pages if "recurly" in path.read_text().lower()]
    assert not found, f"take the label from the source instead: {found}"


@pytest.mark.parametrize("folder", ["tenure", "tests"])
def test_no_file_has_outgrown_its_subject(folder: str) -> None:
    paths = (path for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts)
    long = {
        str(p.relative_to(ROOT)): n
        for p in paths
        if (n := len(p.read_text().splitlines())) > LONGEST
    }
    assert not long, f"look for the second subject in {long}"


def test_every_module_says_what_it_is_about() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in sources()
        if "migrations" not in path.parts
        and (text := path.read_text()).strip()
        and not ast.get_docstring(ast.parse(text))
    ]
    assert not silent
