"""What a figure of one account is made of, and what was left out of it and why.

The parts are shown in the currency's own decimals and add up to the figure as it is shown, to the
cent: where rounding each part alone would miss it, a part of kind ``rounding`` says by how much.
Of very many invoices the first are shown, and a part of kind ``others`` is the sum of the rest.
"""

from collections.abc import Sequence
from datetime import datetime

from tenure.metrics.explain import invoices, payments, subscriptions
from tenure.metrics.explain.parts import (
    Found,
    Left,
    LeftOut,
    Part,
    Parts,
    UnknownFigure,
    grouped,
)
from tenure.metrics.explain.subscriptions import Worth, of_subscription
from tenure.metrics.inputs import Settings
from tenure.metrics.settings import current

__all__ = [
    "FIGURES",
    "LeftOut",
    "Part",
    "Parts",
    "UnknownFigure",
    "Worth",
    "of_subscription",
    "parts",
]

FIGURES = (*subscriptions.RULES, *invoices.RULES, *payments.FIGURES)


def parts(
    account_id: int,
    figure: str,
    now: datetime,
    *,
    zone: str | None = None,
    settings: Settings | None = None,
) -> tuple[Parts, ...]:
    """The parts of one of ``FIGURES`` at ``now``, and what was left out: a group a currency, in the
    order of the codes. Empty when there is nothing at all. Raises UnknownFigure."""
    chosen = settings or current(zone)
    found, left = _asked(account_id, figure, now, chosen)
    return grouped(figure, found, left)


def _asked(
    account_id: int, figure: str, now: datetime, settings: Settings
) -> tuple[Sequence[Found], Sequence[Left]]:
    if figure in subscriptions.RULES:
        return subscriptions.of_account(account_id, figure, now, settings)
    if figure in invoices.RULES:
        return invoices.of_account(account_id, figure, now, settings)
    if figure in payments.FIGURES:
        return payments.of_account(account_id, figure, now, settings)
    raise UnknownFigure(
        f"“{figure}” cannot be taken apart.", next_step=f"Ask for one of {', '.join(FIGURES)}."
    )
