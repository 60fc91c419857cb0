"""A segment's members and who came and went, as HTML: fifty of each a page, so they are written here and
not in a template. Whatever is put in is escaped on the way.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString, mark_safe

from tenure.metrics.account_rows import AccountRow
from tenure.segments.models import Crossing
from tenure.web import drawn
from tenure.web.drawn import address, badge, briefly, html, icon, moneys, shortened, some, together

LONGEST_MEMBER, LONGEST_CROSSER = 70, 60
BETWEEN = mark_safe(", ")  # a constant


@dataclass(frozen=True, slots=True)
class Shown:
    """When and where the rows are read."""

    now: datetime
    zone: ZoneInfo


def members(rows: Iterable[AccountRow], shown: Shown) -> SafeString:
    """The rows of the table of members."""
    return together(_member(row, shown) for row in rows)


def _member(row: AccountRow, shown: Shown) -> SafeString:
    return html(
        '<tr data-row><td class="wide"><a class="title isolate" dir="auto" href="{}">{}</a>'
        '<span class="under clip isolate" dir="auto">{}</span></td><td>{}</td>'
        '<td class="num" data-label="MRR">{}</td><td class="num" data-label="Overdue">{}</td>'
        '<td data-label="Renews">{}</td></tr>',
        address("account", row.id), shortened(row.name, LONGEST_MEMBER), row.identifier,
        badge(row.subscription_status) if row.as_of else "",
        moneys(row.mrr), moneys(some(row.past_due)),
        drawn.day(row.next_renewal_date, shown.zone, shown.now),
    )  # fmt: skip


def crossings(found: Iterable[Crossing], shown: Shown) -> SafeString:
    """The lines of who came and went."""
    return together(_crossing(one, shown) for one in found)


def _crossing(one: Crossing, shown: Shown) -> SafeString:
    seen = html(" · {}", together(map(_seen, one.seen), BETWEEN)) if one.seen else ""
    return html(
        '<li><span class="badge is-{}">{}{}</span><span><a class="isolate" dir="auto" href="{}">{}</a>'
        '<span class="under">{}, {}{}</span></span></li>',
        "good" if one.entered else "quiet",
        icon("plus" if one.entered else "close"), "entered" if one.entered else "left",
        address("account", one.account_id), shortened(one.account.name, LONGEST_CROSSER),
        one.get_cause_display(), drawn.time(one.at, shown.now, shown.zone, "plain"), seen,
    )  # fmt: skip


def _seen(line: Mapping[str, Any]) -> SafeString:
    value = line.get("value")
    return html(
        "{} ({})", line.get("condition", ""), "unknown" if value is None else briefly(value)
    )
