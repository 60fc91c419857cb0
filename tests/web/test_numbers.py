"""Settings › Currencies and numbers: settings, rates by hand and from a file, and what they do."""

from datetime import date
from decimal import Decimal

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tenure.access.models import Member, Role
from tenure.connections import workspace
from tenure.metrics import refresh
from tenure.metrics.models import FxRate
from tests.metrics.rows import NOW, a_plan, a_subscription, an_account
from tests.web.builders import a_member

PAGE = "/settings/numbers/"
RATE = {"from": "eur", "to": "USD", "date": "2026-06-01", "rate": "1.0842"}


@pytest.fixture
def euros(db: None) -> int:
    account = an_account("Euro GmbH")
    a_subscription(account, a_plan(), currency="EUR", unit_amount="100")
    refresh.measure([account.pk], NOW)
    return int(account.pk)


def save(client: Client, **changed: str) -> str:
    """Save as a person does: look at what it would do, then say yes."""
    given = {**workspace.values(), **changed}
    answer = client.post(f"{PAGE}save/", given)
    if answer.status_code == 200 and 'name="seen" value="' in answer.text:
        seen = answer.text.partition('name="seen" value="')[2].partition('"')[0]
        answer = client.post(f"{PAGE}save/", {**given, "seen": seen})
    return answer.text if answer.status_code != 302 else client.get(PAGE).text


def test_the_page_says_what_each_currency_is_worth(signed_in: Client, euros: int) -> None:
    text = signed_in.get(PAGE).text
    assert "no rate" in text
    assert "show no converted total" in text
    signed_in.post(f"{PAGE}rates/", RATE)
    text = signed_in.get(PAGE).text
    assert "1.0842 USD" in text
    assert "show no converted total" not in text


def test_a_rate_is_entered_with_who_and_when(signed_in: Client, member: Member, euros: int) -> None:
    assert signed_in.post(f"{PAGE}rates/", RATE).status_code == 302
    rate = FxRate.objects.get()
    assert (rate.source, rate.target, rate.day) == ("EUR", "USD", date(2026, 6, 1))
    assert rate.rate == Decimal("1.0842")
    assert (rate.set_by, rate.set_at) == (member, settings.TENURE_CLOCK.now())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"from": "euro"}, "“euro” is no currency"),
        ({"to": "EUR"}, "EUR is itself"),
        ({"rate": "1,08"}, "“1,08” is no number. Write it with a point"),
        ({"rate": "0"}, "0 cannot be a rate"),
        ({"rate": "1.0000000000001"}, "too exact"),
        ({"date": "1.6.2026"}, "“1.6.2026” is no date"),
    ],
)
def test_a_rate_that_cannot_be_is_refused_where_it_was_typed(
    signed_in: Client, wrong: dict[str, str], said: str
) -> None:
    answer = signed_in.post(f"{PAGE}rates/", {**RATE, **wrong})
    assert answer.status_code == 422
    assert said in answer.text
    assert 'aria-describedby="rate-fault"' in answer.text
    assert not FxRate.objects.exists()


def test_a_rate_far_from_the_last_one_is_taken_with_a_warning(signed_in: Client, db: None) -> None:
    signed_in.post(
        f"{PAGE}rates/", {"from": "JPY", "to": "USD", "date": "2026-05-01", "rate": "0.0065"}
    )
    answer = signed_in.post(
        f"{PAGE}rates/",
        {"from": "JPY", "to": "USD", "date": "2026-06-01", "rate": "155"},
        follow=True,
    )
    assert "the right way round" in answer.text


def upload(client: Client, content: str) -> str:
    file = SimpleUploadedFile("rates.csv", content.encode())
    answer = client.post(f"{PAGE}rates/import/", {"file": file}, follow=True)
    return answer.text


def test_a_file_of_rates_is_taken_whole(signed_in: Client, db: None) -> None:
    signed_in.post(f"{PAGE}rates/", RATE)
    text = upload(
        signed_in,
        "Date;From;To;Rate\n2026-06-01;EUR;USD;1.09\n2026-06-01;gbp;usd;1.27\n;;;\n",
    )
    assert "Rates: 1 added, 1 replaced." in text
    standing = FxRate.objects.filter(ended_at=None).order_by("source")
    assert [str(one) for one in standing] == [
        "1 EUR = 1.09 USD from 2026-06-01",
        "1 GBP = 1.27 USD from 2026-06-01",
    ]
    assert FxRate.objects.count() == 3


def test_a_file_with_a_fault_is_refused_whole_and_every_line_is_told(
    signed_in: Client, db: None
) -> None:
    text = upload(signed_in, "from,to,date,rate\nEUR,USD,2026-06-01,1.09\nEUR,US,x,1\nGBP,USD,,1\n")
    assert "Nothing was entered: 2 lines cannot be taken." in text
    assert "Line 3, to: “US” is no currency." in text
    assert "Line 4, date: It is empty." in text
    assert not FxRate.objects.exists()


def test_a_file_without_the_columns_says_which(signed_in: Client, db: None) -> None:
    assert "The file has no column “rate”" in upload(
        signed_in, "from,to,date\nEUR,USD,2026-06-01\n"
    )
    assert "The file is empty" in upload(signed_in, " ")


def test_deleting_says_first_who_loses_the_total(signed_in: Client, euros: int) -> None:
    signed_in.post(f"{PAGE}rates/", RATE)
    rate = FxRate.objects.get()
    text = signed_in.get(f"{PAGE}rates/{rate.pk}/delete/").text
    assert "1 account with money in EUR loses the converted total" in text
    assert FxRate.objects.filter(ended_at=None).exists()
    signed_in.post(f"{PAGE}rates/{rate.pk}/delete/")
    rate.refresh_from_db()
    assert rate.ended_at
    assert signed_in.get(f"{PAGE}rates/{rate.pk}/delete/").status_code == 404


def test_a_setting_is_saved_after_its_reach_was_seen(signed_in: Client, euros: int) -> None:
    given = {**workspace.values(), "currency": "eur", "drop_after_days": "60"}
    first = signed_in.post(f"{PAGE}save/", given)
    assert "1 account would be measured again" in first.text
    assert workspace.values()["drop_after_days"] == "never"
    text = save(signed_in, currency="eur", drop_after_days="60")
    assert (workspace.values()["currency"], workspace.values()["drop_after_days"]) == ("EUR", "60")
    assert "<del>never</del>" in text


def test_a_preset_goes_before_the_fields_that_still_show_the_old(
    signed_in: Client, euros: int
) -> None:
    save(signed_in, preset="recurly_parity")
    found = workspace.values()
    assert (found["preset"], found["days_per_month"], found["mrr_discounts"]) == (
        "recurly_parity",
        "30",
        "all",
    )


def test_a_setting_that_cannot_be_is_refused_at_its_field(signed_in: Client, euros: int) -> None:
    text = save(signed_in, zone="Mars/Olympus")
    assert "Time zone of days cannot be “Mars/Olympus”" in text
    assert workspace.values()["zone"] == "UTC"


@pytest.mark.parametrize("role", [Role.CSM, Role.VIEWER])
def test_others_read_and_change_nothing(client: Client, euros: int, role: str) -> None:
    client.force_login(a_member(role))
    text = client.get(PAGE).text
    assert "Only administrators, developers and super managers may change them" in text
    assert 'name="rate"' not in text
    for address in ("save/", "rates/", "rates/import/", "rates/1/delete/"):
        assert client.post(f"{PAGE}{address}", RATE).status_code == 403


def test_lists_and_the_strip_show_the_total_beside_or_what_is_missing(
    signed_in: Client, euros: int
) -> None:
    assert "no rate for EUR" in signed_in.get("/accounts/").text
    assert "no rate for EUR" in signed_in.get(f"/accounts/{euros}/").text
    FxRate.objects.create(source="EUR", target="USD", day=NOW.date(), rate="1.1", set_at=NOW)
    refresh.measure([euros], NOW)
    for address in ("/accounts/", f"/accounts/{euros}/"):
        assert "≈ " in signed_in.get(address).text
        assert "110.00" in signed_in.get(address).text


def test_totals_and_calculations_name_the_rates_they_stand_on(
    signed_in: Client, euros: int
) -> None:
    FxRate.objects.create(source="EUR", target="USD", day=NOW.date(), rate="1.1", set_at=NOW)
    text = signed_in.get("/accounts/totals/").text
    assert "1 EUR = 1.1 USD since 2026-06-30" in text
    text = signed_in.get(f"/accounts/{euros}/calculation/mrr/").text
    assert "All in USD" in text
    assert "1 EUR = 1.1 USD" in text


def test_the_page_asks_few_questions(signed_in: Client, euros: int) -> None:
    with CaptureQueriesContext(connection) as asked:
        signed_in.get(PAGE)
    assert len(asked) <= 20
