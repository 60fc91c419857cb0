"""``tenure segments`` and ``tenure segment``: groups of accounts that a rule describes."""

from dataclasses import replace
from typing import Any

import click
from rich.console import Group as Parts
from rich.console import RenderableType

from tenure.access.read import member_or_nobody
from tenure.alerts import uses
from tenure.cli.command import Group, List, now
from tenure.cli.edits import COMMAND_LINE
from tenure.cli.screen import Column, Screen, facts, table
from tenure.cli.words import ago
from tenure.customers.lookup import account_of
from tenure.rules.tree import EVERYTHING
from tenure.segments import explain as explaining
from tenure.segments import overlaps, read, shapes, write
from tenure.segments import preview as previews
from tenure.segments.explain import Explanation, Line
from tenure.segments.question import Question, question

HOLDS = {True: "yes", False: "no", None: "unknown"}


@click.group("segments", cls=List)
@click.pass_obj
def segments(screen: Screen) -> None:
    """List the segments in their order of priority."""
    found = read.listed(now())
    used = uses.uses_of_all([one.segment for one in found])
    columns: list[Column | str] = [
        "Name", Column("Members", number=True), Column("In 7 d", number=True),
        Column("Out 7 d", number=True), "Rule", "Used by",
    ]  # fmt: skip
    rows = [
        (
            one.segment.name,
            f"{one.members:,}",
            f"+{one.entered:,}",
            f"-{one.left:,}",
            one.segment.fault or one.segment.rule,
            ", ".join(name for names in used[one.segment.pk].as_json().values() for name in names),
        )
        for one in found
    ]
    empty = "No segments yet. Make one with tenure segment set NAME --rule 'mrr > 0'."
    screen.answer([shapes.listed(one) for one in found], table(columns, rows, empty=empty))


@click.group(cls=Group)
def segment() -> None:
    """One segment: its rule, its members, and why an account is in or out."""


@segment.command("show")
@click.argument("name")
@click.pass_obj
def show(screen: Screen, name: str) -> None:
    """Show a segment with its sums and the latest entries and exits."""
    found = read.segment_named(name)
    crossings = read.crossings(segment=found, limit=20)
    sums = read.totals_of(found)
    members = found.memberships.count()
    document = shapes.segment(found, members=members) | {
        "money": shapes.totals(sums),
        "history": [shapes.crossing(one) for one in crossings],
    }
    told: RenderableType = facts(
        [
            ("Segment", found.name),
            ("Rule", found.rule),
            ("Says", "" if found.fault else question(found.rule, now()).words),
            ("Fault", found.fault),
            ("Members", f"{members:,}"),
            ("MRR", ", ".join(map(str, sums.mrr))),
            ("Overdue", ", ".join(map(str, sums.past_due))),
            ("Version", found.version),
        ]
    )
    rows = [
        (
            ago(one.at, now()),
            "entered" if one.entered else "left",
            one.account.name,
            one.get_cause_display(),
        )
        for one in crossings
    ]
    history = table(["When", "", "Account", "Why"], rows, empty="Nobody has crossed yet.")
    screen.answer(document, Parts(told, "", history))


@segment.command("explain")
@click.argument("name")
@click.argument("identifier")
@click.pass_obj
def explain(screen: Screen, name: str, identifier: str) -> None:
    """Say why an account is in a segment or out of it, condition by condition."""
    asked = question(read.segment_named(name).rule, now())
    account = account_of(identifier)
    found = explaining.explain(asked, account.pk)
    word = "in" if found.is_in else "not in"
    head = f"{account.name} is {word} “{read.segment_named(name).name}”."
    screen.answer(shapes.explanation(asked, found), Parts(head, "", page_of(found)))


@segment.command("set")
@click.argument("name")
@click.option("--rule", help="Which accounts are in: mrr > 500 and plan = pro. A new one needs it.")
@click.option("--description", metavar="TEXT", help="What it is for; empty: none.")
@click.option(
    "--priority", type=click.IntRange(0, 10_000), help="The lowest decides; 100 if unsaid."
)
@click.option("--owner", metavar="EMAIL|nobody", help="Whose segment it is.")
@click.option(
    "--plan", "only_shown", is_flag=True, help="Show who enters and leaves; save nothing."
)
@click.pass_obj
def set_(
    screen: Screen, /, name: str, rule: str | None, owner: str | None, only_shown: bool, **how: Any
) -> None:
    """Make a segment or change one: what is not said stays. Every account is placed at once.

    \b
    tenure segment set "Large" --rule 'mrr > 5000' --plan
    tenure segment set "Large" --priority 10 --owner ada@example.com
    """
    standing = read.segments().filter(name__iexact=name.strip()).first()
    if rule is None and standing is None:
        raise click.UsageError(
            f"There is no segment {name!r} to change, and a new one needs --rule."
        )
    begun = write.draft_of(standing) if standing else write.Draft(name, "")
    said = {field: value for field, value in {"rule": rule, **how}.items() if value is not None}
    if owner is not None:
        said["owner"] = member_or_nobody(owner)
    draft = replace(begun, **said)
    if only_shown:
        asked = question(draft.rule, now())
        seen = previews.preview(asked, against=standing)
        used = uses.uses_of(standing) if standing else uses.Uses()
        document = shapes.preview(asked, seen) | {"used_by": used.as_json()}
        screen.answer(document, Parts(_page_of_preview(asked, seen), *_dependants(used)))
        return
    saved = write.save(draft, now=now(), by=COMMAND_LINE, segment=standing)
    members = saved.memberships.count()
    screen.answer(
        shapes.segment(saved, members=members),
        f"“{saved.name}”, version {saved.version}: {members:,} accounts.",
    )


def _dependants(used: uses.Uses) -> list[str]:
    """What depends on the segment, a line for each kind."""
    return [
        f"Used by {kind.replace('_', ' ')}: {', '.join(names)}"
        for kind, names in used.as_json().items()
        if names
    ]


@segment.command("overlaps")
@click.argument("name", required=False)
@click.pass_obj
def overlaps_(screen: Screen, name: str | None) -> None:
    """List which segments share accounts, and which of two decides; of one alone if it is named."""
    found = overlaps.overlaps(limit=200, of=read.segment_named(name) if name else None)
    columns: list[Column | str] = [
        "Decides", "Stands behind", Column("In both", number=True), Column("Their MRR", number=True),
    ]  # fmt: skip
    lines = [
        (
            f"{one.first.name} ({one.first.priority})",
            f"{one.second.name} ({one.second.priority})",
            f"{one.count:,}",
            ", ".join(map(str, one.mrr)),
        )
        for one in found.pairs
    ]
    screen.answer(
        [shapes.overlap(one) for one in found.pairs],
        table(columns, lines, empty="No two segments share an account."),
    )


@segment.command("before")
@click.argument("name")
@click.argument("other")
@click.pass_obj
def before(screen: Screen, name: str, other: str) -> None:
    """Let a segment decide before another where an account is in both."""
    one, two = read.segment_named(name), read.segment_named(other)
    changed = write.put_before(one, two, now=now(), by=COMMAND_LINE)
    told = f"“{one.name}” decides before “{two.name}”; {changed} priorities changed."
    screen.answer({"changed": changed}, told)


@segment.command("remove")
@click.argument("name")
@click.pass_obj
def remove(screen: Screen, name: str) -> None:
    """Delete a segment with its history; refused while something depends on it."""
    found = read.segment_named(name)
    uses.remove(found)
    screen.answer({"removed": found.name}, f"“{found.name}” is gone.")


def page_of(found: Explanation) -> RenderableType:
    """The lines of an explanation as a table."""
    return table(["Condition", "Holds", "Seen", ""], list(map(_line, found.lines)), empty="")


def _line(line: Line) -> tuple[str, str, str, str]:
    words = f"{'  ' * line.depth}{line.words if line.joint else line.text}"
    seen = "" if line.joint else str(explaining.plain(line.value))
    if line.rows:
        seen = f"{seen}: {', '.join(line.rows)}"
    return words, HOLDS[line.holds], seen, "alone keeps it out" if line.alone else ""


def _page_of_preview(asked: Question, seen: previews.Preview) -> RenderableType:
    pairs: list[tuple[str, object]] = [
        ("Rule", asked.text if asked.tree != EVERYTHING else "every account"),
        ("Says", asked.words),
        ("Accounts", f"{seen.count:,}"),
        ("MRR", ", ".join(map(str, seen.totals.mrr))),
    ]
    if seen.entering and seen.leaving:
        pairs += [("Enter", f"{seen.entering.count:,}"), ("Leave", f"{seen.leaving.count:,}")]
    near = [(one.condition, f"{one.count:,}") for one in seen.near]
    none = "No near misses."
    if seen.given_up:
        none = "Near misses take too long to find among so many accounts: narrow the rule."
    return Parts(facts(pairs), "", table(["Nearly, but for", "Accounts"], near, empty=none))
