"""One account as the levers see it, read from what is stored; and a way to green in people's words."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from tenure.core.money import minor_digits
from tenure.health.evidence import evidence_of
from tenure.health.levers import Agreement, Debt, Situation, risky
from tenure.health.measures import OUTLOOKS
from tenure.health.reach import Move, Way
from tenure.health.scoring import conversion
from tenure.metrics.amounts import rounded
from tenure.metrics.days import local_day
from tenure.metrics.inputs import Invoice, Settings, Subscription
from tenure.metrics.invoices import owed, standing
from tenure.metrics.ledger import QUARTER
from tenure.metrics.mrr import LIVE, subscription_mrr
from tenure.metrics.outlook import outlook, weight
from tenure.metrics.signals import Amounts, Signals, signals_of
from tenure.metrics.stored import failures_of, invoices_of, subscriptions_of

MOST_INVOICES = 1_000
NAMED = 5


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, as a sentence, with what it is about: an invoice or subscription by site and
    upstream id, where there is one."""

    text: str
    kind: str = ""
    site_id: int | None = None
    upstream_id: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """An account's situation with the currency its amounts are compared in."""

    situation: Situation
    currency: str
    invoices: Mapping[object, tuple[Invoice, int]]
    agreements: Mapping[object, Subscription]


def standing_of(
    account_id: int,
    now: datetime,
    settings: Settings,
    held: Mapping[str, int | None],
    ruled: Collection[str] = (),
) -> Standing | None:
    """The account as it stands, with the caps by rule that hold; None when it was not measured, or has so many open invoices that
    the smallest change cannot be told from all of them."""
    found = signals_of([account_id], now, settings.zone)
    if not found:
        return None
    signals = found[0]
    # The figures hold as they were measured, so their parts are looked at from the same instant.
    now = signals.as_of
    currencies = _currencies(signals)
    currency = min(currencies) if len(currencies) == 1 else settings.currency
    convert = _converter(currencies, now, settings)
    opened = invoices_of(account_id, "open", limit=MOST_INVOICES)
    late = [(one, standing(one, now, settings.zone)) for one in opened]
    late = [(one, stands) for one, stands in late if stands.kind == "past_due"]
    if len(opened) == MOST_INVOICES or len(late) != signals.past_due_count:
        return None
    debts = [
        Debt((one.site, one.id), stands.days, amount, bool(one.final_dunning_event))
        for one, stands in late
        if (amount := convert({one.currency: owed(one)})) is not None
    ]
    agreements, agreed = _agreements(account_id, now, settings, convert)
    told = evidence_of(signals, conversion(now, settings))
    failed = _failed(account_id, now)
    known = {debt.key: (one, stands.days) for debt, (one, stands) in zip(debts, late, strict=False)}
    situation = Situation(
        base=told.values,
        events=told.events.union(ruled),
        unit=Fraction(1, 10 ** minor_digits(currency)),
        debts=tuple(debts) if len(debts) == len(late) else (),
        mrr=convert(signals.mrr) or Fraction(0),
        mrr_before=convert(signals.mrr_before) or Fraction(0),
        on_time=signals.on_time,
        considered=signals.considered,
        agreements=tuple(agreements),
        failures=_failures(account_id, now, settings, signals),
        failed=tuple((one.site, one.id) for one in failed),
        held=held,
    )
    known |= {(one.site, one.id): (one, 0) for one in failed}
    return Standing(situation, currency, known, agreed)


def _currencies(signals: Signals) -> set[str]:
    amounts: list[Amounts] = [signals.mrr, signals.mrr_before, signals.past_due]
    amounts += [sums for _, sums in signals.outlooks.values()]
    return {code for sums in amounts for code, amount in sums.items() if amount}


def _converter(
    currencies: set[str], now: datetime, settings: Settings
) -> Callable[[Amounts], Fraction | None]:
    if len(currencies) <= 1:
        return lambda amounts: Fraction(sum(amounts.values()))
    return conversion(now, settings)


def _agreements(
    account_id: int,
    now: datetime,
    settings: Settings,
    convert: Callable[[Amounts], Fraction | None],
) -> tuple[list[Agreement], dict[object, Subscription]]:
    found: list[Agreement] = []
    known: dict[object, Subscription] = {}
    for sub in subscriptions_of([account_id]).get(account_id, ()):
        result = subscription_mrr(sub, now, settings)
        if result.status not in LIVE or result.mrr is None:
            continue
        word = outlook(sub, result, now)
        counts = convert({sub.currency: rounded(weight(result), 6)})
        found.append(Agreement(sub.key, counts or Fraction(0), OUTLOOKS[word], word))
        known[sub.key] = sub
    return found, known


def _failed(account_id: int, now: datetime) -> list[Invoice]:
    rows = invoices_of(account_id, "failed", limit=MOST_INVOICES)
    return [
        one for one in rows if owed(one) > 0 and one.closed_at and one.closed_at > now - QUARTER
    ]


def _failures(
    account_id: int, now: datetime, settings: Settings, signals: Signals
) -> tuple[date, ...]:
    """The days from which each failed payment no longer counts; none when they cannot be told."""
    if not signals.payment_failures_90d:
        return ()
    times = failures_of(account_id, now - QUARTER, now, limit=MOST_INVOICES)
    if len(times) != signals.payment_failures_90d:
        return ()
    return tuple(local_day(at + QUARTER, settings.zone) + timedelta(days=1) for at in times)


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
