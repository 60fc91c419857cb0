"""What customers decide from month to month: growing, shrinking, leaving, complaining, returning."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from tenure.simulator.world.accounts import billing_info
from tenure.simulator.world.amendments import Change, change_now
from tenure.simulator.world.billing import issue
from tenure.simulator.world.chance import weighted
from tenure.simulator.world.closing import close_account, reopen_account
from tenure.simulator.world.coupons import redeem
from tenure.simulator.world.custom_fields import pair
from tenure.simulator.world.dunning import collect
from tenure.simulator.world.lines import Draft, pending_line
from tenure.simulator.world.moments import DAY, at_business
from tenure.simulator.world.payments import card_has_expired
from tenure.simulator.world.pending import change_at_renewal
from tenure.simulator.world.people import MANAGERS, email, person
from tenure.simulator.world.prices import list_price
from tenure.simulator.world.refunds import can_refund, goodwill, refund, void
from tenure.simulator.world.showing import reshow
from tenure.simulator.world.state import Bill, Customer, Held
from tenure.simulator.world.stopping import cancel, reactivate, schedule_pause
from tenure.simulator.world.subscribing import subscribe

UPGRADES = {
    "starter-monthly": "team-monthly",
    "team-monthly": "business-monthly",
    "classic-monthly": "team-monthly",
    "business-monthly": "business-annual",
    "team-annual": "business-annual",
    "free": "starter-monthly",
}
DOWNGRADES = {
    "business-monthly": "team-monthly",
    "team-monthly": "starter-monthly",
    "business-annual": "team-annual",
}


def begin_life(customer: Customer, at: datetime) -> None:
    """Plan the customer's first decision; each decision plans the next."""
    _next(customer, at)


def _next(customer: Customer, at: datetime) -> None:
    days = min(90, 1 + int(customer.life.expovariate(1 / 24)))
    later = at_business(at + timedelta(days=days), customer.life.randrange(36000))
    customer.site.plan(later, _decide, customer)


def _decide(at: datetime, customer: Customer) -> None:
    if customer.removed:
        return
    _next(customer, at)
    if customer.closed:
        if customer.life.random() < 0.04:
            _return(customer, at)
        return
    if card_has_expired(customer, at) and customer.life.random() < 0.6:
        new_card(customer, at)
        return
    running = [held for held in customer.held if held.state == "active"]
    if running:
        held = customer.life.choice(running)
        weighted(customer.life, DECISIONS)(held, at)
        return
    _without_subscription(customer, at)


def _without_subscription(customer: Customer, at: datetime) -> None:
    mark = customer.life.random()
    leaving = [held for held in customer.held if held.state == "canceled"]
    if leaving:
        if mark < 0.15:
            reactivate(leaving[0], at)
    elif mark < 0.05:
        close_account(customer, at)
    elif mark < 0.09 and not any(held.state in ("paused", "future") for held in customer.held):
        subscribe(customer, "team-monthly", customer.life.randint(2, 12), at)


def _return(customer: Customer, at: datetime) -> None:
    reopen_account(customer, at)
    customer.record["billing_info"] = billing_info(customer, at)
    subscribe(customer, "team-monthly", customer.life.randint(2, 12), at)


def nothing(held: Held, at: datetime) -> None:
    """Most of the time customers are content."""


def grow(held: Held, at: datetime) -> None:
    """More seats, at once; a contract for one of a thing has no seats."""
    if held.bespoke is not None and held.record["quantity"] == 1:
        return
    more = held.record["quantity"] + held.dice.randint(1, max(2, held.record["quantity"] // 4))
    change_now(held, Change(quantity=more), at)


def shrink(held: Held, at: datetime) -> None:
    """Fewer seats: mostly agreed for the renewal, sometimes at once."""
    fewer = held.record["quantity"] - held.dice.randint(1, max(1, held.record["quantity"] // 3))
    if fewer < 1:
        return
    if held.dice.random() < 0.7:
        change_at_renewal(held, at, quantity=fewer)
    else:
        change_now(held, Change(quantity=fewer), at)


def upgrade(held: Held, at: datetime) -> None:
    """The next better plan, at once."""
    code = UPGRADES.get(held.sold.offer.code)
    if code and not held.in_trial(at):
        change_now(held, Change(plan=held.customer.site.plans[code]), at)


def downgrade(held: Held, at: datetime) -> None:
    """A smaller plan from the next renewal on."""
    code = DOWNGRADES.get(held.sold.offer.code)
    if code and not held.in_trial(at):
        change_at_renewal(held, at, plan=held.customer.site.plans[code])


def add_something(held: Held, at: datetime) -> None:
    """One add-on more that the plan offers and the customer has not."""
    has = {add_on.sold.offer.code for add_on in held.add_ons}
    free = [code for code in held.sold.add_ons if code not in has]
    if free:
        code, count = held.dice.choice(free), held.dice.randint(1, 40)
        change_now(held, Change(add_on=code, add_on_quantity=count), at)


def leave(held: Held, at: datetime) -> None:
    """Cancel: in a trial often, otherwise seldom."""
    cancel(held, at)


def rest(held: Held, at: datetime) -> None:
    """A pause of one to three periods from the next bill date; not for yearly contracts."""
    if held.sold.offer.length < 12 and not held.in_trial(at):
        schedule_pause(held, held.dice.randint(1, 3), at)


def buy_once(held: Held, at: datetime) -> None:
    """Training or a starter kit: an invoice without a subscription, or a charge on the next one."""
    payer, draft = held.customer.payer, _purchase(held)
    if held.dice.random() < 0.4 and held.record["currency"] == payer.currency:
        pending_line(draft, payer, payer.currency, at)
        return
    collect(issue(payer, [draft], origin="purchase", at=at, currency=payer.currency), at)


def _purchase(held: Held) -> Draft:
    customer = held.customer
    item = customer.site.items[held.dice.choice(("onboarding-day", "tablet-kit"))]
    price = next(c for c in item["currencies"] if c["currency"] == customer.payer.currency)
    return Draft(
        "one_time",
        item["name"],
        held.dice.randint(1, 3),
        price["unit_amount"],
        product_code=item["external_sku"],
        item=item,
        beneficiary=customer,
    )


def ask_money_back(held: Held, at: datetime) -> None:
    """A refund of the latest paid invoice, whole or in part."""
    paid = [bill for bill in held.customer.payer.bills[-6:] if can_refund(bill)]
    if paid:
        refund(paid[-1], at, part=Decimal("0.25") if held.dice.random() < 0.5 else None)


def complain(held: Held, at: datetime) -> None:
    """A service credit, rarely taken back the next day."""
    customer = held.customer.payer
    credit = goodwill(
        customer, list_price(Decimal(held.dice.randint(2, 12) * 10), customer.currency), at
    )
    if held.dice.random() < 0.2:
        customer.site.plan(at + DAY, _take_back, credit)


def _take_back(at: datetime, credit: Bill) -> None:
    if credit.state == "open" and not credit.record["credit_payments"]:
        void(credit, at)


def get_coupon(held: Held, at: datetime) -> None:
    """A coupon to keep the customer."""
    redeem(held.dice.choice(("SPRING-50", "THANKS-100", "WELCOME-25")), held.customer, None, at)


def new_contact(held: Held, at: datetime) -> None:
    """Somebody else is responsible at the customer now."""
    customer, who = held.customer, person(held.dice)
    host = (customer.record["email"] or "mail.example").rpartition("@")[2]
    _describe(
        customer, {"first_name": who.first, "last_name": who.last, "email": email(who, host)}, at
    )


def new_manager(held: Held, at: datetime) -> None:
    """The business hands the customer to another of its own people."""
    account = held.customer.record
    others = [field for field in account["custom_fields"] if field["name"] != "csm_email"]
    manager = f"{held.dice.choice(MANAGERS)}@brightwharf.example"
    account["custom_fields"] = [*others, pair("csm_email", manager)]
    held.customer.site.touch("accounts", account, at)


def renew_card(held: Held, at: datetime) -> None:
    """A new payment method before the old one fails."""
    if held.customer.record["billing_info"]:
        new_card(held.customer, at)


def new_card(customer: Customer, at: datetime) -> None:
    """Replace the payment method, and try again at once what is past due."""
    customer.record["billing_info"] = billing_info(customer, at)
    customer.site.touch("accounts", customer.record, at)
    for held in customer.held:
        held.record["billing_info_id"] = customer.record["billing_info"]["id"]
        customer.site.touch("subscriptions", held.record)


def _describe(customer: Customer, values: dict[str, str | None], at: datetime) -> None:
    """Change facts of the account; whatever embeds its small form shows them too."""
    customer.record.update(values)
    for name, value in values.items():
        if name in customer.mini:
            customer.mini[name] = value
    customer.site.touch("accounts", customer.record, at)
    reshow(customer)


Decision = Callable[[Held, datetime], None]
DECISIONS: tuple[tuple[float, Decision], ...] = (
    (58, nothing),
    (8, grow),
    (3.5, shrink),
    (3.5, upgrade),
    (1.6, downgrade),
    (4, add_something),
    (2.2, leave),
    (1.2, rest),
    (3, buy_once),
    (1.2, ask_money_back),
    (1, complain),
    (1, get_coupon),
    (3, new_contact),
    (2, new_manager),
    (2, renew_card),
)
