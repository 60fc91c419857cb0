"""Faults that spoil a good answer: its envelope, its bytes, or the way they arrive."""
# ruff: noqa: ARG001 - every fault has the same two first arguments, needed or not

from dataclasses import replace
from random import Random
from typing import Any

from tenure.simulator.faults.exchange import Exchange, Proceed
from tenure.simulator.faults.records import edited, shuffled_within
from tenure.simulator.wire.answers import Answer, Delivery
from tenure.simulator.wire.pages import Page


async def empty_page(exchange: Exchange, proceed: Proceed) -> Answer:
    """A page without records that says there are more, and whose ``next`` leads to them."""
    answer = await proceed()
    if answer.page is not None:
        answer.page = Page((), has_more=True, next=answer.page.here)
    return answer


async def repeated_next(exchange: Exchange, proceed: Proceed) -> Answer:
    """``next`` leads back to the page just read."""
    return _with_page(await proceed(), has_more=True, next=exchange.address)


async def null_next(exchange: Exchange, proceed: Proceed) -> Answer:
    """There are more records, but ``next`` does not say where."""
    return _with_page(await proceed(), has_more=True, next=None)


async def foreign_next(exchange: Exchange, proceed: Proceed, *, host: str) -> Answer:
    """``next`` leads to another host, which must never see the key."""
    return _with_page(await proceed(), has_more=True, next=f"{host}{exchange.address}")


async def absolute_next(exchange: Exchange, proceed: Proceed, *, base: str) -> Answer:
    """``next`` is a whole address at ``base``, as Recurly's prose has it."""
    answer = await proceed()
    if answer.page is not None and answer.page.next is not None:
        answer.page = replace(answer.page, next=f"{base}{answer.page.next}")
    return answer


async def shuffled_ties(exchange: Exchange, proceed: Proceed, *, seed: int = 0) -> Answer:
    """Records of one second come in any order within a page; another one at each address."""
    answer = await proceed()
    if answer.page is not None:
        # A lot, not a secret: the same seed must shuffle alike.
        lot = Random(f"{seed}:{exchange.address}")  # noqa: S311
        field = exchange.parameter("sort") or "created_at"
        records = shuffled_within(answer.page.records, field, lot)
        answer.page = replace(answer.page, records=records)
    return answer


async def edit_records(
    exchange: Exchange,
    proceed: Proceed,
    *,
    set: dict[str, Any] | None = None,  # noqa: A002 - named as rules write it
    drop: list[str] | None = None,
    ids: list[str] | None = None,
) -> Answer:
    """Records with other values (``set``, by dotted path) or missing properties (``drop``).

    Of all records, or only of those with the given ids.
    """
    answer = await proceed()
    if answer.status != 200:
        return answer
    changes = set or {}
    if answer.page is None:
        answer.content = edited(answer.content, changes, drop or [], ids)
    else:
        records = tuple(edited(raw, changes, drop or [], ids) for raw in answer.page.records)
        answer.page = replace(answer.page, records=records)
    return answer


async def extra_fields(exchange: Exchange, proceed: Proceed, *, count: int = 2) -> Answer:
    """Every record carries properties nobody has heard of."""
    unheard = {f"unheard_of_{n}": {"value": n, "list": [None, "é"]} for n in range(1, count + 1)}
    return await edit_records(exchange, proceed, set=unheard)


async def invalid_utf8(exchange: Exchange, proceed: Proceed, *, at: float = 0.5) -> Answer:
    """A byte in the middle of the body that no UTF-8 text can hold."""
    answer = await proceed()
    body = bytearray(answer.body())
    if body:
        body[_place(at, len(body))] = 0xFF
        answer.replace_body(bytes(body))
    return answer


async def replace_body(
    exchange: Exchange,
    proceed: Proceed,
    *,
    body: str = "",
    content_type: str = "application/json; charset=utf-8",
    bom: bool = False,
) -> Answer:
    """200 with something else: nothing at all, ``{}``, a maintenance page; ``bom`` goes before it."""
    answer = await proceed()
    answer.replace_body(b"\xef\xbb\xbf" * bom + body.encode())
    answer.headers["Content-Type"] = content_type
    return answer


async def wrong_content_type(
    exchange: Exchange, proceed: Proceed, *, content_type: str = "text/html; charset=utf-8"
) -> Answer:
    """The right body under the wrong name."""
    answer = await proceed()
    answer.headers["Content-Type"] = content_type
    return answer


async def truncate(
    exchange: Exchange, proceed: Proceed, *, at: float = 0.5, honest: bool = False
) -> Answer:
    """The body ends early, at a byte or, below 1, at that part of it; then a clean close.

    ``honest`` also declares the shorter length, so that only the JSON shows what is missing.
    """
    return _cut(await proceed(), at, honest=honest)


async def reset(exchange: Exchange, proceed: Proceed, *, at: float = 0.5) -> Answer:
    """The connection is reset in the middle of the body."""
    return _cut(await proceed(), at, reset=True)


async def stall_body(
    exchange: Exchange, proceed: Proceed, *, at: float = 0.5, seconds: float = 3_600.0
) -> Answer:
    """The body stops in the middle for so many seconds, then goes on."""
    answer = await proceed()
    answer.delivery = Delivery(pause=(_place(at, len(answer.body())), seconds))
    return answer


async def drip(
    exchange: Exchange, proceed: Proceed, *, size: int = 16, seconds: float = 1.0
) -> Answer:
    """The body arrives in small pieces with a wait after each."""
    answer = await proceed()
    answer.delivery = Delivery(drip=(size, seconds))
    return answer


def _with_page(answer: Answer, **changes: Any) -> Answer:
    if answer.page is not None:
        answer.page = replace(answer.page, **changes)
    return answer


def _cut(answer: Answer, at: float, *, honest: bool = False, reset: bool = False) -> Answer:
    place = _place(at, len(answer.body()))
    answer.delivery = Delivery(cut=place, honest=honest, reset=reset)
    return answer


def _place(at: float, length: int) -> int:
    """A position in a body: a byte, or below 1 that part of it."""
    place = int(at * length) if at < 1 else int(at)
    return max(0, min(place, length - 1))
