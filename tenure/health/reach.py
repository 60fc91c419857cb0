"""The smallest change that would make a score green, found exactly and proved by scoring it.

First each lever alone: where its most is enough, the least number of steps that is. Only when none
is, every two together, so that neither could be moved a step less. Of several answers the smaller is
the one that moves the measures by fewer points in all, whatever their weights.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from tenure.health.levers import Lever, Situation, levers
from tenure.health.scorer import Outcome, Scorer

ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Move:
    """A lever and how far it is moved."""

    lever: Lever
    steps: int


@dataclass(frozen=True, slots=True)
class Way:
    """Moves that together make the score green, the situation they make and its score; ``moved`` is
    by how many points the measures move."""

    moves: tuple[Move, ...]
    after: Situation
    outcome: Outcome
    moved: Fraction


@dataclass(frozen=True, slots=True)
class Reach:
    """The ways to green, smallest first; empty when two levers are not enough. ``best`` is what
    everything together would make then."""

    ways: tuple[Way, ...]
    best: Outcome | None = None


def reach(situation: Situation, scorer: Scorer) -> Reach:
    """How this account's score could become green; no way is needed when it is."""
    found = levers(situation)
    ways = [way for one in found if (way := _alone(situation, scorer, one))]
    if not ways:
        pairs = itertools.combinations(found, 2)
        ways = [way for pair in pairs for way in _together(situation, scorer, pair)]
    ways = _distinct(sorted(ways, key=lambda way: way.moved))
    return Reach(tuple(ways), None if ways else _best(situation, scorer, found))


def judged(situation: Situation, scorer: Scorer) -> Outcome:
    """The score of a situation."""
    return scorer(situation.values, situation.events, situation.held)


def moved(situation: Situation, moves: Sequence[Move]) -> Situation:
    """The situation after these moves."""
    for move in moves:
        situation = move.lever.apply(situation, move.steps)
    return situation


def is_green(situation: Situation, scorer: Scorer) -> bool:
    """Whether the situation's score is green."""
    return scorer.band(judged(situation, scorer).score) == "green"


def _alone(situation: Situation, scorer: Scorer, lever: Lever) -> Way | None:
    if not is_green(lever.apply(situation, lever.most), scorer):
        return None
    steps = _least(situation, scorer, lever)
    return _way(situation, scorer, (Move(lever, steps),))


def _least(situation: Situation, scorer: Scorer, lever: Lever) -> int:
    """The fewest steps that make the score green, given that the most do."""
    enough, short = lever.most, -1
    while enough - short > 1:
        middle = (enough + short) // 2
        if is_green(lever.apply(situation, middle), scorer):
            enough = middle
        else:
            short = middle
    return enough


def _together(situation: Situation, scorer: Scorer, pair: tuple[Lever, Lever]) -> list[Way]:
    """Two levers, each order of making them small: neither could then be moved a step less."""
    if {one.name for one in pair} == {"pay", "pay_reminded"}:
        return []
    whole = moved(situation, [Move(one, one.most) for one in pair])
    if not is_green(whole, scorer):
        return []
    ways = []
    for first, second in (pair, pair[::-1]):
        kept = _least(second.apply(situation, second.most), scorer, first)
        other = _least(first.apply(situation, kept), scorer, second)
        ways.append(_way(situation, scorer, (Move(first, kept), Move(second, other))))
    return [min(ways, key=lambda way: way.moved)]


def _way(situation: Situation, scorer: Scorer, moves: tuple[Move, ...]) -> Way:
    after = moved(situation, moves)
    was, is_ = situation.values, after.values
    points = ZERO
    for name in scorer.names:
        old, new = was.get(name), is_.get(name)
        if old is not None and new is not None:
            points += abs(scorer.points(name, new) - scorer.points(name, old))
    return Way(moves, after, judged(after, scorer), points)


def _distinct(ways: Sequence[Way]) -> list[Way]:
    """Without the dearer one of two that differ only in what is paid first."""
    kept: dict[tuple[str, ...], Way] = {}
    for way in ways:
        names = tuple(sorted(move.lever.name.removesuffix("_reminded") for move in way.moves))
        other = kept.get(names)
        if other is None or _paid(way) < _paid(other):
            kept[names] = way
    return sorted(kept.values(), key=lambda way: way.moved)


def _paid(way: Way) -> int:
    return sum(move.steps for move in way.moves if move.lever.name.startswith("pay"))


def _best(situation: Situation, scorer: Scorer, found: Sequence[Lever]) -> Outcome:
    return judged(moved(situation, [Move(one, one.most) for one in found]), scorer)
