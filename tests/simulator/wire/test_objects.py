"""Single objects by their several names, and lists below a parent."""

from decimal import Decimal

import pytest

from tenure.simulator.store import SiteStore
from tests.simulator.wire.double import Client, a_subscription, an_account, an_invoice


@pytest.fixture(autouse=True)
def _records(site: SiteStore) -> None:
    site.put("accounts", an_account("a1", code="big/co;1", billing_info={"id": "b1"}))
    site.put("accounts", an_account("a2", parent_account_id="a1", billing_info=None))
    site.put("subscriptions", a_subscription("s1"))
    site.put("invoices", an_invoice("i1", number="FR1001", subscription_ids=["s1"]))
    site.put("plans", {"id": "p1", "code": "gold", "state": "active"})
    site.put("plans", {"id": "p2", "code": "silver", "state": "active"})
    for plan in ("p1", "p2"):
        add_on = {"id": f"o{plan}", "code": "seats", "plan_id": plan, "state": "active"}
        site.put("add_ons", add_on)
    site.put("measured_units", {"id": "m1", "name": "Disk space", "state": "active"})


@pytest.mark.parametrize(
    ("path", "id_"),
    [
        ("/accounts/a1", "a1"),
        ("/accounts/code-big%2Fco%3B1", "a1"),
        ("/subscriptions/uuid-uuid%20of%20s1", "s1"),
        ("/invoices/number-FR1001", "i1"),
        ("/plans/code-gold", "p1"),
        ("/measured_units/name-Disk%20space", "m1"),
        ("/plans/p2/add_ons/code-seats", "op2"),
        ("/sites/subdomain-acme", "idacme"),
        ("/sites/idacme", "idacme"),
        ("/sites/subdomain-acme/accounts/a1", "a1"),
        ("/accounts/a1/billing_info", "b1"),
    ],
)
def test_an_object_answers_to_each_of_its_names(client: Client, path: str, id_: str) -> None:
    reply = client.get(path)
    assert (reply.status, reply.json()["id"]) == (200, id_)


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/nobody",
        "/accounts/code-nobody",
        "/accounts/uuid-a1",
        "/accounts/a2/billing_info",
        "/invoices/FR1001",
        "/plans/p1/add_ons/op2",
        "/subscriptions/s1/change",
        "/sites/subdomain-other",
        "/sites/subdomain-other/accounts",
        "/nothing",
        "/accounts/a1/nothing",
    ],
)
def test_what_is_not_there_is_404_in_the_envelope(client: Client, path: str) -> None:
    reply = client.get(path)
    assert (reply.status, reply.error()["type"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("path", "ids"),
    [
        ("/accounts/a1/accounts", ["a2"]),
        ("/accounts/code-big%2Fco%3B1/subscriptions", ["s1"]),
        ("/accounts/a2/subscriptions", []),
        ("/accounts/a1/invoices?state=paid", ["i1"]),
        ("/accounts/a1/invoices?state=open", []),
        ("/accounts/a1/billing_infos", ["b1"]),
        ("/subscriptions/s1/invoices", ["i1"]),
        ("/plans/code-gold/add_ons", ["op1"]),
        ("/sites", ["idacme"]),
    ],
)
def test_a_list_below_a_parent_holds_its_own(client: Client, path: str, ids: list[str]) -> None:
    assert client.get(path).ids() == ids
    assert client.total(path) == len(ids)


def test_the_scoped_form_pages_within_its_scope(site: SiteStore, client: Client) -> None:
    following = client.get("/sites/subdomain-acme/accounts?limit=1").json()["next"]
    assert following.startswith("/sites/subdomain-acme/accounts?")
    assert client.get(following).ids() == ["a1"]


def test_a_record_that_changes_owner_changes_lists(site: SiteStore, client: Client) -> None:
    assert client.get("/accounts/a1/subscriptions").ids() == ["s1"]
    site.put("subscriptions", a_subscription("s1", account={"id": "a2"}))
    assert client.get("/accounts/a1/subscriptions").ids() == []
    assert client.get("/accounts/a2/subscriptions").ids() == ["s1"]


def test_amounts_keep_every_digit(site: SiteStore, client: Client) -> None:
    amount = Decimal("12345678901234.123456789")
    site.put("invoices", an_invoice("i9", balance=amount, currency="KWD"))
    assert client.get("/invoices/i9").json()["balance"] == amount


def test_a_long_invoice_embeds_its_first_500_lines_and_lists_them_all(
    site: SiteStore, client: Client
) -> None:
    lines = [
        {"id": f"l{n:03}", "invoice_id": "i2", "created_at": "2026-01-01T00:00:00Z"}
        for n in range(501)
    ]
    for line in lines:
        site.put("line_items", line)
    site.put("invoices", an_invoice("i2", line_items=lines))
    invoice = client.get("/invoices/i2").json()
    assert (len(invoice["line_items"]), invoice["has_more_line_items"]) == (500, True)
    assert len(client.walk("/invoices/i2/line_items?limit=200")) == 501


def test_a_balance_adds_up_each_currency_apart(site: SiteStore, client: Client) -> None:
    owed = {"type": "charge", "state": "past_due"}
    site.put("invoices", an_invoice("i2", **owed, balance=Decimal("10.50")))
    site.put("invoices", an_invoice("i3", **owed, balance=Decimal(700), currency="JPY"))
    site.put("invoices", an_invoice("i4", type="credit", state="open", balance=Decimal("-3.25")))
    balance = client.get("/accounts/a1/balance").json()
    assert balance["past_due"] is True
    assert [
        (b["currency"], b["amount"], b["available_credit_amount"]) for b in balance["balances"]
    ] == [
        ("JPY", 700, 0),
        ("USD", Decimal("10.50"), Decimal("3.25")),
    ]


def test_a_single_object_takes_no_parameters(client: Client) -> None:
    assert client.get("/accounts/a1?limit=5").status == 400


def test_what_a_record_embeds_is_never_older_than_its_original(
    site: SiteStore, client: Client
) -> None:
    mini: dict[str, str | None] = {"id": "a1", "company": "Known by name"}
    site.put("subscriptions", a_subscription("s2", account=mini))
    assert client.get("/subscriptions/s2").json()["account"]["company"] == "Known by name"
    mini["company"] = None
    assert client.get("/subscriptions/s2").json()["account"]["company"] is None
    assert client.get("/subscriptions?ids=s2").json()["data"][0]["account"]["company"] is None
