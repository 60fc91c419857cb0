"""The control interface: what tests and the demo use to change the world behind the wire.

It has no authentication, so it answers loopback only, and no browser. Everything is JSON; what cannot be done is 400
with a sentence in ``error``.
"""

# ruff: noqa: ARG001 - every action takes the request body, needed or not

import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from aiohttp import web

from tenure.simulator.rate import RateWindow
from tenure.simulator.simulator import Simulator
from tenure.simulator.store import SiteStore
from tenure.simulator.table import encode
from tenure.simulator.wire.filters import wire_time

Body = Mapping[str, Any]
Action = Callable[[Simulator, Body], Any]


def add_control(app: web.Application, simulator: Simulator) -> None:
    """Add the control interface to an application."""
    for (method, name), action in _ACTIONS.items():
        app.router.add_route(method, f"/_control/{name}", _handler(simulator, action))


def _handler(
    simulator: Simulator, action: Action
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        # A browser names the page that asks; no page has any business here, wherever it is from.
        if not _is_loopback(request.remote) or "Origin" in request.headers:
            return _json(
                403, {"error": "The control interface answers programs on this machine only."}
            )
        try:
            body = msgspec.json.decode(await request.read() or b"{}", type=dict[str, Any])
            return _json(200, action(simulator, dict(request.query) | body))
        except (ValueError, KeyError, TypeError) as error:
            return _json(400, {"error": _sentence(error)})

    return handle


def _sentence(error: Exception) -> str:
    return f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)


def _json(status: int, answer: Any) -> web.Response:
    return web.Response(status=status, body=encode(answer), content_type="application/json")


def _is_loopback(remote: str | None) -> bool:
    try:
        return ipaddress.ip_address(remote or "").is_loopback
    except ValueError:
        return False


def change(simulator: Simulator, body: Body) -> Any:
    """One scripted change; the body is the world's own spec."""
    return {"record": simulator.world.change(body)}


def list_faults(simulator: Simulator, body: Body) -> Any:
    """The rules in force and how often each struck."""
    return {"faults": [rule.as_json() for rule in simulator.faults.rules]}


def add_faults(simulator: Simulator, body: Body) -> Any:
    """One rule, or several under ``rules``; see ``faults/plan.py``. ``clear`` true lifts the old."""
    rules = body.get("rules", [{k: v for k, v in body.items() if k != "clear"}])
    if body.get("clear"):
        simulator.faults.clear()
        rules = [rule for rule in rules if rule]
    return {"faults": [simulator.faults.add(rule).as_json() for rule in rules]}


def clear_faults(simulator: Simulator, body: Body) -> Any:
    """Lift the rule with a ``number``, or all."""
    number = body.get("number")
    simulator.faults.clear(None if number is None else int(number))
    return list_faults(simulator, {})


def show_clock(simulator: Simulator, body: Body) -> Any:
    """The virtual time."""
    return {"now": wire_time(simulator.world.now())}


def move_clock(simulator: Simulator, body: Body) -> Any:
    """Let time pass: ``to`` an instant, or ``advance_days`` and ``advance_seconds`` from now."""
    if "to" in body:
        instant = datetime.fromisoformat(body["to"])
        instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    else:
        step = timedelta(
            days=float(body.get("advance_days", 0)), seconds=float(body.get("advance_seconds", 0))
        )
        instant = simulator.world.now() + step
    simulator.world.advance_to(instant)
    return show_clock(simulator, {})


def truth(simulator: Simulator, body: Body) -> Any:
    """What is so now at every site; with ``full`` every record of the ``site`` and ``kind`` given."""
    if "full" not in body:
        return simulator.world.truth()
    return {
        "now": wire_time(simulator.world.now()),
        "sites": {
            name: {kind: list(store.all(kind)) for kind in _wanted(store.kinds(), body, "kind")}
            for name, store in simulator.world.sites.items()
            if body.get("site") in (None, name)
        },
    }


def _wanted(names: list[str], body: Body, part: str) -> list[str]:
    return [name for name in names if body.get(part) in (None, name)]


def show_log(simulator: Simulator, body: Body) -> Any:
    """The requests so far; ``after`` a number, of one ``site``."""
    after, site = int(body.get("after", 0)), body.get("site")
    return {"requests": simulator.log.entries(after=after, site=site)}


def clear_log(simulator: Simulator, body: Body) -> Any:
    """Forget the requests so far."""
    simulator.log.clear()
    return show_log(simulator, {})


def keys(simulator: Simulator, body: Body) -> Any:
    """``add`` a key to a ``site``, or ``revoke`` one; a revoked key gets 401, or the ``status`` 403."""
    if added := body.get("add"):
        _site(simulator, body).keys.add(str(added))
        simulator.revoked.pop(str(added), None)
    if revoked := body.get("revoke"):
        status = int(body.get("status", 401))
        if status not in (401, 403):
            raise ValueError(f"a revoked key gets 401 or 403, not {status}")
        simulator.revoked[str(revoked)] = status
    if not (added or revoked):
        raise ValueError("name a key to add or to revoke")
    return {"revoked": len(simulator.revoked)}


def rate(simulator: Simulator, body: Body) -> Any:
    """Give a ``site`` another ``limit`` and, when named, another length of its ``minute`` in seconds."""
    store = _site(simulator, body)
    minute = float(body.get("minute", simulator.settings.minute))
    limit = int(body["limit"])
    if limit < 1 or minute <= 0:
        raise ValueError("a limit is at least 1 request, and a minute longer than nothing")
    simulator.set_window(store, RateWindow(limit, minute))
    return {"site": store.subdomain, "limit": limit}


def _site(simulator: Simulator, body: Body) -> SiteStore:
    store = simulator.world.sites.get(body["site"])
    if store is None:
        raise ValueError(f"there is no site {body['site']!r} here")
    return store


_ACTIONS: dict[tuple[str, str], Action] = {
    ("POST", "change"): change,
    ("GET", "fault"): list_faults,
    ("POST", "fault"): add_faults,
    ("DELETE", "fault"): clear_faults,
    ("GET", "clock"): show_clock,
    ("POST", "clock"): move_clock,
    ("GET", "truth"): truth,
    ("GET", "log"): show_log,
    ("DELETE", "log"): clear_log,
    ("POST", "key"): keys,
    ("POST", "rate"): rate,
}
