"""Set-ups in progress: which sites are being set up, how far a person came, what the check said.

No key is ever kept here: sites are saved at the first step, sealed and staged. What was chosen
since stands with the sites, the rule and the mapping themselves.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import transaction

from tenure.access.models import Member
from tenure.connections.findings import Told
from tenure.connections.models import SetUp, Site


class Step(StrEnum):
    """The steps in their order. What a dry run shows depends on the modes, so the mode comes first."""

    CONNECT = "connect"
    TEST = "test"
    SAMPLE = "sample"
    IDENTIFIER = "identifier"
    MAP = "map"
    MODE = "mode"
    DRY_RUN = "dry-run"
    PROGRESS = "progress"
    DONE = "done"


ORDER: tuple[Step, ...] = tuple(Step)


def begin(
    sites: Sequence[Site], checks: Iterable[Told], *, member: Member | None, now: datetime
) -> SetUp:
    """A set-up of these sites, which were checked and saved just now."""
    choices = {
        "sites": [site.pk for site in sites],
        "checks": [told.as_json() for told in checks],
    }
    return SetUp.objects.create(step=Step.TEST, choices=choices, member=member, created_at=now)


def get(pk: int) -> SetUp:
    """The set-up of this number. Raises SetUp.DoesNotExist."""
    return SetUp.objects.select_related("member").get(pk=pk)


def unfinished() -> Sequence[SetUp]:
    """Set-ups that wait for somebody, newest first. One whose sites are all gone is none."""
    rows = SetUp.objects.select_related("member").filter(finished_at=None).order_by("-pk")
    return [setup for setup in rows if sites_of(setup)]


def unfinished_of(site: Site) -> SetUp | None:
    """The set-up this site is part of, while it goes on."""
    return next((one for one in unfinished() if site.pk in one.choices.get("sites", ())), None)


def sites_of(setup: SetUp) -> Sequence[Site]:
    """The sites being set up, as they are now; one removed meanwhile is missing."""
    return list(Site.objects.filter(pk__in=setup.choices.get("sites", ())))


def checks_of(setup: SetUp) -> Sequence[Told]:
    """What the newest check said of each site."""
    return [Told.of_json(document) for document in setup.choices.get("checks", ())]


def keep_checks(setup: SetUp, checks: Iterable[Told]) -> None:
    """Put a newer check in the place of the one before."""
    note(setup, checks=[told.as_json() for told in checks])


def reach(setup: SetUp, step: Step) -> None:
    """A person came as far as this step; going back loses nothing."""
    if ORDER.index(Step(setup.step)) < ORDER.index(step):
        setup.step = step
        setup.save(update_fields=["step"])


def note(setup: SetUp, **values: Any) -> None:
    """Keep what a step has to remember. None takes a thing out."""
    with transaction.atomic():  # the worker notes how far it is while a person chooses
        locked = SetUp.objects.select_for_update().get(pk=setup.pk)
        kept: Mapping[str, Any] = {**locked.choices, **values}
        locked.choices = {name: value for name, value in kept.items() if value is not None}
        locked.save(update_fields=["choices"])
    setup.choices = locked.choices


def finish(setup: SetUp, now: datetime) -> None:
    """Nothing is left to do."""
    SetUp.objects.filter(pk=setup.pk, finished_at=None).update(finished_at=now)


def finish_if_active(site: Site, now: datetime) -> None:
    """The set-up of a site that was activated outside of it ends, once none of its sites is staged."""
    setup = unfinished_of(site)
    if setup and not any(one.staged for one in sites_of(setup)):
        finish(setup, now)


def forget(setup: SetUp) -> None:
    """The set-up goes; what becomes of its sites is its caller's."""
    setup.delete()
