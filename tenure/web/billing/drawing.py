"""The rows of the lists across accounts as HTML; see ``cells.py``. What is put in is escaped on the way."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.safestring import SafeString

from tenure.web import values
from tenure.web.accounts.columns import Column
from tenure.web.billing import invoice_cells, subscription_cells
from tenure.web.billing.cells import NONE, Draw, Shown
from tenure.web.drawn import html, together

__all__ = ["Shown", "rows"]

LISTS: Mapping[str, Mapping[str, Draw]] = {
    "subscriptions": subscription_cells.CELLS,
    "invoices": invoice_cells.CELLS,
}


def rows(name: str, found: Iterable[Any], columns: Sequence[Column], shown: Shown) -> SafeString:
    """The rows of the table's body, of the list of this name."""
    draws = [_value(column) if column.attribute else LISTS[name][column.key] for column in columns]
    return together(_row(one, draws, shown) for one in found)


def _row(one: Any, draws: Sequence[Draw], shown: Shown) -> SafeString:
    return html("<tr data-row>{}</tr>\n", together(draw(one, shown) for draw in draws))


def _value(column: Column) -> Draw:
    """The cell of an attribute of subscriptions."""

    def draw(one: Any, _: Shown) -> SafeString:
        held = one.row.attributes.get(column.attribute)
        text = NONE if held is None else values.drawn(held, column.kind, column.unit)
        return html(
            '<td class="{}" data-label="{}">{}</td>',
            "num" if column.number else "",
            column.label,
            text,
        )

    return draw
