"""Many accounts in one request: what a business's own systems push every night."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from pydantic import ValidationError

from tenure import flow
from tenure.api.bearer import caller
from tenure.api.resources.accounts import resource, shapes
from tenure.api.resources.accounts.editing import values_of
from tenure.api.rows import Results, Rows, answer, described, refusal_of
from tenure.customers.touched import touch
from tenure.customers.upsert import Row, upsert
from tenure.customers.write import ValueRefused


@resource.post("/bulk", Results, extra=described(shapes.NewAccount))
def bulk(request: HttpRequest, rows: Rows) -> HttpResponse:
    """Make or change up to 5,000 accounts.

    Each row makes its account or changes it, and has a result of its own; a row that is refused
    spoils no other. A value of the wrong type refuses its whole row. Everything is one change set.
    """
    now = settings.TENURE_CLOCK.now()
    done = upsert([_row(raw) for raw in rows], caller(request), now=now)
    flow.join(done.made, now)
    touch(done.made, now)
    return answer(done.outcomes, done.change_set.pk if done.change_set else None)


def _row(raw: Any) -> Row | ValueRefused:
    try:
        sent = shapes.NewAccount.model_validate(raw)
        return Row(sent.identifier, sent.site, values_of(sent))
    except ValidationError as error:
        return refusal_of(error)
    except ValueRefused as refusal:
        return refusal
