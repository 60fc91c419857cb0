"""Who may do what: one policy for each act, and a sentence for whoever may not."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from tenure.access.models import Member, Role
from tenure.web.frame import member_of

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def may_manage_sites(member: Member) -> bool:
    """Connect, change, pause and remove sites, and replace their keys."""
    return member.role in {Role.ADMINISTRATOR, Role.DEVELOPER}


def may_sync(member: Member) -> bool:
    """Ask for a run, and stop one."""
    return member.role in {Role.ADMINISTRATOR, Role.DEVELOPER, Role.SUPER_MANAGER}


def may_map(member: Member) -> bool:
    """Decide which field each attribute is read from."""
    return member.role in {Role.ADMINISTRATOR, Role.DEVELOPER, Role.SUPER_MANAGER}


def may_edit_customers(member: Member) -> bool:
    """Set customers' values by hand, alone or many at once, and make accounts. Developers set up
    the product; what customers' values are is not theirs to say."""
    return member.role in {Role.ADMINISTRATOR, Role.SUPER_MANAGER, Role.CSM}


def may_define_health(member: Member) -> bool:
    """Change what a health score is made of."""
    return member.role in {Role.ADMINISTRATOR, Role.SUPER_MANAGER}


def may_define_segments(member: Member) -> bool:
    """Make, change and delete segments."""
    return member.role in {Role.ADMINISTRATOR, Role.SUPER_MANAGER, Role.CSM}


def may_manage_tokens(member: Member) -> bool:
    """Make API tokens and revoke them."""
    return member.role in {Role.ADMINISTRATOR, Role.DEVELOPER}


def may_set_numbers(member: Member) -> bool:
    """Change how figures are counted, and enter and delete exchange rates."""
    return member.role in {Role.ADMINISTRATOR, Role.DEVELOPER, Role.SUPER_MANAGER}


def may_route(member: Member) -> bool:
    """Say who is told of alerts, keep shared channels and webhooks, and see and repeat what was sent."""
    return member.role in {Role.ADMINISTRATOR, Role.DEVELOPER, Role.SUPER_MANAGER}


def may_decide_identity(member: Member) -> bool:
    """Resolve conflicts, merge accounts and take merges apart."""
    return member.role in {Role.ADMINISTRATOR, Role.DEVELOPER, Role.SUPER_MANAGER}


def may_triage(member: Member) -> bool:
    """Acknowledge, assign, snooze, close and reopen alerts, and mute rules for an account."""
    return member.role in {Role.ADMINISTRATOR, Role.SUPER_MANAGER, Role.CSM}


def may_edit_alert_rules(member: Member) -> bool:
    """Make, change, switch and delete the rules that open alerts."""
    return member.role in {Role.ADMINISTRATOR, Role.SUPER_MANAGER}


def may_share_views(member: Member) -> bool:
    """Save lists for everyone, and rename and delete those; anybody may save their own."""
    return member.role != Role.VIEWER


REFUSALS: dict[Callable[[Member], bool], str] = {
    may_manage_sites: "Only administrators and developers may connect or change sites.",
    may_map: "Only administrators, developers and super managers may change the mapping.",
    may_edit_customers: "Only administrators, super managers and customer success managers may"
    " change customers' values.",
    may_set_numbers: "Only administrators, developers and super managers may change currencies and"
    " numbers.",
    may_define_health: "Only administrators and super managers may change what health is made of.",
    may_define_segments: "Only administrators, super managers and customer success managers may"
    " change segments.",
    may_manage_tokens: "Only administrators and developers may make and revoke API tokens.",
    may_route: "Only administrators, developers and super managers may change who is told of alerts"
    " and see what was sent.",
    may_decide_identity: (
        "Only administrators, developers and super managers may resolve conflicts and merge accounts."
    ),
    may_triage: "Only administrators, super managers and customer success managers may work on alerts.",
    may_edit_alert_rules: "Only administrators and super managers may change alert rules.",
    may_sync: "Only administrators, developers and super managers may start or stop a sync.",
}


def only(policy: Callable[[Member], bool]) -> Callable[[View[P]], View[P]]:
    """Let a view answer only members the policy allows; the others get its sentence."""

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not policy(member_of(request)):
                raise PermissionDenied(REFUSALS[policy])
            return view(request, *args, **kwargs)

        return cast("View[P]", guarded)

    return guard
