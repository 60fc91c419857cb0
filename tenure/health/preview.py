"""What other definitions would do before they are saved: every account concerned scored by them
without writing anything.

The raw values beside each score are read and scored again, so the counts are exact, and the accounts
that change band can be named. What is frozen, stale or set by a person stays and is counted apart.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from heapq import nlargest
from typing import Any

import msgspec
from django.db import connection

from tenure.health import definitions, ordering, versions
from tenure.health.applies import Conditions, first_of
from tenure.health.capping import names
from tenure.health.membership import Who
from tenure.health.models import Definition, DefinitionVersion, State
from tenure.health.scorer import Scorer, value_of
from tenure.metrics.asking import patient
from tenure.metrics.settings import current
from tenure.rules.sql import Sql, bound

NAMED = 200
BATCH = 20_000
NEW = 0  # the key of a definition that was never saved
PATIENCE_SECONDS = 20  # for a batch
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
class Seen:
    """An account as a preview sees it: its score in tenths and its band now and then, and from which
    definition to which it goes. ``kept`` says that it does not follow."""

    account_id: int
    mrr: Decimal
    old_score: int | None
    old: str
    new_score: int | None
    new: str
    switched: tuple[str, str] | None = None
    kept: bool = False

    @property
    def move(self) -> Move:
        """The same as it is named to people."""
        return Move(self.account_id, self.old_score, self.old, self.new_score, self.new)


@dataclass(slots=True)
class Preview:
    """How many accounts go from which band to which, and from which definition to which. ``moves``
    names those with the most MRR; ``moved`` counts all, ``changed`` also those whose score alone is
    another one. ``kept`` do not follow: frozen, stale, set by a person, or ended, which is a band of
    its own here."""

    accounts: int = 0
    kept: int = 0
    changed: int = 0
    moved: int = 0
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    between: Counter[tuple[str, str]] = field(default_factory=Counter)
    switched: Counter[tuple[str, str]] = field(default_factory=Counter)
    moves: Sequence[Move] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A definition as it might stand in the order; ``changed`` says that its accounts would be
    scored by another version. ``where`` None is everyone."""

    key: int
    name: str
    scorer: Scorer
    where: Sql | None
    changed: bool = False
    caps: Mapping[str, Sql] = field(default_factory=dict)


def candidates(now: datetime) -> list[Candidate]:
    """The definitions as they are in force."""
    found = versions.in_force(now, current())
    return [
        Candidate(
            one.version.definition_id,
            one.version.definition.name,
            one.scorer,
            one.where,
            caps=one.caps,
        )
        for one in found
    ]


def preview(
    base: DefinitionVersion | None,
    document: Any,
    *,
    now: datetime,
    who: Who | None = None,
    name: str = "",
) -> Preview:
    """What saving the document as the next version of ``base``'s definition would do; without one, as
    a new definition before the fallback. Raises ValueRefused and RuleRefused for what cannot be used,
    and TooCostly."""
    return compare(order_with(base, document, now=now, who=who, name=name))


def order_with(
    base: DefinitionVersion | None,
    document: Any,
    *,
    now: datetime,
    who: Who | None = None,
    name: str = "",
) -> list[Candidate]:
    """The definitions as they would stand. Raises ValueRefused and RuleRefused."""
    read, made = definitions.read(document), Conditions(now)
    scorer = Scorer(read, coverage=current().min_coverage)
    made.check_caps(read)
    caps = made.caps(read)
    if base is None:
        where = made(who or Who())
        *before, last = candidates(now)
        mine = Candidate(NEW, name, scorer, where, changed=True, caps=caps)
        return [*before, mine, last]
    held = base.definition
    who = Who(base.rule, base.segments) if who is None else who
    where = None if held.is_fallback else made(who)
    mine = Candidate(held.pk, name or held.name, scorer, where, changed=True, caps=caps)
    return _with(candidates(now), mine, held)


def without(base: DefinitionVersion, *, now: datetime) -> Preview:
    """What deleting a definition, or switching it off, would do. Raises ValueRefused for the one that
    is for everyone, and TooCostly."""
    return compare(order_without(base, now=now))


def order_without(base: DefinitionVersion, *, now: datetime) -> list[Candidate]:
    """The definitions as they would stand without one. Raises ValueRefused."""
    ordering.refuse_fallback(base.definition, "deleted")
    return [one for one in candidates(now) if one.key != base.definition_id]


def _with(order: list[Candidate], mine: Candidate, held: Definition) -> list[Candidate]:
    """The order with one in its place, also when it is off or could not be asked."""
    if any(one.key == mine.key for one in order):
        return [mine if one.key == mine.key else one for one in order]
    places = dict(Definition.objects.values_list("pk", "priority"))
    before = [one for one in order[:-1] if places[one.key] < held.priority]
    return [*before, mine, *order[len(before) :]]


def compare(order: Sequence[Candidate]) -> Preview:
    """What it would do if these were the definitions. Raises TooCostly."""
    found, moves = Preview(), []
    for one in seen(order):
        found.accounts += 1
        found.before[one.old] += 1
        found.after[one.new] += 1
        found.kept += one.kept
        found.changed += one.new_score != one.old_score
        if one.switched:
            found.switched[one.switched] += 1
        if one.new != one.old:
            found.between[one.old, one.new] += 1
            moves.append(one)
    found.moved = len(moves)
    largest = nlargest(NAMED, moves, key=lambda one: one.mrr)
    found.moves = [one.move for one in largest]
    return found


def seen(order: Sequence[Candidate]) -> Iterator[Seen]:
    """Every account concerned, as it stands and as it would if these were the definitions. Raises
    TooCostly."""
    by_key = {one.key: one for one in order}
    called = dict(Definition.objects.values_list("pk", "name")) | {
        one.key: one.name for one in order
    }
    known: dict[tuple[Any, ...], int | None] = {}
    for pk, *values, state, band, score, mrr, ruled, old_key, key in _rows(order):
        old = None if score is None else int(score * 10)
        stands = "ended" if state == State.ENDED else band
        goes = key != old_key and state != State.ENDED
        switched = (called[old_key], called[key]) if goes else None
        if state != State.COMPUTED:
            yield Seen(pk, mrr, old, stands, old, stands, switched, kept=True)
            continue
        scorer = by_key[key].scorer
        holding = tuple(name for name in by_key[key].caps if f"{key}:{name}" in ruled)
        made: Any = (key, *values, holding)
        if made not in known:
            known[made] = _score(scorer, *made[1:])
        tenths = known[made]
        yield Seen(pk, mrr, old, band, tenths, scorer.band(tenths), switched)


def _score(
    scorer: Scorer, measured: str, events: str, held: str, ruled: tuple[str, ...]
) -> int | None:
    values = {name: value_of(text) for name, text in _texts.decode(measured).items()}
    last = {name: value_of(text) for name, text in _texts.decode(held).items()}
    return scorer(values, {*_list.decode(events), *ruled}, last).score


def _rows(order: Sequence[Candidate]) -> Iterator[Sequence[Any]]:
    """Every account that one of the changed definitions scores now or would score, or that would be
    scored by another one than now; a batch at a time. What has ended stays where it was."""
    changed = bound([one.key for one in order if one.changed], "bigint[]")
    key = first_of([(one.key, one.where) for one in order])
    caps = {f"{one.key}:{name}": where for one in order for name, where in one.caps.items()}
    ruled = names(caps.items()) if caps else Sql("'{}'::text[]")
    last, rows = 0, [()]
    while rows:
        statement = _SELECT[0] + ruled + _SELECT[1] + key + _SELECT[2] + bound(last, "bigint")
        statement += _SELECT[3] + changed + _SELECT[4] + changed + _SELECT[5] + bound(BATCH, "int")
        with patient(PATIENCE_SECONDS), connection.cursor() as db:
            db.execute(statement.text, statement.values)
            rows = db.fetchall()
        yield from rows
        last = rows[-1][0] if rows else last


_SELECT = (
    """
    SELECT * FROM (
        SELECT h.account_id, h.measured::text, h.explanation ->> 'events' AS events,
               coalesce(h.explanation ->> 'held', '{}') AS held, h.state, h.band, h.score,
               coalesce(f.mrr_sort, 0) AS mrr, """,
    " AS ruled, v.definition_id, ",
    """ AS key
        FROM health_healthscore h
        JOIN health_definitionversion v ON v.id = h.version_id
        JOIN customers_account a ON a.id = h.account_id AND a.removed_at IS NULL
        LEFT JOIN metrics_accountfacts f ON f.account_id = h.account_id
        WHERE h.account_id > """,
    """
    ) one WHERE definition_id = ANY(""",
    ") OR state <> 'ended' AND (key = ANY(",
    ") OR key <> definition_id) ORDER BY account_id LIMIT ",
)
