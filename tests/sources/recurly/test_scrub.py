"""No secret survives scrubbing, and nothing else is touched."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.sources.recurly.scrub import ENDINGS, NAMES, is_secret, scrub

SECRET = "s3cr3t-4242"
SECRET_NAMES = st.sampled_from(
    [*NAMES, "hosted_login_token", "first_six", "last_four", "gateway_token", "last_two"]
    + [f"new{ending}" for ending in ENDINGS]
)
INNOCENT = st.text(max_size=12).filter(lambda name: not is_secret(name))
SCALARS = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=20)
HIDDEN = st.recursive(
    st.just(SECRET),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(INNOCENT, inner, max_size=3),
    max_leaves=6,
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(INNOCENT, inner, max_size=4)
        | st.tuples(SECRET_NAMES, HIDDEN, st.dictionaries(INNOCENT, inner, max_size=2)).map(
            lambda made: {made[0]: made[1], **made[2]}
        )
    ),
    max_leaves=25,
)


def blanked(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: None if is_secret(k) else blanked(v) for k, v in value.items()}
    return [blanked(item) for item in value] if isinstance(value, list) else value


@given(DOCUMENTS, st.booleans(), st.sampled_from([(",", ":"), (", ", " : ")]))
def test_any_document_comes_back_without_its_secrets_and_otherwise_equal(
    document: Any, ascii_only: bool, separators: tuple[str, str]
) -> None:
    text = json.dumps(document, ensure_ascii=ascii_only, separators=separators)
    cleaned = scrub(text.encode("utf-8", "surrogatepass"))
    assert SECRET.encode() not in cleaned
    assert json.loads(cleaned.decode("utf-8", "surrogatepass")) == blanked(document)


@given(st.text(max_size=40))
def test_a_text_that_looks_like_a_secret_is_left_alone(text: str) -> None:
    document = {"note": f'{text}"last_four": "1234"', "other": f"{text}\\"}
    encoded = json.dumps(document).encode()
    assert json.loads(scrub(encoded)) == document


@pytest.mark.parametrize(
    "text",
    [
        b'{"last_four":"42\\"42","code":"x"}',
        b'{"last_four":"42\\\\","code":"x"}',
        b'{"last_four":4242,"code":"x"}',
        b'{"last_four"  :\n "4242" ,"code":"x"}',
        b'{"last\\u005ffour":"4242","code":"x"}',
        b'{"\\u006cast_four":"4242","code":"x"}',
        b'{"gateway_token":{"a":[{"b":{"c":["4242"]}}]},"code":"x"}',
        b'{"last_four":"4242","code":"x","last_four":"4242"}',
    ],
)
def test_no_way_of_writing_it_saves_a_secret(text: bytes) -> None:
    cleaned = scrub(text)
    assert b"42" not in cleaned
    assert json.loads(cleaned)["code"] == "x"


def test_numbers_stay_exact_when_a_document_must_be_written_anew() -> None:
    text = b'{"gateway_token":[[[[1]]]],"amount":0.10,"tiny":1e-9,"big":12345678901234567.89}'
    decoded = msgspec.json.decode(scrub(text), type=dict[str, Decimal | None])
    assert decoded["amount"] == Decimal("0.10")
    assert decoded["tiny"] == Decimal("1e-9")
    assert decoded["big"] == Decimal("12345678901234567.89")


def test_what_has_no_secret_comes_back_byte_for_byte() -> None:
    text = b'{ "code" : "last_four", "invoice_number":"1042", "note":"token: \\"x\\"" }'
    assert scrub(text) == text
