"""Which alerts an address asks for: whose, in which state, of which kind; read once, said in links."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict

from tenure.access.models import Member
from tenure.alerts import read
from tenure.alerts.models import Alert, Kind, Severity, State
from tenure.customers.models import Account

WHOSE = (("all", "Everyone's"), ("mine", "Mine"), ("nobody", "Nobody's"))
STATES: Sequence[tuple[str, str, tuple[str, ...]]] = (
    ("open", "To work on", (State.NEW, State.ACKNOWLEDGED)),
    ("new", "New", (State.NEW,)),
    ("acknowledged", "Acknowledged", (State.ACKNOWLEDGED,)),
    ("snoozed", "Snoozed", (State.SNOOZED,)),
    ("resolved", "Resolved by themselves", (State.RESOLVED,)),
    ("closed", "Closed", (State.CLOSED,)),
    ("all", "All", ()),
)
SORTS = (
    ("-at_stake", "MRR at stake"),
    ("-severity", "Severity"),
    ("-opened", "Newest first"),
    ("opened", "Oldest first"),
)
SEVERITIES = tuple(choice for choice in Severity.choices if choice[0] != Severity.AUTO)
KEPT = ("whose", "state", "type", "severity", "rule", "account", "sort")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; a word it does not know counts as not said."""

    whose: str = "all"
    state: str = "open"
    kind: str = ""
    severity: str = ""
    rule: int | None = None
    account: int | None = None
    sort: str = "-at_stake"

    @property
    def query(self) -> dict[str, str]:
        """What of it differs from the start, as the address says it."""
        told = {
            "whose": self.whose if self.whose != "all" else "",
            "state": self.state if self.state != "open" else "",
            "type": self.kind,
            "severity": self.severity,
            "rule": str(self.rule or ""),
            "account": str(self.account or ""),
            "sort": self.sort if self.sort != "-at_stake" else "",
        }
        return {name: value for name, value in told.items() if value}

    @property
    def text(self) -> str:
        """The query as text."""
        return urlencode(self.query)

    @property
    def keeps(self) -> str:
        """The states an alert stays in the list with; nothing is any."""
        return " ".join(next(states for key, _, states in STATES if key == self.state))

    @property
    def narrowed(self) -> bool:
        """Whether anything but the order is asked for."""
        return bool(self.query.keys() - {"sort"})

    def rows(self, member: Member) -> QuerySet[Alert]:
        """The alerts, for this member."""
        return read.inbox(
            owner_id=member.pk if self.whose == "mine" else None,
            unowned=self.whose == "nobody",
            states=next(states for key, _, states in STATES if key == self.state),
            kind=self.kind,
            severity=self.severity,
            rule_id=self.rule,
            account_id=self.account,
            sort=self.sort,
        )


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on, in words; ``name`` is the parameter that puts it on, ``off`` the
    address without it."""

    name: str
    words: str
    off: str


def asked(query: QueryDict) -> Asked:
    """The question of an address."""
    return Asked(
        _one_of(query, "whose", [key for key, _ in WHOSE]) or "all",
        _one_of(query, "state", [key for key, *_ in STATES]) or "open",
        _one_of(query, "type", Kind.values),
        _one_of(query, "severity", [key for key, _ in SEVERITIES]),
        number(query, "rule"),
        number(query, "account"),
        _one_of(query, "sort", [key for key, _ in SORTS]) or "-at_stake",
    )


def chips(one: Asked, rules: Mapping[int, str], account: Account | None) -> list[Chip]:
    """The filters that are on, beyond whose and in which state."""
    said = {
        "type": f"Type: {Kind(one.kind).label}" if one.kind else "",
        "severity": f"Severity: {Severity(one.severity).label}" if one.severity else "",
        "rule": f"Rule: {rules.get(one.rule, 'one that is gone')}" if one.rule else "",
        "account": f"Account: {account.name if account else 'one that is gone'}"
        if one.account
        else "",
    }
    return [Chip(name, words, address(one, **{name: ""})) for name, words in said.items() if words]


def address(one: Asked, **changes: str) -> str:
    """The query with some of it changed; an empty word takes one away."""
    query = {**one.query, **changes}
    return f"?{urlencode({name: value for name, value in query.items() if value})}"


def number(query: Mapping[str, Any], name: str) -> int | None:
    """A whole number of the address; None when there is none."""
    text = query.get(name) or ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else None


def _one_of(query: QueryDict, name: str, known: Sequence[str]) -> str:
    value = query.get(name, "")
    return value if value in known else ""
