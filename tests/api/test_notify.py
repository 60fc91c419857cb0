"""Routes and deliveries over the API."""

import pytest

from tenure.access.models import Member
from tenure.notify.collect import collect
from tenure.notify.deliver import deliver
from tenure.notify.models import Route, State
from tests.api.conftest import Caller
from tests.metrics.rows import NOW
from tests.notify.conftest import an_alert
from tests.web.builders import a_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def told() -> Member:
    """A member who was told of an alert."""
    member = a_member()
    an_alert(member)
    collect(NOW)
    deliver(NOW)
    return member


def test_deliveries_are_listed_and_shown_with_their_tries(reader: Caller, told: Member) -> None:
    first = reader.get("deliveries?limit=1").json()
    second = reader.get(f"deliveries?limit=1&cursor={first['next']}").json()
    listed = first["data"] + second["data"]
    assert sorted(one["channel"] for one in listed) == ["email", "inapp"]
    assert second["next"] is None
    mail = next(one for one in listed if one["channel"] == "email")
    shown = reader.get(f"deliveries/{mail['id']}").json()
    assert shown["state"] == State.NOT_SENT
    assert "TENURE_EMAIL_URL" in shown["attempts"][0]["error"]
    assert reader.get("deliveries/nonsense").status_code == 404


def test_a_delivery_is_sent_again_under_its_own_id(admin: Caller, told: Member) -> None:
    mail = admin.get("deliveries?channel=email").json()["data"][0]
    again = admin("POST", f"deliveries/{mail['id']}/replay").json()
    assert (again["id"], again["state"], again["tries"]) == (mail["id"], "waiting", 0)


def test_routes_are_made_switched_and_removed(admin: Caller, told: Member) -> None:
    body = {"name": "grave", "least_severity": "high", "to": "member", "member": told.email}
    made = admin("POST", "routes", body).json()
    assert made["member"] == told.email
    assert (
        admin("POST", f"routes/{made['id']}/switch", {"enabled": False}).json()["enabled"] is False
    )
    assert len(admin.get("routes").json()["data"]) == 3
    assert admin("DELETE", f"routes/{made['id']}").status_code == 200
    assert Route.objects.count() == 2


def test_a_route_that_leads_nowhere_is_refused(admin: Caller) -> None:
    answer = admin("POST", "routes", {"name": "x", "to": "channel"})
    assert answer.status_code == 422
    assert "The route names no channel." in answer.content.decode()
