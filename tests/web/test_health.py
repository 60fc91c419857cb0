"""The pages of health: how accounts stand, the definition and its preview, one account, the list."""

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils.html import strip_tags
from pytest_django import Settings
from pytest_django.fixtures import DjangoAssertNumQueries

from tenure.access.models import Member, Role
from tenure.core.clock import FrozenClock
from tenure.customers.models import Account
from tenure.customers.write import By
from tenure.health import scoring, versions
from tenure.health.definitions import document_of
from tenure.health.models import DefinitionVersion, HealthScore, HealthVersion, Override
from tenure.health.score import DEFAULT
from tests.health.rows import NOW, a_payer, paid, score_again, scored
from tests.metrics.rows import an_invoice
from tests.web.builders import a_member

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
DEFINERS = {Role.ADMINISTRATOR, Role.SUPER_MANAGER}
EDITORS = {Role.ADMINISTRATOR, Role.SUPER_MANAGER, Role.CSM}


@pytest.fixture(autouse=True)
def _now(settings: Settings) -> None:
    settings.TENURE_CLOCK = FrozenClock(NOW)


@pytest.fixture
def good(db: None) -> Account:
    """An account that pays on time."""
    account = a_payer("Good Payers", price="500")
    for days in (40, 70, 100, 130):
        paid(account, NOW - days * DAY)
    scored(account)
    return account


@pytest.fixture
def late(db: None) -> Account:
    """An account that was good forty days ago and owes an old invoice now."""
    account = a_payer("Harbour Lights", price="1000")
    for days in (40, 70, 100, 130):
        paid(account, NOW - days * DAY)
    scored(account, NOW - 40 * DAY)
    an_invoice(account, number="1042", state="past_due", balance="1200", due_at=NOW - 35 * DAY)
    scored(account)
    return account


def form(**changed: str) -> dict[str, str]:
    """The editor's form as it opens, with something changed."""
    document: Any = document_of(DEFAULT)
    sent = {"green": document["green"], "amber": document["amber"], "min_coverage": ""}
    for one in document["measures"]:
        sent[f"weight-{one['name']}"] = one["weight"]
        lines = [f"{value} → {points}" for value, points in one["curve"]]
        sent[f"points-{one['name']}"] = "\n".join(lines)
    for cap in document["caps"]:
        sent[f"cap-{cap['name']}"] = cap["most"]
    return sent | changed


def definition() -> int:
    return versions.newest()[0].definition_id


def test_bands_are_counted_and_lead_to_their_accounts(
    client: Client, member: Member, good: Account, late: Account
) -> None:
    client.force_login(member)
    page = client.get("/health/").text
    assert "How 2 accounts stand" in page
    assert "Green: 1 account, doing well" in page
    assert "Amber: 1 account, worth a look" in page
    listed = client.get("/accounts/", {"health": "amber"}).text
    assert late.name in listed
    assert good.name not in listed
    assert "1 account" in listed


def test_without_a_score_the_page_says_where_scores_come_from(
    client: Client, member: Member
) -> None:
    client.force_login(member)
    page = client.get("/health/").text
    assert "No account has a score yet" in page
    assert "Scores come with the first sync" in page


def test_who_stands_in_another_band_is_listed_with_then_and_now(
    client: Client, member: Member, late: Account
) -> None:
    client.force_login(member)
    page = client.get("/health/").text
    assert "In another band than a week ago" in page
    assert re.search(r"Harbour Lights.*?Green.*?100\.0.*?Amber", page, re.DOTALL)


def test_the_list_shows_health_and_sorts_by_it(
    client: Client, member: Member, good: Account, late: Account
) -> None:
    client.force_login(member)
    unscored = a_payer("Newcomers")
    rising = client.get("/accounts/", {"sort": "health"}).text
    assert rising.index(late.name) < rising.index(good.name) < rising.index(unscored.name)
    falling = client.get("/accounts/", {"sort": "-health"}).text
    assert falling.index(good.name) < falling.index(late.name) < falling.index(unscored.name)
    assert "Not scored yet" in rising


def test_the_page_of_scores_goes_on_where_it_ended(client: Client, member: Member) -> None:
    client.force_login(member)
    accounts = [a_payer(f"Account {n:02}") for n in range(60)]
    for number, account in enumerate(accounts):
        if number % 2:
            paid(account, NOW - DAY)
        scored(account)
    seen: list[str] = []
    address = "/accounts/?sort=health"
    for _ in range(2):
        page = client.get(address).text
        seen += re.findall(r'class="title isolate" dir="auto" href="[^"]*">(Account \d+)<', page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = "/accounts/" + following[1].replace("&amp;", "&") if following else ""
    assert len(seen) == len(set(seen)) == 60


def test_a_preview_counts_who_would_change_band_and_changes_nothing(
    client: Client, member: Member, late: Account
) -> None:
    client.force_login(member)
    answer = client.post(f"/health/definitions/{definition()}/preview/", form(green="50"))
    assert "1 of 1 account would change band" in " ".join(strip_tags(answer.text).split())
    assert late.name in answer.text
    assert "Green from" in answer.text
    assert DefinitionVersion.objects.count() == 1


def test_every_count_of_a_preview_opens_its_accounts(
    client: Client, member: Member, good: Account, late: Account
) -> None:
    client.force_login(member)
    address, sent = f"/health/definitions/{definition()}/preview/", form(green="50")
    text = client.post(address, sent).text
    doors = [json.loads(unescape(one))["which"] for one in re.findall(r'hx-vals="([^"]+)"', text)]
    shown = {one: client.post(address, sent | {"which": one}).text for one in doors}
    assert {'["all"]', '["moved"]', '["now", "amber"]', '["then", "green"]'} <= set(shown)
    assert late.name in shown['["moved"]']
    assert good.name not in shown['["moved"]']
    assert "Another band</h2>" in shown['["moved"]']
    for one in ('["all"]', '["then", "green"]'):
        assert good.name in shown[one]
        assert late.name in shown[one]
        assert ">2 accounts<" in shown[one]
    assert f'href="/accounts/{late.pk}/health/"' in shown['["between", "amber", "green"]']
    for wrong in ("x", "[1]", '["now"]', '["nothing"]', "[" * 900):
        assert (
            "The preview has no such count." in client.post(address, sent | {"which": wrong}).text
        )
    broken = client.post(address, sent | {"which": '["all"]', "green": "x"}).text
    assert "is not a number" in broken
    gone = client.post(address, sent | {"which": '["then", "red"]'}).text
    assert "None any more" in gone


def test_a_preview_of_nonsense_says_what_and_what_to_do(
    client: Client, member: Member, late: Account
) -> None:
    client.force_login(member)
    wrong = form(**{"points-oldest_past_due_days": "0 → 100\nsoon → 3"})
    answer = client.post(f"/health/definitions/{definition()}/preview/", wrong)
    assert "is not a number" in answer.text
    wrong = form(**{"points-oldest_past_due_days": "0 → 50\n30 → 90"})
    answer = client.post(f"/health/definitions/{definition()}/preview/", wrong)
    assert "30 would earn more points than 0" in answer.text


def test_a_definition_is_saved_compared_and_brought_back(
    client: Client, member: Member, late: Account
) -> None:
    client.force_login(member)
    address = f"/health/definitions/{definition()}/"
    sent = form(green="50") | {"reason": "Fewer alarms", "based_on": "1"}
    assert client.post(address, sent).headers["Location"] == "/health/definitions/"
    newest = versions.newest()[0]
    assert (newest.number, newest.reason, newest.member) == (2, "Fewer alarms", member)
    page = client.get("/health/").text
    assert "1 account</a> waits to be scored anew" in page
    assert scoring.due(NOW) == [late.pk]
    assert score_again(late).band == "green"
    page = client.get(address).text
    assert "<del>70</del> <ins>50</ins>" in page
    first = DefinitionVersion.objects.get(number=1)
    client.post(f"/health/versions/{first.pk}/restore/")
    assert versions.newest()[0].restores == first
    assert score_again(late, NOW + DAY).band == "amber"


def test_a_form_based_on_an_older_version_overwrites_nothing(
    client: Client, member: Member, late: Account
) -> None:
    client.force_login(member)
    address = f"/health/definitions/{definition()}/"
    versions.save(
        definition(),
        document_of(DEFAULT) | {"green": "60"},
        By(reason="Other", name="Kim"),
        now=NOW,
    )
    answer = client.post(address, form(green="50") | {"reason": "Mine", "based_on": "1"})
    assert answer.status_code == 422
    assert "Version 2 was saved by Kim while this was written" in answer.text
    assert 'value="50"' in answer.text


def test_without_a_reason_nothing_is_saved_and_what_was_typed_stays(
    client: Client, member: Member, late: Account
) -> None:
    client.force_login(member)
    answer = client.post(f"/health/definitions/{definition()}/", form(green="55"))
    assert answer.status_code == 422
    assert "A reason is missing" in answer.text
    assert 'value="55"' in answer.text


@pytest.mark.parametrize("role", Role.values)
def test_only_those_who_may_change_the_definition(client: Client, late: Account, role: str) -> None:
    client.force_login(a_member(role))
    address = f"/health/definitions/{definition()}/"
    page = client.get(address).text
    assert ("Save and rescore" in page) == (role in DEFINERS)
    answer = client.post(address, form(green="50") | {"reason": "Because"})
    assert (answer.status_code == 302) == (role in DEFINERS)
    version = DefinitionVersion.objects.get(number=1)
    answer = client.post(f"/health/versions/{version.pk}/restore/")
    assert (answer.status_code == 403) == (role not in DEFINERS)
    assert DefinitionVersion.objects.count() == (3 if role in DEFINERS else 1)


def test_the_card_shows_every_measure_with_what_it_gave(
    client: Client, member: Member, late: Account
) -> None:
    client.force_login(member)
    page = client.get(f"/accounts/{late.pk}/health/").text
    for words in ("Oldest invoice past due", "35 days", "1.20 months", "1 renews by itself"):
        assert words in page
    assert "Pay invoice 1042: 1,200.00 USD, 35 days past due." in page
    gave = re.findall(r'<span class="strong">(\d+\.\d)</span><span class="quiet">of', page)
    score = HealthScore.objects.get(pk=late.pk)
    assert f"{sum(map(float, gave)):.1f}" == str(score.uncapped)


def test_the_overview_asks_for_the_way_to_green_after_the_page(
    client: Client, member: Member, late: Account
) -> None:
    client.force_login(member)
    page = client.get(f"/accounts/{late.pk}/").text
    assert f"/accounts/{late.pk}/health/green/" in page
    assert "Pay invoice 1042" not in page
    assert "Pay invoice 1042" in client.get(f"/accounts/{late.pk}/health/green/").text


def test_the_overview_stays_within_its_budget_with_a_score_that_moved(
    client: Client,
    member: Member,
    late: Account,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client.force_login(member)
    an_invoice(late, state="past_due", balance="50", due_at=NOW - DAY)
    scored(late, NOW - 10 * DAY)
    with django_assert_max_num_queries(15):
        page = client.get(f"/accounts/{late.pk}/").text
    assert "in 30 days" in page


def test_what_changed_is_taken_apart_and_adds_up(
    client: Client, member: Member, late: Account
) -> None:
    client.force_login(member)
    page = client.get(f"/accounts/{late.pk}/health/", {"since": "30"}).text
    points = [float(text) for text in re.findall(r"<dd>([+-]\d+\.\d)</dd>", page)]
    total = re.search(r'<dd class="total">([+-]\d+\.\d)</dd>', page)
    assert total
    assert f"{sum(points):+.1f}" == total[1]
    none = client.get(f"/accounts/{late.pk}/health/", {"since": "90"}).text
    assert "There was no score 90 days ago to compare with." in none


def test_a_new_definition_marks_the_line(client: Client, member: Member, late: Account) -> None:
    client.force_login(member)
    document = document_of(DEFAULT) | {"green": "50"}
    versions.save(definition(), document, By(reason="Why not", name="Kim"), now=NOW)
    score_again(late, NOW + DAY)
    assert HealthVersion.objects.filter(account=late).exists()
    page = client.get(f"/accounts/{late.pk}/health/").text
    assert "Version 2 of the definition" in page


@pytest.mark.parametrize("role", Role.values)
def test_a_word_is_set_and_taken_back_by_those_who_may(
    client: Client, late: Account, role: str
) -> None:
    client.force_login(a_member(role))
    sent = {"kind": "band", "band": "green", "reason": "Paid by cheque", "until": "2026-07-10"}
    answer = client.post(f"/accounts/{late.pk}/health/set/", sent)
    if role not in EDITORS:
        assert answer.status_code == 403
        assert not Override.objects.exists()
        assert "Set by hand" not in client.get(f"/accounts/{late.pk}/health/").text
        return
    assert answer.status_code == 302
    page = client.get(f"/accounts/{late.pk}/health/").text
    assert "Set by a person" in page
    assert "Paid by cheque" in page
    assert "Computed:" in page
    client.post(f"/accounts/{late.pk}/health/release/")
    assert HealthScore.objects.get(pk=late.pk).state == ""


def test_a_word_without_an_end_is_refused_where_it_was_typed(
    client: Client, member: Member, late: Account
) -> None:
    client.force_login(member)
    sent = {"kind": "score", "score": "80", "reason": "Because", "until": "2027-01-01"}
    answer = client.post(f"/accounts/{late.pk}/health/set/", sent)
    assert answer.status_code == 422
    assert "The last day must lie between" in answer.text
    assert 'value="80"' in answer.text


def test_an_account_without_a_score_says_so(client: Client, member: Member) -> None:
    client.force_login(member)
    account = a_payer()
    assert "No score yet" in client.get(f"/accounts/{account.pk}/health/").text
    assert client.get(f"/accounts/{account.pk}/").status_code == 200


def test_too_little_history_is_said_instead_of_guessed(
    client: Client, member: Member, late: Account
) -> None:
    client.force_login(member)
    page = client.get("/health/became/", {"days": "90"}).text
    assert "Too little history" in page
    assert "<table" not in page
    assert "Too few accounts to tell" in client.get("/health/became/", {"days": "30"}).text
