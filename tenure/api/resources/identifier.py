"""The identifier: the rule in force, and the report on what could be one."""

import re
from typing import Any, Literal

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from tenure.api import answers
from tenure.api.bearer import caller
from tenure.api.listing import CURSOR, LIMIT
from tenure.api.problems import Problem
from tenure.api.resource import ADMIN, Resource
from tenure.api.schemas import Body, Flag, PageOf, Shape
from tenure.connections.models import ContactSource
from tenure.connections.read import identifier_rule
from tenure.core.clock import stamp
from tenure.customers.paging import cursor_of, damaged, place_of
from tenure.customers.touched import touch
from tenure.identity import contacts, reidentify, report, rules
from tenure.identity.report.choosing import choose as choose_rule
from tenure.identity.report.choosing import has_accounts, words_of
from tenure.sync import replays

resource = Resource("identifier")
PLACE = re.compile(r"(account|subscription)-[0-9]{1,18}")


class Rule(Shape):
    """Where the identifier of an account is read."""

    field: str
    joins: bool = Field(description="Whether equal values of two sites are one customer.")
    fold_case: bool
    source_of_truth: str | None = Field(description="tenant, source or third-party.")
    chosen_at: str | None = Field(description="Null while nobody has chosen.")

    contact_field: str = Field(description="By what a contact is recognised within its account.")
    contact_sources: list[str] = Field(
        description="Where people are named beside the account's own e-mail."
    )


class NewRule(Body):
    """A rule to put in force."""

    field: str = Field(max_length=120, description=rules.CHOICES)
    source_of_truth: Literal["tenant", "source", "third-party"]
    joins: Flag | None = Field(None, description="Left out: what suits the field.")
    fold_case: Flag = False
    rekey: Flag = Field(
        default=False,
        description="Whether accounts that are here already may be re-keyed; refused with 409 otherwise.",
    )
    contact_field: str | None = Field(
        None, max_length=120, description=f"{contacts.CHOICES}; left out, it stays."
    )
    contact_sources: list[ContactSource] | None = Field(
        None, max_length=len(ContactSource), description="Left out, they stay."
    )


class RuleToTry(Body):
    """A rule whose effect is asked for."""

    field: str = Field(max_length=120)
    joins: Flag | None = None
    fold_case: Flag = False


class RulePreview(Shape):
    """What becomes of the accounts that are here."""

    field: str
    rekeyed: int
    joined: int
    split: int
    unidentified: int
    unchanged: int
    examples: dict[str, list[dict[str, str]]]


class IdentifierReport(Shape):
    """What every field would come to as the identifier, and which one is recommended."""

    candidates: list[dict[str, Any]]


class LeftOut(Shape):
    """A record that this field would leave without an account."""

    reason: str


class Whose(Body):
    """Which field."""

    field: str = Field(max_length=120, description="Such as account.custom_fields.tenant_id.")
    limit: int = LIMIT
    cursor: str | None = CURSOR


@resource.get("", Rule)
def show(request: HttpRequest) -> HttpResponse:
    """Show the rule in force."""
    return answers.one(request, _shown())


@resource.post("/preview", RulePreview, scope=ADMIN)
def preview(request: HttpRequest, body: RuleToTry) -> HttpResponse:
    """Show what a rule would do to the accounts that are here. Nothing is changed."""
    found = reidentify.preview(body.field, joins=body.joins, fold_case=body.fold_case)
    return answers.plain(found.as_json())


@resource.put("", Rule, scope=ADMIN)
def choose(request: HttpRequest, body: NewRule) -> HttpResponse:
    """Choose the identifier.

    Without accounts, records that are here already make theirs at once. Where there are any they are re-keyed, in
    this request, if “rekey” says so: values, history and the old identifiers as aliases stay. A new
    choice for contacts is carried out by a worker.
    """
    answers.refuse_stale(request, _shown())
    by, now, there = caller(request), settings.TENURE_CLOCK.now(), has_accounts()
    how: dict[str, Any] = {
        "truth": body.source_of_truth,
        "joins": body.joins,
        "fold_case": body.fold_case,
    }
    if there and _differs(body):
        if not body.rekey:
            told = reidentify.preview(body.field, joins=body.joins, fold_case=body.fold_case)
            raise Problem(
                409,
                f"Accounts are recognised by {rules.in_force().field} already. {words_of(told)}",
                next_step="Send it again with “rekey”: true to go on.",
                field="rekey",
            )
        touch(reidentify.apply(body.field, **how, by=by, now=now).accounts, now)
    elif _differs(body):
        chosen = choose_rule(body.field, **how, member=by.member, now=now)
        touch(set(chosen.touched), now)
    if contacts.choose(body.contact_field, body.contact_sources, now=now) and there:
        replays.again(by)
    return answers.one(request, _shown())


def _differs(body: NewRule) -> bool:
    rule, chosen = rules.in_force(), identifier_rule()
    joins = rules.joins_of(body.field) if body.joins is None else body.joins
    standing = (rule.field, not rule.per_site, rule.fold_case, chosen.truth if chosen else None)
    return standing != (body.field, joins, body.fold_case, body.source_of_truth)


def _shown() -> dict[str, Any]:
    rule, chosen, people = rules.in_force(), identifier_rule(), contacts.in_force()
    return {
        "field": rule.field,
        "joins": not rule.per_site,
        "fold_case": rule.fold_case,
        "source_of_truth": chosen.truth if chosen else None,
        "chosen_at": stamp(chosen.created_at) if chosen else None,
        "contact_field": people.field,
        "contact_sources": list(people.sources),
    }


@resource.get("/report", IdentifierReport)
def show_report(request: HttpRequest) -> HttpResponse:
    """Report on every field that could name accounts.

    Counted exactly over everything that is stored: up to half a minute for a million accounts.
    """
    return answers.plain(report.report(now=settings.TENURE_CLOCK.now()).as_json())


@resource.get("/left-out", PageOf[LeftOut])
def list_left_out(request: HttpRequest, how: Query[Whose]) -> HttpResponse:
    """List whom a field would leave out, and why."""
    sort = f"left-out-{how.field}"
    after = str(place_of(how.cursor, sort)) if how.cursor else ""
    if after and not PLACE.fullmatch(after):
        raise damaged()
    found, last = report.left_out(how.field, limit=how.limit, after=after)
    following = cursor_of(sort, last) if last else None
    return answers.page([one.as_json() for one in found], following)
