"""Scripted changes do what they say, or say why not."""

from datetime import timedelta
from typing import Any

import pytest

from tenure.simulator.world.moments import wire
from tests.simulator.world.conftest import Quiet


def test_setting_a_field_stamps_the_record_now(quiet: Quiet) -> None:
    account = quiet.account()
    quiet.pass_days(1)
    made = quiet.change(kind="accounts", code="c1", set={"company": "Renamed Ltd"})
    assert made["company"] == account["company"] == "Renamed Ltd"
    assert made["updated_at"] == wire(quiet.world.now())


def test_a_renamed_account_shows_its_new_name_wherever_it_is_embedded(quiet: Quiet) -> None:
    quiet.account(plan="team-monthly")
    before = quiet.invoices()[0]["updated_at"]
    quiet.pass_days(1)
    quiet.change(kind="accounts", code="c1", set={"company": "Renamed Ltd"})
    (invoice,) = quiet.invoices()
    assert invoice["account"]["company"] == "Renamed Ltd"
    assert quiet.subscription()["account"]["company"] == "Renamed Ltd"
    assert invoice["updated_at"] == before


def test_custom_fields_are_set_and_removed_by_name(quiet: Quiet) -> None:
    quiet.account(custom_fields={"tenant_id": "T-1", "seats": "4"})
    made = quiet.change(
        kind="accounts", code="c1", set={"custom_fields": {"tenant_id": "T-2", "seats": None}}
    )
    assert made["custom_fields"] == [{"name": "tenant_id", "value": "T-2"}]


def test_a_change_may_leave_the_stamp_alone(quiet: Quiet) -> None:
    before = quiet.account()["updated_at"]
    quiet.pass_days(1)
    made = quiet.change(kind="accounts", code="c1", set={"company": "Quiet"}, stamp=False)
    assert (made["company"], made["updated_at"]) == ("Quiet", before)


def test_a_late_change_appears_later_with_the_stamp_of_its_making(quiet: Quiet) -> None:
    account = quiet.account()
    quiet.pass_days(1)
    made_at = quiet.world.now()
    spec = {"kind": "accounts", "code": "c1", "set": {"company": "Late"}, "late": 300}
    assert quiet.world.change({"site": "acme-us", **spec}) is None
    quiet.world.advance_to(made_at + timedelta(seconds=299))
    assert account["company"] != "Late"
    quiet.world.advance_to(made_at + timedelta(seconds=300))
    assert (account["company"], account["updated_at"]) == ("Late", wire(made_at))


def test_a_record_may_grow_a_field_nobody_knew(quiet: Quiet) -> None:
    quiet.account()
    made = quiet.change(kind="accounts", code="c1", set={"mood": 0.5}, new_fields=True)
    assert str(made["mood"]) == "0.5"


def test_many_records_can_be_stamped_in_one_second(quiet: Quiet) -> None:
    for number in range(5):
        quiet.account(f"c{number}")
    quiet.pass_days(1)
    quiet.world.change({"site": "acme-us", "touch": "accounts", "count": 4})
    stamps = [account["updated_at"] for account in quiet.site.all("accounts")]
    assert stamps.count(wire(quiet.world.now())) == 4


def test_removing_an_account_removes_what_belongs_to_it(quiet: Quiet) -> None:
    quiet.account(plan="team-monthly")
    quiet.account("c2", plan="team-monthly")
    quiet.change(remove="accounts", code="c1")
    for kind in ("accounts", "subscriptions", "invoices", "line_items", "transactions"):
        assert quiet.site.count(kind) == 1, kind
    quiet.pass_days(40)
    assert len(quiet.invoices()) == 2


def test_redacting_an_account_clears_the_person_but_not_the_amounts(quiet: Quiet) -> None:
    account = quiet.account(plan="team-monthly", email="jo@acme.example")
    total = quiet.invoices()[0]["total"]
    quiet.change(action="redact_account", code="c1")
    (invoice,) = quiet.invoices()
    assert (account["email"], account["address"], account["custom_fields"]) == (None, None, [])
    assert (invoice["account"]["email"], invoice["address"]) == (None, None)
    assert invoice["total"] == total


def test_part_of_an_invoice_can_be_paid(quiet: Quiet) -> None:
    quiet.account(net_terms=30)
    invoice = quiet.change(create="invoice", account="c1", amount="100", collect=False)
    quiet.change(action="pay_invoice", number=invoice["number"], share="0.25")
    assert invoice["state"] == "pending"
    assert invoice["balance"] + invoice["paid"] == invoice["total"]
    quiet.change(action="pay_invoice", number=invoice["number"])
    assert (invoice["state"], len(invoice["transactions"])) == ("paid", 2)


def test_a_changed_credit_card_is_tried_again_by_the_next_reminder(quiet: Quiet) -> None:
    quiet.account(plan="team-monthly")
    quiet.change(action="payments", code="c1", succeed=False)
    quiet.pass_days(31)
    assert quiet.invoices()[-1]["state"] == "past_due"
    quiet.change(action="payments", code="c1", succeed=True)
    quiet.pass_days(4)
    assert quiet.invoices()[-1]["state"] == "paid"


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "exactly one of"),
    ({"site": "nowhere", "create": "account"}, "no site 'nowhere'"),
    ({"set": {"company": "X"}, "action": "cancel"}, "exactly one of"),
    ({"set": {"company": "X"}}, "Say which of the accounts"),
    ({"set": {"company": "X"}, "code": "zz"}, "no accounts with code 'zz'"),
    ({"set": {"mood": 1}, "code": "c1"}, "have no mood"),
    ({"create": "planet"}, "Cannot create 'planet'"),
    ({"create": "account"}, "needs a code"),
    ({"create": "account", "code": "c1"}, "already"),
    ({"create": "account", "code": "c9", "country": "XX"}, "Country 'XX'"),
    ({"create": "subscription", "account": "zz"}, "no account with id or code 'zz'"),
    ({"create": "subscription", "account": "c1", "plan": "gold"}, "no plan 'gold'"),
    ({"create": "invoice", "account": "c1", "amount": "much"}, "not 'much'"),
    ({"action": "dance", "code": "c1"}, "no action 'dance'"),
    ({"action": "reopen_account", "code": "c1"}, "the account is open"),
    ({"touch": "accounts", "count": 0}, "count is a whole number"),
    ({"set": {"company": "X"}, "code": "c1", "late": -1}, "late is a number"),
]


@pytest.mark.parametrize(("spec", "sentence"), REFUSED)
def test_a_bad_spec_is_refused_with_a_sentence(
    quiet: Quiet, spec: dict[str, Any], sentence: str
) -> None:
    quiet.account()
    with pytest.raises(ValueError, match=sentence):
        quiet.world.change({"site": "acme-us", **spec})


def test_time_does_not_run_backwards(quiet: Quiet) -> None:
    with pytest.raises(ValueError, match="cannot go back"):
        quiet.world.advance_to(quiet.world.now() - timedelta(seconds=1))


def test_truth_names_state_and_amounts_of_every_record(quiet: Quiet) -> None:
    account = quiet.account(plan="team-annual", quantity=3)
    site = quiet.world.truth()["sites"]["acme-us"]
    (invoice,) = quiet.invoices()
    assert site["accounts"][account["id"]]["state"] == "active"
    assert site["invoices"][invoice["id"]]["total"] == str(invoice["total"])
    assert site["counts"]["line_items"] == 1
    # 290 a year for each of 3 seats: 870 / 12.
    assert list(site["business"][account["id"]]["mrr"].values()) == ["72.500000"]


def test_truth_takes_an_accounts_coupons_off_once_a_bill_used_them(quiet: Quiet) -> None:
    account = quiet.account()
    for quantity in (1, 2):
        quiet.change(create="subscription", account="c1", plan="team-monthly", quantity=quantity)

    def monthly() -> list[str]:
        known = quiet.world.truth()["sites"]["acme-us"]["business"]
        return sorted(known[account["id"]]["mrr"].values())

    quiet.change(action="redeem_coupon", code="c1", coupon="YEAR-ONE")
    assert monthly() == ["29.000000", "58.000000"]
    quiet.pass_days(32)
    # 15.00 for what is billed on one day, off the larger one.
    assert monthly() == ["29.000000", "43.000000"]
    assert sum(one["discount"] for one in quiet.invoices(origin="renewal")) == 15
    quiet.change(action="redeem_coupon", code="c1", coupon="PARTNER-10")
    quiet.pass_days(31)
    assert monthly() == ["26.100000", "37.200000"]
    quiet.change(action="remove_coupon", code="c1", coupon="YEAR-ONE")
    removed, _ = quiet.site.all("coupon_redemptions")
    assert (removed["state"], removed["removed_at"]) == ("inactive", wire(quiet.world.now()))
    assert monthly() == ["26.100000", "52.200000"]
    with pytest.raises(ValueError, match="the account has no coupon YEAR-ONE"):
        quiet.change(action="remove_coupon", code="c1", coupon="YEAR-ONE")


def test_a_late_change_of_a_record_removed_meanwhile_changes_nothing(quiet: Quiet) -> None:
    quiet.account()
    spec = {"kind": "accounts", "code": "c1", "set": {"company": "Late"}, "late": 300}
    quiet.world.change({"site": "acme-us", **spec})
    quiet.change(remove="accounts", code="c1")
    quiet.pass_days(1)
    assert quiet.world.sites["acme-us"].find("accounts", "code", "c1") is None
