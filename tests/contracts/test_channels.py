"""What every channel keeps, whichever way it tells people; and what none lets itself be led to."""

import socket
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from pytest_django import Settings

from tenure.access.models import Member
from tenure.core import outbound
from tenure.core.errors import ConfigurationError, PermanentError, TemporaryError, TenureError
from tenure.core.secrets import Secret
from tenure.customers.write import ValueRefused
from tenure.notify.channel import Channel, Destination, Message
from tenure.notify.models import Notification, Way
from tenure.notify.registry import CHANNELS, channel_of
from tests.metrics.rows import NOW
from tests.notify.conftest import _quick, ann, http, smtp  # noqa: F401 - fixtures of these tests
from tests.notify.receivers import Http, Smtp

pytestmark = pytest.mark.django_db
WAYS = [one.way for one in CHANNELS]
REMOTE = [way for way in WAYS if way != Way.IN_APP]
POSTED = [Way.SLACK, Way.WEBHOOK]


@dataclass
class Place:
    """A channel with somewhere good to send to, and a count of what arrived there."""

    channel: Channel
    to: Destination
    arrived: Callable[[], int]
    fail: Callable[[bool], None]


@pytest.fixture(params=WAYS)
def place(request: Any, ann: Member, http: Http, smtp: Smtp) -> Place:  # noqa: F811
    way = request.param
    member = Destination(Secret(ann.email), member_id=ann.pk)
    posted = Destination(Secret(http.url), secret=Secret("whs_1"))

    def fail_http(lasting: bool) -> None:
        http.status = 410 if lasting else 503

    def fail_smtp(lasting: bool) -> None:
        smtp.answer = "550 no" if lasting else "451 later"

    def fail_member(lasting: bool) -> None:
        Member.objects.all().delete()

    return {
        Way.IN_APP: Place(channel_of(way), member, Notification.objects.count, fail_member),
        Way.EMAIL: Place(channel_of(way), member, lambda: len(smtp.mails), fail_smtp),
        Way.SLACK: Place(channel_of(way), posted, lambda: len(http.posts), fail_http),
        Way.WEBHOOK: Place(channel_of(way), posted, lambda: len(http.posts), fail_http),
    }[way]


def a_message(**values: Any) -> Message:
    kept = {"delivery": str(uuid.uuid4()), "event": "alert.opened", "subject": "Müller & <Co>"}
    return Message(**(kept | values))


def test_there_is_a_channel_for_every_way_and_no_other() -> None:
    assert sorted(WAYS) == sorted(Way.values)


def test_it_hands_over_and_answers(place: Place) -> None:
    said = a_message(lines=("one", "two"), link="https://tenure.example.com/a", at=NOW)
    answer = place.channel.send(said, place.to, NOW)
    assert place.arrived() == 1
    assert answer.code is None or 200 <= answer.code < 300


@pytest.mark.parametrize(
    "subject",
    ["", "x" * 5_000, "two\nlines\r\nBcc: eve@example.com", "日本\x01語", "<!channel> @here"],
)
def test_it_takes_any_text(place: Place, subject: str) -> None:
    place.channel.send(a_message(subject=subject, lines=(subject,)), place.to, NOW)
    assert place.arrived() == 1


def test_what_fails_for_good_says_so_with_a_next_step(place: Place) -> None:
    place.fail(True)
    with pytest.raises(PermanentError) as refused:
        place.channel.send(a_message(), place.to, NOW)
    assert refused.value.next_step


@pytest.mark.parametrize("place", REMOTE, indirect=True)
def test_what_may_pass_is_temporary(place: Place) -> None:
    place.fail(False)
    with pytest.raises(TemporaryError):
        place.channel.send(a_message(), place.to, NOW)


def test_what_is_shown_of_an_address_holds_no_token(place: Place) -> None:
    if place.channel.way in POSTED:
        address = "https://hooks.example.com/T0123/secretpart?token=abc"
        shown = place.channel.shown(address)
        assert shown.startswith("hooks.example.com")
        assert "secret" not in shown
        assert "abc" not in shown


INSIDE = ("10.0.0.1", "169.254.169.254", "127.0.0.2", "100.64.0.1", "[::1]", "[fe80::1]", "0.0.0.0")


@pytest.mark.parametrize(
    "address",
    [
        "", "nonsense", "javascript:alert(1)", "ann@", "//host/x",
        *(f"https://{host}/hook" for host in INSIDE),
    ],
)  # fmt: skip
def test_an_address_of_another_kind_is_refused_with_a_sentence(place: Place, address: str) -> None:
    with pytest.raises(ValueRefused):
        place.channel.checked(address)


def test_a_repeat_within_tenure_is_seen_once(ann: Member) -> None:  # noqa: F811
    said = a_message()
    to = Destination(Secret(ann.email), member_id=ann.pk)
    for _ in range(3):
        channel_of(Way.IN_APP).send(said, to, NOW)
    assert Notification.objects.count() == 1


def test_without_a_mail_server_it_says_which_setting_is_missing(ann: Member) -> None:  # noqa: F811
    with pytest.raises(ConfigurationError, match="TENURE_EMAIL_URL"):
        channel_of(Way.EMAIL).send(a_message(), Destination(Secret("ann@example.com")), NOW)


def test_a_customers_name_cannot_call_a_whole_room(http: Http) -> None:  # noqa: F811
    to = Destination(Secret(http.url))
    channel_of(Way.SLACK).send(a_message(subject="<!channel> <@U1> & |"), to, NOW)
    assert b"&lt;!channel&gt; &lt;@U1&gt; &amp;" in http.posts[0].body


def test_a_line_break_in_a_name_adds_no_header_to_a_mail(smtp: Smtp) -> None:  # noqa: F811
    to = Destination(Secret("ann@example.com"))
    channel_of(Way.EMAIL).send(a_message(subject="a\nBcc: eve@example.com"), to, NOW)
    assert smtp.mails[0]["Bcc"] is None
    assert smtp.recipients == ["ann@example.com"]


# Everything below is about where a posted request may be led.

HOSTILE = [
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://0.0.0.0/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.0.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[fe80::1]/",
    "https://[fd00::1]/",
    "https://localhost/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "http://example.com/",
    "https://user:pass@example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "https://example.com\\@127.0.0.1/",
    "https://exa mple.com/",
    "https:///path",
    "https://example.com:99999/",
]


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every address a socket is connected to while this stands."""
    made: list[Any] = []

    def connect(self: socket.socket, address: Any) -> None:
        made.append(address)
        raise OSError("nothing leaves in this test")

    monkeypatch.setattr(socket.socket, "connect", connect)
    return made


@pytest.mark.parametrize("address", HOSTILE)
@pytest.mark.parametrize("way", POSTED)
def test_a_hostile_address_is_refused_for_good_and_nothing_is_connected_to(
    address: str,
    way: str,
    settings: Settings,
    connections: list[Any],
) -> None:
    settings.TENURE_NOTIFY_HOSTS = ()
    to = Destination(Secret(address), secret=Secret("whs_1"))
    with pytest.raises(TenureError) as refused:
        channel_of(way).send(a_message(), to, NOW)
    assert connections == []
    assert isinstance(refused.value, PermanentError)


def test_a_name_that_changes_its_address_is_connected_to_at_the_one_that_was_looked_at(
    monkeypatch: pytest.MonkeyPatch, connections: list[Any]
) -> None:
    answers = iter(["93.184.215.14", "127.0.0.1", "127.0.0.1"])

    def resolve(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        # What is resolved already is passed on as it is.
        found = host if host[0].isdigit() else next(answers)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(TemporaryError):
        outbound.post("https://rebinding.example.com/", b"{}", {})
    assert {address[0] for address in connections} == {"93.184.215.14"}


def test_a_name_that_leads_into_the_private_network_is_refused(
    monkeypatch: pytest.MonkeyPatch, connections: list[Any]
) -> None:
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, port, *_, **__: [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.1.2.3", port))
        ],
    )
    with pytest.raises(PermanentError, match="private network"):
        outbound.post("https://inside.example.com/", b"{}", {})
    assert connections == []


def test_a_redirect_is_not_followed(http: Http, settings: Settings) -> None:  # noqa: F811
    http.status, http.location = 302, "http://127.0.0.1:1/"
    with pytest.raises(PermanentError, match="redirect"):
        outbound.post(http.url, b"{}", {}, hosts=["127.0.0.1"])
    assert len(http.posts) == 1


def test_a_receiver_that_hangs_or_drips_costs_a_bounded_time(http: Http) -> None:  # noqa: F811
    seconds = 5  # how long it would take otherwise, at the least
    for how in ("wait", "drip"):
        setattr(http, how, seconds)
        began = time.monotonic()
        with pytest.raises(TemporaryError, match="did not answer"):
            outbound.post(http.url, b"{}", {}, hosts=["127.0.0.1"], whole=0.5)
        assert time.monotonic() - began < seconds
        http.wait = 0


def test_a_long_answer_is_read_only_at_its_beginning(http: Http) -> None:  # noqa: F811
    http.text = "x" * 1_000_000
    answer = outbound.post(http.url, b"{}", {}, hosts=["127.0.0.1"])
    assert answer.excerpt == "x" * outbound.EXCERPT_BYTES
