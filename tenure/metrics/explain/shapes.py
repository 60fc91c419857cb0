"""An explanation as scripts see it."""

from typing import Any

from tenure.metrics.explain.parts import LeftOut, Part, Parts


def parts(group: Parts) -> dict[str, Any]:
    """One currency of a figure: its total, what adds up to it, and what does not count."""
    return {
        "figure": group.figure,
        "total": group.total.as_json(),
        "parts": [_part(one) for one in group.parts],
        "excluded": [_left(one) for one in group.excluded],
    }


def _part(one: Part) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "label": one.label,
        "id": one.upstream_id or None,
        "amount": one.amount.as_json() if one.amount is not None else None,
        "status": one.status or None,
        "day": one.day.isoformat() if one.day else None,
        "days_past_due": one.days_past_due,
        "steps": [{"label": step.label, "amount": step.amount.as_json()} for step in one.steps],
        "flags": list(one.flags),
        "notes": list(one.notes),
    }


def _left(one: LeftOut) -> dict[str, Any]:
    return {
        "reason": one.reason,
        "count": one.count,
        "amount": one.amount.as_json() if one.amount is not None else None,
        "first": [_part(part) for part in one.parts],
    }
