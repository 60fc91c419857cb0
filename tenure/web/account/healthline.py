"""A score over time as a line: steps between changes, gaps where there was none, and a mark where the
definition became another one."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tenure.health.models import DefinitionVersion, HealthScore, HealthVersion, Verdict

WIDTH, HEIGHT = 600, 120


@dataclass(frozen=True, slots=True)
class Chart:
    """The drawing in its own units: pieces of line, marks with their words, the bands behind."""

    pieces: Sequence[str]
    marks: Sequence[tuple[str, str]]
    green: str
    amber: str
    words: str
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """A score that held from one instant to another."""

    begins: datetime
    ends: datetime
    row: Verdict


def chart(
    past: Sequence[HealthVersion], last: Verdict, since: datetime, now: datetime
) -> Chart | None:
    """The line from one instant to another, whose score is ``last``; None when there was never one."""
    spans = [Span(max(row.valid_from, since), min(row.valid_to, now), row) for row in past]
    if isinstance(last, HealthScore):
        spans.append(Span(max(last.updated_at, since), now, last))
    scored = [span for span in spans if span.row.score is not None]
    if not scored:
        return None
    first = min(spans[0].begins, now)
    seconds = max((now - first).total_seconds(), 1.0)

    def x(at: datetime) -> str:
        return f"{(at - first).total_seconds() / seconds * WIDTH:.1f}"

    document = last.version.document
    return Chart(
        [*_pieces(spans, x)],
        [*_marks(spans, x)],
        f"{_y(Decimal(document['green'])):.1f}",
        f"{_y(Decimal(document['amber'])):.1f}",
        _words(scored, now),
        first,
        now,
    )


def _pieces(spans: Sequence[Span], x: Callable[[datetime], str]) -> Iterator[str]:
    """Lines without gaps: a new one begins wherever there was no score."""
    points: list[str] = []
    for span in spans:
        if span.row.score is None:
            if points:
                yield " ".join(points)
            points = []
            continue
        y = f"{_y(Decimal(span.row.score)):.1f}"
        points += [f"{x(span.begins)},{y}", f"{x(span.ends)},{y}"]
    if points:
        yield " ".join(points)


def _marks(spans: Sequence[Span], x: Callable[[datetime], str]) -> Iterator[tuple[str, str]]:
    for before, after in itertools.pairwise(spans):
        if before.row.version_id != after.row.version_id:
            yield x(after.begins), _begun(before.row.version, after.row.version)


def _begun(old: DefinitionVersion, new: DefinitionVersion) -> str:
    if old.definition_id == new.definition_id:
        return f"Version {new.number} of the definition"
    return f"Scored by {new.name}, version {new.number}, instead of {old.name}"


def _y(score: Decimal) -> float:
    return HEIGHT - float(score) / 100 * HEIGHT


def _words(scored: Sequence[Span], now: datetime) -> str:
    first, last = scored[0], scored[-1]
    lowest = min(scored, key=lambda span: span.row.score or 0)
    highest = max(scored, key=lambda span: span.row.score or 0)
    return (
        f"Score from {first.row.score} on {first.begins:%-d %b %Y} to {last.row.score} on"
        f" {now:%-d %b %Y};"
        f" lowest {lowest.row.score}, highest {highest.row.score}"
    )
