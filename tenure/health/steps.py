"""A way to green in people's words: what to do, in order, and about which invoice or subscription."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from tenure.core.money import minor_digits
from tenure.health.levers import Debt, Situation, risky
from tenure.health.reach import Move, Way
from tenure.health.situation import Standing
from tenure.metrics.amounts import rounded
from tenure.metrics.invoices import owed

NAMED = 5


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, as a sentence, with what it is about: an invoice or subscription by site and
    upstream id, where there is one."""

    text: str
    kind: str = ""
    site_id: int | None = None
    upstream_id: str = ""


def steps_of(way: Way, account: Standing) -> list[Step]:
    """What to do, in order, each as a sentence."""
    found: list[Step] = []
    situation = account.situation
    for move in way.moves:
        found += _WORDS[move.lever.name](move, situation, account)
        situation = move.lever.apply(situation, move.steps)
    return found


def _pay(move: Move, situation: Situation, account: Standing) -> list[Step]:
    after = move.lever.apply(situation, move.steps)
    left = {one.key: one.balance for one in after.debts}
    paid = [one for one in situation.debts if left.get(one.key) != one.balance]
    paid.sort(key=lambda one: -one.days)
    steps = [_invoice(one, left.get(one.key), account) for one in paid]
    if len(steps) <= NAMED:
        return steps
    total = _money(move.steps * situation.unit, account.currency)
    first = Step(f"Pay {len(paid)} invoices, {total} in all, beginning with these:", "pay")
    return [first, *steps[:NAMED]]


def _invoice(debt: Debt, left: Fraction | None, account: Standing) -> Step:
    invoice, days = account.invoices[debt.key]
    number, late = invoice.number or invoice.id, f"{days} day{'' if days == 1 else 's'} past due"
    whole = _money(owed(invoice), invoice.currency)
    place = int(invoice.site), invoice.id
    if left is None:
        return Step(f"Pay invoice {number}: {whole}, {late}.", "invoice", *place)
    share = (debt.balance - left) / debt.balance * Fraction(owed(invoice))
    part = _money(_up(share, invoice.currency), invoice.currency)
    return Step(f"Pay {part} of invoice {number} ({whole}, {late}).", "invoice", *place)


def _settle(_move: Move, situation: Situation, account: Standing) -> list[Step]:
    found = []
    for key in situation.failed:
        invoice, _ = account.invoices[key]
        amount = _money(owed(invoice), invoice.currency)
        text = f"Settle invoice {invoice.number or invoice.id}, whose collection failed: {amount}."
        found.append(Step(text, "invoice", int(invoice.site), invoice.id))
    return found


def _secure(move: Move, situation: Situation, account: Standing) -> list[Step]:
    found = []
    for one in risky(situation)[: move.steps]:
        sub = account.agreements[one.key]
        name = sub.plan_name or sub.plan_code or sub.id
        text = _SECURED[one.outlook].format(name=name)
        found.append(Step(text, "subscription", int(sub.site), sub.id))
    return found


_SECURED = {
    "ends_later": "Turn automatic renewal on for {name}.",
    "ends_soon": "Turn automatic renewal on for {name}, which ends within 90 days.",
    "paused": "Have {name} resumed; it is paused.",
    "cancelling": "Win {name} back: its cancellation is on the way.",
}


def _on_time(move: Move, _situation: Situation, _account: Standing) -> list[Step]:
    count = move.steps
    if count == 1:
        return [Step("Have the next invoice paid on time.", "on_time")]
    return [Step(f"Have the next {count} invoices paid on time.", "on_time")]


def _grow(move: Move, situation: Situation, account: Standing) -> list[Step]:
    more = _money(move.steps * situation.unit, account.currency)
    return [Step(f"Grow MRR by {more} a month.", "grow")]


def _wait(move: Move, situation: Situation, _account: Standing) -> list[Step]:
    day = situation.failures[move.steps - 1]
    count = f"{move.steps} failed one is" if move.steps == 1 else f"{move.steps} failed ones are"
    text = f"Have no payment fail until {day:%-d %B %Y}: {count} then older than 90 days."
    return [Step(text, "wait")]


_Words = Callable[[Move, Situation, Standing], list[Step]]
_WORDS: Mapping[str, _Words] = {
    "pay": _pay,
    "pay_reminded": _pay,
    "settle": _settle,
    "secure": _secure,
    "on_time": _on_time,
    "grow": _grow,
    "wait": _wait,
}


def _money(amount: Fraction | Decimal, currency: str) -> str:
    exact = rounded(amount, minor_digits(currency))
    return f"{exact:,} {currency}"


def _up(amount: Fraction, currency: str) -> Fraction:
    """Rounded up to what can be paid."""
    unit = Fraction(1, 10 ** minor_digits(currency))
    whole, rest = divmod(amount, unit)
    return (whole + bool(rest)) * unit
