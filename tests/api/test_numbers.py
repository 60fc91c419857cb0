"""Rates and the settings of figures over the API."""

from datetime import date

import pytest

from tenure.connections import workspace
from tenure.metrics import refresh
from tenure.metrics.models import FxRate
from tests.api.conftest import Caller
from tests.metrics.rows import NOW, a_plan, a_subscription, an_account

pytestmark = pytest.mark.django_db
EUR = {"from": "EUR", "to": "USD", "date": "2026-06-01", "rate": "1.10"}


def euros() -> int:
    account = an_account(identifier="T-1")
    a_subscription(account, a_plan(), currency="EUR")
    refresh.measure([account.pk], NOW)
    return int(account.pk)


def test_rates_are_entered_replaced_and_listed(writer: Caller) -> None:
    answer = writer.post("rates", {"rates": [EUR, {**EUR, "from": "GBP", "rate": "1.27"}]})
    assert answer.json() == {"added": 2, "replaced": 0, "unchanged": 0, "odd": []}
    answer = writer.post(
        "rates", {"rates": [{**EUR, "rate": "1.12"}, {**EUR, "date": "2026-06-02"}]}
    )
    assert (answer.json()["added"], answer.json()["replaced"]) == (1, 1)
    listed = writer.get("rates", sort="id").json()["data"]
    assert [(one["from"], one["date"], one["rate"]) for one in listed] == [
        ("GBP", "2026-06-01", "1.27"),
        ("EUR", "2026-06-01", "1.12"),
        ("EUR", "2026-06-02", "1.1"),
    ]
    assert listed[0]["set_by"] == "token nightly push"


def test_one_rate_that_cannot_be_keeps_all_out(writer: Caller) -> None:
    answer = writer.post("rates", {"rates": [EUR, {**EUR, "rate": "-1"}]})
    assert (answer.status_code, answer.json()["field"]) == (422, "rate")
    assert not FxRate.objects.exists()


def test_deleting_a_rate_says_who_loses_the_total(writer: Caller) -> None:
    euros()
    writer.post("rates", {"rates": [EUR]})
    number = FxRate.objects.get().pk
    answer = writer("DELETE", f"rates/{number}")
    assert answer.json()["rates_lost"] == {"EUR": 1}
    assert answer.json()["accounts"] == 1
    assert writer.get("rates").json()["data"] == []
    assert writer("DELETE", f"rates/{number}").status_code == 404


def test_money_has_the_converted_total_beside_it(writer: Caller) -> None:
    pk = euros()
    money = writer.get("accounts/T-1").json()["money"]
    assert (money["mrr"], money["mrr_converted"]) == (
        [{"amount": "100.00", "currency": "EUR"}],
        None,
    )
    FxRate.objects.create(source="EUR", target="USD", day=date(2026, 6, 1), rate="1.1", set_at=NOW)
    refresh.measure([pk], NOW)
    money = writer.get("accounts/T-1").json()["money"]
    assert money["mrr_converted"] == {"amount": "110.00", "currency": "USD"}


def test_settings_are_shown_to_all_and_changed_by_administrators(
    reader: Caller, writer: Caller, admin: Caller
) -> None:
    assert reader.get("workspace").json()["days_per_month"] == "365/12"
    assert writer.patch("workspace", {"currency": "EUR"}).status_code == 403
    answer = admin.patch("workspace", {"currency": "eur", "preset": "recurly_parity"})
    assert (answer.json()["currency"], answer.json()["days_per_month"]) == ("EUR", "30")
    assert workspace.history()[0].by.startswith("token ")


def test_a_setting_that_cannot_be_names_its_field(admin: Caller) -> None:
    answer = admin.patch("workspace", {"zone": "Mars", "currency": "EUR"})
    assert (answer.status_code, answer.json()["field"]) == (422, "zone")
    assert workspace.values()["currency"] == "USD"


def test_a_stale_change_of_settings_is_refused(admin: Caller) -> None:
    tag = admin.get("workspace")["ETag"]
    assert admin.patch("workspace", {"currency": "EUR"}, {"If-Match": tag}).status_code == 200
    assert admin.patch("workspace", {"currency": "GBP"}, {"If-Match": tag}).status_code == 412
