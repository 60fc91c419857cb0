"""Why an account is in or out: each condition with what it saw, and which one alone decides."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tenure.rules.describe import described
from tenure.rules.evaluate import Verdict, evaluate
from tenure.rules.near import suppositions
from tenure.rules.seen import Truth
from tenure.rules.text import text_of
from tenure.rules.tree import Aggregate, Condition, Group, Name, Node, Not, Quantified
from tenure.segments.question import Question
from tenure.segments.subject import StoredAccount, stored

MOST_EVIDENCE = 10


@dataclass(frozen=True, slots=True)
class Line:
    """One condition: its text, its words, whether it holds (None is unknown), the value it saw and
    the one before, and rows that decided it. ``figure`` names the figure behind the value, if any, ``operand`` what is looked at;
    ``alone`` says that this condition alone keeps the account out. ``depth`` is for indenting."""

    text: str
    words: str
    holds: Truth
    value: Any = None
    former: Any = None
    rows: tuple[str, ...] = ()
    depth: int = 0
    joint: str = ""
    alone: bool = False
    figure: str = ""
    label: str = ""
    unit: str = ""
    currency: str = ""
    operand: str = ""

    def as_json(self) -> dict[str, Any]:
        """For the API, the CLI and what is kept with a crossing."""
        return {
            "condition": self.text,
            "operand": self.operand,
            "words": self.words,
            "holds": self.holds,
            "value": plain(self.value),
            "former": plain(self.former),
            "rows": list(self.rows),
            "depth": self.depth,
            "joint": self.joint or None,
            "alone": self.alone,
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether the account is in, and the lines that say why."""

    is_in: bool
    lines: tuple[Line, ...]

    @property
    def near(self) -> tuple[Line, ...]:
        """The conditions each of which alone keeps the account out."""
        return tuple(line for line in self.lines if line.alone)


def explain(asked: Question, account_id: int) -> Explanation:
    """Why this account is in or out now."""
    return _explained(asked, StoredAccount(account_id, asked))


def explain_all(asked: Question, account_ids: Iterable[int]) -> dict[int, Explanation]:
    """The same of many accounts, by id; asks the database no oftener than for a few."""
    return {one.account_id: _explained(asked, one) for one in stored(account_ids, asked)}


def _explained(asked: Question, subject: StoredAccount) -> Explanation:
    verdict = evaluate(asked.meant, subject, asked.catalogue, asked.context)
    is_in = verdict.truth is True
    alone = set() if is_in else _deciding(asked, subject)
    return Explanation(is_in, tuple(_lines(verdict, asked, alone, 0)))


def conditions_of(verdict: Verdict, asked: Question) -> Sequence[Line]:
    """The conditions alone, without the groups they stand in."""
    return [line for line in _lines(verdict, asked, set(), 0) if not line.joint]


def plain(value: Any) -> Any:
    """A value as JSON holds it; amounts as text."""
    match value:
        case Decimal():
            return f"{value.normalize():f}" if value else "0"
        case date():
            return value.isoformat()
    return value


def _deciding(asked: Question, subject: StoredAccount) -> set[int]:
    """Places, in the order of the text, of conditions that alone keep the account out."""
    found = set()
    for place, (_, yes, no) in enumerate(suppositions(asked.meant)):
        supposed = (evaluate(one, subject, asked.catalogue, asked.context) for one in (yes, no))
        if any(verdict.truth is True for verdict in supposed):
            found.add(place)
    return found


def _lines(verdict: Verdict, asked: Question, alone: set[int], depth: int) -> Iterator[Line]:
    counter = iter(range(10_000))
    yield from _walk(verdict, asked, alone, depth, counter)


def _walk(
    verdict: Verdict, asked: Question, alone: set[int], depth: int, places: Iterator[int]
) -> Iterator[Line]:
    node = verdict.node
    match node:
        case Group(joint=joint):
            words = "all of these" if joint == "and" else "one of these"
            if depth or joint == "or":
                yield Line("", words, verdict.truth, depth=depth, joint=joint)
                depth += 1
            for part in verdict.parts:
                yield from _walk(part, asked, alone, depth, places)
        case Not() if not isinstance(node.part, Condition):
            yield Line("", "not", verdict.truth, depth=depth, joint="not")
            for part in verdict.parts:
                yield from _walk(part, asked, alone, depth + 1, places)
        case Not():
            yield _line(verdict, verdict.parts[0], asked, depth, alone=next(places) in alone)
        case _:
            yield _line(verdict, verdict, asked, depth, alone=next(places) in alone)


def _line(whole: Verdict, seen: Verdict, asked: Question, depth: int, *, alone: bool) -> Line:
    node = seen.node
    figure, label, unit, currency = _about(node, asked)
    return Line(
        text_of(whole.node),
        described(whole.node, asked.catalogue),
        whole.truth,
        seen.value,
        seen.former,
        tuple(row.evidence() for row in seen.rows[:MOST_EVIDENCE]),
        depth,
        alone=alone,
        figure=figure,
        label=label,
        unit=unit,
        currency=currency,
        operand=operand_of(node),
    )


def operand_of(node: Node) -> str:
    """What a condition looks at, as texts of alerts name it: ``mrr``, ``count_invoice``,
    ``sum_invoice_balance``, ``invoices``."""
    match node:
        case Condition(name=name):
            return name.text
        case Aggregate(function=function, relation=relation, name=name):
            return f"{function}_{relation}_{name.text}" if name else f"{function}_{relation}"
        case Quantified(relation=relation):
            return f"{relation}s"
    return ""


def _about(node: Node, asked: Question) -> tuple[str, str, str, str]:
    """The figure, label, unit and currency of the value a condition sees."""
    match node:
        case Condition(name=name):
            attribute = asked.catalogue.scope.attributes[name.text]
            return attribute.figure, attribute.label, attribute.unit, _currency(name, asked)
        case Aggregate(name=Name() as name, relation=relation):
            scope = asked.catalogue.relations[relation].scope
            attribute = scope.attributes[name.text]
            return "", attribute.label, attribute.unit, _currency(name, asked)
        case Quantified(relation=relation) | Aggregate(relation=relation):
            return "", asked.catalogue.relations[relation].plural, "", ""
    return "", "", "", ""


def _currency(name: Name, asked: Question) -> str:
    return name.currency or asked.context.currency
