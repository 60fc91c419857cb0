"""Which accounts an address, or a form that came from one, is about: search, rule, way of health."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from tenure.health import listing as by_health
from tenure.metrics.as_of import Moment
from tenure.rules.errors import RuleRefused
from tenure.rules.sql import Sql
from tenure.segments.unseen import unseen
from tenure.web.rules.said import Said, said_of

LONGEST_SEARCH = 200
NAMES = ("q", "rule", "health")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of the list. ``where`` is the condition of the rule and of the way together;
    a rule that cannot be read is in ``said``, and then nothing may be listed or changed by it."""

    search: str
    said: Said
    way: str
    where: Sql | None

    @property
    def rule(self) -> str:
        """The rule as written; empty for none."""
        return self.said.text.strip()

    @property
    def of_today(self) -> Sequence[str]:
        """Of a past day: what the rule asks as it is today, because no past of it is kept."""
        found = self.said.asked
        return unseen(found) if found and found.context.past else ()

    @property
    def narrows(self) -> bool:
        """Whether fewer than all accounts are asked for."""
        return bool(self.search or self.rule or self.way)

    @property
    def words(self) -> str:
        """What is asked for, as the end of a sentence; empty for everything."""
        parts = [f"“{self.search}”"] if self.search else []
        parts += [self.said.words] if self.said.words else []
        parts += [f"health {self.way}"] if self.way else []
        return " and ".join(parts)

    @property
    def query(self) -> str:
        """What is asked for, as the query of an address."""
        given = {"q": self.search, "rule": self.rule, "health": self.way}
        return urlencode({name: value for name, value in given.items() if value})


def asked_of(sent: QueryDict, now: datetime, moment: Moment | None = None) -> Asked:
    """What an address or a form asks for. Never raises: see ``said``. With ``moment`` it is asked of
    what was known then."""
    search = sent.get("q", "").strip()[:LONGEST_SEARCH].replace("\x00", "")
    said = (
        said_of(sent.get("rule", ""), now, past=moment is not None)
        if sent.get("rule", "").strip()
        else Said("")
    )
    standing = by_health.standing(sent.get("health", ""), now, moment)
    where = by_health.both(standing, said.asked.where if said.asked else None)
    return Asked(search, said, sent.get("health", "") if standing else "", where)


def usable(sent: QueryDict, now: datetime, moment: Moment | None = None) -> Asked:
    """The same for what must not go on with a wrong rule. Raises RuleRefused."""
    asked = asked_of(sent, now, moment)
    if asked.said.problems:
        raise RuleRefused(asked.said.problems)
    return asked


def address_without(request: HttpRequest, rule: str) -> str:
    """The list's address with less of its rule; never the bare one, which opens the default view."""
    query = request.GET.copy()
    query.pop("after", None)
    query.pop("rule", None)
    if rule:
        query["rule"] = rule
    text = query.urlencode(safe=",") or "all=1"
    return f"{reverse('accounts')}?{text}"
