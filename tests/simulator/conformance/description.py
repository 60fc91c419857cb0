"""Recurly's OpenAPI file, converted so that a JSON Schema validator can use it.

As published it rejects correct answers: nothing in it may be null though most properties are, and
its patterns are JavaScript literals. The conversion lets every property be null and unwraps the
patterns; nothing else is softened.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker, ValidationError

_LITERAL = re.compile(r"^/(?P<body>.*)/(?P<flags>[a-z]*)$", re.DOTALL)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")

formats = FormatChecker()


@formats.checks("date-time", raises=ValueError)
def _is_time(value: object) -> bool:
    """Recurly writes UTC to the second, always; its official client knows no fraction."""
    if not isinstance(value, str):
        return True
    return bool(_TIME.fullmatch(value)) and bool(datetime.fromisoformat(value))


@dataclass(frozen=True)
class Operation:
    """One GET of the description: its path with ``{names}``, and the schema of its answer."""

    path: str
    schema: str


class Description:
    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._schemas = _converted(document["components"]["schemas"])
        self._validators: dict[str, Draft202012Validator] = {}

    @classmethod
    def read(cls, path: Path) -> "Description":
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        # Both loaders build plain values only.
        return cls(yaml.load(path.read_text(), Loader=loader))

    def readings(self) -> Iterator[Operation]:
        """Every GET that answers JSON of a named schema."""
        for path, methods in self._document["paths"].items():
            answer = methods.get("get", {}).get("responses", {}).get("200", {})
            schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
            if "$ref" in schema:
                yield Operation(path, schema["$ref"].rsplit("/", 1)[-1])

    def faults(self, schema: str, value: Any) -> list[str]:
        """What is wrong with the value, one sentence each; nothing when it is as described."""
        validator = self._validators.get(schema)
        if validator is None:
            whole = {
                "$ref": f"#/components/schemas/{schema}",
                "components": {"schemas": self._schemas},
            }
            validator = Draft202012Validator(whole, format_checker=formats)
            self._validators[schema] = validator
        found = (leaf for error in validator.iter_errors(value) for leaf in _leaves(error))
        return [f"{leaf.json_path}: {leaf.message}" for leaf in found]


def _leaves(error: ValidationError) -> Iterator[ValidationError]:
    """The causes of an error; that a wrong value is not null either says nothing."""
    causes = [cause for cause in error.context or () if cause.validator_value != "null"]
    for cause in causes:
        yield from _leaves(cause)
    if not causes:
        yield error


def _converted(value: Any, *, properties: bool = False) -> Any:
    """The schema with nullable properties and plain patterns; ``properties`` maps names, not words."""
    if isinstance(value, list):
        return [_converted(item) for item in value]
    if not isinstance(value, dict):
        return value
    if properties:
        nullable = {"type": "null"}
        return {name: {"anyOf": [_converted(inner), nullable]} for name, inner in value.items()}
    return {key: _word(key, inner) for key, inner in value.items()}


def _word(key: str, value: Any) -> Any:
    if key == "pattern" and isinstance(value, str) and (literal := _LITERAL.match(value)):
        return ("(?i)" if "i" in literal["flags"] else "") + literal["body"]
    return _converted(value, properties=key == "properties" and isinstance(value, dict))
