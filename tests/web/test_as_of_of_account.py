"""The tabs of an account as of a past day: scores, money, people and raw records as they were known."""

import re
from datetime import date, timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from tenure.core.clock import FrozenClock
from tenure.customers.contacts import write as contacts
from tenure.customers.models import Account, Contact, Invoice, Subscription
from tenure.customers.tables import INVOICES, SUBSCRIPTIONS
from tenure.customers.versions import keep
from tenure.customers.write import By
from tenure.health import overriding
from tenure.health.overriding import Wanted
from tenure.metrics.models import FactsVersion
from tenure.metrics.past import VersionKind
from tests.health.rows import NOW, a_payer, paid, scored
from tests.metrics.rows import a_payment, an_invoice
from tests.web.builders import a_payload

DAY = timedelta(days=1)
THEN = (NOW + DAY).date().isoformat()


@pytest.fixture
def late(db: None, settings: Settings) -> Account:
    """Green at ``NOW``; ten days later an invoice is long overdue, and the score has fallen."""
    account = a_payer("Harbour Lights", price="1000", valid_from=NOW)
    for days in (40, 70, 100, 130):
        paid(account, NOW - days * DAY, valid_from=NOW)
    scored(account, NOW - 30 * DAY)
    an_invoice(
        account,
        number="1042",
        state="past_due",
        balance="1200",
        created_at=NOW - 40 * DAY,
        due_at=NOW - 35 * DAY,
        valid_from=NOW + 5 * DAY,
    )
    scored(account, NOW + 5 * DAY)
    settings.TENURE_CLOCK = FrozenClock(NOW + 10 * DAY)
    return account


def tab(client: Client, account: Account, name: str, day: str = THEN, **more: str) -> str:
    answer = client.get(f"/accounts/{account.pk}/{name}/", {"as_of": day, **more})
    assert answer.status_code == 200
    return str(answer.text).split('id="main"')[1]


def test_health_is_the_score_of_then_with_its_explanation(signed_in: Client, late: Account) -> None:
    then, now = tab(signed_in, late, "health"), tab(signed_in, late, "health", "")
    assert "100.0" in then
    assert "At most" not in then
    assert "1 invoice" not in then
    assert "Overdue" in now
    assert "Pay invoice 1042" in now
    assert "Pay invoice" not in then
    assert "worked out for the present alone" in then
    assert "Set by hand" not in then


def test_a_day_before_the_first_score_says_why_there_is_none(
    signed_in: Client, late: Account
) -> None:
    early = tab(signed_in, late, "health", (NOW - 60 * DAY).date().isoformat())
    assert "No score was known then" in early
    assert "nobody had said then what counts" in early


def test_a_persons_word_is_told_as_it_stood(signed_in: Client, late: Account) -> None:
    wanted = Wanted("Signed for three years", (NOW + 40 * DAY).date(), band="green")
    overriding.override(late.pk, wanted, By(name="Kim"), now=NOW)
    overriding.end(late.pk, By(name="Lee"), now=NOW + 8 * DAY)
    assert "ended by" in tab(signed_in, late, "health", "")
    then = tab(signed_in, late, "health")
    assert "Signed for three years" in then
    assert "ended by" not in then
    before = tab(signed_in, late, "health", (NOW - 2 * DAY).date().isoformat())
    assert "Signed for three years" not in before


def test_money_is_that_of_the_day(signed_in: Client, late: Account) -> None:
    Subscription.objects.filter(account=late).update(quantity=3, updated_at=NOW + 7 * DAY)
    scored(late, NOW + 7 * DAY)
    bill = Invoice.objects.get(number="1042")
    a_payment(bill, status="declined", status_message="No funds", created_at=NOW + 6 * DAY)
    now, then = tab(signed_in, late, "money", ""), tab(signed_in, late, "money")
    assert "3,000.00" in now
    assert "3,000.00" not in then
    assert "1,000.00" in then
    assert "1,200.00" in now
    assert "Nothing is owed" in then
    assert "Over 90 days" not in then
    assert "as it was known then" in then


def test_a_day_of_the_history_beyond_the_day_is_not_shown(signed_in: Client, late: Account) -> None:
    address = f"/accounts/{late.pk}/money"
    assert signed_in.get(f"{address}/{THEN}/", {"as_of": THEN}).status_code == 200
    later = date.fromisoformat(THEN) + DAY
    assert signed_in.get(f"{address}/{later}/", {"as_of": THEN}).status_code == 404


def test_figures_made_out_since_are_marked(signed_in: Client, late: Account) -> None:
    first, end = NOW - 60 * DAY, NOW - 30 * DAY
    FactsVersion.objects.create(
        account=late, valid_from=first, valid_to=end, kind=VersionKind.RECONSTRUCTED,
        mrr={"USD": "900"}, billed={"USD": "400"}, subscription_status="active",
        invoice_status="paid",
    )  # fmt: skip
    early = tab(signed_in, late, "money", (NOW - 50 * DAY).date().isoformat())
    assert "Reconstructed" in early
    assert "reconstructed" in early
    assert "900.00" in early
    assert "400.00" in early
    assert "as made out since" in early


def test_people_are_those_known_then_with_the_names_they_had(
    signed_in: Client, late: Account
) -> None:
    ann = contacts.create(late.pk, {"email": "ann@x.example", "name": "Ann"}, By(), now=NOW)
    gone = contacts.create(late.pk, {"email": "bob@x.example", "name": "Bob"}, By(), now=NOW)
    contacts.edit(ann.pk, {"name": "Anna Maria"}, By(), now=NOW + 3 * DAY)
    contacts.remove(gone.pk, By(), now=NOW + 3 * DAY)
    contacts.create(late.pk, {"email": "new@x.example", "name": "New"}, By(), now=NOW + 4 * DAY)
    then, now = tab(signed_in, late, "users"), tab(signed_in, late, "users", "")
    assert ("Anna Maria" in now, "Bob" in now, "new@x.example" in now) == (True, False, True)
    assert ("Anna Maria" in then, "Bob" in then, "new@x.example" in then) == (False, True, False)
    assert "ann@x.example" in then
    assert "Manual" in then
    assert Contact.objects.get(pk=ann.pk).name == "Anna Maria"
    before = tab(signed_in, late, "users", (NOW - 2 * DAY).date().isoformat())
    assert "No user was known on that day" in before


def test_a_raw_record_that_came_since_gives_way_to_what_was_read_then(
    signed_in: Client, late: Account
) -> None:
    sub = late.subscriptions.get()
    keep(SUBSCRIPTIONS, [sub.pk], NOW + 4 * DAY)
    Subscription.objects.filter(pk=sub.pk).update(quantity=77)
    a_payload(sub.site, "subscriptions", sub.upstream_id, b'{"quantity":77}', at=NOW + 4 * DAY)
    then = tab(signed_in, late, "raw")
    assert "The payload of that day is not kept" in then
    assert "<dt>Quantity</dt>" in then
    assert "77" not in then.split("<dt>Quantity</dt>")[1][:60]
    shown = signed_in.get(f"/accounts/{late.pk}/raw/", {"as_of": (NOW + 6 * DAY).date()}).text
    opened = re.findall(r"/raw/(\d+)/", shown)[0]
    address = f"/accounts/{late.pk}/raw/{opened}/"
    assert "77" in signed_in.get(address, {"as_of": (NOW + 6 * DAY).date()}).text, address
    assert signed_in.get(address, {"as_of": THEN}).status_code == 404


def test_the_timeline_tells_what_had_become_of_a_bill_by_then(
    signed_in: Client, late: Account
) -> None:
    bill = an_invoice(late, number="2001", state="pending", created_at=NOW - DAY, valid_from=NOW)
    keep(INVOICES, [bill.pk], NOW + 4 * DAY)
    Invoice.objects.filter(pk=bill.pk).update(state="failed")
    later = tab(signed_in, late, "timeline", "", kind="invoices").split("2001")[1][:600]
    then = tab(signed_in, late, "timeline", kind="invoices").split("2001")[1][:600]
    assert "Failed" in later
    assert "Failed" not in then


def test_records_of_a_day_before_the_first_sync_are_made_out_from_their_dates(
    signed_in: Client, late: Account, settings: Settings
) -> None:
    Subscription.objects.filter(account=late).update(
        state="canceled", canceled_at=NOW - 20 * DAY, activated_at=NOW - 300 * DAY,
        expires_at=NOW + 20 * DAY, valid_from=NOW - 30 * DAY,
    )  # fmt: skip
    bill = an_invoice(
        late, number="7001", state="paid", balance="0", paid="100", created_at=NOW - 60 * DAY,
        due_at=NOW - 50 * DAY, closed_at=NOW - 35 * DAY, valid_from=NOW - 30 * DAY,
    )  # fmt: skip
    a_payment(bill, collected_at=NOW - 35 * DAY, created_at=NOW - 35 * DAY)
    day = (NOW - 45 * DAY).date().isoformat()
    early = tab(signed_in, late, "subscriptions", day)
    assert "Active" in early
    assert "Cancelling" not in early
    billed = tab(signed_in, late, "invoices", day).split("7001")[1][:900]
    assert "5 days late" in billed
    assert "Pending" in billed
    assert "1042" not in tab(signed_in, late, "invoices", day)
    none = tab(signed_in, late, "subscriptions", (NOW - 400 * DAY).date().isoformat())
    assert "None had begun by then" in none
    assert "7001" in tab(signed_in, late, "timeline", day)
