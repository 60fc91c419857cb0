"""From an account's figures to the raw values of the measures, with the reason where one is missing.

Values are whole millionths (``scorer``). Missing is never perfect: no invoices leaves both past-due
measures and punctuality out; nothing owed and nothing earned says nothing; punctuality speaks from
three invoices on; the trend needs MRR ninety days ago. Amounts in one currency are compared as they
are; in several only when every rate is known.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import chain

from tenure.health.measures import OUTLOOKS, past_due_months, renewal_outlook
from tenure.health.score import ON_TIME_NEEDS
from tenure.health.scorer import millionths
from tenure.metrics.signals import Amounts, Signals

ZERO = Decimal(0)
Convert = Callable[[Amounts], Fraction | None]

# Why a measure is missing, for people. Those in ``UNTOLD`` are figures that exist and cannot be told
# now: their going missing must not help a score.
REASONS: Mapping[str, str] = {
    "no_invoices": "This account has never been invoiced.",
    "too_few_invoices": f"Fewer than {ON_TIME_NEEDS} invoices fell due within a year.",
    "nothing_to_compare": "Nothing is past due and there is no MRR to compare with.",
    "no_mrr_then": "There was no MRR ninety days ago, as far as is known.",
    "no_subscriptions": "There is no subscription.",
    "not_started": "Its subscriptions have not started yet.",
    "mrr_unknown": "The price of a subscription cannot be read.",
    "no_rate": "It has several currencies and an exchange rate is missing.",
}
UNTOLD = frozenset({"mrr_unknown", "no_rate"})


@dataclass(slots=True)
class Evidence:
    """The raw values of one account; ``missing`` has a reason for each that is None. ``events`` are
    the caps that hold, apart from the one that values show by themselves."""

    values: dict[str, int | None] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    events: frozenset[str] = frozenset()

    def enter(self, measure: str, found: Fraction | int | str) -> None:
        """Note a value, or the reason it is missing."""
        if isinstance(found, str):
            self.values[measure], self.missing[measure] = None, found
        else:
            self.values[measure] = millionths(found)


def no_rates(_amounts: Amounts) -> Fraction | None:
    """A conversion where no exchange rate is known."""
    return None


def evidence_of(signals: Signals, convert: Convert = no_rates) -> Evidence:
    """What the figures say. ``convert`` turns amounts of several currencies into one number, or None
    when a rate is missing."""
    found = Evidence(events=events_of(signals))
    days = signals.oldest_past_due_days
    found.enter("oldest_past_due_days", "no_invoices" if days is None else days)
    found.enter("past_due_months_of_mrr", _months(signals, convert))
    found.enter("on_time_rate_12m", _on_time(signals))
    found.enter("mrr_trend_90d", _trend(signals, convert))
    found.enter("renewal_outlook", _outlook(signals, convert))
    found.enter("payment_failures_90d", signals.payment_failures_90d)
    return found


def events_of(signals: Signals) -> frozenset[str]:
    """The caps that hold, apart from days past due."""
    holds = {
        "final_dunning": signals.final_dunning,
        "failed_90": signals.failed_lately,
        "ended": has_ended(signals),
    }
    return frozenset(name for name, true in holds.items() if true)


def has_ended(signals: Signals) -> bool:
    """Whether there were subscriptions and all of them are over."""
    return signals.subscriptions_count > 0 and signals.subscription_status in ("expired", "failed")


def _months(signals: Signals, convert: Convert) -> Fraction | str:
    if not signals.invoices_count:
        return "no_invoices"
    if signals.mrr_unknown:
        return "mrr_unknown"
    amounts = together((signals.past_due, signals.mrr), convert)
    if amounts is None:
        return "no_rate"
    found = past_due_months(*amounts)
    return "nothing_to_compare" if found is None else found


def _on_time(signals: Signals) -> Fraction | str:
    if not signals.invoices_count:
        return "no_invoices"
    if signals.considered < ON_TIME_NEEDS:
        return "too_few_invoices"
    return Fraction(signals.on_time, signals.considered)


def _trend(signals: Signals, convert: Convert) -> Fraction | str:
    if signals.mrr_unknown:
        return "mrr_unknown"
    amounts = together((signals.mrr, signals.mrr_before), convert)
    if amounts is None:
        return "no_rate"
    now, before = amounts
    return now / before - 1 if before > 0 else "no_mrr_then"


def _outlook(signals: Signals, convert: Convert) -> Fraction | str:
    if not signals.outlooks:
        return "not_started" if signals.subscriptions_count else "no_subscriptions"
    if "unknown" in signals.outlooks:
        return "mrr_unknown"
    if len(signals.outlooks) == 1:
        return OUTLOOKS[next(iter(signals.outlooks))]
    weights = together([amounts for _, amounts in signals.outlooks.values()], convert)
    if weights is None:
        return "no_rate"
    if any(weights):
        parts = zip(weights, signals.outlooks, strict=True)
        found = renewal_outlook((weight, word) for weight, word in parts if weight)
    else:
        each = [(Fraction(0), word) for word, (n, _) in signals.outlooks.items() for _ in range(n)]
        found = renewal_outlook(each)
    return "no_subscriptions" if found is None else found


def together(
    several: "list[Amounts] | tuple[Amounts, ...]", convert: Convert
) -> list[Fraction] | None:
    """These amounts as numbers that may be compared; None when a rate for that is missing."""
    if all(len(amounts) <= 1 for amounts in several) and len({*chain(*several)}) <= 1:
        return [Fraction(*amount_of(amounts).as_integer_ratio()) for amounts in several]
    currencies = {code for amounts in several for code, amount in amounts.items() if amount}
    if len(currencies) <= 1:
        return [Fraction(sum(amounts.values())) for amounts in several]
    converted = [convert(amounts) for amounts in several]
    return (
        None
        if any(one is None for one in converted)
        else [one for one in converted if one is not None]
    )


def amount_of(amounts: Amounts) -> Decimal:
    """The one amount of a single currency; nothing is zero."""
    return next(iter(amounts.values()), ZERO)
