"""What changed between two scores of an account, split so that no part is taken for another.

The way from the old score to the new one is walked in steps, each changing one thing, and every step
is what the score does at it:

1. *vanished*: measures known before and missing now are left out, by the old definition
2. *data*: what each measure known at both ends gives more or less, by the old definition
3. *appeared*: measures missing before and known now are taken in, by the old definition
4. *definition*: everything as it is now, by the new definition instead of the old
5. *cap*: what caps held back before and hold back now, by the old definition
6. *person*: what a person's word adds to or takes from the computed score
7. *rounding*: scores have one decimal, the steps none

So a change of weights cannot look like a customer's doing, and the lines always add up to the new
score less the old one. Another order of the steps would share out differently; this one is fixed.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from tenure.health.scorer import NONE, Scorer, Values

ZERO = Fraction(0)
KINDS = ("data", "vanished", "appeared", "definition", "cap", "person", "rounding")


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two scores: what it was made of and, in tenths, what was computed and shown.
    ``ruled`` are the caps by rule of its own definition that held."""

    scorer: Scorer
    values: Values
    events: Collection[str]
    computed: int | None
    shown: int | None
    held: Values
    ruled: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Line:
    """One reason and the exact points it is worth; ``measure`` is empty where it is about all."""

    kind: str
    measure: str
    points: Fraction


@dataclass(frozen=True, slots=True)
class Split:
    """The lines, without those worth nothing; ``total`` is their sum, None when one of the two had
    no score to compare."""

    lines: tuple[Line, ...]
    total: Fraction | None


def split(old: Side, new: Side) -> Split:
    """Why the new score is not the old one."""
    if None in (old.shown, new.shown, old.computed, new.computed):
        found = _measures(old, new)
        return Split(tuple(line for line in found if line.points), None)
    lines = [*_measures(old, new), *_rest(old, new)]
    return Split(tuple(line for line in lines if line.points), _tenths(new.shown, old.shown))


def _measures(old: Side, new: Side) -> list[Line]:
    by = old.scorer
    before, after = (_known(by, side.values) for side in (old, new))
    both = before.keys() & after.keys()
    lines, now = [], dict(before)
    for name in before.keys() - both:
        left = {other: value for other, value in now.items() if other != name}
        lines.append(Line("vanished", name, _mean(by, left) - _mean(by, now)))
        now = left
    was, is_ = (by.contributions({n: side[n] for n in both}) for side in (before, after))
    lines += [Line("data", name, is_[name] - was[name]) for name in by.names if name in both]
    now = {name: after[name] for name in both}
    for name in after.keys() - both:
        more = {**now, name: after[name]}
        lines.append(Line("appeared", name, _mean(by, more) - _mean(by, now)))
        now = more
    return sorted(lines, key=lambda line: KINDS.index(line.kind))


def _rest(old: Side, new: Side) -> list[Line]:
    exact_old = _mean(old.scorer, old.values)
    by_old, by_new = (_mean(one.scorer, new.values) for one in (old, new))
    cap_old = _cap(old.scorer, old)
    cap_now, cap_new = _cap(old.scorer, _by_old(old, new)), _cap(new.scorer, new)
    computed = Fraction((new.computed or 0) - (old.computed or 0), 10)
    shown = Fraction((new.shown or 0) - (old.shown or 0), 10)
    definition = by_new + cap_new - by_old - cap_now
    return [
        Line("definition", "", definition),
        Line("cap", "", cap_now - cap_old),
        Line("person", "", shown - computed),
        Line("rounding", "", computed - (by_new + cap_new - exact_old - cap_old)),
    ]


def _known(scorer: Scorer, values: Values) -> dict[str, int]:
    return {name: value for name in scorer.names if (value := values.get(name)) is not None}


def _mean(scorer: Scorer, values: Values) -> Fraction:
    return sum(scorer.contributions(values).values(), ZERO)


def _by_old(old: Side, new: Side) -> Side:
    """The new side as the old definition would see it. Whether a rule holds that only the old one asks
    is not known any more; it is taken to be as it was, so the definition answers for the difference."""
    was = {cap.name: cap.rule for cap in old.scorer.definition.caps if cap.rule}
    both = {c.name for c in new.scorer.definition.caps if c.rule and was.get(c.name) == c.rule}
    return replace(new, ruled=(new.ruled & both) | (old.ruled - both))


def _cap(scorer: Scorer, side: Side) -> Fraction:
    """What caps take away from the exact score, as a number of zero or less."""
    exact = _mean(scorer, side.values)
    most = scorer.most(side.values, {*side.events, *side.ruled})
    if side.held:
        last = {**side.values, **side.held}
        most = min(most, _mean(scorer, last) + _cap(scorer, _without(side, last)))
    return min(ZERO, most - exact)


def _without(side: Side, values: Values) -> Side:
    return replace(side, values=values, held=NONE)


def rounded_lines(found: Split) -> list[tuple[Line, Fraction]]:
    """The lines with one decimal; what rounding each leaves over is in the line of rounding, so that
    they add up to the total as it is shown."""
    kept = [line for line in found.lines if line.kind != "rounding"]
    shown = [(line, _one_decimal(line.points)) for line in kept]
    if found.total is not None:
        left = found.total - sum((points for _, points in shown), ZERO)
        if left:
            shown.append((Line("rounding", "", left), left))
    return [(line, points) for line, points in shown if points]


def _one_decimal(number: Fraction) -> Fraction:
    whole = (abs(number) * 10 * 2 + 1) // 2
    return Fraction(whole if number >= 0 else -whole, 10)


def _tenths(new: int | None, old: int | None) -> Fraction:
    return Fraction((new or 0) - (old or 0), 10)


WORDS: Mapping[str, str] = {
    "data": "changed",
    "vanished": "is missing now",
    "appeared": "is known now",
    "definition": "The definition of health changed",
    "cap": "Caps hold back more or less",
    "person": "A person set the score or took it back",
    "rounding": "Rounding",
}
