"""Scores, definitions and previews as scripts see them, by command or API."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tenure.core.clock import SystemClock, stamp
from tenure.customers.models import Account
from tenure.health import read, said, staleness
from tenure.health.applies import who_of
from tenure.health.changes import Side, Split, rounded_lines
from tenure.health.definitions import read as definition_of
from tenure.health.measures import BY_NAME
from tenure.health.models import DefinitionVersion, HealthScore, Override, Verdict
from tenure.health.preview import Preview
from tenure.health.scorer import Scorer, value_of
from tenure.metrics import shapes
from tenure.metrics.as_of import Moment
from tenure.metrics.inputs import Settings

TREND = timedelta(days=30)
MOVED = Decimal(5)


def accounts(
    found: Iterable[Account], now: datetime, moment: Moment | None = None
) -> list[dict[str, Any]]:
    """These accounts in full, in their order, with their health; with ``moment`` all of it as it was
    known at a past time."""
    rows = list(found)
    ids = [row.pk for row in rows]
    scores: Mapping[int, Verdict]
    scores = read.scores_at(ids, moment.instant) if moment else read.scores_of(ids)
    before = read.scores_at(ids, (moment.instant if moment else now) - TREND)
    ages = {} if moment else data_ages(ids)
    documents = shapes.accounts(rows, now, moment)
    for row, document in zip(rows, documents, strict=True):
        score = scores.get(row.pk)
        document["health"] = (
            {} if score is None else health(score, before.get(row.pk), ages.get(row.pk))
        )
    return documents


def data_ages(account_ids: Iterable[int]) -> dict[int, datetime]:
    """Since when all of each account's sites were last proved to be here whole."""
    ids, good = list(account_ids), staleness.good_at()
    sites = staleness.sites_of(ids)
    ages = {pk: staleness.oldest(sites.get(pk, ()), good) for pk in ids}
    return {pk: at for pk, at in ages.items() if at}


def is_stale(data_as_of: datetime | None) -> bool:
    """Whether a score stands on data older than two days, by the real clock."""
    return bool(data_as_of and SystemClock().now() - data_as_of > staleness.STALE)


def health(
    score: Verdict, before: Verdict | None = None, data_as_of: datetime | None = None
) -> dict[str, Any]:
    """One score with everything it is made of."""
    live = score if isinstance(score, HealthScore) else None
    return {
        "score": _number(score.score),
        "band": score.band,
        "state": score.state,
        "trend": trend(score, before),
        "computed": {
            "score": _number(score.computed_score),
            "band": score.computed_band,
            "uncapped": _number(score.uncapped),
        },
        "coverage": _number(score.coverage),
        "measures": measures(score),
        "caps": [
            {"cap": name, "label": said.cap(name), "most": _tenths(most)}
            for name, most in score.explanation.get("caps", {}).items()
        ],
        "missing": [
            {"measure": name, "label": said.measure(name), "reason": said.reason(why)}
            for name, why in missing(score).items()
        ],
        "definition": {
            "name": score.version.name,
            "version": score.version.number,
            "because": said.because(score.version),
        },
        "override": override(score.override) if score.override else None,
        "data_as_of": stamp(data_as_of) if data_as_of else None,
        "stale": is_stale(data_as_of),
        "computed_at": stamp(live.computed_at) if live else None,
        "updated_at": stamp(live.updated_at) if live else None,
    }


def missing(score: Verdict) -> dict[str, str]:
    """The measures that count and are missing, with the reason of each."""
    told = score.explanation.get("missing", {})
    return {name: told.get(name, "") for name in score.missing}


def measures(score: Verdict) -> list[dict[str, Any]]:
    """What each known measure gave and kept; what they gave adds up to the uncapped score."""
    stored: Mapping[str, list[int]] = score.explanation.get("shares", {})
    shares = {name: stored[name] for name in BY_NAME if name in stored}
    made = score.explanation.get("inputs", {})
    gave = said.in_tenths([share[1] for share in shares.values()], score.uncapped)
    rest = None if score.uncapped is None else 100 - score.uncapped
    kept = said.in_tenths([share[2] for share in shares.values()], rest)
    return [
        {
            "measure": name,
            "label": said.measure(name),
            "value": score.measured.get(name),
            "told": said.value(name, score.measured.get(name)),
            "points": _places(share[0], 1),
            "weight": _places(share[3], 4),
            "contribution": str(given),
            "loss": str(lost),
            "inputs": made.get(name, {}),
            "from": said.inputs(name, made.get(name)),
        }
        for (name, share), given, lost in zip(shares.items(), gave, kept, strict=True)
    ]


def trend(score: Verdict, before: Verdict | None) -> dict[str, str] | None:
    """How the score moved in thirty days; up or down only from five points."""
    if before is None or score.score is None or before.score is None:
        return None
    moved = Decimal(score.score) - Decimal(before.score)
    way = "up" if moved >= MOVED else "down" if moved <= -MOVED else "steady"
    return {"points": f"{moved:+.1f}", "direction": way}


def override(one: Override) -> dict[str, Any]:
    """What a person set."""
    return {
        "kind": one.kind,
        "score": _number(one.score),
        "band": one.band or None,
        "reason": one.reason,
        "by": one.made_by,
        "made_at": stamp(one.made_at),
        "until": one.until.isoformat(),
        "ended_at": stamp(one.ended_at) if one.ended_at else None,
    }


def version(one: DefinitionVersion) -> dict[str, Any]:
    """One version of a definition."""
    return {
        "name": one.name,
        "version": one.number,
        "rule": one.rule or None,
        "segment": who_of(one).segment or None,
        "definition": one.document,
        "reason": one.reason,
        "by": one.made_by,
        "made_at": stamp(one.made_at),
    }


def definitions(found: Iterable[DefinitionVersion]) -> list[dict[str, Any]]:
    """Definitions by their newest versions, in this order, with how many accounts each scores."""
    counts = read.accounts_by_definition()
    return [
        version(one)
        | {
            "name": one.definition.name,
            "fallback": one.definition.is_fallback,
            "enabled": one.definition.is_on,
            "fault": one.definition.fault or None,
            "accounts": counts.get(one.definition_id, 0),
        }
        for one in found
    ]


def preview(found: Preview, named: Mapping[int, Account]) -> dict[str, Any]:
    """What a definition would do."""
    return {
        "accounts": found.accounts,
        "kept": found.kept,
        "changed": found.changed,
        "moved": found.moved,
        "before": dict(found.before),
        "after": dict(found.after),
        "between": [
            {"from": old, "to": new, "accounts": count}
            for (old, new), count in sorted(found.between.items())
        ],
        "switched": [
            {"from": old, "to": new, "accounts": count}
            for (old, new), count in sorted(found.switched.items())
        ],
        "moves": [
            {
                "account": named[move.account_id].identifier,
                "name": named[move.account_id].name,
                "from": {"band": move.old, "score": _tenths(move.old_score)},
                "to": {"band": move.new, "score": _tenths(move.new_score)},
            }
            for move in found.moves
            if move.account_id in named
        ],
    }


def split(found: Split) -> dict[str, Any]:
    """A change of score taken apart."""
    return {
        "total": None if found.total is None else said.points(found.total),
        "lines": [
            {"kind": line.kind, "measure": line.measure or None, "points": said.points(points)}
            for line, points in rounded_lines(found)
        ],
    }


def side(score: Verdict, settings: Settings) -> Side:
    """A score as it is compared with another."""
    scorer = Scorer(definition_of(score.version.document), coverage=settings.min_coverage)
    held = score.explanation.get("held", {})
    return Side(
        scorer,
        {name: value_of(text) for name, text in score.measured.items()},
        score.explanation.get("events", ()),
        _whole(score.computed_score),
        _whole(score.score),
        {name: value_of(text) for name, text in held.items()},
        frozenset(score.explanation.get("ruled", ())),
    )


def _whole(score: Decimal | None) -> int | None:
    return None if score is None else int(score * 10)


def _tenths(number: int | None) -> str | None:
    return None if number is None else f"{number // 10}.{number % 10}"


def _places(number: int, places: int) -> str:
    return f"{Decimal(number).scaleb(-4):.{places}f}"


def _number(number: Decimal | None) -> str | None:
    return None if number is None else str(number)
