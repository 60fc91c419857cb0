"""What makes two definitions differ, in people's words."""

from decimal import Decimal
from fractions import Fraction

from tenure.health.definitions import CAPS_BY_NAME, plain
from tenure.health.measures import BY_NAME, Curve, Measure
from tenure.health.score import Cap, Definition


def differences(old: Definition, new: Definition) -> list[tuple[str, str, str]]:
    """What is not the same, in people's words: what, before, after."""
    found = [
        (
            f"{label}, weight",
            plain(a.weight) if a else "not counted",
            plain(b.weight) if b else "not counted",
        )
        for label, a, b in _paired(old, new)
        if (a.weight if a else None) != (b.weight if b else None)
    ]
    found += [
        (f"{label}, points", said(a.curve), said(b.curve))
        for label, a, b in _paired(old, new)
        if a and b and a.curve != b.curve
    ]
    before, after = ({cap.name: cap for cap in one.caps} for one in (old, new))
    found += [
        (
            f"Cap: {(after.get(name) or before[name]).label}",
            _cap(before.get(name)),
            _cap(after.get(name)),
        )
        for name in dict.fromkeys((*CAPS_BY_NAME, *before, *after))
        if before.get(name) != after.get(name)
    ]
    for label, a, b in (
        ("Green from", old.green, new.green),
        ("Amber from", old.amber, new.amber),
        ("Least coverage", old.min_coverage, new.min_coverage),
    ):
        if a != b:
            found.append((label, _maybe(a), _maybe(b)))
    return found


def _paired(old: Definition, new: Definition) -> list[tuple[str, Measure | None, Measure | None]]:
    before, after = ({m.name: m for m in one.measures} for one in (old, new))
    return [(known.label, before.get(name), after.get(name)) for name, known in BY_NAME.items()]


def said(points: Curve) -> str:
    """A curve in one line: 0 → 100, 30 → 40."""
    return ", ".join(f"{plain(value)} → {plain(height)}" for value, height in points)


def _maybe(number: Fraction | Decimal | None) -> str:
    return "the workspace's" if number is None else plain(number)


def _cap(cap: Cap | None) -> str:
    if cap is None:
        return "off"
    return f"at most {plain(cap.most)}" + (f" while {cap.rule}" if cap.rule else "")
