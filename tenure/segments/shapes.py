"""Segments, previews and explanations as scripts see them, by command or API."""

from collections.abc import Iterable, Mapping
from typing import Any

from tenure.core.clock import stamp
from tenure.customers.models import Account
from tenure.metrics.read import Totals
from tenure.rules.document import as_json
from tenure.rules.parse import parse
from tenure.segments.explain import Explanation
from tenure.segments.models import Crossing, Membership, Segment
from tenure.segments.overlaps import Overlap
from tenure.segments.preview import Crossers, Preview
from tenure.segments.question import Question
from tenure.segments.read import Listed


def segment(found: Segment, *, members: int | None = None) -> dict[str, Any]:
    """A segment with its rule as text and as a tree."""
    shown: dict[str, Any] = {
        "name": found.name,
        "rule": found.rule,
        "description": found.description,
        "priority": found.priority,
        "owner": found.owner.email if found.owner else None,
        "version": found.version,
        "fault": found.fault or None,
        "placed_at": stamp(found.placed_at),
        "updated_at": stamp(found.updated_at),
    }
    return shown if members is None else shown | {"members": members}


def listed(one: Listed) -> dict[str, Any]:
    """A line of the list of segments."""
    return segment(one.segment, members=one.members) | {
        "entered_7d": one.entered,
        "left_7d": one.left,
        "used_by": list(one.used_by),
    }


def overlap(one: Overlap) -> dict[str, Any]:
    """Two segments that share accounts."""
    return {
        "decides": one.first.name,
        "stands_behind": one.second.name,
        "priorities": [one.first.priority, one.second.priority],
        "accounts": one.count,
        "mrr": [money.as_json() for money in one.mrr],
    }


def rule(asked: Question) -> dict[str, Any]:
    """A rule that can be asked: its one way of writing, its tree and its words."""
    return {"rule": asked.text, "tree": as_json(parse(asked.text)), "words": asked.words}


def totals(sums: Totals) -> dict[str, Any]:
    """Sums by currency."""
    return {
        name: [money.as_json() for money in getattr(sums, name)]
        for name in ("mrr", "total_due", "past_due")
    }


def preview(asked: Question, seen: Preview) -> dict[str, Any]:
    """What a rule would make of the accounts."""
    ids = [*seen.sample, *(one for near in seen.near for one in near.sample)]
    ids += [one for part in (seen.entering, seen.leaving) if part for one in part.sample]
    names = identifiers(ids)
    return rule(asked) | {
        "count": seen.count,
        "money": totals(seen.totals),
        "sample": [names[one] for one in seen.sample if one in names],
        # None: they would have taken too long to find.
        "near_misses": None
        if seen.given_up
        else [
            {
                "condition": near.condition,
                "words": near.words,
                "count": near.count,
                "sample": [names[one] for one in near.sample if one in names],
            }
            for near in seen.near
        ],
        "entering": _crossers(seen.entering, names),
        "leaving": _crossers(seen.leaving, names),
    }


def explanation(asked: Question, found: Explanation) -> dict[str, Any]:
    """Why an account is in or out."""
    return rule(asked) | {
        "in": found.is_in,
        "lines": [line.as_json() for line in found.lines],
        "alone": [line.text for line in found.near],
    }


def crossing(found: Crossing) -> dict[str, Any]:
    """An entry or an exit."""
    return {
        "segment": found.segment.name,
        "account": found.account.identifier,
        "entered": found.entered,
        "cause": found.cause,
        "version": found.version,
        "seen": found.seen,
        "at": stamp(found.at),
    }


def identifiers(ids: Iterable[int]) -> dict[int, str]:
    """The identifiers of accounts by id."""
    rows = Account.objects.filter(pk__in=set(ids)).values_list("pk", "identifier")
    return dict(rows)


def _crossers(part: Crossers | None, names: Mapping[int, str]) -> dict[str, Any] | None:
    if part is None:
        return None
    return {
        "count": part.count,
        "mrr": [money.as_json() for money in part.mrr],
        "sample": [names[one] for one in part.sample if one in names],
    }


def membership(found: Membership) -> dict[str, Any]:
    """An account in a segment."""
    account = found.account
    return {"account": account.identifier, "name": account.name, "since": stamp(found.since)}
