"""From an alert to its deliveries and on to the receivers, with everything that can go wrong."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError
from pytest_django import Settings

from tenure.access.models import Member
from tenure.alerts.models import Alert
from tenure.notify import collect as collecting
from tenure.notify.collect import collect
from tenure.notify.deliver import LEASE, MOST_TRIES, _claim, deliver, wait_after
from tenure.notify.models import Attempt, Delivery, Notification, Route, State, To, Way
from tenure.notify.write import add_channel, add_route, prefer, replay, replay_not_sent
from tests.metrics.rows import NOW
from tests.notify.conftest import an_alert
from tests.notify.receivers import Http, Smtp

pytestmark = pytest.mark.django_db


def only(way: str) -> Delivery:
    return Delivery.objects.get(way=way)


def test_the_owner_is_told_within_tenure_at_once_and_by_mail(ann: Member, smtp: Smtp) -> None:
    alert = an_alert(ann)
    assert collect(NOW) == 1
    alert.refresh_from_db()
    assert alert.announced_at == NOW
    told = Notification.objects.get(member=ann)
    assert (told.title, told.path) == (
        "Customer 1: Northwind is overdue with 60,000.00 USD",
        f"/alerts/?alert={alert.pk}",
    )
    assert only(Way.IN_APP).state == State.SENT
    assert deliver(NOW) == 1
    assert smtp.recipients == ["ann@example.com"]
    mail = smtp.mails[0]
    assert mail["Message-ID"] == f"<{only(Way.EMAIL).pk}@localhost>"
    assert f"https://tenure.example.com/alerts/?alert={alert.pk}" in str(mail.get_payload())
    sent = only(Way.EMAIL)
    assert (sent.state, sent.tries, sent.sent_at) == (State.SENT, 1, NOW)
    assert list(sent.attempts.values_list("state", "code")) == [("sent", 250)]


def test_collecting_and_sending_twice_tells_once(ann: Member, smtp: Smtp) -> None:
    an_alert(ann)
    for _ in range(3):
        collect(NOW)
        deliver(NOW)
    Alert.objects.update(announced_at=None)  # as if the mark had been lost
    collect(NOW)
    deliver(NOW)
    assert (len(smtp.mails), Notification.objects.count()) == (1, 1)


def test_a_crash_while_collecting_leaves_the_alert_to_be_collected(
    ann: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_alert(ann)

    def crash(*_: object) -> None:
        raise DatabaseError("the machine went away")

    with monkeypatch.context() as patch:
        patch.setattr(collecting, "_show", crash)
        with pytest.raises(DatabaseError):
            collect(NOW)
    assert not Delivery.objects.exists()
    assert collect(NOW) == 1
    assert Notification.objects.count() == 1


def test_without_a_mail_server_mail_is_kept_and_sent_when_asked_for(
    ann: Member, settings: Settings, smtp: Smtp
) -> None:
    mail, settings.TENURE_MAIL = settings.TENURE_MAIL, None
    an_alert(ann)
    collect(NOW)
    deliver(NOW)
    kept = only(Way.EMAIL)
    assert kept.state == State.NOT_SENT
    assert "TENURE_EMAIL_URL" in kept.told
    settings.TENURE_MAIL = mail
    deliver(NOW + timedelta(days=1))
    assert not smtp.mails
    assert replay_not_sent(now=NOW) == 1
    deliver(NOW)
    assert len(smtp.mails) == 1


def test_mail_that_cannot_be_taken_now_is_tried_again_later_and_given_up_at_last(
    ann: Member, smtp: Smtp
) -> None:
    smtp.answer = "451 come back later"
    an_alert(ann)
    collect(NOW)
    now = NOW
    for tries in range(1, MOST_TRIES + 1):
        assert deliver(now) == 1
        assert only(Way.EMAIL).tries == tries
        assert deliver(now + wait_after(tries) - timedelta(seconds=1)) == 0
        now += wait_after(tries)
    one = only(Way.EMAIL)
    assert one.state == State.FAILED
    assert "451 come back later" in one.told
    assert deliver(now + timedelta(days=9)) == 0
    smtp.answer = "250 fine"
    replay(one, now=now)
    deliver(now)
    assert only(Way.EMAIL).state == State.SENT
    assert Attempt.objects.count() == MOST_TRIES + 1


def test_an_address_that_is_refused_for_good_is_not_tried_again(ann: Member, smtp: Smtp) -> None:
    smtp.answer = "550 no such user"
    an_alert(ann)
    collect(NOW)
    deliver(NOW)
    assert (only(Way.EMAIL).state, only(Way.EMAIL).tries) == (State.FAILED, 1)


def test_what_a_killed_sender_had_claimed_becomes_due_again_with_the_same_id(
    ann: Member, smtp: Smtp
) -> None:
    an_alert(ann)
    collect(NOW)
    first = _claim(NOW)[0].delivery.pk  # and the process is gone
    assert deliver(NOW) == 0
    assert deliver(NOW + LEASE) == 1
    assert smtp.mails[0]["X-Tenure-Delivery"] == str(first)


def test_a_demonstration_sends_nothing_out(ann: Member, smtp: Smtp, settings: Settings) -> None:
    settings.TENURE_DEMO = {"urls": {}}
    an_alert(ann)
    collect(NOW)
    deliver(NOW)
    assert not smtp.mails
    assert only(Way.EMAIL).state == State.NOT_SENT
    assert Notification.objects.count() == 1


def test_a_receiver_that_fails_holds_up_only_its_own(ann: Member, http: Http, smtp: Smtp) -> None:
    http.status = 500
    bad = add_channel("bad", Way.SLACK, http.url, now=NOW).channel
    add_route("all to bad", To.CHANNEL, channel=bad)
    for _ in range(3):
        an_alert(ann)
    collect(NOW)
    # One try at the one that fails; the rest of its batch waits with it.
    assert deliver(NOW) == 4
    assert len(http.posts) == 1
    assert len(smtp.mails) == 3
    waiting = Delivery.objects.filter(channel=bad)
    assert {one.state for one in waiting} == {State.WAITING}
    assert sorted(waiting.values_list("tries", flat=True)) == [0, 0, 1]
    http.status = 200
    assert deliver(NOW + timedelta(minutes=2)) == 3


def test_members_choose_mail_quiet_hours_and_digest(ann: Member, smtp: Smtp) -> None:
    ann.time_zone = "America/New_York"
    ann.save()
    local_hour = NOW.astimezone(ZoneInfo("America/New_York")).hour
    prefer(ann, quiet_from=local_hour, quiet_until=(local_hour + 2) % 24)
    an_alert(ann)
    collect(NOW)
    assert deliver(NOW) == 0
    assert Notification.objects.count() == 1
    assert deliver(NOW + timedelta(hours=2)) == 1
    prefer(ann, email=False, quiet_from=None, quiet_until=None)
    an_alert(ann)
    collect(NOW)
    assert Delivery.objects.filter(way=Way.EMAIL).count() == 1


def test_no_route_tells_nobody_and_the_alert_is_not_asked_about_again(ann: Member) -> None:
    Route.objects.all().delete()
    an_alert(ann)
    assert (collect(NOW), collect(NOW)) == (1, 0)
    assert not Delivery.objects.exists()
