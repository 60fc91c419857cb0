"""Everything there is to say of how a figure was made, now or at the end of a past day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction

from tenure.core.money import Money
from tenure.customers.models import Subscription
from tenure.metrics import explain
from tenure.metrics.amounts import displayed
from tenure.metrics.as_of import Moment, is_mrr_alone, kind_of
from tenure.metrics.explain import dso, values
from tenure.metrics.explain.basis import Basis
from tenure.metrics.explain.parts import Found, Part, Parts, grouped
from tenure.metrics.explain.then import Then, reading
from tenure.metrics.inputs import Settings
from tenure.metrics.models import AccountFacts, Figures, VersionKind, as_money
from tenure.metrics.past_parts import PastPart, parts_on

AGEING = "ageing."
OF_POINTS = {"mrr": 1, "arr": 12}
HOW = {
    "snapshot": "",
    "reconstructed": "Reconstructed from invoices.",
    "inferred": "Inferred across a gap between invoices.",
}
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Calculation:
    """A figure taken apart at ``now``: ``groups``, one a currency, with what each is where it is not
    the figure itself, and ``basis`` where it is no sum of money.

    Of a past day ``kind`` says how its figures are known. ``differs`` says that the records of that
    day come to something else than the figure that was kept of it; ``unknown`` that there was none.
    """

    figure: str
    now: datetime
    groups: Sequence[tuple[str, Parts]] = ()
    basis: Basis | None = None
    kind: str | None = None
    differs: bool = False
    unknown: bool = False


def calculation(account_id: int, figure: str, now: datetime, settings: Settings) -> Calculation:
    """How one of FIGURES, or of ``values.FIGURES``, is made now."""
    groups: list[tuple[str, Parts]] = []
    if figure in explain.FIGURES:
        found = explain.parts(account_id, figure, now, settings=settings)
        groups = [("", one) for one in found]
    elif figure == "dso":
        groups = dso.sides(account_id, now, settings)
    known = figure in values.FIGURES
    basis = values.basis(account_id, figure, now, settings) if known else None
    return Calculation(figure, now, groups, basis)


def calculation_at(
    account_id: int, figure: str, facts: Figures | None, moment: Moment, settings: Settings
) -> Calculation:
    """How the figure was made that ``facts`` have of the end of a past day: of what was known then.

    Where a date had moved a figure which had not been measured again by the day's end, it is taken
    apart as of its measurement, for that is the figure that was known.
    """
    kind = kind_of(facts)
    if facts is None or (is_mrr_alone(facts) and figure not in OF_POINTS):
        return Calculation(figure, moment.last, kind=kind, unknown=True)
    if kind != VersionKind.SNAPSHOT and figure in OF_POINTS:
        groups = [("", one) for one in _of_points(account_id, figure, moment)]
        found = Calculation(figure, moment.last, groups, kind=kind)
        return replace(found, differs=not agrees(found, facts))
    first: Calculation | None = None
    for then in thens(account_id, facts, moment):
        with reading(then):
            found = replace(calculation(account_id, figure, then.now, settings), kind=kind)
        if agrees(found, facts):
            return found
        first = first or found
    assert first is not None  # noqa: S101  # there are always two
    return replace(first, differs=True)


def thens(account_id: int, facts: Figures | None, moment: Moment) -> Sequence[Then]:
    """What may be read of a past day: its end, and when the figures known at its end were measured."""
    made_out = kind_of(facts) != VersionKind.SNAPSHOT
    found = [Then(account_id, moment.instant, moment.last, made_out)]
    measured = getattr(
        facts, "updated_at" if isinstance(facts, AccountFacts) else "valid_from", None
    )
    if measured:
        found.append(Then(account_id, measured + _MOMENT, measured, made_out))
    return found


def agrees(found: Calculation, facts: Figures) -> bool:
    """Whether the figure comes out as it was kept."""
    if found.basis is not None:
        kept, answer = getattr(facts, found.figure), found.basis.answer
        if found.basis.how == "mean" and None not in (kept, answer):
            return bool(round(kept, 5) == round(answer, 5))
        return bool(kept == answer)
    shown = {one.total.currency: one.total for _, one in found.groups if one.total}
    exact = amounts_of(facts, found.figure)
    return shown == {one.currency: one.rounded() for one in exact if one.rounded()}


def amounts_of(facts: Figures, figure: str) -> Sequence[Money]:
    """A figure as it is kept, exactly."""
    if not figure.startswith(AGEING):
        return facts.money(figure)
    age = figure.removeprefix(AGEING)
    return as_money({code: ages[age] for code, ages in facts.ageing.items()})


def _of_points(account_id: int, figure: str, moment: Moment) -> Iterable[Parts]:
    """MRR of a day before the first measurement: what was made out of it, subscription by subscription."""
    every = [one for parts in parts_on(account_id, moment.day).values() for one in parts]
    named: dict[int, tuple[int, str]] = {
        pk: (site, name)
        for pk, site, name in Subscription.objects.filter(
            pk__in=[one.subscription for one in every]
        ).values_list("pk", "site_id", "upstream_id")
    }
    found = [_of_point(one, OF_POINTS[figure], named[one.subscription]) for one in every]
    return grouped(figure, found, ())


def _of_point(one: PastPart, times: int, key: tuple[int, str]) -> Found:
    amount, code = Fraction(one.amount.amount) * times, one.amount.currency
    part = Part(
        "subscription",
        one.plan,
        Money(displayed(amount, code), code),
        *key,
        status=one.status,
        notes=(HOW[one.kind],) if HOW.get(one.kind) else (),
    )
    return Found(code, amount, part)
