"""Questions about plans: one with its counts, its entries by the page, and whole for download."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import QuerySet

from tenure.connections.models import Site
from tenure.core.errors import ConfigurationError
from tenure.sync.models import Plan, PlanEntry, Run
from tenure.sync.planning.entries import NEEDS_A_PERSON, VERBS

CSV_HEAD = ("verb", "object", "identifier", "name", "of account", "upstream id")
CSV_FIELD = ("field", "old", "new")
CSV_MORE = ("set by", "set at", "reason")


def get_plan(pk: int) -> Plan:
    """The plan with its site and who asked for it. Raises ConfigurationError without one."""
    found = Plan.objects.select_related("site", "member", "replaces").filter(pk=pk).first()
    if found is None:
        raise ConfigurationError(f"There is no plan {pk}.", next_step="Make one with tenure plan.")
    return found


def plans(site: Site | None = None, *, limit: int = 50, before: int | None = None) -> list[Plan]:
    """The newest plans first, of one site or of all; ``before`` pages on by number."""
    rows = Plan.objects.select_related("site", "member")
    if site:
        rows = rows.filter(site=site)
    if before:
        rows = rows.filter(pk__lt=before)
    return list(rows[:limit])


def all_plans(site: Site | None = None) -> "QuerySet[Plan]":
    """Every plan, of one site or of all, as rows to be paged."""
    rows = Plan.objects.select_related("site", "member")
    return rows.filter(site=site) if site else rows


def entries(
    plan: Plan, *, verbs: Sequence[str] = (), kind: str = "", after: int = 0, limit: int = 50
) -> list[PlanEntry]:
    """The plan's entries in their order, manual edits first, going on after a position."""
    rows = plan.entries.filter(position__gt=after)
    if verbs:
        rows = rows.filter(verb__in=list(verbs))
    if kind:
        rows = rows.filter(object_kind=kind)
    return list(rows.order_by("position")[:limit])


def total(plan: Plan, verb: str, kind: str = "") -> int:
    """How many objects of a kind (of every kind without one) have this verb."""
    objects: dict[str, dict[str, int]] = plan.counts.get("objects", {})
    return sum(counted.get(verb, 0) for name, counted in objects.items() if kind in ("", name))


def needs_a_person(plan: Plan) -> bool:
    """Whether manual edits would be lost, or something waits for somebody's word."""
    return any(total(plan, verb) for verb in NEEDS_A_PERSON)


def run_of(plan: Plan) -> Run | None:
    """The newest run that was to apply the plan."""
    return Run.objects.filter(plan=plan).order_by("-pk").first()


def as_json(plan: Plan) -> dict[str, Any]:
    """The promised shape of a plan, without its entries."""
    return {
        "id": plan.pk,
        "site": plan.site.subdomain,
        "state": plan.state,
        "created_at": _stamp(plan.created_at),
        "upstream_end": _stamp(plan.upstream_end),
        "whole": plan.whole,
        "pending": plan.pending,
        "counts": {verb: total(plan, verb) for verb in (*VERBS, "leave")},
        "objects": plan.counts.get("objects", {}),
        "fields": plan.counts.get("fields", {}),
        "following": plan.counts.get("following", {}),
        "needs_attention": needs_a_person(plan),
        "digest": plan.digest,
        "outcome": plan.outcome,
        "reason": plan.reason or None,
        "next_step": plan.next_step or None,
    }


def entry_as_json(entry: PlanEntry) -> dict[str, Any]:
    """The promised shape of one entry."""
    return {
        "position": entry.position,
        "verb": entry.verb,
        "object": entry.object_kind,
        "account_id": entry.account_id,
        "identifier": entry.identifier or None,
        "name": entry.name or None,
        "belongs_to": entry.belongs_to or None,
        "upstream_id": entry.upstream_id or None,
        "changes": entry.changes,
        "overridden": entry.overridden,
        "reason": entry.reason or None,
    }


def csv_rows(*plans: Plan) -> Iterator[Sequence[Any]]:
    """Whole plans as rows of a table, one for each field that changes, with their titles."""
    yield (*CSV_HEAD, *CSV_FIELD, *CSV_MORE)
    for plan in plans:
        yield from _csv_of(plan)


def _csv_of(plan: Plan) -> Iterator[Sequence[Any]]:
    for entry in plan.entries.order_by("position").iterator():
        told = (
            entry.verb,
            entry.object_kind,
            entry.identifier,
            entry.name,
            entry.belongs_to,
            entry.upstream_id,
        )
        for place, (old, new) in (entry.changes or {"": ("", "")}).items():
            lost = entry.overridden.get(place, {})
            field = place.removeprefix("attributes.")
            by, at = lost.get("set_by"), lost.get("set_at")
            yield (*told, field, old, new, by, at, entry.reason)


def _stamp(instant: Any) -> str | None:
    return instant.isoformat().replace("+00:00", "Z") if instant else None
