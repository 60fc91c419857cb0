"""Holding a run to the plan that a person was shown: worked out again before anything is applied,
and compared with what was applied afterwards.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection

from tenure.access.models import Member
from tenure.core.errors import ConfigurationError, PermanentError
from tenure.customers.models import ChangeSet
from tenure.sync import read, write
from tenure.sync.models import Plan, PlanEntry, PlanState, Run
from tenure.sync.planning import applied, making
from tenure.sync.planning.entries import UNPROMISED
from tenure.sync.planning.upstream import ChangesReader, Upstream
from tenure.sync.work import Work

MOST_KEPT = 200
ADDED, GONE, CHANGED = "added", "gone", "changed"


class PlanNoLongerHolds(PermanentError):
    """What a run would do is not what was shown any more; nothing was applied."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One object about which two plans, or a plan and what was applied, differ: ``added`` is only
    in the later one, ``gone`` only in the earlier. ``shown`` and ``now`` are its changes."""

    what: str
    object_kind: str
    identifier: str
    name: str
    account_id: int | None
    shown: Mapping[str, Any] | None
    now: Mapping[str, Any] | None


def apply(plan: Plan, trigger: str, *, member: Member | None) -> Run:
    """Ask for a run that does exactly what this plan shows, or stops. Raises ConfigurationError for
    a plan that no run can apply, or while another run goes on."""
    site = plan.site
    if plan.state != PlanState.READY:
        raise ConfigurationError(
            f"Plan {plan.pk} of {site.subdomain} is not ready.", next_step="Make a new plan."
        )
    if plan.whole and plan.pending:
        raise ConfigurationError(
            f"Plan {plan.pk} of {site.subdomain} includes a change of the mapping that is still being"
            " gone through.",
            next_step="When that is done make a new plan, or plan now without it.",
        )
    if plan.whole:
        raise ConfigurationError(
            f"Plan {plan.pk} shows what {site.subdomain} would become from all that is stored.",
            next_step="Apply its set-up or its mapping; a sync does not go through everything.",
        )
    run, new = write.request_run(site, trigger, member=member, plan=plan)
    if not new:
        raise ConfigurationError(
            f"{site.subdomain}: run {run.pk} is going on already.",
            next_step="When it has ended, make a new plan: this one may not hold any more.",
        )
    return run


async def hold(work: Work) -> None:
    """See that the run's plan still holds. Raises PlanNoLongerHolds, with the new plan kept beside
    the old one, when it does not."""
    plan = await work.db(_plan_of, work.run)
    if plan is None or _held_already(plan, work.run):
        return
    reader = ChangesReader(work.line, work.site, work.db, Upstream(work.upstream_now))
    upstream = await reader.read_everything(await work.db(read.marks, work.site))
    await work.db(_compare, work, plan, upstream)


def _plan_of(run: Run) -> Plan | None:
    if run.plan_id is None:
        return None
    return Plan.objects.select_related("site").filter(pk=run.plan_id).first()


def _held_already(plan: Plan, run: Run) -> bool:
    # A run that is taken up again has applied a part of it: compared now, the plan would differ.
    return (plan.outcome or {}).get("run") == run.pk


def _compare(work: Work, plan: Plan, upstream: Upstream) -> None:
    again = Plan.objects.create(
        site=work.site,
        member=plan.member,
        created_at=work.now,
        state=PlanState.WORKING,
        replaces=plan,
    )
    making.fill(again, upstream, now=work.now)
    held = again.digest == plan.digest
    plan.outcome = {"run": work.run.pk, "held": held}
    if held:
        again.delete()
        plan.save()
        return
    counted = count_differences(plan.pk, again.pk)
    plan.outcome |= {"plan": again.pk, "counts": counted}
    plan.save()
    told = ", ".join(f"{counted[what]:,} {what}" for what in (ADDED, GONE, CHANGED))
    raise PlanNoLongerHolds(
        f"{work.site.subdomain}: plan {plan.pk} no longer holds ({told}); nothing was applied.",
        next_step=f"Look at the difference, and apply plan {again.pk}, which is what holds now.",
    )


def settle(run: Run) -> tuple[str, str]:
    """After the run: keep on the plan where what was applied differs from what was shown. The
    sentence that says so and the next step; both "" when nothing differs."""
    plan = _plan_of(run)
    if plan is None or run.change_set is None:
        return "", ""
    found = applied_otherwise(plan, run.change_set)
    kept = [asdict(one) for one in found[:MOST_KEPT]]
    plan.outcome = {"run": run.pk, "held": True, "applied": not found, "differences": kept}
    plan.save()
    if not found:
        return "", ""
    first = ", ".join(one.identifier or one.name for one in found[:3])
    told = (
        f"Upstream changed while plan {plan.pk} was being applied: {len(found):,} of its objects"
        f" came out otherwise than shown, among them {first}."
    )
    return told, "The run's page lists them; the next sync brings what is missing."


def applied_otherwise(plan: Plan, change_set: ChangeSet) -> list[Difference]:
    """Where what a change set did to accounts, their contacts and subscriptions is not what the plan
    shows."""
    promised = plan.entries.filter(verb__in=("create", "update", "override"))
    shown = {
        _key(entry): entry for entry in promised.filter(object_kind__in=applied.KINDS).iterator()
    }
    found: list[Difference] = []
    for key, (name, account, changes) in applied.by(change_set):
        entry = shown.pop(key, None)
        said = None if entry is None else _promised(entry)
        if said != changes:
            what = ADDED if entry is None else CHANGED
            found.append(Difference(what, key.kind, key.named, name, account, said, changes))
    for key, entry in shown.items():
        said = _promised(entry)
        found.append(
            Difference(GONE, key.kind, key.named, entry.name, entry.account_id, said, None)
        )
    return found


def _key(entry: PlanEntry) -> applied.Key:
    named = entry.upstream_id if entry.object_kind == "subscription" else entry.identifier
    of = entry.belongs_to if entry.object_kind == "contact" else ""
    return applied.Key(entry.object_kind, named, of, is_new=entry.verb == "create")


def _promised(entry: PlanEntry) -> dict[str, Any]:
    # The values of something new are in its row, not in its history.
    return {} if entry.verb == "create" else dict(entry.changes)


_NAMED = """CASE WHEN object_kind = 'account' AND identifier <> '' THEN identifier
            ELSE coalesce(nullif(upstream_id, ''), identifier) END"""
_SIDE = f"""
    SELECT object_kind, verb, {_NAMED} AS named, identifier, name, account_id, changes, position,
           CASE WHEN object_kind = 'contact' THEN belongs_to ELSE '' END AS belongs,
           (SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(overridden) k) AS lost
    FROM sync_planentry WHERE plan_id = %s AND verb <> ALL(%s)
"""
_COMPARED = f"""
    WITH before AS ({_SIDE}), after AS ({_SIDE})
    SELECT CASE WHEN b.verb IS NULL THEN 'added' WHEN a.verb IS NULL THEN 'gone'
                ELSE 'changed' END AS what,
           coalesce(a.object_kind, b.object_kind) AS object_kind,
           coalesce(a.named, b.named) AS named,
           coalesce(a.name, b.name) AS name,
           coalesce(a.account_id, b.account_id) AS account_id,
           b.changes AS shown, a.changes AS now, coalesce(a.position, b.position) AS position
    FROM before b FULL JOIN after a
        ON a.object_kind = b.object_kind AND a.named = b.named AND a.belongs = b.belongs
    WHERE a.verb IS DISTINCT FROM b.verb OR a.changes IS DISTINCT FROM b.changes
       OR a.lost IS DISTINCT FROM b.lost
"""


def differences(shown: int, now: int, *, limit: int, offset: int = 0) -> list[Difference]:
    """Where two plans (by number) differ, in the order of their entries."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT what, object_kind, named, name, account_id, shown::text, now::text"
            f" FROM ({_COMPARED}) found ORDER BY position, object_kind, named LIMIT %s OFFSET %s",
            [shown, list(UNPROMISED), now, list(UNPROMISED), limit, offset],
        )
        return [
            Difference(what, kind, named, name, account, _json(before), _json(after))
            for what, kind, named, name, account, before, after in cursor.fetchall()
        ]


def count_differences(shown: int, now: int) -> dict[str, int]:
    """How many entries were added, are gone and were changed between two plans."""
    sides: list[Any] = [shown, list(UNPROMISED), now, list(UNPROMISED)]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT what, count(*) FROM ({_COMPARED}) found GROUP BY what", sides)
        found = dict(cursor.fetchall())
    return {what: found.get(what, 0) for what in (ADDED, GONE, CHANGED)}


def _json(text: str | None) -> Any:
    return None if text is None else json.loads(text)
