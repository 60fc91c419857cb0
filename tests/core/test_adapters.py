"""Arrays and instants go to PostgreSQL and come back as they are, whatever is in them."""

from datetime import UTC, datetime

import pytest
from django.db import DataError, connection

pytestmark = pytest.mark.django_db

ODD = [
    "",
    " ",
    "NULL",
    "null",
    "{}",
    "a,b",
    'say "so"',
    "back\\slash",
    '\\"',
    "it's",
    "Zoë\n",
    "\u2003",
    "%s",
]


def asked(sql: str, *values: object) -> object:
    """The one value that a statement answers with."""
    with connection.cursor() as cursor:
        cursor.execute(sql, list(values))
        return cursor.fetchone()[0]


@pytest.mark.parametrize("texts", [ODD, ODD[:1], ["plain", "texts"], []])
def test_texts_come_back_as_they_went(texts: list[str]) -> None:
    assert asked("SELECT %s::text[]", texts) == texts


@pytest.mark.parametrize("numbers", [[1], [1, -2, 99_999], [2**40, 0], []])
def test_whole_numbers_come_back_as_they_went(numbers: list[int]) -> None:
    assert asked("SELECT %s::bigint[]", numbers) == numbers


def test_lists_of_other_kinds_are_left_to_the_driver() -> None:
    assert asked("SELECT %s::text[]", ["some", None]) == ["some", None]
    assert asked("SELECT %s::bool[]", [True, False]) == [True, False]
    assert asked("SELECT %s::text[]", [["a", "b"], ["c", "d"]]) == [["a", "b"], ["c", "d"]]


def test_a_text_with_a_character_that_cannot_be_kept_is_refused() -> None:
    with pytest.raises(DataError, match="NUL"):
        asked("SELECT %s::text[]", ["a\0b"])


@pytest.mark.parametrize(
    "instant", [datetime(2026, 3, 2, 9, 0, 0, 250_000, UTC), datetime(1, 1, 1, tzinfo=UTC)]
)
def test_instants_are_in_utc(instant: datetime) -> None:
    found = asked("SELECT %s::timestamptz", instant)
    assert isinstance(found, datetime)
    assert (found, found.tzinfo) == (instant, UTC)
