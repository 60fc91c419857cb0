"""Rates and settings as scripts see them, by command or API."""

from collections.abc import Sequence
from typing import Any

from tenure.connections import workspace
from tenure.connections.models import WorkspaceChange
from tenure.core.clock import stamp
from tenure.metrics.basis import Impact
from tenure.metrics.models import FxRate
from tenure.metrics.ratebook import Saved


def rate(one: FxRate) -> dict[str, Any]:
    """One rate that somebody entered."""
    return {
        "id": one.pk,
        "from": one.source,
        "to": one.target,
        "date": one.day.isoformat(),
        "rate": one.plain,
        "set_by": one.by or None,
        "set_at": stamp(one.set_at),
    }


def saved(done: Saved) -> dict[str, Any]:
    """What came of entering rates."""
    return {
        "added": done.added,
        "replaced": done.replaced,
        "unchanged": done.unchanged,
        "odd": list(done.odd),
    }


def impact(found: Impact) -> dict[str, Any]:
    """What a change would do."""
    return {
        "accounts": found.accounts,
        "rates_lost": dict(found.lost),
        "rates_gained": dict(found.gained),
    }


def settings() -> dict[str, Any]:
    """Every setting as text, by name, and the preset."""
    return dict(workspace.values())


def changes(made: Sequence[WorkspaceChange]) -> list[dict[str, Any]]:
    """Changes of settings."""
    return [
        {
            "setting": one.setting,
            "old": one.old,
            "new": one.new,
            "by": one.by or None,
            "at": stamp(one.at),
        }
        for one in made
    ]
