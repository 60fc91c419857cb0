"""Depth, text and headers: the form of an answer, judged without believing it."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.sources.recurly import texts
from tenure.sources.recurly.depth import is_deeper_than
from tenure.sources.recurly.ratelimit import RateLimit, date_of, told_to_wait

VALUES = st.recursive(
    st.text(alphabet='{}[]",:\\ab\u00e9', max_size=8) | st.integers() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(alphabet='{}[]"\\a', max_size=4), inner, max_size=3)
    ),
    max_leaves=30,
)
NOW = datetime(2026, 3, 10, 12, 0, 0, tzinfo=UTC)


def depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@given(VALUES, st.integers(0, 6))
def test_depth_is_judged_as_a_decoder_would(value: Any, most: int) -> None:
    text = json.dumps(value, ensure_ascii=False).encode()
    assert is_deeper_than(text, most) is (depth(value) > most)


def test_brackets_in_strings_hide_no_depth() -> None:
    text = b'["]",' * 100 + b"1" + b"]" * 100
    assert is_deeper_than(text, 64)


@given(st.binary(max_size=60))
def test_mended_bytes_are_text_of_the_same_length(text: bytes) -> None:
    clean, places = texts.mended(text)
    clean.decode()
    assert len(clean) == len(text)
    assert bool(places) or clean == text


def test_characters_across_the_edge_of_a_piece_are_left_alone() -> None:
    text = ("a" * (texts.PIECE - 1) + "é€😀" * texts.PIECE).encode()
    assert texts.mended(text) == (text, [])


@given(st.text(max_size=30))
def test_escaped_text_is_mended_only_where_a_surrogate_is_alone(text: str) -> None:
    escaped = json.dumps(text).encode()
    assert texts.mended(escaped) == (escaped, [])


def test_a_lone_surrogate_is_found_and_replaced() -> None:
    clean, places = texts.mended(b'{"a":"x\\ud83dy","b":"\\ud83d\\ude00","c":"\\\\ud83d"}')
    assert places == [7]
    assert json.loads(clean) == {"a": "x\ufffdy", "b": "😀", "c": "\\ud83d"}


@given(st.text(alphabet="\x00\\u0ab", max_size=12))
def test_only_true_nul_characters_are_replaced(text: str) -> None:
    clean, count = texts.without_nul(json.dumps(text).encode())
    assert json.loads(clean) == text.replace("\x00", "\ufffd")
    assert count == text.count("\x00")


def headers(**more: str) -> dict[str, str]:
    return {"Date": format_datetime(NOW, usegmt=True)} | {
        name.replace("_", "-"): value for name, value in more.items()
    }


def reset(seconds: int, *, milliseconds: bool = False) -> dict[str, str]:
    at = int((NOW + timedelta(seconds=seconds)).timestamp())
    return headers(X_RateLimit_Reset=str(at * 1000 if milliseconds else at))


@pytest.mark.parametrize(
    ("given_headers", "expected"),
    [
        (headers(Retry_After="7"), 7.0),
        (headers(Retry_After=format_datetime(NOW + timedelta(seconds=9), usegmt=True)), 9.0),
        (reset(60), 60.0),
        (reset(60, milliseconds=True), 60.0),
        (reset(86_400), 360.0),
        (reset(-60), None),
        (reset(-60) | {"Retry-After": "0"}, None),
        (headers(X_RateLimit_Reset="soon"), None),
        (headers(Retry_After="-5"), None),
        ({}, None),
    ],
)
def test_the_wait_after_a_refusal_is_read_from_what_there_is(
    given_headers: dict[str, str], expected: float | None
) -> None:
    assert told_to_wait(given_headers) == expected


def test_a_limit_that_says_nothing_of_use_is_unknown() -> None:
    said = RateLimit.of({"X-RateLimit-Limit": "lots", "X-RateLimit-Remaining": "-1"})
    assert said == RateLimit()


def test_a_date_that_cannot_be_read_is_none() -> None:
    assert date_of({"Date": "yesterday"}) is None
    assert date_of({}) is None
