"""What would make an account green, or why that cannot be said."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenure.health import said
from tenure.health.definitions import plain
from tenure.health.definitions import read as definition_of
from tenure.health.evidence import has_ended
from tenure.health.models import Verdict
from tenure.health.reach import reach
from tenure.health.scorer import Scorer, value_of
from tenure.health.situation import standing_of
from tenure.health.steps import Step, steps_of
from tenure.metrics.inputs import Settings
from tenure.metrics.signals import signals_of


@dataclass(frozen=True, slots=True)
class Option:
    """One way to green: what to do, and the score it makes, proved by scoring it."""

    steps: Sequence[Step]
    score: str
    levers: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """As scripts see it."""
        return {
            "steps": [step.text for step in self.steps],
            "score": self.score,
            "levers": list(self.levers),
        }


@dataclass(frozen=True, slots=True)
class Advice:
    """The ways, smallest first, or one sentence why there is none."""

    options: Sequence[Option] = ()
    why_not: str = ""

    def as_json(self) -> dict[str, Any]:
        """As scripts see it."""
        return {
            "ways": [one.as_json() for one in self.options],
            "why_not": self.why_not or None,
        }


def advice(account_id: int, score: Verdict, now: datetime, settings: Settings) -> Advice:
    """What would make the account's computed score green."""
    if score.computed_band == "green":
        return Advice(why_not="It is green.")
    if score.state == "stale":
        return Advice(
            why_not="The data is too old to score. Look at the last runs of its sites first."
        )
    if score.computed_score is None:
        lacking = said.joined(said.measure(name).lower() for name in score.missing)
        return Advice(why_not=f"Too little is known for a score. Missing: {lacking}.")
    if any(has_ended(one) for one in signals_of([account_id], now, settings.zone)):
        return Advice(why_not="All subscriptions have ended. Only a new subscription changes that.")
    return _ways(account_id, score, now, settings)


def _ways(account_id: int, score: Verdict, now: datetime, settings: Settings) -> Advice:
    held = {name: value_of(text) for name, text in score.explanation.get("held", {}).items()}
    ruled = score.explanation.get("ruled", ())
    found = standing_of(account_id, now, settings, held, ruled)
    if found is None:
        return Advice(why_not="It has too many open invoices to tell the smallest change from all.")
    scorer = Scorer(definition_of(score.version.document), coverage=settings.min_coverage)
    answer = reach(found.situation, scorer)
    if not answer.ways and (limits := _limits(scorer, ruled)):
        return Advice(why_not=limits)
    if not answer.ways:
        best = answer.best.score if answer.best else None
        reached = f" Everything together would bring {_tenths(best)}." if best is not None else ""
        return Advice(
            why_not=f"No one step, nor any two, would make it green.{reached} Time is part of it."
        )
    return Advice(
        [
            Option(
                steps_of(way, found),
                _tenths(way.outcome.score),
                tuple(move.lever.name.removesuffix("_reminded") for move in way.moves),
            )
            for way in answer.ways
        ]
    )


def _limits(scorer: Scorer, ruled: Collection[str]) -> str:
    """What is said where caps by rule alone keep a score from green: what ends them is not worked out,
    since a rule may ask for anything."""
    found = [
        f"“{cap.name}” holds ({cap.rule}) and allows at most {plain(cap.most)}"
        for cap in scorer.definition.caps
        if cap.name in ruled and cap.most < scorer.definition.green
    ]
    return (
        f"While {said.joined(found)}, it cannot be green: that has to end first." if found else ""
    )


def _tenths(score: int | None) -> str:
    return "" if score is None else f"{score // 10}.{score % 10}"
