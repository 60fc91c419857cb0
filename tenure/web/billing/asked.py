"""What an address asks of a list: its filters as fields of a form, as chips, as a call and a command."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest

from tenure.customers import read as customers
from tenure.metrics.lists.filters import At, Filter, Wanted, at_the_end_of
from tenure.metrics.settings import zone
from tenure.web.as_of import at


def here(request: HttpRequest) -> At:
    """The day looked back to, or the present, in the workspace's calendar."""
    return at_the_end_of(at(request), settings.TENURE_CLOCK.now(), zone())


@dataclass(frozen=True, slots=True)
class Field:
    """A filter as the form draws it. ``options`` are its choices; ``others`` are values the address
    names that are no single choice, so that sending the form does not lose them."""

    filter: Filter
    value: str
    options: Sequence[tuple[str, str]] = ()

    @property
    def others(self) -> str:
        """The value when it is none of the options: several at once, or one that is not listed."""
        known = {word for word, _ in self.options}
        return self.value if self.value and self.value not in known else ""


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on, in words, and the names that switch it off."""

    name: str
    words: str


@dataclass(frozen=True, slots=True)
class View:
    """A question asked often, as a link; ``on`` when the address asks just that."""

    label: str
    query: str
    on: bool


def fields(
    filters: Sequence[Filter], asked: Wanted, options: Mapping[str, Sequence[tuple[str, str]]]
) -> list[Field]:
    """The form's fields in the order of the filters, without the search, which has its own box."""
    return [
        Field(
            one,
            asked.given.get(one.name, ""),
            options.get(one.name, tuple(one.choices.items())),
        )
        for one in filters
        if one.name not in ("q", "account", "state") and (one.kept or not asked.at.then)
    ]


def chips(filters: Sequence[Filter], asked: Wanted) -> list[Chip]:
    """What is asked for, filter by filter."""
    return [
        Chip(one.name, _said(one, asked.given[one.name]))
        for one in filters
        if one.name in asked.given and one.name != "q"
    ]


def _said(one: Filter, value: str) -> str:
    if one.name == "account":
        return f"Account: {_account_name(value)}"
    words = ", ".join(one.choices.get(word, word) for word in value.split(","))
    unit = " days" if one.kind == "days" else ""
    return f"{one.label}: {words}{unit}"


def _account_name(value: str) -> str:
    found = customers.named([int(value)]).get(int(value))
    return found.name if found else value


def views(named: Sequence[tuple[str, Mapping[str, str]]], asked: Wanted, sort: str) -> list[View]:
    """These questions as links."""
    return [
        View(label, urlencode(query), _asks_just(query, asked, sort))
        for label, query in named
        if not (asked.at.then and "overdue" in query)
    ]


def _asks_just(query: Mapping[str, str], asked: Wanted, sort: str) -> bool:
    filters = {name: value for name, value in query.items() if name != "sort"}
    return filters == dict(asked.given) and query.get("sort", sort) == sort


def as_call(request: HttpRequest, resource: str, asked: Wanted, sort: str) -> str:
    """The list as a call of the API; the token stays a variable of the shell."""
    query = urlencode({**_public(asked), "sort": sort, "limit": 200, **_day(asked)})
    address = request.build_absolute_uri(f"/api/v1/{resource}?{query}")
    return f'curl -H "Authorization: Bearer $TENURE_TOKEN" {shlex.quote(address)}'


def as_command(resource: str, asked: Wanted, sort: str) -> str:
    """The list as a command."""
    words = ["tenure", resource]
    for name, value in {**_public(asked), "sort": sort, **_day(asked)}.items():
        words.append(f"--{name.replace('_', '-')}={value}")
    return shlex.join([*words, "--json"])


def _day(asked: Wanted) -> dict[str, str]:
    """The past day, where the list is of one."""
    return {"as_of": asked.at.today.isoformat()} if asked.at.then else {}


def _public(asked: Wanted) -> dict[str, str]:
    """The filters with an account named as scripts name it: by its identifier."""
    given = dict(asked.given)
    if "account" in given:
        pk = int(given["account"])
        found = customers.accounts_in_order([pk])
        scope = f"{found[0].scope.subdomain}:" if found and found[0].scope else ""
        given["account"] = f"{scope}{found[0].identifier}" if found else given["account"]
    return given
