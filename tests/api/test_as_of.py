"""The API at a past date: accounts, subscriptions and invoices as they were known at its end."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from tenure.core.clock import FrozenClock
from tenure.customers.contacts import write as contacts
from tenure.customers.models import Account, Invoice, Subscription
from tenure.customers.tables import INVOICES
from tenure.customers.versions import keep
from tenure.customers.write import By
from tenure.health import scoring
from tenure.health.models import HealthVersion
from tenure.metrics import refresh
from tests.api.conftest import Caller
from tests.metrics import rows
from tests.metrics.rows import NOW

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
THEN = (NOW + DAY).date().isoformat()


@pytest.fixture
def account(settings: Settings) -> Account:
    """Measured at 100 dollars, and at 200 three days later; today is a week after that."""
    made = rows.an_account(identifier="T-1")
    sub = rows.a_subscription(made, rows.a_plan(), valid_from=NOW)
    rows.an_invoice(made, valid_from=NOW, due_at=NOW - 3 * DAY, state="past_due")
    refresh.measure([made.pk], NOW)
    Subscription.objects.filter(pk=sub.pk).update(quantity=2, updated_at=NOW + 3 * DAY)
    refresh.measure([made.pk], NOW + 3 * DAY)
    settings.TENURE_CLOCK = FrozenClock(NOW + 10 * DAY)
    return made


def test_an_account_and_the_list_answer_with_what_was_known(
    reader: Caller, account: Account
) -> None:
    then = reader.get("accounts/T-1", as_of=THEN).json()
    assert then["money"]["mrr"] == [{"amount": "100.00", "currency": "USD"}]
    assert (then["known"], then["as_of"]) == ("snapshot", "2026-07-02T00:00:00Z")
    (listed,) = reader.get("accounts", as_of=THEN).json()["data"]
    assert listed["money"] == then["money"]
    now = reader.get("accounts/T-1").json()
    assert (now["known"], now["money"]["mrr"][0]["amount"]) == (None, "200.00")


def test_subscriptions_and_invoices_answer_with_what_was_known(
    reader: Caller, account: Account
) -> None:
    (sub,) = reader.get("subscriptions", as_of=THEN, account="T-1").json()["data"]
    assert (sub["status"], sub["mrr"]) == (
        "active",
        {"amount": "100.00", "currency": "USD"},
    )
    (bill,) = reader.get("invoices", as_of=THEN).json()["data"]
    assert (bill["status"], bill["days_past_due"], bill["attempts"]) == ("past_due", 4, 0)
    one = reader.get(f"invoices/acme/{bill['recurly_id']}", as_of=THEN).json()
    assert one == bill
    before = (NOW - DAY).date().isoformat()
    assert reader.get("invoices", as_of=before).json()["data"] == []
    assert reader.get(f"invoices/acme/{bill['recurly_id']}", as_of=before).status_code == 404


def test_a_date_that_cannot_be_is_refused(reader: Caller, account: Account) -> None:
    for day, words in (("2031-01-01", "yet to come"), ("nonsense", "no date")):
        for path in ("accounts", "accounts/T-1", "subscriptions", "invoices"):
            refused = reader.get(path, as_of=day)
            assert refused.status_code == 400
            assert words in refused.json()["detail"]
            assert refused.json()["field"] == "as_of"


def test_filters_of_the_present_are_not_quietly_ignored(reader: Caller, account: Account) -> None:
    refused = reader.get("subscriptions", as_of=THEN, mark="discounted")
    assert refused.status_code == 400
    assert "not kept for past days" in refused.json()["detail"]


def test_filters_orders_and_sums_are_of_that_day(reader: Caller, account: Account) -> None:
    gone = {"as_of": (NOW - DAY).date().isoformat()}
    totals = reader.get("invoices/totals", as_of=THEN, status="past_due").json()
    assert (totals["count"], totals["sums"][0]["balance"]["amount"]) == (1, "100.00")
    owed = reader.get("revenue/receivables", as_of=THEN).json()["data"]
    assert owed[0]["ageing"]["1-30"]["amount"]["amount"] == "100.00"
    assert reader.get("revenue/receivables", **gone).json()["data"] == []
    report = reader.get("revenue", as_of=THEN).json()
    assert report["months"][-1]["month"] == "2026-07"
    assert report["by_currency"][0]["mrr"]["amount"] == "100.00"
    Subscription.objects.update(state="paused", paused_at=NOW + 4 * DAY, valid_from=NOW + 4 * DAY)
    for status, count in (("active", 0), ("paused", 0)):
        found = reader.get("subscriptions", status=status, **gone).json()["data"]
        assert len(found) == count
    later = (NOW + 5 * DAY).date().isoformat()
    (paused,) = reader.get("subscriptions", status="paused", as_of=later, sort="-mrr").json()[
        "data"
    ]
    assert paused["mrr"] == {"amount": "200.00", "currency": "USD"}


def test_two_days_of_an_account_are_compared(reader: Caller, account: Account) -> None:
    found = reader.get("accounts/T-1/compare", **{"from": THEN}).json()
    assert found["from"] == {"day": THEN, "now": False, "known": "snapshot"}
    (mrr,) = [one for one in found["figures"] if one["name"] == "mrr"]
    assert (mrr["old"][0]["amount"], mrr["new"][0]["amount"]) == ("100.00", "200.00")
    refused = reader.get("accounts/T-1/compare", **{"from": THEN, "to": THEN})
    assert refused.status_code == 400
    assert "is not after" in refused.json()["detail"]
    assert reader.get("accounts/T-1/compare").status_code in (400, 422)


def test_health_and_contacts_are_those_known_then(reader: Caller, account: Account) -> None:
    scoring.score([account.pk], NOW)
    HealthVersion.objects.all().delete()
    contacts.create(account.pk, {"email": "ann@x.example", "name": "Ann"}, By(), now=NOW)
    contacts.create(account.pk, {"email": "bob@x.example"}, By(), now=NOW + 3 * DAY)
    health = reader.get("accounts/T-1/health", as_of=THEN).json()
    assert health["health"]["score"]
    assert "present alone" in health["to_green"]["why_not"]
    before = reader.get("accounts/T-1/health", as_of=(NOW - 5 * DAY).date().isoformat()).json()
    assert "No score was known then" in before["to_green"]["why_not"]
    people = reader.get("contacts", account="T-1", as_of=THEN).json()["data"]
    assert [one["email"] for one in people] == ["ann@x.example"]
    refused = reader.get("contacts", as_of=THEN)
    assert refused.status_code == 400
    assert refused.json()["field"] == "account"


def test_a_figure_of_a_past_day_is_taken_apart_from_what_was_known(
    reader: Caller, account: Account
) -> None:
    [late] = (told := reader.get("accounts/T-1/explain", figure="past_due", as_of=THEN).json())[
        "data"
    ]
    assert (told["as_of"], told["kind"], told["differs"]) == (THEN, "snapshot", False)
    assert [(part["amount"]["amount"], part["days_past_due"]) for part in late["parts"]] == [
        ("100.00", 4)
    ]
    assert reader.get("accounts/T-1/explain", as_of=THEN).json()["differs"]  # no version was kept
    early = reader.get("accounts/T-1/explain", as_of="2026-01-01").json()
    assert (early["data"], early["kind"]) == ([], None)
    assert reader.get("accounts/T-1/explain").json()["as_of"] is None


def test_the_timeline_ends_on_the_day_with_what_was_known_then(
    reader: Caller, account: Account
) -> None:
    bill = rows.an_invoice(account, number="9", valid_from=NOW, created_at=NOW, state="pending")
    rows.an_invoice(account, number="10", valid_from=NOW + 5 * DAY, created_at=NOW + 5 * DAY)
    keep(INVOICES, [bill.pk], NOW + 4 * DAY)
    Invoice.objects.filter(pk=bill.pk).update(state="paid")

    def told(**asked: str) -> list[tuple[str, str]]:
        found = reader.get("accounts/T-1/timeline", kind="invoice", **asked).json()["data"]
        return [(one["what"], one["object"]["state"]) for one in found if one["object"]["number"]]

    assert told(as_of=THEN) == [("Invoice 9 was issued", "pending")]
    assert told() == [("Invoice 10 was issued", "pending"), ("Invoice 9 was issued", "paid")]
    assert told(as_of=(NOW - DAY).date().isoformat()) == []  # made out: it was not there yet
    assert reader.get("accounts/T-1/timeline", as_of="2031-01-01").status_code == 400


def test_bands_and_their_revenue_are_those_of_then(reader: Caller, account: Account) -> None:
    scoring.score([account.pk], NOW)
    scoring.score([account.pk], NOW + 3 * DAY)
    bands = {one: reader.get("health", as_of=one).json()["data"] for one in (THEN, "2026-01-01")}
    [then] = [one for one in bands[THEN] if one["mrr"]]
    assert then["mrr"] == [{"amount": "100.00", "currency": "USD"}]
    assert sum(one["accounts"] for one in bands[THEN]) == 1
    assert [one["band"] for one in bands["2026-01-01"]] == ["unknown"]
    assert reader.get("health").json()["data"][0]["mrr"][0]["amount"] == "200.00"
