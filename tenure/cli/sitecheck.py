"""The page ``tenure site check`` shows: a table of streams for each site."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Group, RenderableType

from tenure.cli.screen import Column, facts, table
from tenure.cli.words import ago
from tenure.connections.check import SiteReport

SHOWN_FIELDS = 12
CLOCK_TOLERANCE_SECONDS = 60


def page_of(reports: Sequence[SiteReport], now: datetime) -> RenderableType:
    """Every site with what was found, good or not."""
    if not reports:
        return "No sites yet. Connect one with tenure site add SUBDOMAIN --region us."
    parts = [part for report in reports for part in (*_site(report, now), "")]
    return Group(*parts[:-1])


def _site(report: SiteReport, now: datetime) -> Sequence[RenderableType]:
    verdict = "everything can be read" if report.is_good else "needs attention"
    heading = f"[bold]{report.subdomain}[/bold] ({report.region}): {verdict}"
    if report.error:
        return [heading, f"  {report.error}".replace("[", "\\[")]
    site = report.facts
    told = facts(
        [
            ("Site id", site and site.site_id),
            ("Mode", site and site.mode),
            ("Currencies", site and ", ".join(site.currencies)),
            ("Custom fields", _fields(report)),
            ("Clock", _clock(report)),
        ]
    )
    rows = [
        (
            s.stream,
            "yes" if s.readable else "no",
            _number(s.count),
            _newest(s.newest, now),
            s.reason,
        )
        for s in report.streams
    ]
    columns: list[Column | str] = [
        "Stream",
        "Readable",
        Column("Records", number=True),
        "Newest change",
        "",
    ]
    return [heading, told, table(columns, rows, empty="No streams.")]


def _number(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


def _newest(moment: datetime | None, now: datetime) -> str:
    return ago(moment, now) if moment else ""


def _fields(report: SiteReport) -> str:
    names = [f"{field.related_type}.{field.name}" for field in report.custom_fields]
    more = len(names) - SHOWN_FIELDS
    return ", ".join(names[:SHOWN_FIELDS]) + (f" and {more} more" if more > 0 else "")


def _clock(report: SiteReport) -> str:
    seconds = report.clock_differs_seconds or 0
    if abs(seconds) <= CLOCK_TOLERANCE_SECONDS:
        return ""
    return f"the site's clock differs from ours by {seconds:.0f} seconds"
