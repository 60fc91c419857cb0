"""Answers: one document or a page of them, with the ETag by which a later update can be made safe."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse

from tenure.api.problems import Problem

TAG = re.compile("[!-~ ]{1,200}")
# Figures that are computed may move between a reading and an update without anybody's doing.
COMPUTED = frozenset({"money", "facts", "health", "as_of", "last_good_run", "streams"})


def etag_of(document: Mapping[str, Any]) -> str:
    """A strong tag of two halves: what can be updated, and all of it. ``If-Match`` compares the first
    half, so that a figure computed anew does not stand in the way of an update."""
    editable = {name: value for name, value in document.items() if name not in COMPUTED}
    return f'"{_hash(editable)}-{_hash(document)}"'


def one(
    request: HttpRequest, document: Mapping[str, Any], *, status: int = 200, location: str = ""
) -> HttpResponse:
    """A single object with its tag; 304 when the caller has it already."""
    tag = etag_of(document)
    if request.method == "GET" and _names(request.headers.get("If-None-Match", ""), tag):
        return HttpResponse(status=304, headers={"ETag": tag})
    headers = {"ETag": tag} | ({"Location": location} if location else {})
    return plain(document, status=status, headers=headers)


def page(documents: Iterable[Mapping[str, Any]], following: str | None) -> HttpResponse:
    """A page of a list and the cursor of the next."""
    return plain({"data": list(documents), "next": following})


def plain(
    document: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """Any document as JSON."""
    content = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return HttpResponse(content, "application/json", status, headers=headers)


def refuse_stale(request: HttpRequest, standing: Mapping[str, Any]) -> None:
    """Raises Problem 412 when ``If-Match`` names another state of the object than the one it is in.

    ``standing`` is the object as it is now, with its row locked.
    """
    wanted = request.headers.get("If-Match")
    if wanted is None or wanted.strip() == "*":
        return
    if not TAG.fullmatch(wanted):
        raise Problem(
            400,
            "If-Match is no ETag.",
            next_step="Send the ETag as you got it, or leave the header out.",
            field="If-Match",
        )
    current = etag_of(standing).strip('"').partition("-")[0]
    if not any(_editable(tag) == current for tag in wanted.split(",")):
        raise Problem(
            412,
            "It was changed since you read it.",
            next_step="Read it again, apply your change to what it is now, and send its new ETag.",
            field="If-Match",
        )


def _editable(tag: str) -> str:
    return tag.strip().removeprefix("W/").strip('"').partition("-")[0]


def _names(header: str, tag: str) -> bool:
    return header.strip() == "*" or tag in (part.strip() for part in header.split(","))


def _hash(document: Any) -> str:
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
