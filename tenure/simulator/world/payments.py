"""Money arriving or failing to: transactions on invoices, by card, bank debit or transfer."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from tenure.simulator.world.billing import move, settle, touch
from tenure.simulator.world.moments import at_business, wire
from tenure.simulator.world.prices import minor
from tenure.simulator.world.shapes import Record, record
from tenure.simulator.world.state import Bill, Customer

DECLINES = (
    ("insufficient_funds", "The card has insufficient funds.", "51"),
    ("declined", "The transaction was declined. Please use a different card.", "05"),
    ("temporary_hold", "Your card has a temporary hold.", "62"),
    ("fraud_generic", "Your transaction was declined.", "59"),
    ("call_issuer", "Please contact your card issuer.", "01"),
)
EXPIRED = ("expired_card", "Your card has expired.", "54")
BANK_DAYS = timedelta(days=3)
Bounce = Callable[[datetime, Bill], None]


def card_has_expired(customer: Customer, at: datetime) -> bool:
    """Whether the account's card is past its last month."""
    info = customer.record["billing_info"]
    method = info["payment_method"] if info else None
    if not method or not method["exp_year"]:
        return False
    return bool((method["exp_year"], method["exp_month"]) < (at.year, at.month))


def transaction(
    bill: Bill,
    amount: Decimal,
    at: datetime,
    *,
    status: str = "success",
    kind: str = "purchase",
    origin: str = "recurring",
    refused: tuple[str, str, str] | None = None,
) -> Record:
    """Record an attempt on the invoice, whatever came of it."""
    payer = bill.payer
    account, identity = payer.record, payer.identity("transaction")
    info = account["billing_info"]
    automatic = bill.record["collection_method"] == "automatic"
    made = record(
        "transaction",
        id=identity.id,
        uuid=identity.uuid,
        account=payer.mini,
        initiator="merchant",
        invoice=bill.mini,
        subscription_ids=bill.record["subscription_ids"],
        type=kind,
        origin=origin,
        currency=bill.record["currency"],
        amount=amount,
        status=status,
        success=status == "success",
        backup_payment_method_used=False,
        refunded=False,
        billing_address=_billing_address(account),
        collection_method="automatic" if automatic else "manual",
        payment_method=info["payment_method"] if info and automatic else _by_hand(payer),
        customer_message_locale="en-US",
        gateway_response_values={},
        created_at=wire(at),
        updated_at=wire(at),
        collected_at=wire(at) if status == "success" else None,
        vat_number=account["vat_number"],
    )
    if automatic:
        _gateway(made, refused)
    bill.record["transactions"].append(made)
    payer.site.touch("transactions", made)
    return made


def _billing_address(account: Record) -> Record:
    made = record(
        "billing_address", first_name=account["first_name"], last_name=account["last_name"]
    )
    return made | (account["address"] or {})


def _by_hand(payer: Customer) -> Record:
    word = "check" if payer.country.code == "US" and payer.manner.eom else "wire_transfer"
    return record("payment_method", object=word)


def _gateway(made: Record, refused: tuple[str, str, str] | None) -> None:
    code, message, response = refused or ("", "Successful test transaction", "00")
    made.update(
        status_code=code or None,
        status_message=message,
        customer_message=message if refused else "The transaction was approved.",
        payment_gateway={
            "id": "test-gateway",
            "object": "payment_gateway",
            "type": "test",
            "name": "Test Gateway",
        },
        gateway_message=message,
        gateway_reference=made["uuid"][:10],
        gateway_response_code=response,
        gateway_response_time=Decimal("0.42"),
        cvv_check="M",
        avs_check="D",
    )


def charge(bill: Bill, at: datetime, *, on_bounce: Bounce, odds: float | None = None) -> bool:
    """Try to collect what is outstanding. False when the attempt failed or there is nothing to use.

    A slow bank debit counts as collected at first; it may bounce three days later,
    and ``on_bounce`` is then called.
    """
    payer = bill.payer
    if payer.record["billing_info"] is None:
        return False
    chance = payer.manner.decline if odds is None else odds
    fails = not payer.manner.pays or payer.pay.random() < chance
    if card_has_expired(payer, at) or fails:
        refused = EXPIRED if card_has_expired(payer, at) else payer.pay.choice(DECLINES)
        transaction(bill, bill.record["balance"], at, status="declined", refused=refused)
        touch(bill, at)
        return False
    if payer.manner.slow_bank:
        _debit(bill, at, on_bounce)
    else:
        transaction(bill, bill.record["balance"], at)
        settle(bill, bill.record["balance"], at)
    return True


def _debit(bill: Bill, at: datetime, on_bounce: Bounce) -> None:
    made = transaction(bill, bill.record["balance"], at, status="processing")
    move(bill, "processing", at)
    bounces = bill.payer.pay.random() < bill.payer.manner.decline
    bill.payer.site.plan(at + BANK_DAYS, _debit_lands, bill, made, on_bounce if bounces else None)


def _debit_lands(at: datetime, bill: Bill, made: Record, on_bounce: Bounce | None) -> None:
    if made["status"] != "processing" or bill.state != "processing":
        return
    made["updated_at"] = wire(at)
    if on_bounce:
        made.update(status="declined", status_code="declined", status_message="Account closed.")
        on_bounce(at, bill)
        return
    made.update(status="success", success=True, collected_at=wire(at))
    settle(bill, made["amount"], at)


def receive(bill: Bill, at: datetime, *, part: Decimal | None = None) -> None:
    """A transfer or check arrives for the whole balance, or for a part of it (a fraction below 1)."""
    amount = bill.record["balance"]
    if part is not None:
        amount = min(amount, minor(amount * part, bill.record["currency"]))
    if amount > 0:
        transaction(bill, amount, at, origin="external_recovery")
        settle(bill, amount, at)


def expect_transfer(bill: Bill, at: datetime) -> None:
    """Plan when a customer on terms pays: most before the due date, some late, a few in two parts."""
    payer = bill.payer
    if not payer.manner.pays:
        return
    mark = payer.pay.random()
    if mark < payer.manner.lateness:
        days = payer.pay.choice((3, 6, 9, 14, 22, 35, 48, 70, 400))
    else:
        days = -payer.pay.randint(0, max(1, (bill.due - at).days))
    paid_at = at_business(max(at, bill.due + timedelta(days=days)), payer.pay.randrange(36000))
    if payer.pay.random() < 0.06:
        payer.site.plan(paid_at, _part_arrives, bill, bill.epoch)
        paid_at = at_business(paid_at + timedelta(days=12), payer.pay.randrange(36000))
    payer.site.plan(paid_at, _transfer_arrives, bill, bill.epoch)


def _part_arrives(at: datetime, bill: Bill, epoch: int) -> None:
    if bill.epoch == epoch and bill.is_open:
        receive(bill, at, part=Decimal("0.5"))


def _transfer_arrives(at: datetime, bill: Bill, epoch: int) -> None:
    if bill.epoch == epoch and bill.is_open:
        receive(bill, at)
