"""Who will be told of a rule's alerts, foreseen from the routes, against what happens to an alert."""

from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from tenure.access.models import Member, Role
from tenure.alerts.firing import GRAVE, RANKS, possible_severities
from tenure.alerts.models import Alert, AlertRule, Severity
from tenure.notify.foreseen import EVERY, Coming, Foreseen, foreseen
from tenure.notify.models import Route, SharedChannel, To, Way
from tenure.notify.read import coming_of, foreseen_for
from tenure.notify.routes import OPENED, takes
from tenure.notify.write import add_channel, add_route, switch_route
from tests.metrics.rows import NOW
from tests.notify.conftest import an_alert
from tests.web.builders import a_member

ANN = Member(pk=1, email="ann@example.com", name="Ann", is_active=True)
BEN = Member(pk=2, email="ben@example.com", name="Ben", is_active=True)
GONE = Member(pk=3, email="gone@example.com", name="Gone", is_active=False)
ROOM = SharedChannel(pk=7, name="#team", way=Way.SLACK, enabled=True, events=[])


def a_route(to: str = To.MEMBER, **more: Any) -> Route:
    if to == To.MEMBER:
        more = {"member": BEN} | more
    return Route(name="A route", to=to, enabled=True, **more)


def coming(*severities: Severity, **more: Any) -> Coming:
    return Coming(**{"rule_id": 5, "kind": "risk", "severities": severities or GRAVE} | more)


def told(found: Foreseen) -> list[tuple[str, str]]:
    return [(one.whom, one.when) for one in found.tells]


@pytest.mark.parametrize(
    ("route", "about", "expected"),
    [
        (a_route(), coming(), ("Ben", EVERY)),
        (a_route(To.CHANNEL, channel=ROOM), coming(), ("#team", EVERY)),
        (a_route(alert_rule_id=5, kind="risk"), coming(), ("Ben", EVERY)),
        (a_route(least_severity="high"), coming(), ("Ben", "alerts of high or critical severity")),
        (a_route(least_severity="high"), coming(Severity.CRITICAL), ("Ben", EVERY)),
        (a_route(owner=ANN), coming(), ("Ben", "alerts that Ann owns")),
        (a_route(To.OWNER, owner=ANN), coming(), ("Ann", "alerts that Ann owns")),
        (
            a_route(To.OWNER),
            coming(),
            ("The alert's owner", "alerts on accounts that have an owner"),
        ),
        (
            a_route(To.OWNER),
            coming(fallback=ANN),
            ("The alert's owner, Ann where the account has none", EVERY),
        ),
        (
            a_route(To.FOLLOWERS, least_severity="critical"),
            coming(),
            (
                "Whoever follows the account",
                "alerts of critical severity on accounts that somebody follows",
            ),
        ),
    ],
)
def test_it_is_said_who_is_told_of_which_alerts(
    route: Route, about: Coming, expected: tuple[str, str]
) -> None:
    assert told(foreseen(about, [route], [])) == [expected]


@pytest.mark.parametrize(
    "route",
    [
        a_route(alert_rule_id=6),
        a_route(kind="upsell"),
        a_route(least_severity="high", alert_rule_id=5),
    ],
)
def test_a_route_for_other_alerts_is_not_named(route: Route) -> None:
    found = foreseen(coming(Severity.LOW, Severity.MEDIUM), [route], [])
    assert (found.tells, found.idle) == ([], [])
    assert found.words == "Nobody is told of its alerts: they wait in the inbox."


def test_what_would_tell_somebody_and_does_not_is_named_with_why() -> None:
    off, closed = a_route(), SharedChannel(name="#old", way=Way.SLACK, enabled=False, events=[])
    off.enabled = False
    idle = [off, a_route(To.CHANNEL, channel=closed), a_route(member=GONE)]
    idle.append(a_route(To.OWNER, owner=GONE))
    found = foreseen(coming(), idle, [closed])
    assert found.tells == []
    assert [why for _, why in found.idle] == [
        "it is switched off",
        "the channel #old is switched off",
        "Gone can no longer log in",
        "Gone can no longer log in",
    ]


def test_a_webhook_that_hears_of_every_alert_needs_no_route() -> None:
    hook = SharedChannel(name="warehouse", way=Way.WEBHOOK, enabled=True, events=[OPENED])
    assert told(foreseen(coming(), [], [hook, ROOM])) == [("warehouse", EVERY)]


def test_whatever_route_takes_an_alert_was_foreseen_and_no_other() -> None:
    conditions = product((None, 5, 6), ("", "risk", "upsell"), ("", "low", "high"), (None, ANN))
    possible = [Severity.MEDIUM, Severity.HIGH]
    alerts = [
        Alert(alert_rule_id=5, kind="risk", severity=one, severity_rank=RANKS[one], owner=owner)
        for one, owner in product(possible, (None, ANN, BEN))
    ]
    for rule_id, kind, least, owner in conditions:
        route = a_route(alert_rule_id=rule_id, kind=kind, least_severity=least, owner=owner)
        taken = [takes(route, one) for one in alerts]
        (said,) = told(foreseen(coming(*possible), [route], [])) or [None]
        assert (said is not None) == any(taken), str((rule_id, kind, least, owner))
        assert (said == ("Ben", EVERY)) == all(taken), str((rule_id, kind, least, owner))


@pytest.mark.parametrize(
    ("limits", "severities"),
    [
        ([], GRAVE),
        ([0, 10, 20], GRAVE[1:]),
        ([5, 5, 20], (Severity.LOW, Severity.HIGH, Severity.CRITICAL)),
        ([0, 0, 0], (Severity.CRITICAL,)),
    ],
)
def test_thresholds_leave_room_for_some_severities(
    limits: list[int], severities: tuple[Severity, ...]
) -> None:
    found = possible_severities(Severity.AUTO, [Decimal(one) for one in limits])
    assert tuple(found) == severities
    assert possible_severities(Severity.LOW, [Decimal(one) for one in limits]) == [Severity.LOW]


@pytest.mark.django_db
def test_a_saved_rule_knows_who_is_told_as_routes_stand() -> None:
    rule: AlertRule = an_alert().alert_rule
    Route.objects.all().delete()
    ann = a_member(Role.CSM, "ann@example.com")
    room = add_channel("#team", "email", "team@example.com", now=NOW).channel
    add_route("All to the team", To.CHANNEL, channel=room)
    off = add_route("Ann of the worst", To.MEMBER, member=ann, least_severity="critical")
    switch_route(off, enabled=False)
    (found,) = foreseen_for([coming_of(rule)])
    assert found.words == "Told of its alerts: #team."
    assert [(route.name, why) for route, why in found.idle] == [
        ("Ann of the worst", "it is switched off")
    ]
