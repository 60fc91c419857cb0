"""How each site stands: its last good run, its last run and the one going on now; what runs left."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Subquery

from tenure.connections.models import Site
from tenure.sync.models import ACTIVE, RawPayload, Run, RunState


@dataclass(frozen=True, slots=True)
class Standing:
    """One site with its newest runs. ``good_at`` is when data was last proved to be all here."""

    site: Site
    good_at: datetime | None
    last: Run | None
    active: Run | None


def standings() -> Sequence[Standing]:
    """Every site, in order of priority. Two queries, however many sites and runs there are."""
    runs = Run.objects.filter(site=OuterRef("pk")).order_by("-id")
    sites = Site.objects.annotate(
        good_at=Subquery(runs.filter(state=RunState.COMPLETE).values("finished_at")[:1]),
        last_run=Subquery(runs.exclude(state__in=ACTIVE).values("pk")[:1]),
        active_run=Subquery(runs.filter(state__in=ACTIVE).values("pk")[:1]),
    )
    wanted = {pk for site in sites for pk in (site.last_run, site.active_run) if pk}
    known = Run.objects.in_bulk(wanted) if wanted else {}
    return [
        Standing(site, site.good_at, known.get(site.last_run), known.get(site.active_run))
        for site in sites
    ]


def runs_of_change_sets(ids: Iterable[int]) -> dict[int, int]:
    """The run id of each of these change sets; those a person made are absent."""
    wanted = set(ids)
    if not wanted:
        return {}
    return dict(Run.objects.filter(change_set__in=wanted).values_list("change_set_id", "pk"))


def payload(pk: int) -> RawPayload | None:
    """One kept payload by its own number; None when there is none."""
    return RawPayload.objects.select_related("skeleton").filter(pk=pk).first()
