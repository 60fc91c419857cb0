"""Saving, changing and removing segments and saved views."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from tenure.access.models import Member
from tenure.core.errors import ConfigurationError
from tenure.customers.write import By
from tenure.rules.tree import EVERYTHING
from tenure.segments import deciding, members
from tenure.segments.models import Cause, Segment, SegmentVersion, View
from tenure.segments.order import circle
from tenure.segments.overlaps import priorities
from tenure.segments.question import Question, question
from tenure.segments.read import naming, segments

LONGEST_NAME = 80


class SegmentRefused(ConfigurationError):
    """A segment that cannot be saved like this; ``field`` names what is at fault."""

    def __init__(self, field: str, message: str, next_step: str = "") -> None:
        super().__init__(message, next_step=next_step)
        self.field = field


@dataclass(frozen=True, slots=True)
class Draft:
    """A segment as somebody wants it."""

    name: str
    rule: str
    description: str = ""
    priority: int = 100
    owner: Member | None = None


def draft_of(segment: Segment) -> Draft:
    """A saved segment as a draft of its next version."""
    return Draft(segment.name, segment.rule, segment.description, segment.priority, segment.owner)


def save(
    draft: Draft,
    *,
    now: datetime,
    member: Member | None = None,
    by: str = "",
    segment: Segment | None = None,
) -> Segment:
    """Make a segment, or change one, and place every account in it. Raises RuleRefused or
    SegmentRefused with nothing changed. ``by`` names who does it where there is no member."""
    name = _name(draft.name, segment)
    asked = question(draft.rule, now)
    if asked.tree == EVERYTHING:
        raise SegmentRefused(
            "rule", "A segment needs at least one condition.", "Write mrr > 0, for example."
        )
    _refuse_circle(name, asked, segment)
    _refuse_undecided(name, asked, now)
    with transaction.atomic():
        saved = _saved(segment, draft, name, asked, now)
        _keep(saved, member, by, now)
        deciding.follow(saved, now=now, by=By(member=member, name=by))
    members.place_all(now, segments=[saved, *naming(name)], cause=Cause.RULE)
    saved.refresh_from_db()
    return saved


def reorder(
    order: Sequence[int], *, now: datetime, member: Member | None = None, by: str = ""
) -> int:
    """Let segments decide in this order, each before those after it; how many got another priority.
    Raises SegmentRefused when it does not name every segment once. Nobody enters or leaves by it."""
    with transaction.atomic():
        held = {one.pk: one for one in Segment.objects.select_for_update()}
        if sorted(order) != sorted(held):
            raise SegmentRefused(
                "order", "Segments were made or deleted meanwhile.", "Look at the list again."
            )
        changed = priorities([held[pk] for pk in order])
        for pk, priority in changed.items():
            one = held[pk]
            one.priority, one.updated_at = priority, now
            one.version += 1
            one.save(update_fields=["priority", "updated_at", "version"])
            _keep(one, member, by, now)
    return len(changed)


def put_before(
    one: Segment, other: Segment, *, now: datetime, member: Member | None = None, by: str = ""
) -> int:
    """Let one segment decide where an account is in both; how many got another priority."""
    order = [each.pk for each in segments() if each.pk != one.pk]
    order.insert(order.index(other.pk), one.pk)
    return reorder(order, now=now, member=member, by=by)


def remove(segment: Segment) -> None:
    """Delete a segment with its history. Raises SegmentRefused while another, or a definition of
    health, names it. ``alerts.uses`` also asks the alert rules."""
    users = _users(segment.name)
    if users:
        raise SegmentRefused(
            "name", f"“{segment.name}” is named by the rule of {users}.", "Change that rule first."
        )
    segment.delete()


def _users(name: str) -> str:
    """What names a segment, in words; empty when nothing does."""
    users = [f"“{one.name}”" for one in naming(name)]
    users += [f"the health definition “{one.definition.name}”" for one in deciding.naming(name)]
    return ", ".join(users)


def save_view(
    page: str,
    name: str,
    query: str,
    *,
    now: datetime,
    member: Member | None,
    shared: bool = False,
    default: bool = False,
) -> View:
    """Keep a list under a name, for oneself or for everyone; one of the same name is replaced."""
    named = name.strip()[:LONGEST_NAME]
    if not named:
        raise SegmentRefused("name", "A view needs a name.", "Write what the list shows.")
    whose = None if shared else member
    with transaction.atomic():
        if default:
            View.objects.filter(page=page, member=whose).update(is_default=False)
        view, _ = View.objects.update_or_create(
            page=page,
            member=whose,
            name=named,
            defaults={"query": query, "is_default": default, "made_by": member, "created_at": now},
        )
    return view


def rename_view(view: View, name: str) -> None:
    """Call a view something else. Raises SegmentRefused for no name, or one that is taken."""
    named = name.strip()[:LONGEST_NAME]
    if not named:
        raise SegmentRefused("name", "A view needs a name.", "Write what the list shows.")
    try:
        with transaction.atomic():
            View.objects.filter(pk=view.pk).update(name=named)
    except IntegrityError:
        raise SegmentRefused(
            "name", f"There is a view “{named}” already.", "Choose another name."
        ) from None
    view.name = named


def open_with(view: View, *, on: bool) -> None:
    """Let the page open with this view, or not with it any more."""
    with transaction.atomic():
        View.objects.filter(page=view.page, member=view.member_id).update(is_default=False)
        View.objects.filter(pk=view.pk).update(is_default=on)
    view.is_default = on


def remove_view(view: View) -> None:
    """Forget a view; whoever has its address still gets the list."""
    View.objects.filter(pk=view.pk).delete()


def _keep(segment: Segment, member: Member | None, by: str, now: datetime) -> None:
    SegmentVersion.objects.create(
        segment=segment,
        number=segment.version,
        name=segment.name,
        rule=segment.rule,
        priority=segment.priority,
        member=member,
        by=by or (member.email if member else ""),
        at=now,
    )


def _name(wanted: str, segment: Segment | None) -> str:
    name = " ".join(wanted.split())
    if not name or len(name) > LONGEST_NAME:
        raise SegmentRefused("name", f"A segment's name has 1 to {LONGEST_NAME} characters.")
    taken = Segment.objects.filter(name__iexact=name)
    if segment is not None:
        taken = taken.exclude(pk=segment.pk)
        users = _users(segment.name) if name.lower() != segment.name.lower() else ""
        if users:
            raise SegmentRefused(
                "name",
                f"“{segment.name}” is named by the rule of {users}, so it keeps its name.",
                "Change that rule first.",
            )
    if taken.exists():
        raise SegmentRefused(
            "name", f"There is a segment “{name}” already.", "Choose another name."
        )
    return name


def _refuse_circle(name: str, asked: Question, segment: Segment | None) -> None:
    others = [one for one in Segment.objects.all() if segment is None or one.pk != segment.pk]
    rules = {one.name.lower(): one.rule for one in others}
    way = circle(name, asked.tree, rules)
    if way:
        names = " → ".join(f"“{one}”" for one in way)
        raise SegmentRefused(
            "rule",
            f"The segment would depend on itself: {names}.",
            "Take the segment out of its own rule.",
        )


def _refuse_undecided(name: str, asked: Question, now: datetime) -> None:
    found = deciding.refusal(name, asked.text, now)
    if found:
        definition, error = found
        raise SegmentRefused(
            "rule",
            f"“{name}” decides which accounts the health definition “{definition}” scores."
            f" {error.message}",
            f"{error.next_step} Or give the definition another rule first.".strip(),
        )


def _saved(
    segment: Segment | None, draft: Draft, name: str, asked: Question, now: datetime
) -> Segment:
    held = segment or Segment(version=0, created_at=now)
    held.name, held.rule = name, asked.text
    held.description, held.priority = draft.description.strip(), draft.priority
    held.owner, held.updated_at, held.fault = draft.owner, now, ""
    held.version += 1
    try:
        held.save()
    except IntegrityError as error:
        raise SegmentRefused(
            "name", f"There is a segment “{name}” already.", "Choose another name."
        ) from error
    return held
