"""The map of keys: read as a unit, every fault named, never a key repeated."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.connections import keymap
from tenure.connections.keymap import KeyMapRefused
from tenure.core.secrets import Secret

KEY = "0123456789abcdef0123456789abcdef"
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,18}[a-z0-9]", fullmatch=True)


def refusal(text: str) -> KeyMapRefused:
    with pytest.raises(KeyMapRefused) as caught:
        keymap.parse(text)
    return caught.value


def test_a_good_map_is_read_in_its_order() -> None:
    assert list(keymap.parse(f'{{"zeta": "{KEY}", "acme": "k2"}}').items()) == [
        ("zeta", Secret(KEY)),
        ("acme", Secret("k2")),
    ]


def test_a_pasted_address_counts_as_its_subdomain() -> None:
    assert list(keymap.parse(f'{{"https://Acme.example.com/": "{KEY}"}}')) == ["acme"]


def test_blanks_around_a_key_and_a_byte_order_mark_do_no_harm() -> None:
    assert keymap.parse(f'\ufeff{{"acme": " {KEY}\\n"}}') == {"acme": Secret(KEY)}


def test_a_name_standing_twice_is_refused_by_name() -> None:
    error = refusal('{"acme": "k1", "beta": "k2", "ACME": "k3"}')
    assert "acme stands more than once (entries 1 and 3)" in str(error)
    assert [(fault.position, fault.name) for fault in error.faults] == [(3, "acme")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "The map of keys is empty."),
        ("{}", "holds no site"),
        ("[]", "must be a JSON object, and this is a list"),
        ('"acme"', "must be a JSON object, and this is a text"),
        ("null", "must be a JSON object, and this is null"),
        ('{"acme": 5}', "the key of acme is a number, not a text in quotes"),
        ('{"acme": null}', "the key of acme is null"),
        ('{"acme": {"key": "x"}}', "the key of acme is an object"),
        ('{"acme": true}', "the key of acme is true or false"),
        ('{"acme": "  "}', "the key of acme is empty"),
        ('{"acme": "a b"}', "the key of acme has a space or line break inside"),
        ('{"": "k"}', "entry 1 is not the subdomain of a site"),
        ('{"a/b?": "k", "_": "k"}', "entry 2 ('_') is not the subdomain of a site"),
    ],
)
def test_what_is_not_a_map_of_keys_is_refused_with_the_reason(text: str, reason: str) -> None:
    assert reason in str(refusal(text))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"acme": "k1",\n "beta": "k2",\n}', "a comma stands after the last entry"),
        ('{\n  \u201cacme\u201d: "k1"}', "a curly quote at line 2, column 3"),
        ('{"acme": \u201ck1\u201d}', "a curly quote at line 1, column 10"),
        ("{'acme': 'k1'}", "at line 1, column 2 a single quote"),
        ('{"acme" "k1"}', "at line 1, column 9 a colon is missing"),
        ('{"acme": "k1" "beta": "k2"}', "a comma or the closing brace is missing"),
        ('{"acme": "k1"', "the text ends before the map is closed"),
        ('{"acme": "k1', "begins and never ends"),
        ('{"acme": "k1"} x', "more text follows the end of the map"),
        ('{"acme": k1}', "at line 1, column 10 something stands that JSON does not allow"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_broken_json_is_explained_with_its_place(text: str, reason: str) -> None:
    assert reason in str(refusal(text))


def test_a_trailing_comma_is_placed_on_its_line() -> None:
    # Interpreters up to 3.12 stop at the brace on line 3, later ones at the comma on line 2.
    message = str(refusal('{"acme": "k1",\n "beta": "k2",\n}'))
    assert "at line 2, column 14 " in message or "at line 3, column 1 " in message


def test_more_than_a_hundred_sites_are_refused() -> None:
    text = json.dumps({f"site{number}": "k" for number in range(101)})
    assert "The map holds 101 sites." in str(refusal(text))


def test_every_faulty_entry_is_named_at_once() -> None:
    error = refusal('{"acme": 5, "beta": "", "gamma": "k"}')
    assert [fault.name for fault in error.faults] == ["acme", "beta"]


def test_a_key_in_the_place_of_the_name_is_not_repeated() -> None:
    error = refusal(json.dumps({KEY: "acme"}))
    assert "entry 1 has what looks like an API key" in str(error)
    assert KEY not in f"{error} {error.faults}"


@given(st.dictionaries(NAMES, st.text("abcdef0123456789", min_size=1), min_size=1, max_size=9))
def test_any_map_of_names_to_keys_comes_back_whole(keys: dict[str, str]) -> None:
    read = keymap.parse(json.dumps(keys))
    assert {name: key.reveal() for name, key in read.items()} == keys


@given(st.integers(0, 200), st.sampled_from(["", ",", "'", '"', "}", "{", "\u201c", "\n", "\0"]))
def test_no_damage_makes_a_message_repeat_a_key(place: int, junk: str) -> None:
    text = json.dumps({"acme": KEY, "beta": KEY[::-1]})
    damaged = text[:place] + junk + text[place + 1 :]
    try:
        keymap.parse(damaged)
    except KeyMapRefused as error:
        told = f"{error} {error.faults}"
        assert KEY[:12] not in told
        assert KEY[::-1][:12] not in told
