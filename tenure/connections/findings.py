"""The check of a site in words, the same on every page and in every command."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from tenure.connections.check import SiteReport, StreamReport
from tenure.connections.trouble import Trouble
from tenure.sources.base import Stream

CLOCK_TOLERANCE_SECONDS = 60
LABELS = {
    Stream.CUSTOM_FIELDS: "Custom fields",
    Stream.PLANS: "Plans",
    Stream.ACCOUNTS: "Accounts",
    Stream.SUBSCRIPTIONS: "Subscriptions",
    Stream.INVOICES: "Invoices",
    Stream.TRANSACTIONS: "Transactions",
    Stream.CREDIT_PAYMENTS: "Credit payments",
}


class Verdict(StrEnum):
    """How a finding is meant: fine, good to know, to be looked at, in the way."""

    GOOD = "good"
    NOTE = "note"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the check. ``newest`` is the time the line speaks of, ``names`` what it lists."""

    verdict: Verdict
    what: str
    told: str
    next_step: str = ""
    newest: datetime | None = None
    names: Sequence[str] = field(default=())


@dataclass(frozen=True, slots=True)
class Told:
    """A whole check in words: its verdict in a sentence, then line by line. Holds no key."""

    subdomain: str
    verdict: Verdict
    sentence: str
    lines: Sequence[Finding]

    def as_json(self) -> dict[str, Any]:
        """To be kept while a set-up goes on."""
        return {
            "subdomain": self.subdomain,
            "verdict": self.verdict,
            "sentence": self.sentence,
            "lines": [
                {
                    "verdict": line.verdict,
                    "what": line.what,
                    "told": line.told,
                    "next_step": line.next_step,
                    "newest": line.newest and line.newest.isoformat(),
                    "names": list(line.names),
                }
                for line in self.lines
            ],
        }

    @classmethod
    def of_json(cls, document: Mapping[str, Any]) -> "Told":
        """What ``as_json`` made."""
        lines = [
            Finding(
                **{
                    **line,
                    "verdict": Verdict(line["verdict"]),
                    "newest": line["newest"] and datetime.fromisoformat(line["newest"]),
                }
            )
            for line in document["lines"]
        ]
        return cls(document["subdomain"], Verdict(document["verdict"]), document["sentence"], lines)


def told(report: SiteReport) -> Told:
    """The report as people read it."""
    return Told(report.subdomain, *verdict(report), findings(report))


def verdict(report: SiteReport) -> tuple[Verdict, str]:
    """The check in one sentence."""
    if report.error:
        return Verdict.BAD, "This site cannot be read."
    if report.is_good:
        return Verdict.GOOD, "Everything a sync reads can be read."
    closed, of = len(report.closed), len(report.streams)
    return Verdict.WARN, f"{closed} of {of} kinds of record cannot be read."


def findings(report: SiteReport) -> Sequence[Finding]:
    """Every line of the check, in the order people read them."""
    return list(_findings(report))


def _findings(report: SiteReport) -> Iterator[Finding]:
    if report.error:
        message = report.error.message.removeprefix(f"{report.subdomain}: ")
        yield Finding(Verdict.BAD, "Key", _sentence(message), report.error.next_step)
    facts = report.facts
    if facts and not report.error:
        yield Finding(
            Verdict.GOOD, "Key", f"Opens {facts.subdomain} in the region {report.region.upper()}."
        )
    if facts:
        yield _site(report)
    for one in report.streams:
        if one.stream == Stream.CUSTOM_FIELDS and one.readable:
            yield _custom_fields(report)
        else:
            yield _stream(one)
    if facts:
        yield from (Finding(Verdict.NOTE, "Not used", lacking) for lacking in facts.lacks)
    if report.clock_differs_seconds is not None:
        yield _clock(report.clock_differs_seconds)
    if report.about_keys and not report.error:
        yield Finding(Verdict.NOTE, "Rights", report.about_keys)


def _site(report: SiteReport) -> Finding:
    facts = report.facts
    assert facts is not None, "only asked about a site that answered"  # noqa: S101
    others = [code for code in facts.currencies if code != facts.default_currency]
    currencies = facts.default_currency or "no currency"
    told = f"{facts.mode.capitalize()} site, in {currencies}"
    return Finding(
        Verdict.GOOD, "Site", told + (f" and also {', '.join(others)}." if others else ".")
    )


def _stream(one: StreamReport) -> Finding:
    label = LABELS[Stream(one.stream)]
    if not one.readable:
        missing = one.trouble == Trouble.NOT_OFFERED
        return Finding(
            Verdict.NOTE if missing else Verdict.WARN, label, _sentence(one.reason), one.next_step
        )
    return Finding(Verdict.GOOD, label, f"{one.count:,}", newest=one.newest)


def _custom_fields(report: SiteReport) -> Finding:
    names = [f"{one.related_type}.{one.name}" for one in report.custom_fields]
    if names:
        return Finding(Verdict.GOOD, "Custom fields", f"{len(names)} defined", names=names)
    return Finding(
        Verdict.NOTE,
        "Custom fields",
        "None is defined, so accounts are recognised by the billing system's own code or id.",
    )


def _clock(seconds: float) -> Finding:
    if abs(seconds) <= CLOCK_TOLERANCE_SECONDS:
        return Finding(Verdict.GOOD, "Clock", "The site's clock and ours agree.")
    ahead = "ahead of" if seconds > 0 else "behind"
    return Finding(
        Verdict.WARN,
        "Clock",
        f"The site's clock is {abs(seconds):,.0f} seconds {ahead} ours.",
        "Let this machine keep time with NTP.",
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
