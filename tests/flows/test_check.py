"""The check of a key before it is saved: what it finds at a simulated site, and the remedy of each trouble."""

import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from tenure.connections import keymap
from tenure.connections.check import SiteReport, check_key, check_keys
from tenure.connections.findings import Verdict, findings, verdict
from tenure.connections.models import Site
from tenure.connections.trouble import Trouble, kind_of
from tenure.core.secrets import Secret
from tenure.simulator.server import Served
from tests.flows.conftest import EU, TODAY, US

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("served")]


def check(
    name: str = US.subdomain, key: str = US.key, region: str | None = None, **more: Any
) -> SiteReport:
    return check_key("recurly", name, Secret(key), region, now=more.get("now", TODAY))


def trouble(report: SiteReport) -> Trouble:
    assert report.error is not None
    return kind_of(report.error)


def step(report: SiteReport) -> str:
    assert report.error is not None
    return report.error.next_step


def refuse(served: Served, **rule: Any) -> None:
    served.call(lambda simulator: simulator.faults.add(rule))


def test_a_good_key_is_told_with_counts_fields_currencies_and_clock(served: Served) -> None:
    report = check()
    assert (report.region, report.is_good, verdict(report)[0]) == ("us", True, Verdict.GOOD)
    counts = {one.stream: one.count for one in report.streams}
    theirs = served.call(lambda s: {k: len(list(s.world.sites[US.subdomain].table(k))) for k in counts})  # fmt: skip
    assert counts == theirs
    told = {one.what: one for one in findings(report)}
    assert told["Accounts"].newest is not None
    assert "account.tenant_id" in told["Custom fields"].names
    assert told["Site"].told.startswith("Production site, in USD and also ")
    assert told["Clock"].verdict == Verdict.GOOD
    assert "never writes" in told["Rights"].told
    assert not Site.objects.exists()


def test_the_region_is_found_from_the_key_and_what_the_site_lacks_is_told() -> None:
    report = check(EU.subdomain, EU.key)
    assert report.region == "eu"
    assert [one.told for one in findings(report) if one.what == "Not used"] == [
        "Credit invoices are not used: written-off amounts have no credit beside them."
    ]


def test_a_key_nobody_knows_says_where_to_copy_it() -> None:
    report = check(key="wrong-key-000000000")
    assert trouble(report) == Trouble.WRONG_KEY
    assert f"Integrations > API Credentials of {US.subdomain}" in step(report)
    assert "Every region was asked." in step(report)
    assert verdict(report) == (Verdict.BAD, "This site cannot be read.")


def test_a_revoked_key_says_to_make_a_new_one(served: Served) -> None:
    served.call(lambda simulator: simulator.revoked.update({US.key: 403}))
    report = check(region="us")
    assert trouble(report) == Trouble.REVOKED
    assert "make a new private key" in step(report)


def test_a_key_of_another_site_names_the_site_it_opens() -> None:
    report = check("acme", US.key)
    assert trouble(report) == Trouble.OTHER_SITE
    assert f"add {US.subdomain} instead" in step(report)


def test_the_wrong_region_is_named_with_the_right_one() -> None:
    report = check(EU.subdomain, EU.key, "us")
    assert trouble(report) == Trouble.OTHER_REGION
    assert step(report) == "Choose the region eu."


def test_an_object_the_key_may_not_read_is_named_and_the_rest_is_counted(served: Served) -> None:
    refuse(
        served,
        match={"path": "/invoices*"},
        fault="status",
        args={"status": 403, "kind": "invalid_permissions"},
    )
    report = check()
    assert not report.is_good
    [closed] = report.closed
    assert (closed.stream, closed.trouble) == ("invoices", Trouble.NOT_AUTHORISED)
    assert closed.next_step.startswith("Let the key read invoices")
    assert verdict(report) == (Verdict.WARN, "1 of 7 kinds of record cannot be read.")


def test_what_the_site_does_not_offer_is_a_note_and_no_fault(served: Served) -> None:
    refuse(
        served,
        match={"path": "/credit_payments*"},
        fault="status",
        args={"status": 422, "kind": "missing_feature"},
    )
    report = check()
    assert report.is_good
    told = {one.what: one for one in findings(report)}
    assert told["Credit payments"].verdict == Verdict.NOTE
    assert "does not have this feature" in told["Credit payments"].next_step


def test_a_used_up_rate_limit_is_told_at_once_with_its_end(served: Served) -> None:
    refuse(served, match={"path": "/sites*"}, fault="rate_limited", args={"reset": 240})
    report = check()
    assert trouble(report) == Trouble.RATE_LIMITED
    assert "used up until" in str(report.error)
    assert "share its limit" in step(report)


def test_a_host_that_does_not_answer_is_not_a_wrong_key(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    settings.TENURE_RECURLY_URLS = dict.fromkeys(("us", "eu"), f"http://127.0.0.1:{port}")
    report = check()
    assert trouble(report) == Trouble.UNREACHABLE
    assert "DNS, firewall, proxy" in step(report)


@pytest.fixture
def no_tls() -> Iterator[int]:
    """A port that answers plain words to whoever begins TLS there."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            while True:
                try:
                    caller, _ = server.accept()
                except OSError:
                    return
                with caller:
                    caller.recv(100)
                    caller.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def test_a_line_without_trusted_tls_names_the_setting(no_tls: int, settings: Settings) -> None:
    settings.TENURE_RECURLY_URLS = dict.fromkeys(("us", "eu"), f"https://127.0.0.1:{no_tls}")
    report = check()
    assert trouble(report) == Trouble.TLS
    assert "TENURE_CA_FILE" in step(report)


def test_a_map_that_is_none_is_told_as_such() -> None:
    with pytest.raises(keymap.KeyMapRefused) as caught:
        keymap.parse("{'acme': 'k'}")
    assert kind_of(caught.value) == Trouble.MALFORMED_MAP


def test_several_sites_are_checked_side_by_side_in_the_order_given() -> None:
    keys = {EU.subdomain: Secret(EU.key), US.subdomain: Secret("wrong-key-000000000")}
    good, bad = check_keys("recurly", keys, now=TODAY)
    assert (good.subdomain, good.is_good, bad.subdomain, bad.is_good) == (
        EU.subdomain, True, US.subdomain, False,
    )  # fmt: skip


def test_a_clock_that_differs_is_told_with_what_to_do() -> None:
    [clock] = [
        one for one in findings(check(now=TODAY - timedelta(hours=1))) if one.what == "Clock"
    ]
    assert clock.told == "The site's clock is 3,600 seconds ahead of ours."
    assert "NTP" in clock.next_step


def test_no_key_is_in_any_report() -> None:
    for report in (check(), check(key="wrong-key-000000000"), check("acme", US.key)):
        text = f"{report.as_json()} {findings(report)} {report!r}"
        assert US.key not in text
        assert "wrong-key-000000000" not in text
