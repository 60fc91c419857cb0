"""CSV that no spreadsheet runs as a program: the one place where a value becomes a cell.

A text that a spreadsheet would take for a formula gets an apostrophe in front (RELIABILITY T8), and
loses it again when the file comes back. Real numbers stay numbers, negative ones included.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

BYTE_ORDER_MARK = "\ufeff"  # tells a spreadsheet that a file is UTF-8
# What begins a formula, with every character that Unicode calls a form of one of them.
STARTS = "=+-@" + "＝＋－＠﹦﹢﹣﹫⁼⁺⁻₌₊₋−﬩⩵⩶"
_INVISIBLE = r"\s\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\u2800\u3164"
_CONTROL = r"\x00-\x1f\x7f-\x9f"
# Own apostrophes are looked past, so that a text that has one already comes back as it was.
_RISKY = re.compile(rf"'*(?:[{_INVISIBLE}]*[{re.escape(STARTS)}]|[ ]*[{_CONTROL}])")


def cell(value: Any) -> str:
    """The text of a cell: a text made safe, numbers and dates plain, a list's items with ``; ``
    between them, nothing for None."""
    match value:
        case None:
            return ""
        case str():
            return safe(value)
        case bool():
            return "yes" if value else "no"
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case int() | float():
            return str(value)
        case list() | tuple():
            return safe(_joined([str(item) for item in value]))
    return safe(str(value))


def safe(text: str) -> str:
    """The text with an apostrophe in front where a spreadsheet would run it."""
    return f"'{text}" if _RISKY.match(text) else text


def plain(text: str) -> str:
    """A cell's text as it was before ``safe``; other texts stay as they are."""
    return text[1:] if text.startswith("'") and _RISKY.match(text[1:]) else text


def items(text: str) -> list[str] | None:
    """The items of a list that ``cell`` wrote; None where it is not one of the written-out kind."""
    if not text.startswith("["):
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    is_list = isinstance(found, list) and all(isinstance(item, str) for item in found)
    return found if is_list else None


def lines(rows: Iterable[Sequence[Any]], *, marked: bool = False) -> Iterator[str]:
    """The rows as lines of CSV (RFC 4180), each as soon as its row is there. ``marked`` begins with
    a byte order mark, without which a spreadsheet takes the file for one of its own alphabet."""
    writer = csv.writer(_Echo())
    if marked:
        yield BYTE_ORDER_MARK
    for row in rows:
        yield writer.writerow([cell(value) for value in row])


class _Echo:
    """A file that hands each line back to whoever wrote it."""

    def write(self, line: str) -> str:
        return line


def _joined(found: list[str]) -> str:
    # Items that hold a separator themselves are written so that they come back whole.
    if any(re.search(r"[,;\n\[\"]", item) or item != item.strip() for item in found):
        return json.dumps(found, ensure_ascii=False)
    return "; ".join(found)
