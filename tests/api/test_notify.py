"""Routes and deliveries over the API."""

import pytest

from tenure.access.models import Member
from tenure.core.secrets import Secret
from tenure.notify.channels.webhook.posting import signature
from tenure.notify.collect import collect
from tenure.notify.deliver import deliver
from tenure.notify.models import Route, State
from tests.api.conftest import Caller
from tests.metrics.rows import NOW
from tests.notify.conftest import an_alert, http  # noqa: F401 - a fixture of these tests
from tests.notify.receivers import Http
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


def test_a_channel_is_made_changed_tested_and_removed_and_no_secret_is_answered_twice(
    admin: Caller,
    http: Http,  # noqa: F811
) -> None:
    body = {"name": "hook", "kind": "webhook", "address": http.url, "events": ["alert.opened"]}
    made = admin("POST", "channels", body, headers={"Idempotency-Key": "one"})
    assert made.status_code == 201
    secret, number = made.json()["secret"], made.json()["id"]
    assert secret.startswith("whs_")
    again = admin("POST", "channels", body, headers={"Idempotency-Key": "one"})
    assert (again.json()["id"], again.json()["secret"]) == (number, "")
    everything = admin.get("channels").content + admin.get(f"channels/{number}").content
    assert secret.encode() not in everything
    assert http.url.encode() not in everything
    sent = admin("POST", f"channels/{number}/test").json()
    deliver(NOW)
    assert http.posts[0].headers["Tenure-Delivery"] == sent["id"]
    assert http.posts[0].headers["Tenure-Signature"] == signature(
        Secret(secret), int(NOW.timestamp()), http.posts[0].body
    )
    changed = {"name": "h", "events": [], "enabled": False, "address": f"{http.url}/2"}
    done = admin.patch(f"channels/{number}", changed).json()
    assert (done["name"], done["events"], done["enabled"]) == ("h", [], False)
    fresh = admin("POST", f"channels/{number}/secret").json()["secret"]
    assert fresh not in ("", secret)
    assert admin("DELETE", f"channels/{number}").status_code == 200
    assert admin.get(f"channels/{number}").status_code == 404


def test_a_channel_that_cannot_be_is_refused_at_its_field(admin: Caller) -> None:
    body = {"name": "hook", "kind": "webhook", "address": "http://10.0.0.1/"}
    answer = admin("POST", "channels", body)
    assert (answer.status_code, answer.json()["field"]) == (422, "address")
    mailbox = {"name": "team", "kind": "email", "address": "team@example.com"}
    number = admin("POST", "channels", mailbox).json()["id"]
    assert admin("POST", "channels", mailbox).json()["field"] == "name"
    for path, sent, field in (
        ("", {"events": ["alert.opened"]}, "events"),
        ("", {"address": "nobody"}, "address"),
    ):
        answer = admin.patch(f"channels/{number}{path}", sent)
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert admin("POST", f"channels/{number}/secret").status_code == 422
    assert admin.get(f"channels/{number}").json()["address"] == "team@example.com"


def test_a_route_is_changed_and_what_is_not_named_takes_every_alert(
    admin: Caller, told: Member
) -> None:
    body = {"name": "grave", "least_severity": "high", "to": "member", "member": told.email}
    number = admin("POST", "routes", body).json()["id"]
    admin("POST", f"routes/{number}/switch", {"enabled": False})
    changed = admin("PUT", f"routes/{number}", {"name": "all", "to": "followers"}).json()
    assert (changed["least_severity"], changed["member"], changed["enabled"]) == (None, None, False)
    assert admin.get(f"routes/{number}").json() == changed
    assert admin("PUT", f"routes/{number}", {"name": "x", "to": "channel"}).status_code == 422
