"""Why accounts stand in another band than before: of each the one reason that did most of it."""

from collections.abc import Sequence
from datetime import datetime

from tenure.health import read, said, shapes
from tenure.health.changes import Line, split
from tenure.health.models import Verdict
from tenure.health.moves import Moved
from tenure.metrics.settings import current
from tenure.web.account.health import line_name


def causes_of(moved: Sequence[Moved], then: datetime) -> dict[int, str]:
    """The reason by account, in words; absent where one of the two has no score to take apart."""
    ids = [one.account_id for one in moved]
    if not ids:
        return {}
    before, now, settings = read.scores_at(ids, then), read.scores_of(ids), current()
    found = {}
    for pk in before.keys() & now.keys():
        taken = split(shapes.side(before[pk], settings), shapes.side(now[pk], settings))
        if taken.total and taken.lines:
            weigh = min if taken.total < 0 else max
            most = weigh(taken.lines, key=lambda line: line.points)
            found[pk] = _words(most, before[pk], now[pk])
    return found


def _words(line: Line, old: Verdict, new: Verdict) -> str:
    if line.kind != "cap":
        return line_name(line)
    begun = [said.cap(name) for name in new.caps if name not in old.caps]
    ended = [said.cap(name) for name in old.caps if name not in new.caps]
    if begun:
        return f"capped: {', '.join(begun)}"
    return f"no longer capped: {', '.join(ended)}" if ended else line_name(line)
