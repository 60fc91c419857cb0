"""Whom a definition is for: a rule over what stands below health, as a condition in SQL.

A rule may name segments. Who is in a segment is stored only after health is scored, so a segment is
asked here by its own rule, as it was when the definition was saved: no account is scored by where it
stood before. Health itself cannot be named, neither by the rule nor by a segment's: a score that
decides what it is made of has no answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tenure.health.offers import account_attributes
from tenure.metrics import asking
from tenure.rules.catalogue import Catalogue, Scope
from tenure.rules.check import check
from tenure.rules.compile import compiled
from tenure.rules.context import Context
from tenure.rules.errors import Problem, RuleRefused
from tenure.rules.parse import parse
from tenure.rules.sql import Sql, joined
from tenure.rules.text import text_of
from tenure.rules.tree import EVERYTHING, Condition, Group, Node, Not, inner

SEGMENT = "segment"
SEGMENT_NAMES = frozenset({SEGMENT, "segments"})
# How many of the named segments an account must be in; the others ask for the opposite.
_ASKED = {"=": "OR", "in": "OR", "has all": "AND", "!=": "OR", "not in": "OR"}
_NOT = frozenset({"!=", "not in"})
_HEALTH = Scope(account_attributes())


@dataclass(frozen=True, slots=True)
class Who:
    """Whom a definition is for, everyone without a ``rule``; ``segments`` are the rules of all the
    segments it names, itself or through another, by folded name."""

    rule: str = ""
    segments: Mapping[str, str] = field(default_factory=dict)

    @property
    def everyone(self) -> bool:
        """Whether no account is left out."""
        return not self.rule.strip()

    @property
    def segment(self) -> str:
        """The name of the one segment whose accounts it is for; empty for any other rule."""
        tree = parse(self.rule)
        match tree:
            case Condition(name=name, predicate=predicate, ago=None, lasting=None) if (
                name.text.lower() in SEGMENT_NAMES
                and predicate.operator == "="
                and isinstance(predicate.value, str)
            ):
                return predicate.value
        return ""


EVERYONE = Who()


def catalogue() -> Catalogue:
    """What stands below health. An attribute of the workspace is called as in every other rule, also
    where its own name is one of health's or of segments', which no definition may ask for."""
    return asking.catalogue(taken=(*_HEALTH.attributes, SEGMENT))


def in_segment(name: str) -> str:
    """The rule of a definition for the accounts of one segment."""
    return text_of(parse(f"segment = {_quoted(name)}"))


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def segments_named(rule: str | Node) -> dict[str, str]:
    """The segments that conditions of a rule name: as written, by folded name. Raises RuleRefused."""
    tree = parse(rule) if isinstance(rule, str) else rule
    found: dict[str, str] = {}
    if _names_segments(tree):
        found |= {name.lower(): name for name in _values(tree)}
    for part in inner(tree):
        found |= segments_named(part)
    return found


def condition(who: Who, known: Catalogue, when: Context) -> Sql:
    """Who, as a condition on account ``a`` and figures ``f``. Raises RuleRefused with every problem."""
    tree = parse(who.rule)
    if tree == EVERYTHING:
        return Sql("true")
    reader = _Reader(who.segments, known, when)
    found = reader.node(tree, ())
    if reader.problems:
        raise RuleRefused(reader.problems)
    return found


class _Reader:
    def __init__(self, segments: Mapping[str, str], known: Catalogue, when: Context) -> None:
        self.segments, self.known, self.when = segments, known, when
        self.problems: list[Problem] = []

    def node(self, node: Node, above: tuple[str, ...]) -> Sql:
        """One node of the rule, or of the segment that ``above`` ends with."""
        match node:
            case Group(parts=()):
                return Sql("true")
            case Group():
                parts = [self.node(part, above) for part in node.parts]
                return "(" + joined(parts, f" {node.joint.upper()} ") + ")"
            case Not():
                return "(NOT " + self.node(node.part, above) + ")"
            case Condition() if _names_segments(node):
                return self.members(node, above)
            case Condition() if _HEALTH.find(node.name.text) and not self.own(node.name.text):
                return self.refused(node, *_by_health(node.name.text))
        try:
            return compiled(check(node, self.known), self.known, self.when)
        except RuleRefused as error:
            self.problems += error.problems
            return Sql("false")

    def own(self, name: str) -> bool:
        """Whether something below health has the name: another name of health's gives way to it."""
        return self.known.scope.find(name) is not None

    def members(self, node: Condition, above: tuple[str, ...]) -> Sql:
        """A condition that names segments: each by its own rule, which holds or does not."""
        joint = _ASKED.get(node.predicate.operator)
        if joint is None or node.ago is not None or node.lasting is not None:
            return self.refused(
                node,
                "A definition can ask only which segments an account is in now.",
                "Write segment = …, segment in (…), segment has all (…), or not before it.",
            )
        parts = [self.member(node, name, above) for name in _values(node)]
        if not parts:
            return self.refused(node, "A segment is named by a text.", 'As in segment = "Large".')
        found = "(" + joined(parts, f" {joint} ") + ")"
        return "(NOT " + found + ")" if node.predicate.operator in _NOT else found

    def member(self, node: Condition, name: str, above: tuple[str, ...]) -> Sql:
        rule = self.segments.get(name.lower())
        if rule is None or name.lower() in above:
            return self.refused(node, f"There is no segment “{name}”.", "Choose one that is there.")
        before, self.problems = self.problems, []
        try:
            found = self.node(parse(rule), (*above, name.lower()))
        except RuleRefused as error:
            found, self.problems = Sql("false"), list(error.problems)
        self.problems = before + [
            Problem(node.span, f"The segment “{name}” cannot be used: {one.message}", one.hint)
            for one in self.problems
        ]
        return "((" + found + ") IS TRUE)"

    def refused(self, node: Condition, message: str, hint: str) -> Sql:
        self.problems.append(Problem(node.span, message, hint))
        return Sql("false")


def _by_health(name: str) -> tuple[str, str]:
    message = (
        f"“{name}” is a part of health, so it cannot decide which definition of health applies: the"
        " score would decide what it is made of."
    )
    return message, "Ask for figures such as mrr or past_due, for tags, or for other attributes."


def _names_segments(node: Node) -> bool:
    return isinstance(node, Condition) and node.name.text.lower() in SEGMENT_NAMES


def _values(node: Node) -> list[str]:
    value = node.predicate.value if isinstance(node, Condition) else None
    several = value if isinstance(value, tuple) else (value,)
    return [one for one in several if isinstance(one, str)]
