"""Every count on Health opens the list of exactly the accounts it counts."""

import csv
import io
import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from pytest_django import Settings

from tenure.access.models import Member
from tenure.core.clock import FrozenClock
from tenure.customers.models import Account, Subscription
from tenure.customers.write import By
from tenure.health import versions
from tenure.health.definitions import document_of
from tenure.health.membership import Who
from tenure.health.models import HealthScore
from tenure.health.score import DEFAULT
from tests.health.rows import NOW, a_payer, paid, scored

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
THEN = NOW - 90 * DAY
NAMED = re.compile(r'class="title isolate" dir="auto" href="[^"]*">([^<]+)<')


@pytest.fixture(autouse=True)
def _signed_in(client: Client, member: Member, settings: Settings) -> None:
    settings.TENURE_CLOCK = FrozenClock(NOW)
    client.force_login(member)


def stood(name: str, band: str, **subscription: object) -> Account:
    """An account that stood in this band ninety days ago; its subscription is so now."""
    account = a_payer(name)
    paid(account, THEN - 10 * DAY)
    scored(account, THEN - 5 * DAY)
    HealthScore.objects.filter(pk=account.pk).update(band=band, computed_band=band)
    if subscription:
        Subscription.objects.filter(account=account).update(**subscription)
    scored(account)
    return account


@pytest.fixture
def became(db: None) -> None:
    """Accounts of three bands, of which each became something else."""
    gone = {"state": "expired", "expires_at": NOW - 3 * DAY}
    stood("Left", "red", **gone)
    stood("Left too", "red", **gone)
    stood("Shrank", "red", unit_amount="60")
    stood("Paused", "green", state="paused")
    stood("Grew", "green", unit_amount="300")
    slow = stood("Slow", "amber")
    paid(slow, NOW - 20 * DAY, closed_at=NOW - 10 * DAY)
    paid(slow, NOW - 9 * DAY, closed_at=NOW - 2 * DAY)
    merged = stood("Merged", "red", **gone)
    Account.objects.filter(pk=merged.pk).update(removed_at=NOW)


# The accounts behind each cell of the table, by what is true of them.
CELLS = {
    ("green", "all"): {"Paused", "Grew"},
    ("green", "contracted"): {"Paused"},
    ("green", "lost"): {"Paused"},
    ("amber", "all"): {"Slow"},
    ("amber", "late"): {"Slow"},
    ("red", "all"): {"Left", "Left too", "Shrank"},
    ("red", "churned"): {"Left", "Left too"},
    ("red", "contracted"): {"Shrank"},
    ("red", "lost"): {"Left", "Left too", "Shrank"},
}


@pytest.mark.usefixtures("became")
def test_every_figure_of_what_became_opens_the_accounts_it_counts(client: Client) -> None:
    table = client.get("/health/became/").text
    doors = re.findall(r'href="(/health/became/accounts/[^"]*)">(.*?)</a>', table)
    opened = {}
    for address, figure in doors:
        page = client.get(unescape(address)).text
        band, fate = re.search(r"band=(\w+)&amp;became=(\w+)", address).groups()  # type: ignore[union-attr]
        opened[band, fate] = set(NAMED.findall(page))
        [count] = re.findall(r"data-count>(\d+)<", page)
        assert int(count) == len(opened[band, fate])
        if fate == "lost":
            assert f"<strong>{figure}</strong> of MRR lost" in page
        else:
            assert figure.split()[0] == count
    assert opened == CELLS


@pytest.mark.usefixtures("became")
def test_who_churned_is_named_with_what_was_lost_and_goes_out_as_a_file(client: Client) -> None:
    query = f"?since={THEN:%Y-%m-%dT%H:%M:%S}Z&became=lost&form=csv"
    answer = client.get(f"/health/became/accounts/{query}")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = {row["Account"]: row for row in csv.DictReader(io.StringIO(text))}
    assert {name: (row["Stood in"], row["Lost"]) for name, row in rows.items()} == {
        "Left": ("red", "100.00"),
        "Left too": ("red", "100.00"),
        "Shrank": ("red", "40.00"),
        "Paused": ("green", "100.00"),
    }
    assert rows["Left"]["MRR last moved"] != ""
    assert rows["Left"]["What became"] == "churned"


@pytest.mark.usefixtures("became")
def test_its_pages_go_on_where_they_ended(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenure.web.health.pages.PAGE", 2)
    seen, query = [], "?became=all"
    while query:
        page = client.get(f"/health/became/accounts/{query}").text
        seen += NAMED.findall(page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        query = unescape(following[1]) if following else ""
    assert sorted(seen) == ["Grew", "Left", "Left too", "Paused", "Shrank", "Slow"]
    assert client.get("/health/became/accounts/?after=nonsense").status_code == 400


@pytest.mark.usefixtures("became")
def test_every_band_opens_as_many_accounts_as_it_counts(client: Client) -> None:
    page = client.get("/health/").text
    bands = re.findall(r'href="(/accounts/\?health=\w+)" aria-label="\w+: (\d+) account', page)
    assert len(bands) == 5
    for address, count in bands:
        assert len(NAMED.findall(client.get(address).text)) == int(count), address


def test_how_many_wait_and_whom_a_definition_scores_are_lists(client: Client) -> None:
    large, small = a_payer("Large", price="5000"), a_payer("Small")
    versions.ready(NOW)
    versions.create(
        'The "big" ones', document_of(DEFAULT), Who("mrr > 1000"), By(reason="worth it"), now=NOW
    )
    scored(large)
    scored(small)
    listed = client.get("/health/definitions/").text
    doors = re.findall(r'class="strong" href="(/accounts/\?rule=[^"]+)">(\d+)<', listed)
    named = [NAMED.findall(client.get(unescape(address)).text) for address, _ in doors]
    assert (named, [count for _, count in doors]) == ([["Large"], ["Small"]], ["1", "1"])
    HealthScore.objects.filter(pk=small.pk).update(next_change_at=NOW)
    assert '<a href="/accounts/?health=waiting">1 account</a>' in client.get("/health/").text
    assert NAMED.findall(client.get("/accounts/?health=waiting").text) == ["Small"]


def test_who_was_scored_by_a_definition_is_known_of_a_past_day(client: Client) -> None:
    account = a_payer("Large", price="5000")
    paid(account, NOW - 40 * DAY)
    before = scored(account, NOW - 20 * DAY).version.definition.name
    versions.create("Big", document_of(DEFAULT), Who("mrr > 1000"), By(reason="why"), now=NOW)
    scored(account)
    past = f"as_of={(NOW - 10 * DAY).date()}"
    for name, query in (("Big", ""), (before, past)):
        rule = f'/accounts/?rule=health_definition+%3D+"{name}"&{query}'
        assert NAMED.findall(client.get(rule).text) == ["Large"], name
