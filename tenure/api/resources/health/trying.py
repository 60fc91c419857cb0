"""Whom a definition is for, and trying one on every account."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from pydantic import Field

from tenure.api import answers
from tenure.api.problems import not_found
from tenure.api.resources.health import resource
from tenure.api.schemas import Body, Shape
from tenure.core.errors import ConfigurationError
from tenure.customers import read as customers
from tenure.customers.write import ValueRefused
from tenure.health import preview as previews
from tenure.health import shapes, versions
from tenure.health.membership import Who, in_segment
from tenure.health.models import DefinitionVersion
from tenure.rules.parse import LONGEST
from tenure.segments import deciding
from tenure.segments.write import LONGEST_NAME

WHOM = "The accounts it is for, in the rule language; instead of a segment."
SEGMENT = "A segment whose accounts it is for; instead of a rule."


class ForWhom(Body):
    """Whom a definition is for: a rule, or a segment."""

    rule: str | None = Field(None, max_length=LONGEST, description=WHOM)
    segment: str | None = Field(None, max_length=LONGEST_NAME, description=SEGMENT)


class Trial(ForWhom):
    """A definition to try on every account."""

    definition: dict[str, Any]
    name: str | None = Field(
        versions.EVERYONE,
        max_length=versions.LONGEST_NAME,
        description="Whose next version it would be; null tries it as a new definition.",
    )


class HealthPreview(Shape):
    """What a definition would do."""

    accounts: int
    kept: int = Field(description="Frozen, ended, too old or set by a person: they do not follow.")
    changed: int
    moved: int
    before: dict[str, int]
    after: dict[str, int]
    between: list[dict[str, Any]]
    switched: list[dict[str, Any]] = Field(description="From which definition to which.")
    moves: list[dict[str, Any]]


@resource.post("/preview", HealthPreview)
def preview(request: HttpRequest, body: Trial) -> HttpResponse:
    """Try a definition on every account.

    Nothing is changed. Counts are exact; of the accounts that would change band the largest are
    named.
    """
    base = named(body.name) if body.name else None
    versions.ready(now())
    found = previews.preview(
        base, body.definition, now=now(), who=who_of(body), name="" if base else "new"
    )
    accounts = customers.named(move.account_id for move in found.moves)
    return answers.plain(shapes.preview(found, accounts))


def now() -> datetime:
    """The time by the workspace's clock."""
    return settings.TENURE_CLOCK.now()


def who_of(body: ForWhom) -> Who | None:
    """Whom it is for; None where nothing is said of that."""
    if body.rule is not None and body.segment is not None:
        raise ValueRefused("segment", "Give a rule or a segment, not both.", "One of the two.")
    if body.segment is not None:
        return deciding.who(in_segment(body.segment))
    return None if body.rule is None else deciding.who(body.rule)


def named(name: str) -> DefinitionVersion:
    """The newest version of the definition of this name, or the answer that there is none."""
    versions.ready(now())
    try:
        return versions.named(name)
    except ConfigurationError as error:
        raise not_found(error.message, error.next_step) from error
