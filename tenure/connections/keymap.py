"""Several sites pasted at once: ``{"subdomain1": "API_key1", "subdomain2": "API_key2"}``.

Read as one unit: either the whole map is good, or nothing is and every fault is named. No message
repeats a key, and a name that looks like one is called by its place instead.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tenure.connections import subdomains
from tenure.core.errors import ConfigurationError
from tenure.core.secrets import Secret

MOST_SITES = 100
LONGEST_TEXT = 100_000
EXAMPLE = 'Write it as {"subdomain1": "API_key1", "subdomain2": "API_key2"}.'
CURLY_QUOTES = "\u201c\u201d\u201e\u201f\u2018\u2019\u00ab\u00bb"


@dataclass(frozen=True, slots=True)
class EntryFault:
    """What is wrong with one entry; ``name`` is its subdomain, or its place when that is safer."""

    position: int
    name: str
    message: str


class KeyMapRefused(ConfigurationError):
    """The map cannot be used. ``faults`` names the entries at fault; empty when none can be told apart."""

    def __init__(
        self, message: str, *, next_step: str, faults: tuple[EntryFault, ...] = ()
    ) -> None:
        super().__init__(message, next_step=next_step)
        self.faults = faults


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as its pairs in order, so that a name standing twice is still seen."""


def parse(text: str) -> Mapping[str, Secret]:
    """The keys by subdomain, in the order given. Raises KeyMapRefused with every fault there is."""
    if len(text) > LONGEST_TEXT:
        raise KeyMapRefused(
            "The map of keys is too long.", next_step=f"Add at most {MOST_SITES} sites at a time."
        )
    pairs = _pairs(text.removeprefix("\ufeff"))
    faults = tuple(_faults(pairs))
    if faults:
        raise KeyMapRefused(
            "Nothing was saved: " + "; ".join(fault.message for fault in faults) + ".",
            next_step=EXAMPLE,
            faults=faults,
        )
    return {subdomains.tidy(name): Secret(key.strip()) for name, key in pairs}


def _pairs(text: str) -> _Pairs:
    if not text.strip():
        raise KeyMapRefused("The map of keys is empty.", next_step=EXAMPLE)
    try:
        document = json.loads(text, object_pairs_hook=_Pairs)
    except json.JSONDecodeError as error:
        raise KeyMapRefused(_explained(text, error), next_step=EXAMPLE) from None
    except RecursionError:
        raise KeyMapRefused("The map of keys is nested too deeply.", next_step=EXAMPLE) from None
    if not isinstance(document, _Pairs):
        raise KeyMapRefused(
            f"The map of keys must be a JSON object, and this is {_kind(document)}.",
            next_step=EXAMPLE,
        )
    if not document:
        raise KeyMapRefused("The map of keys holds no site.", next_step=EXAMPLE)
    if len(document) > MOST_SITES:
        raise KeyMapRefused(
            f"The map holds {len(document)} sites.",
            next_step=f"Add at most {MOST_SITES} at a time.",
        )
    return document


def _faults(pairs: _Pairs) -> Iterator[EntryFault]:
    places: dict[str, list[int]] = {}
    for position, (name, key) in enumerate(pairs, 1):
        shown = _shown(name, position)
        message = _fault(name, key, shown)
        if message:
            yield EntryFault(position, shown, message)
        else:
            places.setdefault(subdomains.tidy(name), []).append(position)
    for name, positions in places.items():
        if len(positions) > 1:
            listed = " and ".join([", ".join(map(str, positions[:-1])), str(positions[-1])])
            message = f"{name} stands more than once (entries {listed})"
            yield EntryFault(positions[-1], name, message)


def _fault(name: str, key: object, shown: str) -> str:
    """What is wrong with one entry by itself; empty when nothing is."""
    if subdomains.looks_like_a_key(name):
        return f"{shown} has what looks like an API key in the place of the subdomain"
    try:
        subdomains.tidy(name)
    except ConfigurationError:
        return f"{shown} is not the subdomain of a site"
    if not isinstance(key, str):
        return f"the key of {shown} is {_kind(key)}, not a text in quotes"
    if not key.strip():
        return f"the key of {shown} is empty"
    if any(character.isspace() or not character.isprintable() for character in key.strip()):
        return f"the key of {shown} has a space or line break inside"
    return ""


def _shown(name: str, position: int) -> str:
    if not name.strip() or subdomains.looks_like_a_key(name):
        return f"entry {position}"
    try:
        return subdomains.tidy(name)
    except ConfigurationError:
        return f"entry {position} ({name.strip()[:40]!r})"


def _kind(value: object) -> str:
    if isinstance(value, _Pairs):
        return "an object"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    named: dict[type, str] = {list: "a list", str: "a text", type(None): "null"}
    return named.get(type(value), "something else")


def _explained(text: str, error: json.JSONDecodeError) -> str:
    """Where the JSON breaks and why, without a piece of it: the piece may be half a key."""
    place = f"line {error.lineno}, column {error.colno}"
    curly = next((at for at, character in enumerate(text) if character in CURLY_QUOTES), None)
    if curly is not None and curly <= error.pos:
        line, column = text.count("\n", 0, curly) + 1, curly - text.rfind("\n", 0, curly)
        return (
            f"The map of keys has a curly quote at line {line}, column {column}; "
            'JSON takes only the straight one (").'
        )
    return f"The map of keys is not JSON: at {place} {_reason(text, error)}."


def _reason(text: str, error: json.JSONDecodeError) -> str:
    # Interpreters differ in whether they stop at the comma or at what follows it; look at both.
    here, before = text[error.pos : error.pos + 1], text[: error.pos].rstrip()[-1:]
    after = text[error.pos + 1 :].lstrip()[:1]
    if (here == "," and after in {"}", "]"}) or (here in {"}", "]"} and before == ","):
        return "a comma stands after the last entry"
    if not here:
        return "the text ends before the map is closed"
    if here == "'":
        return "a single quote stands where JSON needs a double one"
    if error.msg.startswith("Extra data"):
        return "more text follows the end of the map"
    reasons = {
        "Expecting ',' delimiter": "a comma or the closing brace is missing",
        "Expecting ':' delimiter": "a colon is missing",
        "Expecting property name enclosed in double quotes": "a name in double quotes is missing",
        "Unterminated string starting at": "a text in quotes begins and never ends",
        "Invalid control character at": "a line break or tab stands inside a text in quotes",
    }
    return reasons.get(error.msg, "something stands that JSON does not allow")
