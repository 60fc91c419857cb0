"""How a file writes numbers and dates. Pure.

``1.234`` is a thousand and more in one country and little more than one in another, ``03.04.2026``
is two days: where a column can be read in two ways the person who brings it says which.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tenure.customers.convert import Unreadable, plain

ISO = "iso"


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """A way to write numbers: ``thousands`` between groups of three, ``point`` before the decimals."""

    example: str
    thousands: str
    point: str

    def read(self, text: str) -> Decimal:
        """The number a text says in this format. Raises Unreadable."""
        bare = _CURRENCY.sub("", text).strip()
        negative = bare.startswith("(") and bare.endswith(")")
        bare = bare.strip("()").strip().replace("\u2212", "-")
        if len(bare) > 40 or not self._pattern.fullmatch(bare):
            raise Unreadable(f"{text[:60]!r} is not a number as in {self.example}")
        digits = re.sub(f"[{self.thousands}]", "", bare).replace(self.point, ".")
        number = Decimal(digits)
        return -number if negative else number

    @property
    def _pattern(self) -> re.Pattern[str]:
        return _PATTERNS[self.example]


_SPACES = " \u00a0\u202f\u2009"
# Signs and codes of currencies before or behind an amount.
_CURRENCY = re.compile(r"^\s*(?:[A-Z]{3}\b|[$€£¥₹])\s*|\s*(?:\b[A-Z]{3}|[$€£¥₹])\s*$")
NUMBERS: Mapping[str, NumberFormat] = {
    "point": NumberFormat("1,234.56", ",", "."),
    "comma": NumberFormat("1.234,56", ".", ","),
    "space": NumberFormat("1 234,56", _SPACES, ","),
}
_PATTERNS = {
    one.example: re.compile(
        rf"[+-]?(?:\d{{1,3}}(?:[{one.thousands}]\d{{3}})+|\d+)?(?:{re.escape(one.point)}\d+)?(?<=\d)"
    )
    for one in NUMBERS.values()
}


@dataclass(frozen=True, slots=True)
class DateFormat:
    """A way to write dates: the order of ``order``'s letters; ISO dates are read by each."""

    example: str
    order: str

    def read(self, text: str) -> date:
        """The day a text says in this format. Raises Unreadable."""
        bare = text.strip()
        try:
            if _ISO.match(bare):
                return date.fromisoformat(bare[:10])
            found = _DAY.fullmatch(bare)
            if found and self.order != "ymd":
                parts = dict(zip(self.order, map(int, found.group(1, 2, 3)), strict=True))
                return date(parts["y"], parts["m"], parts["d"])
        except ValueError:
            pass
        raise Unreadable(f"{text[:60]!r} is not a date as in {self.example}")


_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:$|[T ])")
_DAY = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?")
DATES: Mapping[str, DateFormat] = {
    ISO: DateFormat("2026-12-31", "ymd"),
    "dmy": DateFormat("31.12.2026", "dmy"),
    "mdy": DateFormat("12/31/2026", "mdy"),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a column: its key, how it is written, and what the first value would be."""

    key: str
    example: str
    text: str
    value: str


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways in which some texts can be read. ``chosen`` is the one to take, "" when a person
    must say; ``shown`` is a text on which the ways differ, if they do."""

    chosen: str
    readings: tuple[Reading, ...]

    @property
    def is_ambiguous(self) -> bool:
        """Whether the same texts mean different values in different formats."""
        return not self.chosen and bool(self.readings)


def number_ways(texts: Iterable[str]) -> Ways:
    """How these texts can be read as numbers."""
    reads: dict[str, Callable[[str], str]] = {
        key: lambda text, one=one: plain(one.read(text))  # type: ignore[misc]
        for key, one in NUMBERS.items()
    }
    return _ways(texts, reads, {key: one.example for key, one in NUMBERS.items()})


def date_ways(texts: Iterable[str]) -> Ways:
    """How these texts can be read as dates."""
    reads: dict[str, Callable[[str], str]] = {
        key: lambda text, one=one: one.read(text).isoformat()  # type: ignore[misc]
        for key, one in DATES.items()
    }
    return _ways(texts, reads, {key: one.example for key, one in DATES.items()})


def _ways(
    texts: Iterable[str], reads: Mapping[str, Callable[[str], str]], examples: Mapping[str, str]
) -> Ways:
    filled = [text for text in dict.fromkeys(texts) if text.strip()]
    values = {key: [_or_none(read, text) for text in filled] for key, read in reads.items()}
    good = {key: sum(v is not None for v in found) for key, found in values.items()}
    best = max(good.values(), default=0)
    # Those that read the most texts; a few broken cells do not decide how the others are written.
    likely = [key for key, count in good.items() if count == best and count]
    if not likely:
        return Ways("", ())
    agree = all(values[key] == values[likely[0]] for key in likely)
    place = 0 if agree else _differing([values[key] for key in likely])
    place = next((i for i, v in enumerate(values[likely[0]]) if v), 0) if agree else place
    readings = tuple(
        Reading(key, examples[key], filled[place], values[key][place] or "") for key in likely
    )
    return Ways(likely[0] if agree else "", readings)


def _differing(found: list[list[str | None]]) -> int:
    return next(place for place, row in enumerate(zip(*found, strict=True)) if len(set(row)) > 1)


def _or_none(read: Callable[[str], str], text: str) -> str | None:
    try:
        return read(text)
    except Unreadable:
        return None
