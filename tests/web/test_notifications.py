"""The bell, the choices of a member, routes, channels, webhooks and the log, as pages."""

import re

import pytest
from django.test import Client
from pytest_django import Settings

from tenure.access.models import Member, Role
from tenure.core.secrets import Secret
from tenure.notify.channels.webhook.posting import signature
from tenure.notify.collect import collect
from tenure.notify.deliver import deliver
from tenure.notify.models import (
    Delivery,
    Follow,
    Notification,
    Preference,
    Route,
    SharedChannel,
    State,
)
from tenure.notify.write import add_channel
from tests.metrics.rows import NOW
from tests.notify.conftest import an_alert, http  # noqa: F401 - a fixture of these tests
from tests.notify.receivers import Http
from tests.web.builders import a_customer, a_member

ROUTERS = {Role.ADMINISTRATOR, Role.DEVELOPER, Role.SUPER_MANAGER}


def test_the_bell_counts_what_is_new_and_its_page_tells_it(
    signed_in: Client, member: Member
) -> None:
    alert = an_alert(member)
    collect(NOW)
    page = signed_in.get("/notifications/").text
    assert 'aria-label="Notifications, 1 new"' in page
    assert "Customer 1: Northwind is overdue with 60,000.00 USD" in page
    found = re.search(r"/notifications/(\d+)/", page)
    assert found
    answer = signed_in.get(found[0])
    assert answer.headers["Location"] == f"/alerts/?alert={alert.pk}"
    assert 'aria-label="Notifications"' in signed_in.get("/notifications/").text


def test_nobody_opens_anothers_notification(signed_in: Client, member: Member) -> None:
    other = a_member(Role.CSM, "eve@example.com")
    an_alert(other)
    collect(NOW)
    assert signed_in.get(f"/notifications/{Notification.objects.get().pk}/").status_code == 404


def test_a_member_chooses_how_to_hear(signed_in: Client, member: Member) -> None:
    said = {"mail": "digest", "digest_hour": "7", "quiet_from": "20", "quiet_until": "6"}
    signed_in.post("/settings/notifications/", said | {"budget": "5"})
    kept = Preference.objects.get(pk=member.pk)
    assert (kept.email, kept.digest, kept.digest_hour, kept.budget) == (True, True, 7, 5)
    assert (kept.quiet_from, kept.quiet_until) == (20, 6)
    refused = signed_in.post("/settings/notifications/", said | {"budget": "5", "quiet_until": ""})
    assert refused.status_code == 422
    assert "Quiet hours need a begin and an end." in refused.text


def test_a_route_to_a_channel_is_made_followed_and_removed(
    signed_in: Client,
    http: Http,  # noqa: F811
) -> None:
    made = {"name": "#success", "way": "slack", "address": http.url}
    signed_in.post("/settings/notifications/channels/", made)
    channel = SharedChannel.objects.get()
    assert http.url not in signed_in.get("/settings/notifications/").text
    signed_in.post(
        "/settings/notifications/routes/",
        {"name": "grave ones", "least_severity": "high", "tell": f"channel:{channel.pk}"},
    )
    an_alert(severity="medium", severity_rank=2)
    an_alert(severity="critical", severity_rank=4)
    collect(NOW)
    deliver(NOW)
    assert [b"Customer 2" in one.body for one in http.posts] == [True]
    route = Route.objects.get(channel=channel)
    signed_in.post(f"/settings/notifications/routes/{route.pk}/", {"how": "remove"})
    an_alert(severity="critical", severity_rank=4)
    collect(NOW)
    deliver(NOW)
    assert len(http.posts) == 1


def test_a_private_address_is_refused_in_place(signed_in: Client) -> None:
    made = {"name": "x", "way": "slack", "address": "http://10.0.0.1/"}
    answer = signed_in.post("/settings/notifications/channels/", made)
    assert answer.status_code == 422
    assert "Only https addresses are used." in answer.text
    assert not SharedChannel.objects.exists()


def test_a_webhooks_secret_is_shown_once_and_signs_what_is_sent(
    signed_in: Client,
    http: Http,  # noqa: F811
) -> None:
    answer = signed_in.post(
        "/settings/webhooks/",
        {"name": "warehouse", "address": http.url, "events": ["alert.opened", "alert.ended"]},
    )
    found = re.search(r"whs_[\w-]{43}", answer.text)
    assert found
    assert "whs_" not in signed_in.get("/settings/webhooks/").text
    kept = SharedChannel.objects.get()
    assert found[0] not in kept.sealed_secret
    went = signed_in.post(f"/settings/notifications/channels/{kept.pk}/", {"how": "test"})
    deliver(NOW)
    sent = http.posts[0]
    assert sent.headers["Tenure-Signature"] == signature(
        Secret(found[0]), int(NOW.timestamp()), sent.body
    )
    assert sent.headers["Tenure-Delivery"] in went.headers["Location"]
    page = signed_in.get(went.headers["Location"]).text
    assert "thank you" in page
    signed_in.post(f"{went.headers['Location']}replay/")
    deliver(NOW)
    assert http.posts[1].headers["Tenure-Delivery"] == sent.headers["Tenure-Delivery"]


def test_a_webhook_hears_that_an_alert_ended(http: Http, db: None) -> None:  # noqa: F811
    add_channel("w", "webhook", http.url, events=["alert.ended"], now=NOW)
    alert = an_alert()
    collect(NOW)
    alert.state, alert.ended_at = "resolved", NOW
    alert.save()
    for _ in range(2):
        collect(NOW)
        deliver(NOW)
    assert [one.headers["Tenure-Event"] for one in http.posts] == ["alert.ended"]


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("post", "/settings/notifications/routes/"),
        ("post", "/settings/notifications/routes/1/"),
        ("post", "/settings/notifications/channels/"),
        ("post", "/settings/notifications/channels/1/"),
        ("get", "/settings/webhooks/"),
        ("post", "/settings/webhooks/"),
        ("get", "/settings/deliveries/"),
    ],
)
def test_who_may_say_who_is_told(
    client: Client, db: None, role: str, method: str, address: str
) -> None:
    client.force_login(a_member(role))
    answer = getattr(client, method)(address)
    assert (answer.status_code == 403) == (role not in ROUTERS)


def test_the_log_says_why_something_was_not_sent(
    signed_in: Client, member: Member, settings: Settings
) -> None:
    settings.TENURE_MAIL = None
    an_alert(member)
    collect(NOW)
    deliver(NOW)
    page = signed_in.get("/settings/deliveries/?state=not-sent").text
    assert "Mail is kept: no mail server is set." in page
    assert Delivery.objects.filter(state=State.NOT_SENT).count() == 1


def test_a_member_follows_an_account_and_hears_of_it(signed_in: Client, member: Member) -> None:
    account = a_customer("Followed")
    signed_in.post(f"/accounts/{account.pk}/follow/")
    assert Follow.objects.get().account_id == account.pk
    an_alert(account=account)
    collect(NOW)
    assert "Followed: Northwind" in signed_in.get("/notifications/").text
    signed_in.post(f"/accounts/{account.pk}/follow/", {"how": "stop"})
    assert not Follow.objects.exists()
