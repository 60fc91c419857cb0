"""The money strip: the seven facts a person asks first, each a door to how it was calculated."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from tenure.core.money import Money
from tenure.metrics.as_of import is_mrr_alone, kind_of
from tenure.metrics.models import Figures

MOST_CURRENCIES = 3
RECONSTRUCTED = {
    "reconstructed": "reconstructed from invoices",
    "inferred": "inferred across a gap between invoices",
}


@dataclass(frozen=True, slots=True)
class Tile:
    """One fact: amounts or a day, a line below it, and the figure its calculation goes by. ``total``
    is the converted one; None while a rate is missing, and ``missing`` then says for what."""

    label: str
    figure: str
    amounts: Sequence[Money] = ()
    day: date | None = None
    sub: str = ""
    sub_day: date | None = None
    more: int = 0
    tone: str = ""
    total: Money | None = None
    missing: Sequence[str] = ()

    @property
    def is_empty(self) -> bool:
        """Nothing to show but a dash."""
        return not self.amounts and self.day is None


def past_strip(facts: Figures | None) -> list[Tile]:
    """The tiles of a past day, each a door to what it was made of then. Figures of a day before the
    first sync are marked as made out; of some accounts MRR is all that can be."""
    if facts is None:
        return [Tile(tile.label, "", sub="not known then") for tile in strip(None)]
    how = RECONSTRUCTED.get(kind_of(facts) or "")
    if how is None:
        return strip(facts)
    if not is_mrr_alone(facts):
        return [_marked(tile) for tile in strip(facts)]
    known = {"MRR": facts.money("mrr"), "ARR": facts.money("arr")}
    return [
        Tile(tile.label, tile.label.lower(), known[tile.label], sub=how)
        if tile.label in known
        else Tile(tile.label, "", sub="not known then")
        for tile in strip(None)
    ]


def _marked(tile: Tile) -> Tile:
    return tile if tile.is_empty else replace(tile, sub="reconstructed", sub_day=None, tone="")


def strip(facts: Figures | None) -> list[Tile]:
    """The tiles in their order; without facts each says that it is not known yet."""
    if facts is None:
        labels = ("MRR", "ARR", "Net paid", "Due", "Overdue", "Next renewal", "Customer since")
        return [Tile(label, "", sub="not measured yet") for label in labels]
    return [_converted(tile, facts) for tile in _tiles(facts)]


TOTALS = {
    "mrr": "mrr_converted",
    "arr": "arr_converted",
    "total_due": "due_converted",
    "past_due": "past_due_converted",
}


def _converted(tile: Tile, facts: Figures) -> Tile:
    """The tile with the converted total of its amounts, where one is kept."""
    if tile.figure not in TOTALS:
        return tile
    total = facts.total(TOTALS[tile.figure])
    return replace(tile, total=total, missing=facts.missing_rates)


def _tiles(facts: Figures) -> list[Tile]:
    late = facts.past_due_count
    return [
        _money("MRR", "mrr", facts.money("mrr"), _subscriptions(facts)),
        _money("ARR", "arr", facts.money("arr"), "if nothing changes"),
        _money("Net paid", "net_paid", facts.money("net_paid"), "payments less refunds"),
        _due(facts),
        _money(
            "Overdue",
            "past_due",
            _known(facts.money("past_due")),
            f"{late} invoice{'' if late == 1 else 's'}, since" if late else "nothing is late",
            sub_day=facts.oldest_past_due_since,
            tone="bad" if late else "",
        ),
        Tile("Next renewal", "next_renewal_date", day=facts.next_renewal_date, sub=_renewal(facts)),
        Tile("Customer since", "customer_since", day=facts.customer_since),
    ]


def _money(
    label: str,
    figure: str,
    amounts: Sequence[Money],
    sub: str = "",
    *,
    sub_day: date | None = None,
    tone: str = "",
) -> Tile:
    more = max(0, len(amounts) - MOST_CURRENCIES)
    return Tile(label, figure, amounts[:MOST_CURRENCIES], None, sub, sub_day, more, tone)


def _due(facts: Figures) -> Tile:
    credit = _known(facts.money("available_credit"))
    if credit:
        sub = "credit to use: " + ", ".join(str(money) for money in credit)
        return _money("Due", "total_due", _known(facts.money("total_due")), sub)
    sub = "next on" if facts.next_due_date else ""
    due = _known(facts.money("total_due"))
    return _money("Due", "total_due", due, sub, sub_day=facts.next_due_date)


def _known(amounts: Sequence[Money]) -> tuple[Money, ...]:
    """Those that are something: an account that owes nothing shows a dash, not a row of zeros."""
    return tuple(money for money in amounts if money)


def _subscriptions(facts: Figures) -> str:
    count = facts.active_subscriptions
    return f"{count} subscription{'' if count == 1 else 's'}" if count else "no active subscription"


def _renewal(facts: Figures) -> str:
    if facts.next_renewal_date is None and facts.term_end_date:
        return "ends and does not renew"
    return ""
