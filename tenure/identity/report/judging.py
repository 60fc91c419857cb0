"""What speaks for and against a candidate, and which one to recommend. Pure: figures in, sentences out.

Recommended is, in this order: a custom field that holds an id of the business's own, names nine in ten
billing accounts or more and tells them apart; else the account code; else, where codes are written by
people, the source's id. A field of the account goes before an equal one of the subscription.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tenure.connections.models import Truth
from tenure.customers import fields
from tenure.identity.report.figures import CONTACT, SUBSCRIPTION, Candidate, Figures, percent, share
from tenure.identity.report.shapes import WORDS

ENOUGH_COVERED, ENOUGH_DISTINCT, ENOUGH_AGREEING = 0.9, 0.98, 0.5
CODE, ID, SUBSCRIPTION_ID = "account.code", "account.id", "subscription.id"
_OURS = re.compile(
    r"tenant|instance|workspace|org|company|customer|client|account|external|uuid|guid",
    re.IGNORECASE,
)
_THEIRS = re.compile(
    r"(?<![a-z])(crm|salesforce|sfdc|hubspot|netsuite|zendesk|intercom|marketo|pipedrive|erp|sap)(?![a-z])",
    re.IGNORECASE,
)
_KINDS = {
    "case": "only by upper and lower case",
    "spaces": "only by blanks inside",
    "zeros": "only by leading zeros",
    "unicode": "only by characters that look alike",
}


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The field to choose, whose identifier it is, whether equal values of two sites are one customer,
    and why, in a sentence or two."""

    field: str
    truth: str
    joins: bool
    reason: str

    def as_json(self) -> dict[str, Any]:
        return {
            "field": self.field,
            "source_of_truth": self.truth,
            "joins_sites": self.joins,
            "reason": self.reason,
        }


def judged(
    candidates: Sequence[Candidate], sites: int
) -> tuple[list[Candidate], Recommendation | None]:
    """The candidates with their sentences, the recommended one first and the unfit last."""
    told = [_told(one, sites) for one in candidates]
    best = _best(told)
    ranked = sorted(told, key=lambda one: (one is not best, -_score(one), one.field))
    if best is None:
        return ranked, None
    return [replace(ranked[0], recommended=True), *ranked[1:]], _recommendation(best, told, sites)


def told_of_contact(candidate: Candidate) -> Candidate:
    """A contact's candidate with its sentences; a person may well be known to several accounts."""
    found = candidate.figures
    against = []
    if candidate.left_out:
        against.append(
            f"{_of(candidate.left_out, found.billing_accounts)} billing accounts have no such contact."
        )
    if found.records - found.filled:
        against.append(
            f"{_of(found.records - found.filled, found.records)} persons are named without it."
        )
    if not candidate.field.endswith(".email"):
        against.append("Two people may have one name, and one person two spellings.")
    return replace(candidate, speaks_against=tuple(against))


def _best(candidates: Sequence[Candidate]) -> Candidate | None:
    own = [one for one in candidates if _is_custom(one) and _is_fit(one)]
    if own:
        return max(own, key=lambda one: (_score(one), one.field))
    by_field = {one.field: one for one in candidates}
    code, upstream_id = by_field.get(CODE), by_field.get(ID)
    if (
        code
        and code.figures.filled
        and code.figures.look.shape not in {"email", "name", "date", "url"}
    ):
        return code
    return upstream_id if upstream_id and upstream_id.figures.filled else None


def _is_custom(candidate: Candidate) -> bool:
    return fields.custom_name(fields.split(candidate.field)[1]) is not None


def _is_fit(candidate: Candidate) -> bool:
    found = candidate.figures
    return (
        share(found.covered, found.billing_accounts) >= ENOUGH_COVERED
        and share(found.in_site, found.claims) >= ENOUGH_DISTINCT
        and found.look.is_id
        and not _is_theirs(candidate)
    )


def _is_theirs(candidate: Candidate) -> bool:
    return bool(_THEIRS.search(candidate.field))


def _score(candidate: Candidate) -> float:
    """How well it names everybody and tells them apart; a hint in its name decides between equals."""
    found = candidate.figures
    score = share(found.covered, found.billing_accounts) * share(found.in_site, found.claims) ** 2
    score *= 1 if found.look.is_id else 0.6
    score += 0.05 if _is_custom(candidate) and _OURS.search(candidate.field) else 0
    return score - (0.04 if candidate.object_kind == SUBSCRIPTION else 0)


def _recommendation(best: Candidate, candidates: Sequence[Candidate], sites: int) -> Recommendation:
    found = best.figures
    agrees = not found.compared or share(found.agreeing, found.compared) >= ENOUGH_AGREEING
    own = _is_custom(best)
    joins = sites > 1 and agrees and (own or bool(found.compared))
    truth = Truth.TENANT if own else Truth.SOURCE
    return Recommendation(
        best.field, truth.value, joins, _reason(best, candidates, sites, joins=joins)
    )


def _reason(best: Candidate, candidates: Sequence[Candidate], sites: int, *, joins: bool) -> str:
    found = best.figures
    covered = (
        "every billing account"
        if not best.left_out
        else f"{best.covered_percent:g} % of billing accounts"
    )
    apart = (
        "no two of one site share a value"
        if not found.collision_groups
        else f"{best.distinct_percent:g} % of its values are one billing account's alone"
    )
    parts = [f"It names {covered}, {apart}, and it looks like a {WORDS[found.look.shape]}."]
    if sites > 1:
        parts.append(_across(found, joins=joins))
    if not _is_custom(best):
        parts.append(_instead(candidates))
    return " ".join(part for part in parts if part)


def _across(found: Figures, *, joins: bool) -> str:
    if not found.shared:
        return "No value is found on more than one site." if joins else ""
    if joins:
        return (
            f"{found.shared:,} values are found on several sites and name the same customers there."
        )
    return "Equal values of two sites are different customers, so sites are kept apart."


def _instead(candidates: Sequence[Candidate]) -> str:
    """The custom field that would have been better, if only it were filled."""
    ids = [
        one
        for one in candidates
        if _is_custom(one) and one.figures.look.is_id and _OURS.search(one.field)
    ]
    near = [one for one in ids if share(one.figures.in_site, one.figures.claims) >= ENOUGH_DISTINCT]
    if not near:
        return "No custom field holds an id of your own for nearly every customer."
    closest = max(near, key=lambda one: one.covered_percent)
    return f"{closest.field} would tie in your own systems, but names only {closest.covered_percent:g} %."


def _told(candidate: Candidate, sites: int) -> Candidate:
    return replace(
        candidate,
        speaks_for=tuple(_for(candidate, sites)),
        speaks_against=tuple(_against(candidate, sites)),
    )


def _for(candidate: Candidate, sites: int) -> list[str]:
    found, sentences = candidate.figures, []
    if not found.filled:
        return []
    if not candidate.left_out:
        sentences.append("It names every billing account.")
    if not found.collision_groups:
        sentences.append("No two billing accounts of one site share a value.")
    if candidate.field in {CODE, ID}:
        sentences.append("The source never changes it.")
    if sites > 1 and found.compared and share(found.agreeing, found.compared) >= ENOUGH_AGREEING:
        sentences.append(
            f"Of {found.compared:,} compared values that several sites share, {found.agreeing:,} {_plural('has', 'have', found.agreeing)} the same company or e-mail everywhere."
        )
    return sentences


def _against(candidate: Candidate, sites: int) -> list[str]:
    found = candidate.figures
    if not found.filled:
        return ["Nobody has filled it."]
    return [
        *_left_out(candidate),
        *_together(candidate, sites),
        *_near(found),
        *_nature(candidate, sites),
    ]


def _left_out(candidate: Candidate) -> list[str]:
    found, sentences = candidate.figures, []
    if candidate.left_out:
        sentences.append(
            f"{_of(candidate.left_out, found.billing_accounts)} billing accounts would be left out."
        )
    if candidate.object_kind == SUBSCRIPTION and found.records > found.filled:
        sentences.append(
            f"{_of(found.records - found.filled, found.records)} subscriptions have no value."
        )
    return sentences


def _together(candidate: Candidate, sites: int) -> list[str]:
    found, sentences = candidate.figures, []
    if found.collision_groups:
        sentences.append(
            f"{_values(found.collision_groups)} shared by {found.collision_records:,} billing accounts of one site: those would be one account each."
        )
    if found.several and candidate.object_kind == SUBSCRIPTION:
        sentences.append(
            f"{found.several:,} billing {_plural('account has', 'accounts have', found.several)} several values and would feed several accounts."
        )
    elif found.several:
        sentences.append(
            f"{found.several:,} of your accounts {_plural('has', 'have', found.several)} several values and would be split."
        )
    differing = found.compared - found.agreeing
    if sites > 1 and found.compared and share(differing, found.compared) >= ENOUGH_AGREEING:
        sentences.append(
            f"Of {found.compared:,} compared values that several sites share, {differing:,} {_plural('belongs', 'belong', differing)} to different companies and e-mails."
        )
    return sentences


def _near(found: Figures) -> list[str]:
    return [
        f"{near.groups:,} {_plural('group', 'groups', near.groups)} of values {_plural('differs', 'differ', near.groups)} {_KINDS[kind]}."
        for kind, near in found.near.items()
        if near.groups
    ]


def _nature(candidate: Candidate, sites: int) -> list[str]:
    shape = candidate.figures.look.shape
    if candidate.field == ID:
        return [
            "It is the billing system's own number: no other system of yours knows it, and a customer has another one on every site."
        ]
    if candidate.field == CODE:
        return ["It is unique only within its site."] if sites > 1 else []
    if candidate.field == SUBSCRIPTION_ID:
        return ["Every subscription would be an account of its own."]
    if shape == "email":
        return ["An e-mail address changes when people do."]
    if shape in {"name", "word", "mixed", "date", "url"}:
        return ["Its values do not look like ids: people write, change and repeat them."]
    if _is_theirs(candidate):
        return ["It is another system's id, and ends when that system does."]
    return (
        ["It can be changed in billing. The first value then stands and a conflict is raised."]
        if candidate.object_kind != CONTACT
        else []
    )


def _of(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,} ({percent(part, whole):g} %)"


def _values(number: int) -> str:
    return f"{number:,} {_plural('value is', 'values are', number)}"


def _plural(one: str, many: str, number: int) -> str:
    return one if number == 1 else many
