"""Whatever a cell holds, no spreadsheet runs it, and it comes back as it was."""

import csv
import io
import sys
import unicodedata
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core import csvs

HOSTILE = st.text(
    st.one_of(st.sampled_from("=+-@\t\r\n\0'\" ,;＝＋－＠\u00a0\ufeff\u200b\x0b\x85[]"), st.characters(codec="utf-8"))
)  # fmt: skip


def is_run(text: str) -> bool:
    """Whether a careless spreadsheet would take the cell for a formula: said in other words than
    the product says it."""
    if text[:1] in ("\t", "\r", "\n", "\0"):
        return True
    seen = text.lstrip().lstrip("\u200b\ufeff").lstrip()
    return bool(seen) and unicodedata.normalize("NFKC", seen[0])[:1] in ("=", "+", "-", "@")


@given(HOSTILE)
def test_no_text_is_run(text: str) -> None:
    assert not is_run(csvs.cell(text))


@given(HOSTILE)
def test_a_text_comes_back_as_it_was(text: str) -> None:
    assert csvs.plain(csvs.safe(text)) == text


@given(st.lists(st.lists(HOSTILE, min_size=2, max_size=4), max_size=4))
def test_a_file_comes_back_as_it_was(rows: list[list[str]]) -> None:
    file = io.StringIO("".join(csvs.lines(rows)), newline="")
    assert [[csvs.plain(cell) for cell in row] for row in csv.reader(file)] == rows


@given(st.lists(st.text(st.sampled_from("a=,;[]\"' \n'é"), min_size=1), min_size=1, max_size=4))
def test_a_list_comes_back_whole_when_it_needs_writing_out(found: list[str]) -> None:
    text = csvs.plain(csvs.cell(found))
    again = csvs.items(text)
    assert (again if again is not None else text.split("; ")) == found


def test_every_character_unicode_counts_as_a_beginning_is_one() -> None:
    every = (chr(n) for n in range(sys.maxunicode + 1) if not 0xD800 <= n <= 0xDFFF)
    looks = {c for c in every if unicodedata.normalize("NFKC", c)[:1] in ("=", "+", "-", "@")}
    assert looks <= set(csvs.STARTS)


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\0=1", "＝1", "  =1", "\u00a0=1", "'=1", " \t1"],
)  # fmt: skip
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert csvs.cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "acme", "a=b", "O'Hara", "'quoted'", "1-2", "a@b.example"])
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert csvs.cell(text) == text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (-5, "-5"),
        (Decimal("-1250.50"), "-1250.50"),
        (Decimal("1E+3"), "1000"),
        (True, "yes"),
        (date(2026, 3, 31), "2026-03-31"),
        (["a", "b"], "a; b"),
        (["=a", "b"], "'=a; b"),
        (["a, b"], '["a, b"]'),
    ],
)
def test_other_values_are_plain(value: object, shown: str) -> None:
    assert csvs.cell(value) == shown


def test_a_marked_file_begins_with_the_mark_of_its_encoding() -> None:
    assert "".join(csvs.lines([["a", "b"]], marked=True)) == "\ufeffa,b\r\n"
