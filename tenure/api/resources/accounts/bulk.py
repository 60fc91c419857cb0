"""Many accounts in one request: what a business's own systems push every night."""

from collections import Counter
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from pydantic import ValidationError

from tenure.api import answers
from tenure.api.bearer import caller
from tenure.api.resources.accounts import resource, shapes
from tenure.api.resources.accounts.editing import values_of
from tenure.api.rows import Rows, described, refusal_of
from tenure.customers.upsert import Outcome, Row, upsert
from tenure.customers.write import ValueRefused
from tenure.sync.touched import touch


@resource.post("/bulk", shapes.Results, extra=described(shapes.NewAccount))
def bulk(request: HttpRequest, rows: Rows) -> HttpResponse:
    """Make or change up to 5,000 accounts.

    Each row makes its account or changes it, and has a result of its own; a row that is refused
    spoils no other. A value of the wrong type refuses its whole row. Everything is one change set.
    """
    now = settings.TENURE_CLOCK.now()
    done = upsert([_row(raw) for raw in rows], caller(request), now=now)
    touch(done.made, now)
    counts = Counter(one.result for one in done.outcomes)
    document = {
        **{name: counts[name] for name in ("created", "updated", "unchanged", "refused")},
        "change_set": done.change_set.pk if done.change_set else None,
        "data": [_result(place, one) for place, one in enumerate(done.outcomes)],
    }
    return answers.plain(document)


def _row(raw: Any) -> Row | ValueRefused:
    try:
        sent = shapes.NewAccount.model_validate(raw)
        return Row(sent.identifier, sent.site, values_of(sent))
    except ValidationError as error:
        return refusal_of(error)
    except ValueRefused as refusal:
        return refusal


def _result(place: int, one: Outcome) -> dict[str, Any]:
    told: dict[str, Any] = {"row": place, "identifier": one.identifier, "result": one.result}
    if one.refusal:
        told |= {
            "field": one.refusal.field,
            "detail": one.refusal.message,
            "next_step": one.refusal.next_step or None,
        }
    return told
