"""The list of accounts as of a past day: health filtered, sorted and shown, sums under filters, rules."""

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from tenure.core.clock import FrozenClock
from tenure.customers.models import Account, Invoice
from tenure.customers.tables import INVOICES
from tenure.customers.versions import keep
from tests.health.rows import NOW, a_payer, paid, scored
from tests.metrics.rows import an_invoice
from tests.web.alerting import a_rule

DAY = timedelta(days=1)
THEN = (NOW + DAY).date().isoformat()


def grown(name: str, *, price: str, late: bool) -> Account:
    """Scored at ``NOW``, with a long overdue invoice then, or only since five days later."""
    account = a_payer(name, price=price, valid_from=NOW - DAY)
    for days in (40, 70, 100, 130):
        paid(account, NOW - days * DAY, valid_from=NOW - DAY)
    owed = {"state": "past_due", "balance": "1200", "due_at": NOW - 35 * DAY}
    bill = an_invoice(account, valid_from=NOW - DAY, **(owed if late else {"state": "paid"}))
    scored(account, NOW)
    keep(INVOICES, [bill.pk], NOW + 5 * DAY)
    Invoice.objects.filter(pk=bill.pk).update(**({"state": "paid", "balance": 0} if late else owed))
    scored(account, NOW + 5 * DAY)
    return account


@pytest.fixture
def pair(db: None, settings: Settings) -> tuple[Account, Account]:
    """One that was late and is not, one that was not and is."""
    found = grown("Harbour", price="1000", late=True), grown("Meadow", price="400", late=False)
    settings.TENURE_CLOCK = FrozenClock(NOW + 10 * DAY)
    return found


def listed(client: Client, **query: str) -> list[str]:
    page = client.get("/accounts/", {"all": "1", **query})
    assert page.status_code == 200
    found = page.text
    order = sorted((found.index(f">{name}<"), name) for name in ("Harbour", "Meadow") if f">{name}<" in found)  # fmt: skip
    return [name for _, name in order]


def test_the_list_is_narrowed_and_sorted_by_the_health_of_then(
    signed_in: Client, pair: tuple[Account, Account]
) -> None:
    assert listed(signed_in, health="green", as_of=THEN) == ["Meadow"]
    assert listed(signed_in, health="green") == ["Harbour"]
    assert listed(signed_in, sort="health", as_of=THEN) == ["Harbour", "Meadow"]
    assert listed(signed_in, sort="health") == ["Meadow", "Harbour"]
    assert listed(signed_in, sort="-health", as_of=THEN) == ["Meadow", "Harbour"]
    before = (NOW - 9 * DAY).date().isoformat()
    assert listed(signed_in, health="green", as_of=before) == []
    assert len(listed(signed_in, health="unknown", as_of=before)) == 2


def test_sums_and_counts_are_of_what_is_narrowed_to_then(
    signed_in: Client, pair: tuple[Account, Account]
) -> None:
    sums = signed_in.get("/accounts/totals/", {"as_of": THEN, "health": "green"}).text
    assert "400.00" in sums
    assert "1,400.00" not in sums
    assert "overdue" not in sums
    assert "1,400.00" in signed_in.get("/accounts/totals/", {"as_of": THEN}).text
    searched = signed_in.get("/accounts/totals/", {"as_of": THEN, "q": "harbour"}).text
    assert "1,000.00" in searched
    assert "overdue" in searched
    ruled = {"as_of": THEN, "rule": "mrr < 500"}
    assert "400.00" in signed_in.get("/accounts/totals/", ruled).text
    assert "1 account" in signed_in.get("/accounts/count/", ruled).text


@pytest.mark.parametrize(
    "rule",
    [
        "health = green",
        "health_score > 90",
        "past_due = 0",
        "no invoice (state = past_due)",
        "no invoice (overdue = true)",
        'mrr > 100 and not any invoice (state = "past_due" and balance > 1000)',
    ],
)
def test_a_rule_says_of_then_what_was_so_then(
    signed_in: Client, pair: tuple[Account, Account], rule: str
) -> None:
    assert listed(signed_in, rule=rule, as_of=THEN) == ["Meadow"]
    assert listed(signed_in, rule=rule) == ["Harbour"]


def test_what_a_rule_asks_as_today_is_said(
    signed_in: Client, pair: tuple[Account, Account]
) -> None:
    asked = {"rule": 'name contains "Har" and mrr > 0', "all": "1"}
    assert (
        "No past is kept of Name: the rule asks it as today"
        in signed_in.get("/accounts/", asked | {"as_of": THEN}).text
    )
    assert "No past is kept" not in signed_in.get("/accounts/", asked).text


def test_alerts_are_those_open_then_and_the_copy_keeps_the_day(
    signed_in: Client, pair: tuple[Account, Account]
) -> None:
    a_rule(now=NOW + 6 * DAY)
    columns = {"columns": "alerts", "all": "1"}
    assert '1<span class="hush"> open alert' in signed_in.get("/accounts/", columns).text
    then = signed_in.get("/accounts/", columns | {"as_of": THEN}).text
    assert '1<span class="hush"> open alert' not in then
    assert f"--as-of={THEN}" in then
    assert "/accounts/export/" in then


@pytest.mark.parametrize("query", [{}, {"with": "attributes"}, {"form": "json"}])
def test_the_file_is_of_the_day_too(
    signed_in: Client, pair: tuple[Account, Account], query: dict[str, str]
) -> None:
    names = {}
    for day in (THEN, ""):
        sent = signed_in.get("/accounts/export/", {"as_of": day, "rule": "mrr > 0", **query})
        names[day] = b"".join(sent.streaming_content).decode()  # type: ignore[attr-defined]
        assert (f"accounts-{THEN}." in sent.headers["Content-Disposition"]) == bool(day)
    assert "snapshot" in names[THEN]
    assert "snapshot" not in names[""]
    [of_then] = [line for line in names[THEN].splitlines() if "Harbour" in line]
    [of_now] = [line for line in names[""].splitlines() if "Harbour" in line]
    assert of_then != of_now
