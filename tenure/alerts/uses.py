"""What depends on a segment: other segments, definitions of health, alert rules and saved lists; and
deleting one that nothing depends on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs

from django.db.models import Q

from tenure.alerts.models import AlertRule
from tenure.health import versions
from tenure.health.models import DefinitionVersion
from tenure.segments import deciding, read, write
from tenure.segments.models import Segment, View
from tenure.segments.order import named_in
from tenure.segments.write import SegmentRefused

LISTS = "accounts"  # the page whose lists are narrowed by rules


@dataclass(frozen=True, slots=True)
class Uses:
    """What depends on a segment. ``definitions`` are decided by it, itself or through another."""

    segments: tuple[Segment, ...] = ()
    definitions: tuple[DefinitionVersion, ...] = ()
    rules: tuple[AlertRule, ...] = ()
    views: tuple[View, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.segments or self.definitions or self.rules or self.views)

    def as_json(self) -> dict[str, list[str]]:
        """As scripts see it, by name."""
        return {
            "segments": [one.name for one in self.segments],
            "health_definitions": [one.definition.name for one in self.definitions],
            "alert_rules": [one.name for one in self.rules],
            "views": [one.name for one in self.views],
        }


def uses_of(segment: Segment, *, member_id: int | None = None) -> Uses:
    """What depends on a segment. Of saved lists those everyone sees, and the member's own."""
    views = View.objects.filter(Q(member=None) | Q(member_id=member_id), page=LISTS)
    return Uses(
        tuple(read.naming(segment.name)),
        tuple(deciding.using(segment.name)),
        tuple(_rules(segment)),
        tuple(one for one in views.order_by("name") if _asks(one, segment)),
    )


def uses_of_all(found: Sequence[Segment], *, member_id: int | None = None) -> dict[int, Uses]:
    """The same of many, by id; every rule is read once."""
    views = View.objects.filter(Q(member=None) | Q(member_id=member_id), page=LISTS).order_by(
        "name"
    )
    asked = [
        (one, {name for rule in parse_qs(one.query).get("rule", ()) for name in named_in(rule)})
        for one in views
    ]
    named = [(one, named_in(one.rule)) for one in found]
    decided = [(one, set(one.segments)) for one in versions.listed()]
    rules = [
        (
            one,
            named_in(one.rule) | named_in(one.resolve) | {s.name.lower() for s in one.scope.all()},
        )
        for one in AlertRule.objects.prefetch_related("scope")
    ]

    def using(name: str) -> Uses:
        return Uses(
            tuple(one for one, names in named if name in names and one.name.lower() != name),
            tuple(one for one, names in decided if name in names),
            tuple(one for one, names in rules if name in names),
            tuple(one for one, names in asked if name in names),
        )

    return {one.pk: using(one.name.lower()) for one in found}


def remove(segment: Segment) -> None:
    """Delete a segment with its history. Raises SegmentRefused while another segment, a definition of
    health or an alert rule depends on it: what they are for must not grow or shrink unsaid."""
    rules = _rules(segment)
    if rules:
        raise SegmentRefused(
            "name",
            f"“{segment.name}” is used by the alert rule{'' if len(rules) == 1 else 's'}"
            f" {', '.join(f'“{one.name}”' for one in rules)}.",
            "Give the alert rule another segment or condition first.",
        )
    write.remove(segment)


def _rules(segment: Segment) -> list[AlertRule]:
    """The alert rules that are limited to a segment or ask about it, switched off ones too."""
    every = AlertRule.objects.prefetch_related("scope")
    return [
        one for one in every if segment in one.scope.all() or _names(segment, one.rule, one.resolve)
    ]


def _asks(view: View, segment: Segment) -> bool:
    return _names(segment, *parse_qs(view.query).get("rule", ()))


def _names(segment: Segment, *rules: str) -> bool:
    return any(segment.name.lower() in named for named in _named(rules))


def _named(rules: Iterable[str]) -> Iterable[set[str]]:
    return (named_in(rule) for rule in rules if rule.strip())
