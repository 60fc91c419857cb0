"""Changes agreed now that take effect at the next renewal: Recurly's pending change."""

from datetime import datetime

from tenure.simulator.world.moments import wire
from tenure.simulator.world.plans import SoldPlan
from tenure.simulator.world.shapes import record
from tenure.simulator.world.state import AddOnHeld, Held


def change_at_renewal(
    held: Held, at: datetime, *, quantity: int | None = None, plan: SoldPlan | None = None
) -> None:
    """Note a quantity or plan that will apply from the next bill date."""
    made, currency = held.record, held.record["currency"]
    price = plan.price(currency) if plan else made["unit_amount"]
    made["pending_change"] = record(
        "subscription_change",
        id=held.customer.identity("subscription_change").id,
        subscription_id=made["id"],
        plan=plan.mini if plan else made["plan"],
        add_ons=[a.record for a in kept_add_ons(held, plan or held.sold)],
        unit_amount=price,
        tax_inclusive=made["tax_inclusive"],
        quantity=made["quantity"] if quantity is None else quantity,
        activate_at=wire(held.ends),
        activated=False,
        revenue_schedule_type="evenly",
        created_at=wire(at),
        updated_at=wire(at),
    )
    held.customer.site.touch("subscriptions", made, at)


def kept_add_ons(held: Held, plan: SoldPlan) -> list[AddOnHeld]:
    """Those add-ons that the plan also offers."""
    return [a for a in held.add_ons if a.sold.offer.code in plan.add_ons]


def drop_pending(held: Held, at: datetime) -> None:
    """Take the pending change back."""
    held.record["pending_change"] = None
    held.customer.site.touch("subscriptions", held.record, at)


def apply_pending(held: Held) -> None:
    """Let the pending change take effect. The caller restates and publishes the subscription."""
    change = held.record["pending_change"]
    switch_plan(held, held.customer.site.plans[change["plan"]["code"]])
    held.record.update(
        pending_change=None, quantity=change["quantity"], unit_amount=change["unit_amount"]
    )


def switch_plan(held: Held, plan: SoldPlan) -> None:
    """Put the subscription on a plan at its list price; the same plan changes nothing.

    Add-ons that the new plan does not offer are dropped.
    """
    if plan is held.sold:
        return
    held.add_ons = kept_add_ons(held, plan)
    for add_on in held.add_ons:
        add_on.sold = plan.add_ons[add_on.sold.offer.code]
        add_on.record["add_on"] = add_on.sold.mini
    held.sold, held.bespoke = plan, None
    held.record["plan"] = plan.mini
    held.record["unit_amount"] = plan.price(held.record["currency"])
    held.record["renewal_billing_cycles"] = plan.offer.cycles
