"""What each filter of a list lets through."""

import pytest

from tenure.simulator.store import SiteStore
from tests.simulator.wire.double import Client, a_subscription, an_account, an_invoice


def test_email_is_exact_and_a_blank_one_finds_null_and_empty(
    site: SiteStore, client: Client
) -> None:
    for id_, email in (("a1", None), ("a2", ""), ("a3", "x@y.example"), ("a4", "X@y.example")):
        site.put("accounts", an_account(id_, email=email))
    assert client.get("/accounts?email=x%40y.example").ids() == ["a3"]
    assert client.get("/accounts?email=").ids() == ["a2", "a1"]


def test_subscriber_is_about_active_canceled_and_future(site: SiteStore, client: Client) -> None:
    for flag in ("active", "canceled", "future", "paused"):
        site.put("accounts", an_account(flag, **{f"has_{flag}_subscription": True}))
    assert client.get("/accounts?subscriber=true").ids() == ["future", "canceled", "active"]
    assert client.get("/accounts?subscriber=false").ids() == ["paused"]


def test_past_due_can_only_be_true(site: SiteStore, client: Client) -> None:
    site.put("accounts", an_account("a1"))
    site.put("accounts", an_account("a2", has_past_due_invoice=True))
    assert client.get("/accounts?past_due=true").ids() == ["a2"]
    assert client.get("/accounts?past_due=false").status == 400


TRIAL = {"trial_started_at": "2026-03-01T00:00:00Z", "trial_ends_at": "2026-03-09T00:00:00Z"}
OVER = {"trial_started_at": "2026-02-01T00:00:00Z", "trial_ends_at": "2026-03-02T12:00:00Z"}


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ("active", ["over", "trial"]),
        ("canceled", ["leaving"]),
        ("expired", ["gone"]),
        ("future", ["later"]),
        ("in_trial", ["trial"]),
        ("live", ["later", "leaving", "over", "trial"]),
    ],
)
def test_subscription_states_and_the_two_that_are_only_filters(
    site: SiteStore, client: Client, state: str, found: list[str]
) -> None:
    site.put("subscriptions", a_subscription("trial", **TRIAL))
    site.put("subscriptions", a_subscription("over", **OVER))
    site.put("subscriptions", a_subscription("leaving", state="canceled"))
    site.put("subscriptions", a_subscription("gone", state="expired", **TRIAL))
    site.put("subscriptions", a_subscription("later", state="future"))
    site.put("subscriptions", a_subscription("resting", state="paused"))
    assert sorted(client.get(f"/subscriptions?state={state}").ids()) == found
    assert client.total(f"/subscriptions?state={state}") == len(found)


def test_paused_is_no_subscription_filter(client: Client) -> None:
    assert client.get("/subscriptions?state=paused").status == 400


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("type=charge", ["i1"]),
        ("type=credit", ["i2"]),
        ("type=legacy", ["i3"]),
        ("type=non-legacy", ["i1", "i2"]),
        ("state=open&type=credit", ["i2"]),
    ],
)
def test_invoice_types(site: SiteStore, client: Client, query: str, found: list[str]) -> None:
    site.put("invoices", an_invoice("i1"))
    site.put("invoices", an_invoice("i2", type="credit", state="open"))
    site.put("invoices", an_invoice("i3", type="legacy"))
    assert sorted(client.get(f"/invoices?{query}").ids()) == found


def test_payment_finds_purchases_and_captures(site: SiteStore, client: Client) -> None:
    for type_ in ("purchase", "capture", "refund", "verify"):
        site.put("transactions", {"id": type_, "type": type_, "success": type_ == "refund"})
    assert sorted(client.get("/transactions?type=payment").ids()) == ["capture", "purchase"]
    assert client.get("/transactions?success=true").ids() == ["refund"]


def test_line_items_by_state_type_and_originality(site: SiteStore, client: Client) -> None:
    facts = {"type": "charge", "state": "invoiced", "previous_line_item_id": None}
    site.put("line_items", {"id": "l1", **facts})
    site.put("line_items", {"id": "l2", **facts, "state": "pending"})
    site.put("line_items", {"id": "l3", **facts, "previous_line_item_id": "l1"})
    assert client.get("/line_items?state=pending").ids() == ["l2"]
    assert sorted(client.get("/line_items?original=true&type=charge").ids()) == ["l1", "l2"]


def test_field_definitions_by_what_they_belong_to(site: SiteStore, client: Client) -> None:
    site.put("custom_field_definitions", {"id": "d1", "related_type": "account"})
    site.put("custom_field_definitions", {"id": "d2", "related_type": "charge"})
    assert client.get("/custom_field_definitions?related_type=charge").ids() == ["d2"]
    assert client.get("/custom_field_definitions?related_type=invoice").status == 400


def test_plans_by_activity(site: SiteStore, client: Client) -> None:
    site.put("plans", {"id": "p1", "code": "gold", "state": "active"})
    site.put("plans", {"id": "p2", "code": "old", "state": "inactive"})
    assert client.get("/plans?state=inactive").ids() == ["p2"]
    assert len(client.get("/plans").ids()) == 2


def test_filters_reach_across_pages(site: SiteStore, client: Client) -> None:
    for n in range(20):
        state = "past_due" if n % 3 == 0 else "paid"
        site.put("invoices", an_invoice(f"i{n:02}", state=state))
    ids = client.walk("/invoices?state=past_due&limit=2&order=asc")
    assert ids == [f"i{n:02}" for n in range(0, 20, 3)]
