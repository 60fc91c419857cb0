"""Many things, some at a time."""

from itertools import count

import pytest

from tenure.core.chunks import chunks


@pytest.mark.parametrize("many", [0, 1, 2, 3, 4])
def test_all_come_in_their_order_and_no_list_is_longer_or_empty(many: int) -> None:
    found = list(chunks(iter(range(many)), 2))
    assert [one for some in found for one in some] == list(range(many))
    assert all(len(some) == 2 for some in found[:-1])
    assert all(found)


def test_no_more_is_read_than_asked_for() -> None:
    read = count()
    assert next(chunks(read, 3)) == [0, 1, 2]
    assert next(read) == 3
