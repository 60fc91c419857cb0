"""Files of every alphabet and separator become the same rows, however they are cut in parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core import csvs
from tenure.customers.exchange.reading import (
    LONGEST_CELL,
    Form,
    Unusable,
    delimiter_of,
    encoding_of,
    lines,
)

TEXT = "identifier;name\nA-1;Müller & Söhne\nA-2;Café €\n"


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[i : i + size] for i in range(0, len(data), size)]


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16"), ("cp1252", "cp1252"),
        ("utf-16-le", "utf-16-le"), ("utf-16-be", "utf-16-be"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [7, 1000])
def test_the_alphabet_is_found_out(written: str, found: str, size: int) -> None:
    parts = [TEXT.encode(written)] if size == 1000 else cut(TEXT.encode(written) * 1, 401)
    assert encoding_of(parts) == found
    form = Form(found, ";")
    rows = [line.cells for line in lines(cut(TEXT.encode(written), size), form)]
    assert rows == [["identifier", "name"], ["A-1", "Müller & Söhne"], ["A-2", "Café €"]]


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b\n1,2\n", ","), ("a;b\n1,5;2,5\n3,5;1\n", ";"), ("a\tb\n1\t2\n", "\t"),
        ("a|b|c\n1|2|3\n", "|"), ('"a;x",b\n"1;2",3\n', ","), ("sep=;\na;b\n", ";"),
    ],
)  # fmt: skip
def test_the_separator_is_found_out(text: str, delimiter: str) -> None:
    assert delimiter_of([text.encode()], "utf-8") == delimiter


def test_the_hint_of_a_spreadsheet_is_no_row() -> None:
    found = lines([b"sep=;\na;b\n1;2\n"], Form("utf-8", ";"))
    assert [line.cells for line in found] == [["a", "b"], ["1", "2"]]


def test_empty_rows_are_left_out_and_rows_keep_their_number() -> None:
    found = list(lines([b"a,b\n\n,\n1,2\n"], Form("utf-8", ",")))
    assert [(line.number, line.cells) for line in found] == [(1, ["a", "b"]), (4, ["1", "2"])]


def test_an_open_quotation_mark_is_said_with_its_row() -> None:
    text = "a,b\n1,2\n" + '"' + "x" * (LONGEST_CELL + 10)
    with pytest.raises(Unusable, match="Row 3"):
        list(lines(cut(text.encode(), 1000), Form("utf-8", ",")))


@pytest.mark.parametrize("data", [b"", b"\x81\x8d\x8f text \xff\x00"])
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(Unusable):
        encoding_of([data] if data else [])


ROWS = st.lists(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=2, max_size=3
    ),
    max_size=5,
)


@given(ROWS, st.integers(1, 50))
def test_what_was_exported_comes_in_unchanged(rows: list[list[str]], size: int) -> None:
    data = "".join(csvs.lines(rows, marked=True)).encode()
    kept = [row for row in rows if any(cell.strip() for cell in row)]
    found = [line.cells for line in lines(cut(data, size), Form("utf-8-sig", ","))]
    shown = [row for row in found if any(cell.strip() for cell in row)]
    assert shown[: len(kept)] == kept or any(r and r[0].lower().startswith("sep=") for r in rows)
