"""Segments that decide which definition of health applies.

Health stands below segments and keeps the rules of those a definition names. So whoever saves such a
definition brings them along, and a segment that changes hands its new rule down: a version of the
definition, made by the change.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from tenure.customers.write import By, ValueRefused
from tenure.health import versions
from tenure.health.membership import Who, catalogue, condition, segments_named
from tenure.health.models import DefinitionVersion
from tenure.metrics.asking import context
from tenure.rules.errors import RuleRefused
from tenure.rules.parse import parse
from tenure.rules.text import text_of
from tenure.rules.tree import Condition, Group, Node, Not, Value
from tenure.segments.models import Segment


def who(rule: str) -> Who:
    """Whom a definition with this rule is for, with the rules of the segments it names, each by its
    name as it is written. Raises RuleRefused for a text that is no rule; whether it can be used is
    seen when it is saved."""
    found = list(Segment.objects.all())
    rules = {one.name.lower(): one.rule for one in found}
    tree = parse(rule)
    spelled = _spelled(tree, {one.name.lower(): one.name for one in found})
    text = rule.strip() if spelled == tree else text_of(spelled)
    return Who(text, _closed(text, rules))


def _spelled(node: Node, names: Mapping[str, str]) -> Node:
    """The rule with each segment's name in its own letters."""

    def own(value: Value) -> Value:
        match value:
            case tuple():
                return tuple(names.get(v.lower(), v) if isinstance(v, str) else v for v in value)
            case str():
                return names.get(value.lower(), value)
        return value

    match node:
        case Group(parts=parts):
            return replace(node, parts=tuple(_spelled(part, names) for part in parts))
        case Not(part=part):
            return replace(node, part=_spelled(part, names))
        case Condition(predicate=test) if segments_named(node):
            return replace(node, predicate=replace(test, value=own(test.value)))
    return node


def _closed(rule: str, rules: Mapping[str, str]) -> dict[str, str]:
    """The rules of all the segments that a rule names, itself or through another."""
    found: dict[str, str] = {}
    left = list(segments_named(rule))
    while left:
        name = left.pop()
        if name in rules and name not in found:
            found[name] = rules[name]
            left += segments_named(rules[name])
    return found


def using(name: str) -> list[DefinitionVersion]:
    """The definitions of health that a segment decides, itself or through another."""
    return [one for one in versions.listed() if name.lower() in one.segments]


def naming(name: str) -> list[DefinitionVersion]:
    """The definitions of health whose own rule names a segment."""
    return [one for one in using(name) if name.lower() in segments_named(one.rule)]


def refusal(name: str, rule: str, now: datetime) -> tuple[str, RuleRefused] | None:
    """The definition of health that could not be asked any more if the segment had this rule, and
    why; None when there is none."""
    for one in using(name):
        try:
            condition(_changed(one, name, rule), catalogue(), context(now))
        except RuleRefused as error:
            return one.definition.name, error
    return None


def follow(segment: Segment, *, now: datetime, by: By) -> list[DefinitionVersion]:
    """Hand a changed segment's rule to the definitions it decides: a version of each."""
    found = []
    for one in using(segment.name):
        if one.segments[segment.name.lower()] == segment.rule:
            continue
        reason = f"The segment “{segment.name}” changed to version {segment.version}."
        because = By(by.origin, by.member, reason, by.name)
        new = _changed(one, segment.name, segment.rule)
        found.append(versions.save(one.definition_id, one.document, because, now=now, who=new))
    return found


def _changed(version: DefinitionVersion, name: str, rule: str) -> Who:
    rules = {one.name.lower(): one.rule for one in Segment.objects.all()}
    rules[name.lower()] = rule
    return Who(version.rule, _closed(version.rule, rules))


def restore(version: DefinitionVersion, by: By, *, now: datetime) -> DefinitionVersion:
    """Save an earlier version anew as the newest, with segments as they are now. Raises ValueRefused
    as ``versions.save`` does."""
    reason = by.reason.strip() or f"Brings version {version.number} back."
    because = By(by.origin, by.member, reason, by.name)
    held = version.definition
    try:
        whom = None if held.is_fallback or not version.rule else who(version.rule)
    except RuleRefused as error:
        raise ValueRefused("rule", error.message, error.next_step) from error
    return versions.save(
        version.definition_id, version.document, because, now=now, who=whom, restores=version
    )
