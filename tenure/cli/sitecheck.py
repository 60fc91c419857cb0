"""The page ``tenure site check`` shows: for each site what was found, in the words of the web's."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Group, RenderableType

from tenure.cli.screen import facts
from tenure.cli.words import ago
from tenure.connections.check import SiteReport
from tenure.connections.findings import Finding, Verdict, findings, verdict

SHOWN_NAMES = 12
MARKS = {Verdict.GOOD: "ok", Verdict.NOTE: "", Verdict.WARN: "!", Verdict.BAD: "!!"}


def page_of(reports: Sequence[SiteReport], now: datetime) -> RenderableType:
    """Every site with what was found, good or not."""
    if not reports:
        return "No sites yet. Connect one with tenure site add SUBDOMAIN --region us."
    parts = [part for report in reports for part in (*_site(report, now), "")]
    return Group(*parts[:-1])


def _site(report: SiteReport, now: datetime) -> Sequence[RenderableType]:
    region = f" ({report.region})" if report.region else ""
    heading = f"[bold]{report.subdomain}[/bold]{region}: {verdict(report)[1]}"
    rows = [(f"{MARKS[one.verdict]:>2} {one.what}", _told(one, now)) for one in findings(report)]
    return [heading, facts(rows)]


def _told(one: Finding, now: datetime) -> str:
    newest = f", newest change {ago(one.newest, now)}" if one.newest else ""
    names = f": {_some(one.names)}" if one.names else ""
    return f"{one.told}{newest}{names} {one.next_step}".strip()


def _some(names: Sequence[str]) -> str:
    more = len(names) - SHOWN_NAMES
    return ", ".join(names[:SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")
