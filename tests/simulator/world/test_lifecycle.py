"""What time does to subscriptions and invoices."""

from decimal import Decimal

from tests.simulator.world.conftest import Quiet


def test_a_monthly_subscription_is_billed_each_month(quiet: Quiet) -> None:
    quiet.account(plan="team-monthly", quantity=3)
    quiet.pass_days(93)
    assert [i["origin"] for i in quiet.invoices()] == ["purchase", "renewal", "renewal", "renewal"]
    assert {i["state"] for i in quiet.invoices()} == {"paid"}


def test_a_trial_costs_nothing_until_it_ends(quiet: Quiet) -> None:
    quiet.account(plan="team-monthly", trial=True)
    made = quiet.subscription()
    assert made["trial_started_at"] < made["trial_ends_at"] == made["current_period_ends_at"]
    assert [i["total"] for i in quiet.invoices()] == [Decimal("0.00")]
    quiet.pass_days(31)
    assert quiet.invoices()[-1]["subtotal"] == Decimal("29.00")
    assert quiet.subscription()["current_period_started_at"] == made["trial_ends_at"]


def test_an_invoice_on_terms_turns_past_due_a_day_after_it_was_due(quiet: Quiet) -> None:
    quiet.account(net_terms=30)
    quiet.change(action="payments", code="c1", succeed=False)
    invoice = quiet.change(create="invoice", account="c1", amount="125.00")
    quiet.pass_days(30.9)
    assert invoice["state"] == "pending"
    quiet.pass_days(0.1)
    assert (invoice["state"], invoice["dunning_events_sent"]) == ("past_due", 1)


def test_a_customer_on_terms_pays_by_itself(quiet: Quiet) -> None:
    quiet.account(net_terms=30)
    invoice = quiet.change(create="invoice", account="c1", amount="125.00")
    assert invoice["collection_method"] == "manual"
    quiet.pass_days(60)
    assert invoice["state"] == "paid"
    assert {t["payment_method"]["object"] for t in invoice["transactions"]} == {"wire_transfer"}


def test_a_declined_charge_is_past_due_at_once_and_dunned_until_it_fails(quiet: Quiet) -> None:
    quiet.account(plan="team-monthly", quantity=1)
    quiet.change(action="payments", code="c1", succeed=False)
    quiet.pass_days(31)
    invoice = quiet.invoices()[-1]
    assert (invoice["state"], invoice["dunning_events_sent"]) == ("past_due", 1)
    quiet.pass_days(29)
    assert invoice["final_dunning_event"] is True
    quiet.pass_days(3)
    assert invoice["state"] == "failed"
    assert quiet.subscription()["state"] == "expired"
    assert quiet.subscription()["expiration_reason"] == "nonpayment"


def test_a_failed_invoice_is_balanced_by_a_write_off(quiet: Quiet) -> None:
    quiet.account()
    invoice = quiet.change(create="invoice", account="c1", amount="80.00", collect=False)
    quiet.change(action="fail_invoice", id=invoice["id"])
    (credit,) = quiet.invoices(origin="write_off")
    assert credit["total"] == -invoice["total"]
    assert (invoice["state"], invoice["balance"]) == ("failed", Decimal("0.00"))
    assert credit["state"] == "closed"


def test_a_canceled_subscription_runs_on_and_then_expires(quiet: Quiet) -> None:
    quiet.account(plan="team-monthly")
    made = quiet.change(action="cancel", id=quiet.subscription()["id"])
    assert made["state"] == "canceled"
    assert made["expires_at"] == made["current_period_ends_at"]
    quiet.pass_days(32)
    assert (made["state"], made["expiration_reason"]) == ("expired", "canceled")
    assert made["updated_at"] == made["expires_at"]
    assert made["active_invoice_id"] is None


def test_a_cancellation_can_be_taken_back(quiet: Quiet) -> None:
    quiet.account(plan="team-monthly")
    made = quiet.change(action="cancel", id=quiet.subscription()["id"])
    quiet.change(action="reactivate", id=made["id"])
    quiet.pass_days(32)
    assert made["state"] == "active"
    assert len(quiet.invoices()) == 2


def test_a_pause_is_scheduled_then_kept_without_invoices_then_over(quiet: Quiet) -> None:
    quiet.account(plan="team-monthly")
    made = quiet.change(action="pause", id=quiet.subscription()["id"], cycles=2)
    assert (made["state"], made["remaining_pause_cycles"]) == ("active", 2)
    assert made["paused_at"] == made["current_period_ends_at"]
    back = made["resume_at"]
    quiet.pass_days(35)
    assert made["state"] == "paused"
    assert len(quiet.invoices()) == 1
    quiet.pass_days(60)
    assert made["state"] == "active"
    assert made["current_period_started_at"] == back
    assert made["paused_at"] is None
    assert len(quiet.invoices()) == 2


def test_more_seats_now_are_credited_and_charged_for_the_rest_of_the_period(quiet: Quiet) -> None:
    quiet.account(plan="team-monthly", quantity=2)
    quiet.pass_days(15)
    quiet.change(action="change_quantity", id=quiet.subscription()["id"], quantity=4)
    credit, charge = quiet.invoices(origin="immediate_change")
    assert (credit["type"], charge["type"]) == ("credit", "charge")
    assert credit["line_items"][0]["proration_rate"] == charge["line_items"][0]["proration_rate"]
    assert charge["subtotal"] == -2 * credit["subtotal"]
    assert credit["state"] == "closed"
    assert charge["credit_payments"][0]["amount"] == -credit["total"]
    assert charge["paid"] == charge["total"] + credit["total"]


def test_fewer_seats_at_renewal_wait_in_the_pending_change(quiet: Quiet) -> None:
    quiet.account(plan="team-monthly", quantity=5)
    made = quiet.change(
        action="change_quantity", id=quiet.subscription()["id"], quantity=3, when="renewal"
    )
    assert (made["quantity"], made["pending_change"]["quantity"]) == (5, 3)
    quiet.pass_days(32)
    assert (made["quantity"], made["pending_change"]) == (3, None)
    assert quiet.invoices()[-1]["subtotal"] == Decimal("87.00")


def test_a_yearly_plan_starts_a_new_period_at_once(quiet: Quiet) -> None:
    quiet.account(plan="team-monthly", quantity=2)
    quiet.pass_days(10)
    made = quiet.change(action="change_plan", id=quiet.subscription()["id"], plan="team-annual")
    assert made["plan"]["code"] == "team-annual"
    assert made["current_period_started_at"] == made["updated_at"]
    assert quiet.invoices()[-1]["subtotal"] == Decimal("580.00")


def test_a_charge_may_wait_for_the_next_renewal(quiet: Quiet) -> None:
    quiet.account(plan="team-monthly")
    line = quiet.change(create="line_item", account="c1", amount="40", description="Set-up call")
    assert (line["state"], line["invoice_id"]) == ("pending", None)
    quiet.pass_days(32)
    renewal = quiet.invoices()[-1]
    assert (line["state"], line["invoice_number"]) == ("invoiced", renewal["number"])
    assert renewal["subtotal"] == Decimal("69.00")
    assert line in renewal["line_items"]
    assert quiet.site.get("line_items", line["id"]) == line


def test_a_ramp_plan_costs_more_from_its_fourth_month(quiet: Quiet) -> None:
    quiet.account(plan="launch-ramp")
    quiet.pass_days(95)
    assert [str(i["subtotal"]) for i in quiet.invoices()] == ["99.00", "99.00", "99.00", "199.00"]
    assert quiet.subscription()["unit_amount"] == Decimal("199.00")
    assert [row["unit_amount"] for row in quiet.subscription()["ramp_intervals"]] == [99, 199, 299]


def test_a_single_use_coupon_counts_once(quiet: Quiet) -> None:
    quiet.account()
    quiet.change(action="redeem_coupon", code="c1", coupon="SPRING-50")
    quiet.change(create="subscription", account="c1", plan="team-monthly", quantity=2)
    quiet.pass_days(32)
    first, second = quiet.invoices()
    assert (first["discount"], second["discount"]) == (Decimal("29.00"), Decimal("0.00"))
    (redemption,) = quiet.site.all("coupon_redemptions")
    assert (redemption["state"], redemption["discounted"]) == ("inactive", Decimal("29.00"))


def test_a_refund_is_a_closed_credit_with_a_refund_transaction(quiet: Quiet) -> None:
    quiet.account(plan="team-monthly", quantity=2)
    (paid,) = quiet.invoices()
    quiet.change(action="refund_invoice", id=paid["id"])
    (credit,) = quiet.invoices(type="credit")
    assert (credit["state"], credit["balance"]) == ("closed", Decimal("0.00"))
    assert credit["transactions"][0]["type"] == "refund"
    assert credit["transactions"][0]["amount"] == paid["total"]
    assert paid["refundable_amount"] == Decimal("0.00")
    assert paid["transactions"][0]["refunded"] is True


def test_a_trial_without_renewal_still_becomes_a_subscription(quiet: Quiet) -> None:
    quiet.account(plan="team-monthly", trial=True, auto_renew=False)
    quiet.pass_days(31)
    assert quiet.subscription()["state"] == "active"
    quiet.pass_days(32)
    assert quiet.subscription()["expiration_reason"] == "non renewing"


def test_other_seats_at_renewal_leave_the_contract_alone_but_another_plan_does_not(
    quiet: Quiet,
) -> None:
    quiet.account(plan="business-monthly", quantity=5)
    made = quiet.subscription()
    term = made["current_term_ends_at"]
    quiet.change(action="change_quantity", id=made["id"], quantity=3, when="renewal")
    quiet.pass_days(32)
    assert (made["quantity"], made["current_term_ends_at"]) == (3, term)
    quiet.change(action="change_plan", id=made["id"], plan="team-monthly", when="renewal")
    quiet.pass_days(31)
    assert made["current_term_ends_at"] == made["current_period_ends_at"] < term


def test_closing_an_account_ends_what_it_holds_and_forgets_its_card(quiet: Quiet) -> None:
    account = quiet.account(plan="team-monthly")
    open_ = quiet.change(create="invoice", account="c1", amount="10", collect=False)
    quiet.change(action="close_account", code="c1")
    assert (account["state"], account["billing_info"]) == ("inactive", None)
    assert account["deleted_at"] == account["updated_at"]
    assert quiet.subscription()["state"] == "canceled"
    assert open_["state"] == "failed"
    quiet.change(action="reopen_account", code="c1")
    assert (account["state"], account["deleted_at"]) == ("active", None)
