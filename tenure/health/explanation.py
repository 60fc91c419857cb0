"""What a score is made of, as it is stored beside it.

    {"shares": {measure: [points, contribution, loss, weight]},   in ten-thousandths
     "inputs": {measure: the figures it was made from},
     "missing": {measure: reason}, "events": [caps that hold, whether the definition has them or not],
     "caps": {cap: most, in tenths}, "ruled": [caps by rule that hold], "held": {measure: value}}

``held`` are last known values of measures whose figures cannot be told now: the score is no better
than with them.
"""

from collections.abc import Collection, Mapping
from typing import Any

from tenure.health.evidence import Evidence
from tenure.health.scorer import Outcome, text_of
from tenure.metrics.signals import Amounts, Signals

Held = Mapping[str, int]


def stored(
    outcome: Outcome,
    evidence: Evidence,
    signals: Signals,
    held: Held,
    caps: Mapping[str, int],
    ruled: Collection[str] = (),
) -> dict[str, Any]:
    """The explanation of an outcome."""
    known = {name for name, value in evidence.values.items() if value is not None}
    found: dict[str, Any] = {
        "shares": {
            one.measure: [one.points, one.contribution, one.loss, one.weight]
            for one in outcome.shares
        },
        "inputs": {name: made for name, made in inputs(signals).items() if name in known},
        "missing": evidence.missing,
        "events": sorted(evidence.events),
        "caps": dict(caps),
    }
    if ruled:
        found["ruled"] = sorted(ruled)
    if held:
        found["held"] = {name: text_of(value) for name, value in held.items()}
    return found


def inputs(signals: Signals) -> dict[str, dict[str, Any]]:
    """The figures each measure is made from."""
    return {
        "oldest_past_due_days": {"invoices": signals.past_due_count},
        "past_due_months_of_mrr": {
            "past_due": _texts(signals.past_due),
            "mrr": _texts(signals.mrr),
        },
        "on_time_rate_12m": {"on_time": signals.on_time, "considered": signals.considered},
        "mrr_trend_90d": {
            "mrr": _texts(signals.mrr),
            "mrr_before": _texts(signals.mrr_before),
        },
        "renewal_outlook": {
            word: [count, _texts(amounts)] for word, (count, amounts) in signals.outlooks.items()
        },
        "payment_failures_90d": {"failures": signals.payment_failures_90d},
    }


def _texts(amounts: Amounts) -> dict[str, str]:
    return {currency: str(amount) for currency, amount in amounts.items() if amount}
