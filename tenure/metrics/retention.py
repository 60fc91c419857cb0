"""How much of the revenue, and how many of the customers, of a first day are still there on a
second one (METRICS section 7). Shares are exact; per cent and rounding are the reader's."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from tenure.metrics.amounts import ZERO
from tenure.metrics.movements import Position, total


@dataclass(frozen=True, slots=True)
class Retention:
    """Shares of the cohort's revenue and accounts; None where the cohort is empty. ``start`` is the
    cohort's revenue on the first day, at the second day's rates."""

    start: Fraction
    nrr: Fraction | None
    grr: Fraction | None
    logo_churn: Fraction | None = None
    accounts: int = 0
    unknown: tuple[str, ...] = ()


def of_accounts(positions: Iterable[Position], *, pause_as_churn: bool = False) -> Retention:
    """Retention of the accounts that had MRR on the first day, at constant exchange rates. An
    account that only rests in a pause is not a lost one."""
    start = kept = capped = ZERO
    count = lost = 0
    unknown: list[str] = []
    for position in positions:
        if not any(amount > 0 for amount in position.start.values()):
            continue  # whoever had nothing is not in the cohort, whatever a rate would be
        before = total(position.start, position.end_rates)
        after = total(position.end, position.end_rates)
        if before is None or after is None:
            unknown.append(position.account)
            continue
        count += 1
        start, kept, capped = start + before, kept + after, capped + min(before, after)
        lost += after <= 0 and (pause_as_churn or not position.end_paused)
    return Retention(
        start=start,
        nrr=_share(kept, start),
        grr=_share(capped, start),
        logo_churn=_share(Fraction(lost), Fraction(count)),
        accounts=count,
        unknown=tuple(unknown),
    )


def of_totals(
    start: Fraction, expansion: Fraction, contraction: Fraction, churn: Fraction
) -> Retention:
    """Retention from the sums of movements; contraction and churn are negative."""
    lasting = start + contraction + churn
    return Retention(start, _share(lasting + expansion, start), _share(lasting, start))


def churn_rate(start: Fraction, contraction: Fraction, churn: Fraction) -> Fraction | None:
    """The share of the first day's MRR that was lost; None when there was none."""
    return _share(-(contraction + churn), start)


def quick_ratio(
    new: Fraction,
    reactivation: Fraction,
    expansion: Fraction,
    contraction: Fraction,
    churn: Fraction,
) -> Fraction | None:
    """What was won for each unit lost; None when nothing was lost."""
    return _share(new + reactivation + expansion, -(contraction + churn))


def _share(part: Fraction, whole: Fraction) -> Fraction | None:
    return part / whole if whole else None
