"""Questions about segments: which there are, who is in, who came and went."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet

from tenure.core.errors import ConfigurationError
from tenure.core.money import Money
from tenure.metrics.read import AccountsPage, Totals, accounts_page, totals
from tenure.metrics.settings import current
from tenure.rules.sql import Where
from tenure.segments.inside import inside
from tenure.segments.models import Crossing, Membership, Segment, View
from tenure.segments.order import named_in
from tenure.segments.question import Question, patient

RECENTLY = timedelta(days=7)
MOST_ADDED, ADDING_SECONDS = 100_000, 5


@dataclass(frozen=True, slots=True)
class Listed:
    """A segment with what a list shows of it."""

    segment: Segment
    members: int
    entered: int
    left: int
    used_by: tuple[str, ...]


def segments() -> QuerySet[Segment]:
    """All segments in their order of priority."""
    return Segment.objects.select_related("owner").order_by("priority", "name")


def segment_named(name: str) -> Segment:
    """The segment of this name, in any case. Raises ConfigurationError that lists what there is."""
    found = Segment.objects.filter(name__iexact=name.strip()).first()
    if found:
        return found
    known = ", ".join(Segment.objects.values_list("name", flat=True)[:20]) or "none yet"
    raise ConfigurationError(
        f"There is no segment {name!r}.", next_step=f"There are these: {known}."
    )


def listed(now: datetime) -> list[Listed]:
    """Every segment with its size, who crossed in the last seven days, and what else names it."""
    found = list(segments())
    sizes = dict(
        Membership.objects.values_list("segment")
        .annotate(size=Count("pk"))
        .values_list("segment", "size")
    )
    recent = Crossing.objects.filter(at__gt=now - RECENTLY).values("segment")
    crossed: dict[int, Any] = {
        row["segment"]: row
        for row in recent.annotate(
            came=Count("pk", filter=Q(entered=True)), went=Count("pk", filter=Q(entered=False))
        )
    }
    users = {one.name.lower(): naming(one.name, found) for one in found}
    return [
        Listed(
            one,
            sizes.get(one.pk, 0),
            crossed.get(one.pk, {}).get("came", 0),
            crossed.get(one.pk, {}).get("went", 0),
            tuple(other.name for other in users[one.name.lower()]),
        )
        for one in found
    ]


def naming(name: str, among: Iterable[Segment] | None = None) -> Sequence[Segment]:
    """The segments whose rules name this one."""
    others = Segment.objects.all() if among is None else among
    return [
        one
        for one in others
        if one.name.lower() != name.lower() and name.lower() in named_in(one.rule)
    ]


def totals_of(segment: Segment) -> Totals:
    """MRR, due and overdue of its members, by currency."""
    return totals(where=inside([segment.pk]))


def mrr_of(found: Iterable[Listed], *, most: int = MOST_ADDED) -> dict[int, Money | None]:
    """The MRR of the members of each, converted; None where a rate is missing. The smallest are added up
    until ``most`` memberships are: the others are left out, to be asked for one by one after the page."""
    added, few = 0, []
    for one in sorted(found, key=lambda one: one.members):
        added += one.members
        if added > most:
            break
        few.append(one.segment.pk)
    return _mrr_of(few) if few else {}


def mrr_of_one(segment: Segment) -> Money | None:
    """The MRR of its members, converted; None where a rate is missing. A second for a million members.
    Raises TooCostly."""
    with patient(ADDING_SECONDS):
        return _mrr_of([segment.pk]).get(segment.pk, Money(Decimal(0), current().currency))


def _mrr_of(segment_ids: Sequence[int]) -> dict[int, Money | None]:
    currency = current().currency
    with connection.cursor() as db:
        db.execute(_MRR, [list(segment_ids)])
        return {pk: None if no_rate else Money(mrr, currency) for pk, mrr, no_rate in db.fetchall()}


# From the narrow rows that lists are sorted by: an eighth of what the facts would be to read.
_MRR = """
    SELECT m.segment_id, coalesce(sum(b.mrr_sort), 0), bool_or(NOT b.mrr_known)
    FROM segments_membership m JOIN metrics_accountbrief b ON b.account_id = m.account_id
    WHERE b.measured AND m.segment_id = ANY(%s) GROUP BY 1
"""


def members_page(
    segment: Segment, cursor: str | None, *, limit: int, asked: Question | None = None
) -> AccountsPage:
    """A page of its members, the largest MRR first. ``asked`` is its rule, where it can be asked: one
    that the accounts' briefs tell is asked itself, of now. Of any other the brief's part leads past
    everybody it does not fit, so that who no longer meets that and is about to leave may be missing."""
    rule = asked.where if asked else None
    if isinstance(rule, Where) and rule.rest is None:
        return accounts_page(sort="-mrr", cursor=cursor, limit=limit, where=rule)
    held = inside([segment.pk])
    brief, apart = (rule.brief, rule.apart) if isinstance(rule, Where) else (None, ())
    where = Where(held.text, held.values, rest=held, brief=brief, apart=apart)
    return accounts_page(sort="-mrr", cursor=cursor, limit=limit, where=where)


def segments_of(account_ids: Iterable[int]) -> dict[int, list[Segment]]:
    """The segments each account is in, in the order of priority."""
    rows = Membership.objects.filter(account_id__in=list(account_ids)).select_related("segment")
    found: dict[int, list[Segment]] = {}
    for row in rows.order_by("segment__priority", "segment__name"):
        found.setdefault(row.account_id, []).append(row.segment)
    return found


def crossings(
    *,
    segment: Segment | None = None,
    account_id: int | None = None,
    limit: int = 50,
    before: int = 0,
) -> Sequence[Crossing]:
    """Entries and exits, the newest first, from before one of them on."""
    values = ("account__attributes", "account__sources", "account__search")
    rows = Crossing.objects.select_related("segment", "account").defer(*values)
    chosen: dict[str, Any] = {"segment": segment, "account_id": account_id}
    rows = rows.filter(**{name: value for name, value in chosen.items() if value is not None})
    if before:
        rows = rows.filter(pk__lt=before)
    return list(rows.order_by("-pk")[:limit])


def views(page: str, member_id: int | None) -> Sequence[View]:
    """A member's own saved lists of a page, then the shared ones."""
    rows = View.objects.filter(Q(member_id=member_id) | Q(member=None), page=page)
    return sorted(rows, key=lambda view: (view.member_id is None, view.name.lower()))
