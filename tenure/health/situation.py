"""One account as the levers see it, read from what is stored."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from tenure.core.money import minor_digits
from tenure.health.evidence import evidence_of
from tenure.health.levers import Agreement, Debt, Situation
from tenure.health.measures import OUTLOOKS
from tenure.health.scoring import conversion
from tenure.metrics.account_coupons import shared_out
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
    for sub in shared_out(subscriptions_of([account_id]).get(account_id, ()), now, settings):
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
