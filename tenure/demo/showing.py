"""What the demo says while it starts and when it stands: for people, or as one JSON document."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from tenure.demo.folder import Demo


class Show:
    """The demo's voice: progress on standard error, the result on standard output."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._console = Console(stderr=True, highlight=False)
        self._bar = Progress(
            TextColumn("  {task.description}"),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TextColumn("records"),
            TimeElapsedColumn(),
            console=self._console,
        )
        self._tasks: dict[str, TaskID] = {}

    def say(self, sentence: str) -> None:
        """One sentence about what happens."""
        self._console.print(sentence, markup=False, soft_wrap=True)

    def sync(self, runs: Sequence[Mapping[str, Any]]) -> None:
        """Draw how far each site's first sync is; only where somebody watches a terminal."""
        if not self._console.is_terminal:
            return
        for run in runs:
            if run["site"] not in self._tasks:
                self._bar.start()
                self._tasks[run["site"]] = self._bar.add_task(run["site"], total=None)
            self._bar.update(self._tasks[run["site"]], completed=run["read"], total=run["expected"])

    def synced(self) -> None:
        """The bars have done their work."""
        if self._tasks:
            self._bar.stop()
            self._tasks.clear()

    def ready(self, demo: Demo, address: str, sights: Sequence[Mapping[str, str]]) -> None:
        """The address, the login and what to look at first."""
        if self.as_json:
            click.echo(json.dumps(document(demo, address, sights), ensure_ascii=False, indent=2))
        else:
            click.echo(page(demo, address, sights))


def document(demo: Demo, address: str, sights: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """What ``--json`` prints once the demo stands."""
    return {
        "address": address,
        "login": {"email": demo.email, "password": demo.password},
        "spare_site": demo.spare,
        "look_at": [{**sight, "url": address + sight["path"]} for sight in sights],
    }


def page(demo: Demo, address: str, sights: Sequence[Mapping[str, str]]) -> str:
    """The same for people."""
    lines = ["", f"  Tenure   {address}", f"  Login    {demo.email}   {demo.password}", ""]
    if sights:
        lines.append("  Look at")
        for number, sight in enumerate(sights, 1):
            lines += [
                f"   {number}. {sight['why']}: {sight['who']} ({sight['detail']})",
                f"      {address}{sight['path']}",
            ]
    if demo.spare:
        lines += [
            "",
            f"  Set one up yourself: {address}/settings/integrations/set-up/",
            f"      site {demo.spare['subdomain']}, key {demo.spare['key']}",
        ]
    lines += ["", "  A day passes every few seconds. Ctrl-C stops everything.", ""]
    return "\n".join(lines)
