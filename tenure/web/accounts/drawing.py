"""The rows of the account list as HTML: a page has hundreds of cells, so they are written here and not
in a template, which takes five times as long for the same. Whatever is put in is escaped on the way.
"""

from collections.abc import Iterable

from django.utils.safestring import SafeString

from tenure.metrics.account_rows import AccountRow
from tenure.web import values
from tenure.web.accounts.cells import Cell, Line
from tenure.web.accounts.figures import FIGURES, NONE, Shown, editable
from tenure.web.drawn import briefly, html, mark, together

__all__ = ["Shown", "rows"]


def rows(lines: Iterable[Line], shown: Shown) -> SafeString:
    """The rows of the table's body."""
    return together(_row(line, shown) for line in lines)


def _row(line: Line, shown: Shown) -> SafeString:
    cells = together(_cell(cell, line, shown) for cell in line.cells)
    pick = _pick(line.row) if shown.may_edit else ""
    return html("<tr data-row>{}{}</tr>\n", pick, cells)


def _pick(row: AccountRow) -> SafeString:
    return html(
        '<td class="pick"><label><input type="checkbox" name="account" value="{}" form="bulk-form" data-pick>'
        '<span class="hush">Select {}</span></label></td>',
        row.id, row.name,
    )  # fmt: skip


def _cell(cell: Cell, line: Line, shown: Shown) -> SafeString:
    if cell.column.attribute:
        return _value(cell, line.row, shown)
    return FIGURES[cell.column.key](line, shown)


def _value(cell: Cell, row: AccountRow, shown: Shown) -> SafeString:
    column = cell.column
    held = NONE if cell.is_empty else values.drawn(cell.value, column.kind, column.unit)
    if shown.may_edit:
        what = editable(row, column.attribute, column.label, held, briefly(cell.value))
    else:
        what = html('<span class="value is-fixed"><span class="what">{}</span></span>', held)
    return html(
        '<td class="value-cell{}{}" data-label="{}"><span class="marked">{}{}</span></td>',
        " num" if column.number else "",
        " is-empty" if cell.is_empty else "",
        column.label,
        mark(cell.mark, cell.pinned) if cell.mark else "",
        what,
    )
