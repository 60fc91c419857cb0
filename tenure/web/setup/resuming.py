"""Continuing a set-up where it was left, and what the hub shows of those that wait."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

from tenure.connections import setups
from tenure.connections.models import SetUp, Site
from tenure.connections.setups import ORDER, Step
from tenure.sync import activation
from tenure.web.permissions import may_manage_sites, only
from tenure.web.setup import steps


@dataclass(frozen=True, slots=True)
class Waiting:
    """A set-up somebody began: its sites, the step it is at, and whether it can still be cancelled."""

    setup: SetUp
    names: str
    label: str
    number: int
    may_cancel: bool


@require_safe
@only(may_manage_sites)
def resume(request: HttpRequest, pk: int) -> HttpResponse:  # noqa: ARG001  # a view
    """The step a person came to last."""
    setup = steps.setup_of(pk)
    return HttpResponseRedirect(steps.address(setup, Step(setup.step)))


def waiting() -> Sequence[Waiting]:
    """The set-ups that are not finished, newest first."""
    return [_waiting(setup) for setup in setups.unfinished()]


def of_site(site: Site) -> Waiting | None:
    """The set-up a site is part of, while it waits."""
    setup = setups.unfinished_of(site)
    return _waiting(setup) if setup else None


def _waiting(setup: SetUp) -> Waiting:
    step = Step(setup.step)
    return Waiting(
        setup=setup,
        names=", ".join(site.subdomain for site in setups.sites_of(setup)),
        label=steps.LABELS[step],
        number=ORDER.index(step) + 1,
        may_cancel=activation.of(setup) is None,
    )
