"""Garbage is searched seldom within a block, and as before after the last of several."""

import gc

import pytest

from tenure.core.garbage import SELDOM, searched_seldom

BEFORE = (701, 11, 12)


@pytest.fixture(autouse=True)
def thresholds() -> object:
    found = gc.get_threshold()
    gc.set_threshold(*BEFORE)
    yield
    gc.set_threshold(*found)


def test_it_is_searched_as_before_after_the_block_even_when_that_fails() -> None:
    within = []

    @searched_seldom()
    def fail() -> None:
        within.append(gc.get_threshold())
        raise ValueError("so")

    with pytest.raises(ValueError, match="so"):
        fail()
    assert within == [SELDOM]
    assert gc.get_threshold() == BEFORE


def test_of_blocks_that_overlap_the_last_to_end_says_so() -> None:
    first, second = searched_seldom(), searched_seldom()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert gc.get_threshold() == SELDOM
    second.__exit__(None, None, None)
    assert gc.get_threshold() == BEFORE
