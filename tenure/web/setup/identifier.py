"""Step 4, Identifier: the one field that says which records are the same customer, chosen by how well
each would do on what was read."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from tenure.access.models import Member
from tenure.connections import setups
from tenure.connections.models import IdentifierRule, SetUp
from tenure.connections.read import identifier_rule
from tenure.connections.setups import Step
from tenure.core.errors import ConfigurationError
from tenure.customers.touched import touch
from tenure.identity import rules
from tenure.identity.report import Report, left_out, report
from tenure.identity.report.choosing import choose, has_accounts
from tenure.identity.report.making import is_quick
from tenure.sync import read as sync
from tenure.web.frame import member_of
from tenure.web.permissions import may_manage_sites, only
from tenure.web.settings.contact_rule import ContactsForm
from tenure.web.settings.identifiers import Line, RuleForm, candidates_context, terms_of
from tenure.web.setup import steps

SHOWN_LEFT_OUT = 5
LEAST_DISTINCT = 80
MOST_LIKELY = 4
LIVE, TERMS = "identifier-live", "identifier-terms"


@require_http_methods(["GET", "HEAD", "POST"])
@only(may_manage_sites)
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """The candidates with the recommended one chosen; going on puts the choice in force. Where there
    are accounts already, their rule holds for these sites too, and changing it has a page of its own."""
    setup = steps.setup_of(pk)
    if elsewhere := steps.misplaced(setup, Step.IDENTIFIER):
        return elsewhere
    part = request.headers.get("HX-Target")
    if part == TERMS:
        return _terms(request, request.GET.get("field", ""))
    if request.method == "POST":
        return _choose(request, setup)
    return _show(request, setup, part="web/setup/identifier_live.html" if part == LIVE else "")


def _choose(request: HttpRequest, setup: SetUp) -> HttpResponse:
    if has_accounts():
        return steps.onward(setup, Step.IDENTIFIER)
    form = RuleForm(request.POST)
    people = _people(request)
    field = request.POST.get("field", "")
    if form.is_valid() and (people is None or people.is_valid()):
        try:
            with transaction.atomic():
                _keep(field, form, member_of(request))
                if people:
                    people.save(member_of(request))
        except ConfigurationError as refused:
            form.add_error(None, str(refused))
        else:
            return steps.onward(setup, Step.IDENTIFIER)
    return _show(request, setup, form=form, field=field, people=people)


def _people(request: HttpRequest) -> ContactsForm | None:
    return ContactsForm(request.POST) if "contact_field" in request.POST else None


def _keep(field: str, form: RuleForm, member: Member) -> None:
    """Put the rule in force, unless it is already. Raises ConfigurationError."""
    data = form.cleaned_data
    if not field:
        raise ConfigurationError("No field is chosen.", next_step="Choose one of the table.")
    wanted = (field, data["truth"], data["sites"] == "join", data["fold_case"])
    if wanted != _in_force(identifier_rule()):
        now = settings.TENURE_CLOCK.now()
        with transaction.atomic():
            chosen = choose(
                field,
                truth=data["truth"],
                joins=data["sites"] == "join",
                fold_case=data["fold_case"],
                member=member,
                now=now,
            )
            touch(set(chosen.touched), now)  # a worker makes their figures


def _in_force(rule: IdentifierRule | None) -> tuple[str, str, bool, bool] | None:
    return (rule.field, rule.truth, rule.joins, rule.fold_case) if rule else None


def _show(
    request: HttpRequest,
    setup: SetUp,
    *,
    form: RuleForm | None = None,
    people: ContactsForm | None = None,
    field: str = "",
    part: str = "",
) -> HttpResponse:
    shown: dict[str, Any] = {"fixed": has_accounts(), "standard": rules.in_force()}
    if part or form or is_quick():
        made = report(now=settings.TENURE_CLOCK.now())
        shown |= _figures(made, form, field, picking=not shown["fixed"])
        shown["contacts"] = ContactsForm(people.data if people else None, made=made)
    shown["is_reading"] = any(sync.active_run(site) for site in setups.sites_of(setup))
    status = 400 if form is not None else 200
    return steps.show(request, setup, Step.IDENTIFIER, shown, status=status, part=part)


def _figures(made: Report, form: RuleForm | None, field: str, *, picking: bool) -> dict[str, Any]:
    rule = identifier_rule()
    best = made.recommendation.field if made.recommendation else rules.in_force().field
    chosen = field or (rule.field if rule else best)
    shown = candidates_context(made, chosen=chosen, picking=picking)
    likely = [line for line in shown["lines"] if _is_likely(line)][:MOST_LIKELY]
    return {
        **shown,
        **_terms_of(made, chosen, form),
        "likely": likely or shown["lines"],
        "others": [line for line in shown["lines"] if line not in likely] if likely else [],
        "in_force": made.candidate(rules.in_force().field),
    }


def _is_likely(line: Line) -> bool:
    """Whether somebody should weigh it up: it can name accounts, and looks like what does."""
    found = line.candidate.figures
    return line.chosen or (
        line.can_choose
        and found.filled * 2 > found.records
        and line.candidate.distinct_percent > LEAST_DISTINCT
        and "Not an id" not in line.warnings
    )


def _terms_of(made: Report, field: str, form: RuleForm | None = None) -> dict[str, Any]:
    rule = identifier_rule()
    kept = (
        {
            "truth": rule.truth,
            "sites": "join" if rule.joins else "apart",
            "fold_case": rule.fold_case,
        }
        if rule
        else {}
    )
    initial = kept if rule and rule.field == field else terms_of(made, field)
    if len(made.sites) < 2 and not (rule and rule.field == field):
        # A second site may come: whoever has the same id of ours there is the same customer.
        initial["sites"] = "join" if rules.joins_of(field) else "apart"
    candidate = made.candidate(field)
    some = left_out(field, limit=SHOWN_LEFT_OUT)[0] if candidate and candidate.left_out else ()
    return {
        "form": form or RuleForm(initial=initial),
        "candidate": candidate,
        "left_out": some,
        "many_sites": len(made.sites) > 1,
    }


def _terms(request: HttpRequest, field: str) -> HttpResponse:
    """What goes with another field, once it is chosen: whose it is, and whom it leaves out."""
    made = report(now=settings.TENURE_CLOCK.now())
    shown = _terms_of(made, field) if made.candidate(field) else {"form": RuleForm()}
    return render(request, "web/setup/identifier_terms.html", shown)
