"""Days of sales outstanding: what is owed, what was billed in 90 days, and the one as days of the other."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction

from tenure.metrics.amounts import ZERO, add
from tenure.metrics.days import local_day
from tenure.metrics.explain import invoices
from tenure.metrics.explain.basis import Basis, Item
from tenure.metrics.explain.counted import COMBINED, DSO
from tenure.metrics.explain.parts import Found, Left, Parts, grouped
from tenure.metrics.facts import Exchange, owed_and_billed
from tenure.metrics.inputs import Settings
from tenure.metrics.rates import in_force

OWED, BILLED = "Owed", "Billed in 90 days"


def sides(account_id: int, now: datetime, settings: Settings) -> list[tuple[str, Parts]]:
    """The invoices behind both amounts, a group a currency, each with what it is."""
    found = _read(account_id, now, settings)
    return [
        (label, group)
        for label, figure in ((OWED, "total_due"), (BILLED, "billed_90d"))
        for group in grouped(figure, *found[label])
    ]


def basis(account_id: int, now: datetime, settings: Settings) -> Basis:
    """Both amounts in one currency, converted where there are several; a missing rate leaves none."""
    found = _read(account_id, now, settings)
    due, billed = (_sums(found[label][0]) for label in (OWED, BILLED))
    day = local_day(now, settings.zone)
    exchange = Exchange(settings.currency, day, in_force(day, settings))
    told = owed_and_billed(due, billed, exchange)
    if told is None:
        held = sorted({code for sums in (due, billed) for code, amount in sums.items() if amount})
        reason = "There is no rate for all of it, so nothing is added up"
        items = [Item("amount", f"in {code}", None, False, reason) for code in held]
        return Basis("dso", DSO, None, 0, tuple(items))
    code, *amounts = told
    items = [
        Item("amount", f"{label}, {code}", amount, True)
        for label, amount in zip((OWED, BILLED), amounts, strict=True)
    ]
    return Basis("dso", DSO, COMBINED[DSO](amounts), 2, tuple(items))


def _read(
    account_id: int, now: datetime, settings: Settings
) -> dict[str, tuple[Sequence[Found], Sequence[Left]]]:
    return {
        OWED: invoices.of_account(account_id, "total_due", now, settings),
        BILLED: invoices.by_rule(account_id, invoices.BILLED_LATELY, now, settings),
    }


def _sums(found: Iterable[Found]) -> dict[str, Fraction]:
    sums: dict[str, Fraction] = {}
    for one in found:
        add(sums, one.currency, Fraction(one.amount or ZERO))
    return sums
