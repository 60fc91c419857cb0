"""What all steps of a set-up share: where a person is, where they may go, and how a step is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from tenure.connections import setups
from tenure.connections.models import SetUp
from tenure.connections.setups import ORDER, Step
from tenure.sources import registry
from tenure.sync import activation

LABELS = {
    Step.CONNECT: "Connect",
    Step.TEST: "Test",
    Step.SAMPLE: "Sample",
    Step.IDENTIFIER: "Identifier",
    Step.MAP: "Map",
    Step.MODE: "Mode",
    Step.DRY_RUN: "Dry run",
    Step.PROGRESS: "Progress",
    Step.DONE: "Done",
}
# Once accounts are made, these are changed where they live and no longer in the set-up.
BEFORE_ACCOUNTS = ORDER[: ORDER.index(Step.PROGRESS)]


@dataclass(frozen=True, slots=True)
class Mark:
    """One step in the line of steps; ``address`` is empty where nobody can go now."""

    label: str
    number: int
    state: str
    address: str


def setup_of(pk: int) -> SetUp:
    """The set-up of a page's address; a page not found when there is none."""
    try:
        return setups.get(pk)
    except SetUp.DoesNotExist:
        raise Http404(
            f"There is no set-up {pk}. It was cancelled, or its sites were removed."
        ) from None


def address(setup: SetUp, step: Step) -> str:
    """Where a step of this set-up is."""
    return reverse(f"setup_{step.replace('-', '_')}", args=[setup.pk])


def to(setup: SetUp, step: Step) -> HttpResponse:
    """Go to a step, which is reached by that."""
    setups.reach(setup, step)
    return HttpResponseRedirect(address(setup, step))


def onward(setup: SetUp, step: Step) -> HttpResponse:
    """Go to the step after this one. On the way to the progress the accounts begin to be made."""
    following = ORDER[ORDER.index(step) + 1]
    if following == Step.PROGRESS:
        activation.ask(setup)
    return to(setup, following)


def misplaced(setup: SetUp, step: Step) -> HttpResponse | None:
    """Where to go instead, when this step cannot be shown: not reached yet, or past."""
    if setup.finished_at and step != Step.DONE:
        return HttpResponseRedirect(address(setup, Step.DONE))
    if not setups.sites_of(setup):
        return HttpResponseRedirect(reverse("integrations"))
    made = activation.of(setup) is not None
    if made and step in BEFORE_ACCOUNTS:
        return HttpResponseRedirect(address(setup, Step.PROGRESS))
    if ORDER.index(step) > ORDER.index(Step(setup.step)):
        return HttpResponseRedirect(address(setup, Step(setup.step)))
    return None


def marks(setup: SetUp | None, here: Step) -> Sequence[Mark]:
    """The line of steps as seen from one of them."""
    reached = ORDER.index(Step(setup.step) if setup else Step.CONNECT)
    return [_mark(setup, step, here, reached) for step in ORDER]


def _mark(setup: SetUp | None, step: Step, here: Step, reached: int) -> Mark:
    place = ORDER.index(step)
    made = setup is not None and activation.of(setup) is not None
    open_now = step not in BEFORE_ACCOUNTS if made else step != Step.CONNECT
    goes = setup is not None and step != here and place <= reached and open_now
    state = "now" if step == here else "done" if place <= reached else "ahead"
    return Mark(
        LABELS[step], place + 1, state, address(setup, step) if goes and setup is not None else ""
    )


def show(
    request: HttpRequest,
    setup: SetUp | None,
    step: Step,
    shown: dict[str, Any],
    *,
    status: int = 200,
    part: str = "",
) -> HttpResponse:
    """A step within the frame of the set-up, or only the ``part`` of it that was asked for."""
    sites = setups.sites_of(setup) if setup else ()
    name = sites[0].source if sites else request.GET.get("source", registry.DEFAULT)
    shown = {
        "setup": setup,
        "marks": marks(setup, step),
        "number": ORDER.index(step) + 1,
        "of": len(ORDER),
        "label": LABELS[step],
        "sites": sites,
        "names": ", ".join(site.subdomain for site in sites),
        "source": registry.source(name),
        "before": _before(setup, step),
        "next_label": LABELS[ORDER[min(ORDER.index(step) + 1, len(ORDER) - 1)]],
        **shown,
    }
    template = part or f"web/setup/{step.replace('-', '_')}.html"
    return render(request, template, shown, status=status)


def _before(setup: SetUp | None, step: Step) -> str:
    """Where *Back* leads; empty at the first step of a set-up and once accounts are made."""
    place = ORDER.index(step)
    if setup is None or step not in BEFORE_ACCOUNTS or place < ORDER.index(Step.SAMPLE):
        return ""
    return address(setup, ORDER[place - 1])
