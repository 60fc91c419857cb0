"""The page that explains the API, drawn from its own description: no script, no outside asset."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

PREFACE = (
    "Everything a page or a command of Tenure can do, for programs. Send an API token as"
    " “Authorization: Bearer …”. Lists answer {“data”, “next”}, at most 200 a page; send “next” back"
    " as “cursor”. A token has so many requests a minute (RateLimit-Limit, RateLimit-Remaining); beyond"
    " them the answer is 429 with Retry-After. Errors are problem documents (RFC 9457) that say what to do next, and an error"
    " always means that nothing was changed."
)
METHODS = ("get", "post", "put", "patch", "delete")
SCOPES = {
    "read": "any token",
    "write": "a token of scope write or admin",
    "admin": "an admin token",
}
EXAMPLE_VALUES = {"string": "text", "integer": 1, "number": 1.5, "boolean": True, "object": {}}


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter or field as the page lists it."""

    name: str
    kind: str
    told: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation with an example that can be copied."""

    id: str
    method: str
    path: str
    summary: str
    told: str
    scope: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    body_name: str
    answer: str
    status: str
    problems: tuple[tuple[str, str], ...]
    example: str


@dataclass(frozen=True, slots=True)
class Group:
    """The operations of one resource."""

    name: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Described:
    """One shape with its fields."""

    name: str
    told: str
    fields: tuple[Field, ...]


def page(request: HttpRequest, document: Mapping[str, Any]) -> HttpResponse:
    """The whole reference."""
    base = request.build_absolute_uri("/").rstrip("/")
    shown = {
        "preface": PREFACE,
        "base": base,
        "groups": _groups(document, base),
        "shapes": list(_shapes(document)),
    }
    return render(request, "api/docs.html", shown)


def _groups(document: Mapping[str, Any], base: str) -> list[Group]:
    found: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                told = methods[method]
                operation = _operation(document, base, path, method, told)
                found.setdefault(told["tags"][0], []).append(operation)
    return [Group(name, tuple(operations)) for name, operations in found.items()]


def _operation(
    document: Mapping[str, Any], base: str, path: str, method: str, told: Mapping[str, Any]
) -> Operation:
    answers = told["responses"]
    status = next(code for code in answers if code.startswith("2"))
    body = _body(told)
    return Operation(
        id=told["operationId"],
        method=method.upper(),
        path=path,
        summary=told["summary"],
        told=told.get("description", ""),
        scope=SCOPES[told["x-required-scope"]],
        parameters=tuple(
            Field(p["name"], _kind(p["schema"]), p.get("description", ""), p["required"])
            for p in told.get("parameters", ())
        ),
        body=tuple(_fields(_resolved(document, body))),
        body_name=_kind(body) if body else "",
        answer=_kind(_content(answers[status])) if status != "204" else "",
        status=status,
        problems=tuple(
            (code, answer["description"])
            for code, answer in answers.items()
            if code.isdigit() and not code.startswith("2")
        ),
        example=_example(document, base, path, method, body),
    )


def _shapes(document: Mapping[str, Any]) -> Iterator[Described]:
    for name, schema in sorted(document["components"]["schemas"].items()):
        if not name.startswith("PageOf"):
            yield Described(name, schema.get("description", ""), tuple(_fields(schema)))


def _body(told: Mapping[str, Any]) -> Mapping[str, Any]:
    return _content(told.get("requestBody", {}))


def _content(part: Mapping[str, Any]) -> Mapping[str, Any]:
    media = part.get("content", {}).get("application/json", {})
    schema: Mapping[str, Any] = media.get("schema", {})
    return schema


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The shape a reference leads to; of a list, the shape of its rows."""
    if "$ref" in schema:
        found: Mapping[str, Any] = document["components"]["schemas"][_name(schema["$ref"])]
        return found
    if "items" in schema:
        inner = schema["items"]
        return _resolved(document, inner["anyOf"][0] if "anyOf" in inner else inner)
    return schema


def _fields(schema: Mapping[str, Any]) -> Iterator[Field]:
    needed = schema.get("required", ())
    for name, inner in schema.get("properties", {}).items():
        yield Field(name, _kind(inner), inner.get("description", ""), name in needed)


def _kind(schema: Mapping[str, Any]) -> str:
    """The type in a few words, such as ``list of Account`` or ``text or null``."""
    if "$ref" in schema:
        return _name(schema["$ref"]).removeprefix("PageOf_").rstrip("_")
    if "anyOf" in schema:
        kinds = dict.fromkeys(_kind(one) for one in schema["anyOf"] if one.keys() - {"description"})
        return " or ".join(kinds)
    if "const" in schema:
        return str(schema["const"])
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    kind = schema.get("type", "any value")
    if isinstance(kind, list):
        return " or ".join(_word(one) for one in kind)
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_kind(schema['additionalProperties'])}"
    return str(schema.get("format") or _word(kind))


def _word(kind: str) -> str:
    words = {"string": "text", "integer": "number", "boolean": "true or false"}
    return words.get(kind, kind)


def _name(reference: str) -> str:
    return reference.rsplit("/", 1)[-1]


def _example(
    document: Mapping[str, Any], base: str, path: str, method: str, body: Mapping[str, Any]
) -> str:
    """A command line that does it."""
    address = path.replace("{identifier}", "T-1001").replace("{subdomain}", "acme-us")
    lines = ["curl"] + ([f"-X {method.upper()}"] if method != "get" else [])
    head = f"{' '.join(lines)} '{base}{address}'"
    parts = [head, '  -H "Authorization: Bearer $TOKEN"']
    if method == "post":
        parts.append('  -H "Idempotency-Key: $(uuidgen)"')
    if body:
        sample = _sample(document, body)
        parts += ["  -H 'Content-Type: application/json'", f"  -d '{json.dumps(sample)}'"]
    return " \\\n".join(parts)


def _sample(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    """A small value of this shape: what is required, or what comes first."""
    if "examples" in schema:
        return schema["examples"][0]
    if "$ref" in schema or "properties" in schema:
        shape = _resolved(document, schema)
        if "examples" in shape:
            return shape["examples"][0]
        fields = shape.get("properties", {})
        wanted = shape.get("required") or list(fields)[:1]
        return {name: _sample(document, fields[name]) for name in wanted}
    if "anyOf" in schema:
        return _sample(document, schema["anyOf"][0])
    if schema.get("type") == "array":
        return [_sample(document, schema.get("items", {}))]
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("format") == "date-time":
        return "2026-12-31T00:00:00Z"
    return EXAMPLE_VALUES.get(str(schema.get("type")), "text")
