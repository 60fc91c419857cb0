"""Which requests meet which fault.

A rule is JSON::

    {"match": {"site": "acme", "path": "/invoices*", "method": "GET", "query": {"cursor": "*"}},
     "nth": 3, "fault": "truncate", "args": {"at": 1000}}

Every part is optional but ``fault``. ``path`` and the values of ``query`` may hold ``*``. Of the
requests that match, ``nth`` (a number or a list) picks by position, counted from 1; ``every`` each
so many; ``from`` those from a position on; ``times`` stops after so many; ``chance`` (0 to 1) picks
by lot, the same lot for the same ``seed``.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import count
from random import Random
from typing import Any

from tenure.simulator.faults import registry
from tenure.simulator.faults.exchange import Exchange, Fault, Proceed
from tenure.simulator.wire.answers import Answer

_PARTS = frozenset("match nth every from times chance seed fault args".split())
_MATCHES = frozenset("site path method query".split())


@dataclass(slots=True)
class Rule:
    """A fault and the requests it is for; counts what it saw and how often it struck."""

    number: int
    spec: dict[str, Any]
    fault: Fault
    lot: Random
    seen: int = 0
    struck: int = 0
    lifted: asyncio.Event = field(default_factory=asyncio.Event)

    def strikes(self, exchange: Exchange) -> bool:
        """Whether the request meets the fault; to be asked once per request."""
        if not _matches(self.spec.get("match") or {}, exchange):
            return False
        self.seen += 1
        if not self._is_chosen():
            return False
        self.struck += 1
        return True

    def _is_chosen(self) -> bool:
        spec, times = self.spec, self.spec.get("times")
        nth = spec.get("nth")
        positions = [nth] if isinstance(nth, int) else nth
        return (
            (times is None or self.struck < times)
            and (positions is None or self.seen in positions)
            and self.seen % spec.get("every", 1) == 0
            and self.seen >= spec.get("from", 1)
            and self.lot.random() < spec.get("chance", 1)
        )

    def as_json(self) -> dict[str, Any]:
        """The rule as it was given, with its number and counts."""
        return {"number": self.number, "seen": self.seen, "struck": self.struck, **self.spec}


@dataclass(slots=True)
class FaultPlan:
    """All rules in force. Of several that strike one request, the first is the outermost."""

    rules: list[Rule] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def add(self, spec: Mapping[str, Any]) -> Rule:
        """Put a rule in force. Raises ValueError, saying what is wrong with it."""
        name = _checked(spec)
        number = next(self._numbers)
        # Lots, not secrets: a schedule of faults must come out the same from the same seed.
        lot = Random(f"{spec.get('seed', 0)}:{name}")  # noqa: S311
        rule = Rule(number, dict(spec), registry.FAULTS[name], lot)
        self.rules.append(rule)
        return rule

    def clear(self, number: int | None = None) -> None:
        """Lift one rule, or all; what they hold is let go."""
        for rule in self.rules:
            if number is None or rule.number == number:
                rule.lifted.set()
        self.rules = [rule for rule in self.rules if not rule.lifted.is_set()]

    async def run(self, exchange: Exchange, proceed: Proceed) -> tuple[Answer, list[str]]:
        """The answer after every fault that strikes, and the names of those faults."""
        striking = [rule for rule in self.rules if rule.strikes(exchange)]
        for rule in reversed(striking):
            proceed = _wrapped(rule, exchange, proceed)
        return await proceed(), [str(rule.spec["fault"]) for rule in striking]


def _wrapped(rule: Rule, exchange: Exchange, inner: Proceed) -> Proceed:
    async def proceed() -> Answer:
        exchange.lifted = rule.lifted
        return await rule.fault(exchange, inner, **(rule.spec.get("args") or {}))

    return proceed


def _matches(match: Mapping[str, Any], exchange: Exchange) -> bool:
    site = exchange.site.subdomain if exchange.site else None
    return (
        match.get("site", site) == site
        and match.get("method", exchange.method) == exchange.method
        and fnmatchcase(exchange.path, match.get("path", "*"))
        and all(
            fnmatchcase(exchange.parameter(name) or "", pattern)
            and exchange.parameter(name) is not None
            for name, pattern in (match.get("query") or {}).items()
        )
    )


def _checked(spec: Mapping[str, Any]) -> str:
    """The fault's name. Raises ValueError for a rule that could never do what it seems to say."""
    if unknown := sorted(set(spec) - _PARTS):
        raise ValueError(f"a fault rule has no part named {', '.join(unknown)}")
    if unknown := sorted(set(spec.get("match") or {}) - _MATCHES):
        raise ValueError(f"a fault rule cannot match on {', '.join(unknown)}")
    name = spec.get("fault")
    if not isinstance(name, str) or name not in registry.FAULTS:
        raise ValueError(f"there is no fault {name!r}; choose from {', '.join(registry.FAULTS)}")
    registry.check_args(name, spec.get("args") or {})
    for part in ("every", "from", "times"):
        if part in spec and not (isinstance(spec[part], int) and spec[part] >= 1):
            raise ValueError(f"{part} is {spec[part]!r}, not a number from 1 up")
    return name
