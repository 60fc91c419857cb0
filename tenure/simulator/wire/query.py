"""The parameters of a list request, checked as strictly as Recurly documents them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tenure.simulator.wire.cursor import Cursor, read_cursor
from tenure.simulator.wire.filters import Filters, Test, defaults, wire_time
from tenure.simulator.wire.refusal import bad_parameter

PAGING = frozenset("limit order sort begin_time end_time".split())
SORTS = ("created_at", "updated_at")
MOST_IDS = 200
MOST_RECORDS = 200

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Query:
    """What a list request asks for. ``original`` is what ``next`` must carry on."""

    ids: tuple[str, ...] | None
    limit: int
    sort: str
    descending: bool
    begin: str | None
    end: str | None
    tests: tuple[Test, ...]
    cursor: Cursor | None
    original: Pairs


def read_query(
    pairs: Iterable[tuple[str, str]],
    *,
    now: str,
    allowed: frozenset[str],
    filters: Filters,
    sorts: tuple[str, ...] = SORTS,
) -> Query:
    """The query behind the request's parameters. Raises Refused (400) for one that is not allowed.

    ``allowed`` are the names of the list's own parameters beside its filters.
    """
    given = _unique(pairs)
    for name in given:
        if name not in allowed and name not in filters and name != "cursor":
            raise bad_parameter(name, f"this list does not know {name}")
    sort = _choice(given, "sort", sorts)
    wanted = defaults(filters) | given
    cursor = read_cursor(given["cursor"]) if "cursor" in given else None
    descending = _choice(given, "order", ("desc", "asc")) == "desc"
    if cursor and (cursor.sort, cursor.descending) != (sort, descending):
        raise bad_parameter("cursor", "the cursor belongs to another order of this list")
    return Query(
        ids=_ids(given),
        limit=_limit(given),
        sort=sort,
        descending=descending,
        begin=_time(given, "begin_time", up=True),
        end=_time(given, "end_time", up=False),
        tests=tuple(make(wanted[name], now) for name, make in filters.items() if name in wanted),
        cursor=cursor,
        original=tuple((name, text) for name, text in given.items() if name != "cursor"),
    )


def _unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    given: dict[str, str] = {}
    for name, text in pairs:
        if name in given:
            raise bad_parameter(name, f"{name} is given twice")
        given[name] = text
    return given


def _choice(given: dict[str, str], name: str, words: tuple[str, ...]) -> str:
    """One of the words; the first is the default."""
    text = given.get(name, words[0])
    if text not in words:
        raise bad_parameter(name, f"{name} is {text!r}, not one of {', '.join(words)}")
    return text


def _limit(given: dict[str, str]) -> int:
    text = given.get("limit", "20")
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_RECORDS):
        raise bad_parameter("limit", f"limit is {text!r}, not a number from 1 to {MOST_RECORDS}")
    return int(text)


def _ids(given: dict[str, str]) -> tuple[str, ...] | None:
    text = given.get("ids")
    if text is None:
        return None
    if others := sorted(set(given) - {"ids"}):
        raise bad_parameter("ids", f"ids cannot be combined with {', '.join(others)}")
    ids = tuple(dict.fromkeys(part for part in text.split(",") if part))
    if len(ids) > MOST_IDS:
        raise bad_parameter("ids", f"{len(ids)} ids are given, at most {MOST_IDS} are allowed")
    return ids


def _time(given: dict[str, str], name: str, *, up: bool) -> str | None:
    """The bound to the second, as records carry it; a fraction is rounded into the window."""
    text = given.get(name)
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
        aware = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant
        instant = aware.astimezone(UTC)
    except (ValueError, OverflowError):
        raise bad_parameter(name, f"{name} is {text!r}, not an ISO 8601 time") from None
    if up and instant.microsecond:
        instant += timedelta(seconds=1)
    return wire_time(instant)
