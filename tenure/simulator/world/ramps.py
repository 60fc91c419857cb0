"""Ramp prices: the steps a ramp plan contracts for, with their dates on one subscription."""

from datetime import datetime
from decimal import Decimal

from tenure.simulator.world.moments import maybe_wire, months_later, wire
from tenure.simulator.world.prices import list_price
from tenure.simulator.world.shapes import Record
from tenure.simulator.world.state import Held


def ramp_intervals(held: Held, starts: datetime) -> list[Record]:
    """The plan's steps dated from the subscription's first period; ``starts`` is the current one."""
    first = months_later(starts, -max(0, held.cycle - 1), day=held.anchor)
    steps = held.sold.offer.ramp
    ends = [months_later(first, cycle - 1, day=held.anchor) for cycle, _ in steps[1:]]
    rows: list[Record] = []
    for (cycle, dollars), ending in zip(steps, [*ends, None], strict=True):
        last = held.cycle if ending is None else steps[len(rows) + 1][0] - 1
        rows.append(
            {
                "starting_billing_cycle": cycle,
                "remaining_billing_cycles": max(0, last - max(held.cycle, cycle - 1)),
                "starting_on": wire(months_later(first, cycle - 1, day=held.anchor)),
                "ending_on": maybe_wire(ending),
                "unit_amount": list_price(Decimal(dollars), held.record["currency"]),
            }
        )
    return rows
