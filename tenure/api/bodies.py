"""Reading what was sent: at most so many bytes, exact numbers, and only text a database can hold."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from django.http import HttpRequest
from ninja.parser import Parser

from tenure.api.problems import Problem

MOST_BYTES = 1024 * 1024
MOST_BYTES_BULK = 16 * 1024 * 1024
DEEPEST = 20


def receive(request: HttpRequest, most: int) -> bytes:
    """The whole body. Raises Problem 413 when it is longer than ``most``, before it is read."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    length = int(announced) if announced.isascii() and announced.isdigit() else 0
    if length > most:
        raise Problem(
            413,
            f"The body has {length:,} bytes; at most {most:,} are taken here.",
            next_step="Send it in several requests.",
        )
    body = request.read(length) if length else b""
    # Django would refuse everything above its own, single limit.
    request._body = body
    return body


def refuse_unusable_text(request: HttpRequest) -> None:
    """Raises Problem 400 when the address holds a null character, which no name has."""
    if "\x00" in request.path or "\x00" in unquote(request.META.get("QUERY_STRING", "")):
        raise Problem(400, "The address holds a null character.", next_step="Leave it out.")


class Received(Parser):
    """Hands on what the gate has read: the library would hide what is wrong with it."""

    def parse_body(self, request: HttpRequest) -> Any:
        return parsed(request)


def parsed(request: HttpRequest) -> Any:
    """The JSON document that was sent: its numbers exact, its texts fit to be stored. Raises Problem."""
    if not hasattr(request, "document"):
        request.document = _parsed(request.body)  # type: ignore[attr-defined]
    return request.document  # type: ignore[attr-defined]


def _parsed(body: bytes) -> Any:
    try:
        document = json.loads(body, parse_float=Decimal, parse_constant=_no_number)
    except RecursionError:
        raise Problem(400, f"The body is nested deeper than {DEEPEST} levels.") from None
    except ValueError as error:
        raise Problem(
            400, f"The body is not JSON: {error}.", next_step="Send one JSON document."
        ) from None
    for text in _texts(document):
        if "\x00" in text or not _is_text(text):
            raise Problem(
                422,
                "The body holds a null character or half a surrogate pair, which is no text.",
                next_step="Leave it out.",
            )
    return document


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    if depth > DEEPEST:
        raise Problem(400, f"The body is nested deeper than {DEEPEST} levels.")
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _texts(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, depth + 1)


def _is_text(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number")
