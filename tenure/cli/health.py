"""``tenure health``: scores with why they are so, the definitions they are made by, and a person's word."""

import datetime as dt
from typing import Any

import click
from rich.console import Group as Parts
from rich.console import RenderableType

from tenure.cli import health_definitions as made_by
from tenure.cli import health_order
from tenure.cli.command import Group, now
from tenure.cli.edits import by_command
from tenure.cli.looking_back import looking_back, moment
from tenure.cli.screen import Column, Screen, facts, table
from tenure.core.errors import ConfigurationError
from tenure.customers.lookup import account_of
from tenure.customers.models import Account
from tenure.health import advice, listing, overriding, read, said, shapes
from tenure.health.changes import split
from tenure.health.models import Verdict
from tenure.health.overriding import Wanted
from tenure.metrics.days import local_day, midnight
from tenure.metrics.settings import current

DAY = click.DateTime(["%Y-%m-%d"])


@click.group("health", cls=Group)
def health() -> None:
    """How well accounts are doing, and why."""


for one in (
    made_by.rescore,
    made_by.definitions,
    made_by.try_out,
    made_by.save,
    made_by.restore,
    *health_order.COMMANDS,
):
    health.add_command(one)


@health.command("list")
@looking_back
@click.pass_obj
def bands(screen: Screen, as_of: str | None) -> None:
    """How many accounts stand in each band, and what they are worth."""
    at = moment(screen, as_of)
    found = listing.distribution_at(at, now()) if at else read.distribution()
    document = [
        {
            "band": one.band,
            "ended": one.ended,
            "accounts": one.accounts,
            "mrr": [money.as_json() for money in one.mrr],
        }
        for one in found
    ]
    rows = [
        (
            said.STATES["ended"] if one.ended else said.BANDS[one.band],
            f"{one.accounts:,}",
            ", ".join(map(str, one.mrr)),
        )
        for one in found
    ]
    columns: list[Column | str] = ["Band", Column("Accounts", number=True), "MRR"]
    screen.answer(document, table(columns, rows, empty="No account has been scored yet."))


@health.command("show")
@click.argument("identifier")
@click.option("--as-of", type=DAY, metavar="DATE", help="As it was at the end of this day.")
@click.option("--since", type=DAY, metavar="DATE", help="Take apart what changed since this day.")
@click.pass_obj
def show(
    screen: Screen, identifier: str, as_of: dt.datetime | None, since: dt.datetime | None
) -> None:
    """Show an account's score, what it is made of, and what would make it green."""
    found, instant = account_of(identifier), _end_of(as_of.date()) if as_of else None
    score = _score(found, instant)
    document = _document(found, score, instant)
    change = None
    if since:
        old = read.scores_at([found.pk], _end_of(since.date())).get(found.pk)
        if old is None:
            raise ConfigurationError(
                f"{found.identifier} had no score on {since.date()}.",
                next_step="Choose a later day.",
            )
        chosen = current()
        change = shapes.split(split(shapes.side(old, chosen), shapes.side(score, chosen)))
    green = advice.advice(found.pk, score, now(), current()) if instant is None else advice.Advice()
    answer = {
        "account": found.identifier,
        "health": document,
        "to_green": green.as_json() if instant is None else None,
        "change": change,
    }
    screen.answer(answer, _page(found, document, green, change))


def _score(found: Account, instant: dt.datetime | None) -> Verdict:
    score: Verdict | None
    if instant:
        score = read.scores_at([found.pk], instant).get(found.pk)
    else:
        score = read.scores_of([found.pk]).get(found.pk)
    if score is None:
        raise ConfigurationError(
            f"{found.identifier} had no score then."
            if instant
            else f"{found.identifier} has no score yet.",
            next_step="Scores are kept from the first on; choose a later day."
            if instant
            else "Scores come with the figures, after a sync; or run tenure health rescore.",
        )
    return score


def _document(found: Account, score: Verdict, instant: dt.datetime | None) -> dict[str, Any]:
    if instant is None:
        document: dict[str, Any] = shapes.accounts([found], now())[0]["health"]
        return document
    before = read.scores_at([found.pk], instant - shapes.TREND).get(found.pk)
    return shapes.health(score, before)


def _end_of(day: dt.date) -> dt.datetime:
    """The last instant we knew anything at on a local day: now, when it is not over."""
    zone, present = current().zone, now()
    if day >= local_day(present, zone):
        return present  # type: ignore[no-any-return]
    return midnight(day + dt.timedelta(days=1), zone) - dt.timedelta(microseconds=1)


def _page(
    found: Account, told: dict[str, Any], green: advice.Advice, change: dict[str, Any] | None
) -> RenderableType:
    computed, word = told["computed"], told["override"]
    state = said.STATES.get(told["state"], "")
    head = facts(
        [
            ("Account", f"{found.name} ({found.identifier})"),
            ("Health", f"{told['score'] or '–'} {said.BANDS[told['band']]}".strip()),
            ("State", state),
            ("Computed", f"{computed['score'] or '–'}" if state else ""),
            ("By", f"{word['by']}: {word['reason']}, until {word['until']}" if word else ""),
            ("Before caps", computed["uncapped"] if told["caps"] else ""),
            ("Known", f"{float(told['coverage']):.0%} of the weight"),
            ("30 days", told["trend"]["points"] if told["trend"] else ""),
            ("Definition", _definition(told["definition"])),
            ("Data as of", told["data_as_of"]),
            ("Stale", "the data is older than 48 hours" if told["stale"] else ""),
        ]
    )
    columns: list[Column | str] = [
        "Measure", "Value", Column("Points", number=True), Column("Gave", number=True),
        Column("Kept", number=True), "Made from",
    ]  # fmt: skip
    rows = [
        (one["label"], one["told"], one["points"], one["contribution"], one["loss"], one["from"])
        for one in told["measures"]
    ]
    rows += [(one["label"], "missing", "", "", "", one["reason"]) for one in told["missing"]]
    parts: list[RenderableType] = [head, "", table(columns, rows, empty="No measure counts.")]
    parts += [f"At most {one['most']}: {one['label']}" for one in told["caps"]]
    parts += ["", *_green(green), *_change(change)]
    return Parts(*parts)


def _definition(told: dict[str, Any]) -> str:
    return f"{told['name']} {told['version']}, because {told['because']}"


def _green(green: advice.Advice) -> list[str]:
    if not green.options:
        return [f"To green: {green.why_not}"] if green.why_not else []
    ways = [f"{' '.join(s.text for s in one.steps)} → {one.score}" for one in green.options]
    return ["Any one of these would make it green:", *(f"  {way}" for way in ways)]


def _change(change: dict[str, Any] | None) -> list[str]:
    if change is None:
        return []
    lines = [
        f"  {one['points']:>6}  {said.measure(one['measure']) if one['measure'] else one['kind']}"
        f"{'' if one['kind'] == 'data' or not one['measure'] else ' ' + one['kind']}"
        for one in change["lines"]
    ]
    return ["", f"Changed by {change['total'] or 'what cannot be told'}:", *lines]


@health.command("override")
@click.argument("identifier")
@click.option("--score", default="", metavar="NUMBER", help="From 0 to 100, as in 82.5.")
@click.option("--band", default="", help="green, amber or red; instead of a score.")
@click.option("--until", type=DAY, required=True, metavar="DATE", help="The last day it holds.")
@click.option("--why", required=True, metavar="REASON", help="Shown beside the score.")
@click.pass_obj
def override(
    screen: Screen, identifier: str, score: str, band: str, until: dt.datetime, why: str
) -> None:
    """Set a score or band in place of the computed one, for 90 days at most."""
    found = account_of(identifier)
    wanted = Wanted(why, until.date(), score=score, band=band)
    overriding.override(found.pk, wanted, by_command(why), now=now())
    _answer(screen, found, f"Set by hand until {until.date()}; the computed score goes on.")


@health.command("freeze")
@click.argument("identifier")
@click.option("--until", type=DAY, required=True, metavar="DATE", help="The last day it holds.")
@click.option("--why", required=True, metavar="REASON", help="Shown beside the score.")
@click.pass_obj
def freeze(screen: Screen, identifier: str, until: dt.datetime, why: str) -> None:
    """Keep an account's score as it is now, for 90 days at most."""
    found = account_of(identifier)
    overriding.freeze(found.pk, Wanted(why, until.date()), by_command(why), now=now())
    _answer(screen, found, f"Frozen until {until.date()}; the computed score goes on.")


@health.command("release")
@click.argument("identifier")
@click.option("--why", default="", metavar="REASON", help="Kept with the change.")
@click.pass_obj
def release(screen: Screen, identifier: str, why: str) -> None:
    """Let the computed score speak again."""
    found = account_of(identifier)
    if overriding.end(found.pk, by_command(why), now=now()) is None:
        raise ConfigurationError(
            f"Nobody has set the health of {found.identifier}.",
            next_step="See it with tenure health show.",
        )
    _answer(screen, found, "The computed score speaks again.")


def _answer(screen: Screen, found: Account, sentence: str) -> None:
    document = shapes.accounts([found], now())[0]["health"]
    words = f"{found.identifier}: {document['score'] or '–'} {said.BANDS[document['band']]}."
    screen.answer({"account": found.identifier, "health": document}, f"{words} {sentence}")
