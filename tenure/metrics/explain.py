"""The parts a figure of one account is made of, so that every number can be opened.

The parts are shown in the currency's own decimals and add up to the figure as it is shown, to the
cent: where rounding each part alone would miss it, a part of kind ``rounding`` says by how much.
Of very many invoices the first are shown, and a part of kind ``others`` is the sum of the rest.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from tenure.core.errors import TenureError
from tenure.core.money import Money
from tenure.metrics.amounts import ZERO, Number, displayed, stored
from tenure.metrics.days import maybe_day
from tenure.metrics.inputs import Invoice, Payment, Settings, Subscription
from tenure.metrics.invoices import standing
from tenure.metrics.ledger import NOTHING, Ledger
from tenure.metrics.ledger_sql import Books, books
from tenure.metrics.mrr import COUNTING, SubscriptionMrr, subscription_mrr
from tenure.metrics.rollup import LEAVING, Key
from tenure.metrics.settings import current
from tenure.metrics.steps import Step, steps
from tenure.metrics.stored import invoices_of, refunds_of, subscriptions_of

SHOWN = 200


class UnknownFigure(TenureError):
    """A figure that has no parts to show."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one subscription, invoice or refund contributes; ``amount`` is None when it cannot be
    known. ``site_id`` and ``upstream_id`` name the record; rounding and others have none."""

    kind: str
    label: str
    amount: Money | None
    site_id: int | None = None
    upstream_id: str = ""
    status: str = ""
    day: date | None = None
    days_past_due: int = 0
    steps: tuple[Step, ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parts:
    """A figure of one account in one currency, and everything that adds up to it."""

    figure: str
    total: Money
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """An exact contribution to the sum of one currency, before it is rounded for showing."""

    currency: str
    amount: Number | None
    part: Part


def parts(
    account_id: int,
    figure: str,
    now: datetime,
    *,
    zone: str | None = None,
    settings: Settings | None = None,
) -> tuple[Parts, ...]:
    """The parts of one of ``FIGURES`` at ``now``: a group a currency, in the order of the codes.
    Empty when there is nothing it is made of. Raises UnknownFigure."""
    chosen = settings or current(zone)
    if figure in OF_SUBSCRIPTIONS:
        found = _of_subscriptions(account_id, OF_SUBSCRIPTIONS[figure], now, chosen)
    elif figure in OF_INVOICES:
        found = _of_invoices(account_id, OF_INVOICES[figure], now, chosen)
    else:
        raise UnknownFigure(
            f"“{figure}” cannot be taken apart.",
            next_step=f"Ask for one of {', '.join(FIGURES)}.",
        )
    by_currency: dict[str, list[Found]] = {}
    for one in found:
        by_currency.setdefault(one.currency, []).append(one)
    return tuple(_group(figure, code, by_currency[code]) for code in sorted(by_currency))


def _group(figure: str, currency: str, found: Sequence[Found]) -> Parts:
    """The total as the figure is kept and shown, and the rounded parts made to add up to it."""
    exact = sum((Fraction(one.amount) for one in found if one.amount is not None), ZERO)
    total = displayed(stored(exact), currency)
    shown = [one.part for one in found]
    missed = total - sum((part.amount.amount for part in shown if part.amount), NOTHING)
    if missed:
        shown.append(Part("rounding", "Rounding", Money(missed, currency)))
    return Parts(figure, Money(total, currency), tuple(shown))


@dataclass(frozen=True, slots=True)
class _Subscriptions:
    """Which subscriptions make up a figure, and what one month of each counts."""

    belongs: Callable[[SubscriptionMrr, bool], bool]
    times: int = 1
    needs_lateness: bool = False


OF_SUBSCRIPTIONS: Mapping[str, _Subscriptions] = {
    "mrr": _Subscriptions(lambda result, _late: result.status in COUNTING),
    "arr": _Subscriptions(lambda result, _late: result.status in COUNTING, times=12),
    "paused_mrr": _Subscriptions(lambda result, _late: result.status == "paused"),
    "trial_mrr": _Subscriptions(lambda result, _late: result.status == "trial"),
    "cancelling_mrr": _Subscriptions(
        lambda result, _late: result.status in COUNTING and bool(result.flags & LEAVING)
    ),
    "past_due_mrr": _Subscriptions(
        lambda result, late: result.status in COUNTING and late, needs_lateness=True
    ),
}


def _of_subscriptions(
    account_id: int, rule: _Subscriptions, now: datetime, settings: Settings
) -> Iterable[Found]:
    late = _late(account_id, now, settings) if rule.needs_lateness else {}
    for sub in subscriptions_of([account_id]).get(account_id, ()):
        result = subscription_mrr(sub, now, settings)
        if rule.belongs(result, bool(late.get(sub.key))):
            amount = None if result.monthly is None else result.monthly * rule.times
            part = _subscription_part(sub, result, amount, rule.times)
            yield Found(sub.currency, amount, part)


def _late(account_id: int, now: datetime, settings: Settings) -> Mapping[Key, int]:
    return books([account_id], now, settings).get(account_id, Books()).past_due_days


def _subscription_part(
    sub: Subscription, result: SubscriptionMrr, amount: Fraction | None, times: int
) -> Part:
    return Part(
        kind="subscription",
        label=sub.plan_name or sub.plan_code or sub.id,
        amount=None if amount is None else Money(displayed(amount, sub.currency), sub.currency),
        site_id=int(sub.site),
        upstream_id=sub.id,
        status=result.status,
        steps=steps(sub, result.price, times) if result.price else (),
        flags=tuple(sorted(result.flags)),
    )


@dataclass(frozen=True, slots=True)
class _Invoices:
    """Which invoices make up a figure: how to find them, what each adds, and the whole of it."""

    which: str
    amount: Callable[[Invoice], Decimal | None]
    total: Callable[[Ledger], Decimal]
    kinds: frozenset[str] | None = None
    refunds: bool = False


OF_INVOICES: Mapping[str, _Invoices] = {
    "total_due": _Invoices("open", lambda i: i.balance, lambda one: one.total_due),
    "past_due": _Invoices(
        "open", lambda i: i.balance, lambda one: one.past_due, frozenset({"past_due"})
    ),
    "not_yet_due": _Invoices(
        "open",
        lambda i: i.balance,
        lambda one: one.total_due - one.past_due,
        frozenset({"due", "processing"}),
    ),
    "available_credit": _Invoices(
        "credit", lambda i: abs(i.balance or NOTHING), lambda one: one.available_credit
    ),
    "failed_amount": _Invoices("failed", lambda i: i.balance, lambda one: one.failed_amount),
    "billed": _Invoices("billed", lambda i: i.total, lambda one: one.billed),
    "total_paid": _Invoices("paid", lambda i: i.paid, lambda one: one.total_paid),
    "net_paid": _Invoices(
        "paid", lambda i: i.paid, lambda one: one.total_paid - one.total_refunded, refunds=True
    ),
}
FIGURES = (*OF_SUBSCRIPTIONS, *OF_INVOICES)


def _of_invoices(
    account_id: int, rule: _Invoices, now: datetime, settings: Settings
) -> Iterable[Found]:
    invoices = invoices_of(account_id, rule.which, limit=SHOWN)
    refunds = refunds_of(account_id, limit=SHOWN) if rule.refunds else []
    shown = [*_billed(invoices, rule, now, settings), *_refunded(refunds, settings)]
    yield from shown
    # The whole is summed only where something was left out: an account with a hundred thousand
    # invoices has them all read for that.
    if SHOWN not in (len(invoices), len(refunds)):
        return
    ledgers = books([account_id], now, settings).get(account_id, Books()).ledgers
    left = {code: Fraction(rule.total(one)) for code, one in ledgers.items()}
    for one in shown:
        left[one.currency] = left.get(one.currency, ZERO) - Fraction(one.amount or 0)
    for currency, amount in left.items():
        if amount:
            rest = Money(displayed(amount, currency), currency)
            yield Found(currency, amount, Part("others", "All others", rest))


def _billed(
    invoices: Iterable[Invoice], rule: _Invoices, now: datetime, settings: Settings
) -> Iterable[Found]:
    for invoice in invoices:
        stands = standing(invoice, now, settings.zone)
        amount = rule.amount(invoice)
        if not amount or (rule.kinds and stands.kind not in rule.kinds):
            continue
        part = Part(
            kind="invoice",
            label=invoice.number or invoice.id,
            amount=Money(displayed(amount, invoice.currency), invoice.currency),
            site_id=int(invoice.site),
            upstream_id=invoice.id,
            status=stands.kind,
            day=stands.due_day or maybe_day(invoice.created_at, settings.zone),
            days_past_due=stands.days,
        )
        yield Found(invoice.currency, amount, part)


def _refunded(refunds: Iterable[tuple[int, Payment]], settings: Settings) -> Iterable[Found]:
    for site_id, refund in refunds:
        amount = -(refund.amount or NOTHING)
        part = Part(
            kind="refund",
            label=refund.id,
            amount=Money(displayed(amount, refund.currency), refund.currency),
            site_id=site_id,
            upstream_id=refund.id,
            day=maybe_day(refund.collected_at or refund.created_at, settings.zone),
        )
        yield Found(refund.currency, amount, part)
