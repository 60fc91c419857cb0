"""What a definition would do before it is saved: every account scored by it without writing anything.

The raw values beside each score are read and scored again, so the counts are exact, and the accounts
that change band can be named. What is frozen, stale or set by a person stays and is counted apart.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import nlargest
from typing import Any

import msgspec
from django.db import connection

from tenure.health import definitions
from tenure.health.models import DefinitionVersion, State
from tenure.health.scorer import Scorer, value_of
from tenure.metrics.settings import current

NAMED = 200
BATCH = 20_000
_texts = msgspec.json.Decoder(dict[str, str | None])
_list = msgspec.json.Decoder(list[str])


@dataclass(frozen=True, slots=True)
class Move:
    """An account that would stand in another band; scores in tenths."""

    account_id: int
    old_score: int | None
    old: str
    new_score: int | None
    new: str


@dataclass(slots=True)
class Preview:
    """How many accounts go from which band to which. ``moves`` names those with the most MRR;
    ``moved`` counts all, ``changed`` also those whose score alone is another one. ``kept`` do not
    follow: frozen, stale, set by a person, or ended, which is a band of its own here."""

    accounts: int = 0
    kept: int = 0
    changed: int = 0
    moved: int = 0
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    between: Counter[tuple[str, str]] = field(default_factory=Counter)
    moves: Sequence[Move] = ()


def preview(base: DefinitionVersion, document: Any) -> Preview:
    """What saving the document as the next version of ``base``'s definition would do. Raises
    ValueRefused for a document that cannot be used."""
    scorer = Scorer(definitions.read(document), coverage=current().min_coverage)
    found, moves = Preview(), []
    known: dict[tuple[str, str, str], int | None] = {}
    for pk, *values, state, band, score, mrr in _rows(base.definition_id):
        found.accounts += 1
        stands = "ended" if state == State.ENDED else band
        found.before[stands] += 1
        if state != State.COMPUTED:
            found.kept += 1
            found.after[stands] += 1
            continue
        key: Any = tuple(values)
        if key not in known:
            known[key] = _score(scorer, *key)
        tenths, old = known[key], None if score is None else int(score * 10)
        new = scorer.band(tenths)
        found.after[new] += 1
        found.changed += tenths != old
        if new != band:
            found.between[band, new] += 1
            moves.append((mrr, Move(pk, old, band, tenths, new)))
    found.moved = len(moves)
    found.moves = [move for _, move in nlargest(NAMED, moves, key=lambda one: one[0])]
    return found


def _score(scorer: Scorer, measured: str, events: str, held: str) -> int | None:
    values = {name: value_of(text) for name, text in _texts.decode(measured).items()}
    last = {name: value_of(text) for name, text in _texts.decode(held).items()}
    return scorer(values, _list.decode(events), last).score


_ROWS = """
    SELECT h.account_id, h.measured::text, h.explanation ->> 'events',
           coalesce(h.explanation ->> 'held', '{}'), h.state, h.band, h.score,
           coalesce(f.mrr_sort, 0)
    FROM health_healthscore h
    JOIN health_definitionversion v ON v.id = h.version_id
    LEFT JOIN metrics_accountfacts f ON f.account_id = h.account_id
    WHERE v.definition_id = %s AND h.account_id > %s ORDER BY h.account_id LIMIT %s
"""


def _rows(definition_id: int) -> Iterator[Sequence[Any]]:
    """Every account under the definition, a batch at a time."""
    last, rows = 0, [()]
    while rows:
        with connection.cursor() as db:
            db.execute(_ROWS, [definition_id, last, BATCH])
            rows = db.fetchall()
        yield from rows
        last = rows[-1][0] if rows else last
