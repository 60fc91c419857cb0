"""The values of one candidate in temporary tables, read as identifiers.

They are gathered in one pass, a row for each value. Plain ASCII without blanks around it is its own
identifier, and is folded by the database; the rest, usually little, is read through ``forms.py`` and
copied back. So one definition rules, and no server's own Unicode tables matter.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db.backends.utils import CursorWrapper

from tenure.identity.report import forms
from tenure.identity.report.places import Place
from tenure.identity.resolve import LONGEST

# What Python's str.strip takes for a blank among ASCII.
BLANKS = r"E' \t\n\x0b\f\r\x1c\x1d\x1e\x1f'"
ASCII = "octet_length(v) = char_length(v)"
# What begins with anything up to a blank, or ends with it, is read by ``forms.py``.
_PLAIN = (
    f"({ASCII} AND octet_length(v) <= {LONGEST} AND v >= '!'"
    " AND get_byte(convert_to(v, 'UTF8'), octet_length(v) - 1) > 32)"
)
_TEMPORARY = "report_told, report_other, report_fold, report_way, report_split, report_payer, report_picked, report_behind"
_TEXT = 'text COLLATE "C"'


@dataclass(frozen=True, slots=True)
class Gathered:
    """One candidate's values. ``report_told`` has a row for each: ``v``, its ``n`` records, the first
    and last site ``s1`` and ``s2``, the first and last payer ``p1`` and ``p2``. ``beyond`` says whether any is beyond ASCII, ``mapped`` whether any
    was not written as its identifier: ``report_other`` has these, ``report_way`` the ways to write."""

    cursor: CursorWrapper
    place: Place
    beyond: bool
    mapped: bool
    too_long: int

    def one(self, statement: str) -> tuple[int, ...]:
        """The only row of a statement of sums and counts; an empty sum is 0."""
        self.cursor.execute(statement, {"name": self.place.name})
        return tuple(int(value or 0) for value in self.cursor.fetchone())

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """All rows of a statement."""
        self.cursor.execute(statement, {"name": self.place.name})
        return list(self.cursor.fetchall())

    @property
    def ambiguous(self) -> str:
        """True of a value whose row does not tell how many payers of which site say it. Two records of
        two sites or payers are clear, and so is any number of one site's when each is a payer's own."""
        return "(n > 2 AND s1 <> s2)" if self.place.is_own else "(n > 2 AND (s1 <> s2 OR p1 <> p2))"

    @property
    def collides(self) -> str:
        """True of a value that is not ambiguous and said by several payers of one site."""
        return "(n > 1 AND s1 = s2)" if self.place.is_own else "(n = 2 AND s1 = s2 AND p1 <> p2)"

    @property
    def read(self) -> str:
        """The place's relation with the identifier as ``v``; without what gives none."""
        if not self.mapped:
            return f"(SELECT id, site, payer, raw COLLATE \"C\" AS v FROM {self.place.gathered} r WHERE raw <> '')"
        return (
            "(SELECT r.id, r.site, r.payer, CASE WHEN o.raw IS NULL THEN r.raw ELSE o.v END AS v"
            f" FROM (SELECT id, site, payer, raw COLLATE \"C\" AS raw FROM {self.place.gathered} p WHERE raw <> '') r"
            " LEFT JOIN report_other o ON o.raw = r.raw WHERE o.raw IS NULL OR o.v IS NOT NULL)"
        )


@contextmanager
def gathered(cursor: CursorWrapper, place: Place) -> Iterator[Gathered]:
    """The candidate's values for the length of a block, in the caller's transaction."""
    cursor.execute(f"DROP TABLE IF EXISTS {_TEMPORARY}")
    cursor.execute(
        f"CREATE TEMP TABLE report_told AS SELECT v, count(*)::int AS n, min(site) AS s1, max(site) AS s2,"
        ' min(payer) AS p1, max(payer) AS p2 FROM (SELECT site, payer, raw COLLATE "C" AS v'
        f" FROM {place.gathered} r WHERE raw <> '') told GROUP BY v",
        {"name": place.name},
    )
    cursor.execute(f"SELECT v FROM report_told WHERE NOT {_PLAIN}")
    odd = {raw: forms.identifier(raw) for (raw,) in cursor.fetchall()}
    beyond = _fold(cursor, {v for v in odd.values() if v and not v.isascii()})
    others = {raw: v for raw, v in odd.items() if raw != v}
    long = _map(cursor, others) if others else 0
    yield Gathered(cursor, place, beyond, bool(others), long)
    cursor.execute(f"DROP TABLE IF EXISTS {_TEMPORARY}")


def _fold(cursor: CursorWrapper, beyond: Iterable[str]) -> bool:
    """Beside every identifier beyond ASCII, what it folds to; whether there is any."""
    rows = [(v, *(fold(v) for fold in forms.NEAR.values())) for v in beyond]
    if rows:
        folds = ", ".join(f'"{kind}" {_TEXT}' for kind in forms.NEAR)
        cursor.execute(f"CREATE TEMP TABLE report_fold (v {_TEXT}, {folds})")
        _copy(cursor, "report_fold", rows)
    return bool(rows)


def _map(cursor: CursorWrapper, others: "dict[str, str | None]") -> int:
    """Put what is written differently under its identifier; how many records say too much to have one."""
    ways = ", ".join(f'"{way}" {_TEXT}' for way in forms.SAME)
    cursor.execute(
        f"CREATE TEMP TABLE report_other (raw {_TEXT}, v {_TEXT}, too_long bool, {ways})"
    )
    rows = [
        (raw, v, v is None and forms.is_too_long(raw), *(way(raw) for way in forms.SAME.values()))
        for raw, v in others.items()
    ]
    _copy(cursor, "report_other", rows)
    cursor.execute(
        "SELECT coalesce(sum(n), 0) FROM report_told t JOIN report_other o ON o.raw = t.v WHERE o.too_long"
    )
    long = int(cursor.fetchone()[0])
    written = ", ".join(f'o."{way}"' for way in forms.SAME)
    itself = ", ".join(f't.v AS "{way}"' for way in forms.SAME)
    cursor.execute(
        f"CREATE TEMP TABLE report_way AS SELECT t.*, {itself} FROM report_told t"
        " WHERE v IN (SELECT v FROM report_other) AND v NOT IN (SELECT raw FROM report_other)"
        f" UNION ALL SELECT {_columns(cursor, 'o.v')}, {written} FROM report_told t JOIN report_other o ON o.raw = t.v"
        " WHERE o.v IS NOT NULL"
    )
    cursor.execute(
        "DELETE FROM report_told WHERE v IN (SELECT raw FROM report_other UNION SELECT v FROM report_other)"
    )
    cursor.execute(f"INSERT INTO report_told SELECT {_merged(cursor)} FROM report_way GROUP BY v")
    return long


def _names(cursor: CursorWrapper) -> list[str]:
    cursor.execute("SELECT * FROM report_told LIMIT 0")
    return [column.name for column in cursor.description]


def _columns(cursor: CursorWrapper, value: str) -> str:
    return ", ".join(value if name == "v" else f"t.{name}" for name in _names(cursor))


def _merged(cursor: CursorWrapper) -> str:
    how = {
        "v": "v",
        "n": "sum(n)",
        "s1": "min(s1)",
        "s2": "max(s2)",
        "p1": "min(p1)",
        "p2": "max(p2)",
    }
    return ", ".join(how[name] for name in _names(cursor))


_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": None})
_AT_ONCE = 20_000


def _copy(cursor: CursorWrapper, table: str, rows: Sequence[Sequence[str | bool | None]]) -> None:
    """All rows in large pieces of text: there may be a value for every account."""
    with cursor.copy(f"COPY {table} FROM STDIN") as copy:
        for start in range(0, len(rows), _AT_ONCE):
            copy.write("".join(f"{_line(row)}\n" for row in rows[start : start + _AT_ONCE]))
    cursor.execute(f"ANALYZE {table}")


def _line(row: Sequence[str | bool | None]) -> str:
    return "\t".join(
        "\\N" if cell is None else cell.translate(_ESCAPED) if isinstance(cell, str) else "ft"[cell]
        for cell in row
    )
